"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from training.data.gtzan import AUDIO, TABLE

Command = TypeVar("Command", bound=Callable[..., Any])

WITH_TAGGRAMS = (
    f"GTZAN as it is distributed ({TABLE}, {AUDIO}/), with splits/, artists.csv and the "
    "published taggrams."
)


def data_option(described: str = WITH_TAGGRAMS) -> Callable[[Command], Command]:
    """Take the data folder as ``data_dir``, from ``--data`` or ``GENREBOT_DATA``.

    Args:
        described: what has to be in it.

    """
    return click.option(
        "--data",
        "data_dir",
        envvar="GENREBOT_DATA",
        show_envvar=True,
        required=True,
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        help=described,
    )
