"""``genrebot study``: the comparison of classifiers, and which scores hold for new songs."""

from pathlib import Path
from typing import get_args

import click

from services.cli.environment import prepare_environment
from services.cli.options import StudyPart


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(get_args(StudyPart)), metavar="[PART]...")
@click.option(
    "--data",
    "data_dir",
    envvar="GENREBOT_DATA",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="GTZAN as it is distributed; the report alone does without. [GENREBOT_DATA]",
)
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".study"),
    show_default=True,
    metavar="DIR",
    help="Folder for intermediate results, from which a stopped study is resumed.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("docs"),
    show_default=True,
    metavar="DIR",
    help="Folder for study.md, its figures and study-results.json.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Threads to fit with; another number may change the last digits of scores.",
)
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="Trials of each search for parameters.",
)
def command(  # noqa: PLR0913, PLR0917 - options
    parts: tuple[StudyPart, ...],
    data_dir: Path | None,
    cache: Path,
    out: Path,
    threads: int,
    trials: int,
) -> None:
    """Compare classifiers on GTZAN, and show which of their scores hold for new songs.

    PARTs are table, tune, splits, pictures and report; all by default. The whole takes some
    hours on two cores. A stopped study is resumed.
    """
    prepare_environment()
    from services.cli.actions.study import run_study

    run_study(parts, data_dir, cache, out, threads, trials)
