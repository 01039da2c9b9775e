"""The group of all commands. Help and completion list them without importing any."""

import importlib
import os
import sys
from typing import Any, Final, NamedTuple

import click
from click.shell_completion import CompletionItem

from services.cli.errors import explain_settings, missing_package

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as of a program that SIGINT ends (128 + 2)."""


class CommandInfo(NamedTuple):
    """What the list of commands says about one of them."""

    help: str
    extra: str
    """What ``pip install 'genrebot[...]'`` needs for it."""
    package: str = "commands"
    """Package of this folder that holds the command's module."""


COMMANDS: Final = {
    "classify": CommandInfo("Tell the genre of audio files.", "music"),
    "features": CommandInfo("Print the 57 published features of audio files as CSV.", "music"),
    "demo": CommandInfo("Show the whole path on this machine, without a token.", "demo"),
    "run": CommandInfo("Run everything on this machine: queue, worker and bot.", "worker,local"),
    "bot": CommandInfo("Run the Telegram bot.", "bot"),
    "worker": CommandInfo("Run a worker.", "worker"),
    "flower": CommandInfo("Run Flower, which watches the workers.", "flower"),
    "emulator": CommandInfo(
        "Run a Bot API server for trying things out without a token.", "emulator"
    ),
    "train": CommandInfo("Train the model that ships.", "trainer", "model_commands"),
    "study": CommandInfo(
        "Compare classifiers, and show which scores hold for new songs.",
        "study,torch",
        "model_commands",
    ),
    "evaluate": CommandInfo(
        "Score the model on artists that it was not trained on.", "trainer", "model_commands"
    ),
    "robustness": CommandInfo(
        "Measure whether level and format change the genre.", "trainer", "model_commands"
    ),
    "tagger": CommandInfo(
        "Convert the published tagging network to the file that ships.", "music", "model_commands"
    ),
    "health": CommandInfo("Tell whether a bot or a worker runs (for health checks).", "bot"),
}
_OURS: Final = {"devtools", "genrebot", "services", "shared", "training"}


class _LazyGroup(click.Group):
    """Imports a command's module when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        try:
            module = importlib.import_module(
                f"{__package__}.{COMMANDS[cmd_name].package}.{cmd_name}"
            )
        except ModuleNotFoundError as error:
            raise _explained(cmd_name, error) from error
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; invalid settings and missing packages end in a sentence."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            raise _explained(ctx.invoked_subcommand or "", error) from error
        except ValueError as error:  # pydantic's errors are ValueErrors
            if sentence := explain_settings(error):
                raise click.ClickException(sentence) from error
            raise
        except KeyboardInterrupt:
            click.echo(err=True)  # the terminal shows ^C
            sys.exit(INTERRUPTED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, info.help) for name, info in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names of commands without importing them."""
        names = [
            CompletionItem(name, help=info.help)
            for name, info in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)


def _explained(command: str, error: ModuleNotFoundError) -> Exception:
    """Return the error to raise for a module that is missing; one of ours is a defect."""
    name = (error.name or "").partition(".")[0]
    if command not in COMMANDS or name in _OURS:
        return error
    return click.ClickException(missing_package(command, name, COMMANDS[command].extra))


_HELP: Final = """\
Tell which of ten genres a piece of music is, how sure that is, and why.

\b
Try it:             genrebot demo
Ask about a file:   genrebot classify song.mp3
About many:         genrebot classify --json ~/Music > verdicts.jsonl
Run the bot:        BOT_TOKEN=123:abc genrebot run
"""


@click.group(cls=_LazyGroup, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="genrebot", message="%(prog)s %(version)s")
def main() -> None:
    """See ``_HELP``."""
    if "_GENREBOT_LIFELINE" in os.environ:
        from devtools.local import lifeline  # noqa: PLC0415 - most commands have no parent to watch

        lifeline.watch()
