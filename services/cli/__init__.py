"""The command line: ``genrebot COMMAND``.

Commands are imported when they are called, so that ``genrebot bot`` starts without numpy
and ``genrebot classify`` without aiogram; what is not installed is named with its remedy.
"""

import importlib
import os
from typing import Any, NamedTuple

import click
from pydantic import ValidationError


class _About(NamedTuple):
    help: str
    extra: str
    """What ``pip install 'genrebot[...]'`` needs for it."""
    package: str = "commands"
    """Package of this folder that holds the command's module."""


_COMMANDS = {
    "classify": _About("Tell the genre of audio files.", "music"),
    "features": _About("Print the 57 published features of audio files as CSV.", "music"),
    "demo": _About("Show the whole path on this machine, without a token.", "all"),
    "run": _About("Run everything on this machine: queue, worker and bot.", "worker,local"),
    "bot": _About("Run the Telegram bot.", "bot"),
    "worker": _About("Run a worker.", "worker"),
    "flower": _About("Run Flower, which watches the workers.", "flower"),
    "emulator": _About("Run a Bot API server for trying things out without a token.", "emulator"),
    "train": _About("Train the model that ships.", "trainer", "model_commands"),
    "study": _About(
        "Compare classifiers, and show which scores hold for new songs.",
        "study,torch",
        "model_commands",
    ),
    "evaluate": _About(
        "Score the model on artists that it has not heard.", "trainer", "model_commands"
    ),
    "robustness": _About(
        "Measure whether volume and format change the verdict.", "trainer", "model_commands"
    ),
    "tagger": _About(
        "Convert the published tagging network to the file that ships.", "music", "model_commands"
    ),
    "health": _About("Tell whether a bot or a worker lives (for container health checks).", "bot"),
}
_OURS = {"devtools", "genrebot", "services", "shared", "training"}


class _LazyGroup(click.Group):
    """Imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        try:
            module = importlib.import_module(
                f"{__package__}.{_COMMANDS[cmd_name].package}.{cmd_name}"
            )
        except ModuleNotFoundError as error:
            raise _missing(cmd_name, error) from error
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; settings that do not work and missing parts end in a sentence."""
        try:
            return super().invoke(ctx)
        except ValidationError as error:
            if not error.title.endswith("Settings"):
                raise  # a defect of ours, not of anybody's settings
            raise usage_of(error) from error
        except ModuleNotFoundError as error:
            raise _missing(ctx.invoked_subcommand or "", error) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing what they need."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about.help) for name, about in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="genrebot", message="%(prog)s %(version)s")
def main() -> None:
    r"""Tell which of ten genres a piece of music is, how sure that is, and why.

    \b
    Try it:             genrebot demo
    Ask about a file:   genrebot classify song.mp3
    Run the bot:        BOT_TOKEN=123:abc genrebot run
    """
    if "GENREBOT_LIFELINE" in os.environ:
        from devtools.local import lifeline  # noqa: PLC0415 - most commands have no parent to watch

        lifeline.watch()


def usage_of(error: ValidationError) -> click.ClickException:
    """Turn pydantic's report of bad settings into one a person can act on.

    It names variables and reasons and never what they hold, which may be the token.
    """
    lines = [
        f"  {_variable(item['loc'])}: {item['msg'].removeprefix('Value error, ')}"
        for item in error.errors()
    ]
    return click.ClickException("the settings do not work:\n" + "\n".join(lines))


def shown(path: str) -> str:
    """Write a path for people and for JSON: its bytes may be in no encoding at all."""
    return os.fsencode(path).decode(errors="replace")


def _missing(command: str, error: ModuleNotFoundError) -> Exception:
    name = (error.name or "").partition(".")[0]
    if command not in _COMMANDS or name in _OURS:
        return error
    return click.ClickException(
        f"{command} needs {name}; install it with: "
        f"pip install 'genrebot[{_COMMANDS[command].extra}]'"
    )


def _variable(loc: tuple[object, ...]) -> str:
    name = str(loc[0]) if loc else "settings"
    return name if name.isupper() or not loc else f"GENREBOT_{name.upper()}"
