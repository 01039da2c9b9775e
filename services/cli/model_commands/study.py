"""``genrebot study``: the comparison of classifiers, and which scores hold for new songs."""

import logging
from pathlib import Path
from statistics import fmean

import click
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from training.data.gtzan import DataError
from training.study.parts import PARTS, Job, Part, run
from training.study.results import Pictures, ProtocolScores, Results, Table, Tuning


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS), metavar="[PART]...")
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
    parts: tuple[Part, ...],
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
    job = Job(data_dir=data_dir, cache=cache, out=out, threads=threads, trials=trials)
    console = Console(stderr=True)
    handler = RichHandler(console=console, show_path=False, show_time=False)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], format="%(message)s")
    stages: dict[str, TaskID] = {}
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:

        def report(stage: str, share: float) -> None:
            if stage not in stages:
                stages[stage] = progress.add_task(stage, total=1.0)
            progress.update(stages[stage], completed=share)

        try:
            results = run(parts or PARTS, job, report)
        except DataError as error:
            raise click.ClickException(str(error)) from error
    _print(parts or PARTS, results, out)


def _print(parts: tuple[Part, ...], results: Results, out: Path) -> None:
    found: dict[Part, list[str]] = {
        "table": _table(results.table) if results.table else [],
        "tune": _tuning(results.tune) if results.tune else [],
        "splits": _splits(results.splits) if results.splits else [],
        "pictures": _pictures(results.pictures) if results.pictures else [],
        "report": [f"wrote {out / 'study.md'}"],
    }
    for part in PARTS:
        if part in parts:
            click.echo("\n".join(found[part]))


def _table(table: Table) -> list[str]:
    rows = [f"  {row.model:<26}{row.test_f1:.3f}" for row in table.scores_by_model]
    return ["Six classifiers with default settings, macro F1 on test:", *rows]


def _tuning(tuning: Tuning) -> list[str]:
    runs = {run.model: run for run in tuning.candidates}
    rows = [
        f"  {family:<26}{runs[name].valid_f1:.3f}  {runs[name].test_f1:.3f}"
        for family, name in tuning.chosen.items()
    ]
    return ["Chosen on validation, macro F1 on validation and test:", *rows]


def _splits(splits: ProtocolScores) -> list[str]:
    lines = ["Macro F1 of chunks, of tracks by majority, of tracks by averaged probabilities:"]
    for protocol in splits.protocols:
        lines.append(f"{protocol.title} ({protocol.tracks} tracks)")
        for model, scores in protocol.scores.items():
            figures = "  ".join(f"{score.macro_f1:.3f}" for score in scores)
            lines.append(f"  {model:<26}{figures}")
    return lines


def _pictures(pictures: Pictures) -> list[str]:
    rows = [
        f"  {version.name:<26}{fmean(version.six_f1):.3f}  {fmean(version.ten_f1):.3f}"
        for version in pictures.versions
    ]
    return ["Image networks, macro F1 over six genres and over all ten:", *rows]
