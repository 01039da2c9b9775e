"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args

import click

Command = TypeVar("Command", bound=Callable[..., Any])

WITH_TAGGRAMS: Final = (
    "GTZAN as it is distributed (features_3_sec.csv, genres_original/), with splits/, artists.csv "
    "and the published taggrams."
)

# Named here and not imported, so that help and completion load no numeric library; a test
# compares them with their definitions.
EngineName = Literal["fast", "librosa"]
QUEUES: Final = ("short", "medium", "long")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
StudyPart = Literal["table", "tune", "splits", "pictures", "report"]
EvaluationProtocol = Literal["artist-grouped", "fault-filtered"]


def data_option(described: str = WITH_TAGGRAMS) -> Callable[[Command], Command]:
    """Add ``--data``, the data folder, with ``GENREBOT_DATA`` as its default.

    Args:
        described: what the folder has to hold.

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


def engine_option(command: Command) -> Command:
    """Add ``--engine``; the command's argument ``engine`` is None where it is not given."""
    return click.option(
        "--engine",
        type=click.Choice(get_args(EngineName)),
        help="How features are computed: fast (the default), or librosa, which defines them.",
    )(command)
