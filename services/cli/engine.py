"""The option ``--engine`` of commands that compute features."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from shared.music.features.engine import ENGINES

Command = TypeVar("Command", bound=Callable[..., Any])


def engine_option(command: Command) -> Command:
    """Add ``--engine``; the command's argument ``engine`` is None where it is not given."""
    return click.option(
        "--engine",
        type=click.Choice(ENGINES),
        help="How features are computed: fast (the default), or librosa, which defines them.",
    )(command)
