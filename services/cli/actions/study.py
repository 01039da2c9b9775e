"""Runs parts of the study and prints their scores."""

import logging
from pathlib import Path
from statistics import fmean

import click
from rich.console import Console
from rich.logging import RichHandler

from services.cli.progress import stage_progress
from training.data.gtzan import DataError
from training.study.parts import PARTS, Job, Part, run
from training.study.results import Pictures, ProtocolScores, Results, Table, Tuning


def run_study(  # noqa: PLR0913, PLR0917 - options
    parts: tuple[Part, ...],
    data_dir: Path | None,
    cache: Path,
    out: Path,
    threads: int,
    trials: int,
) -> None:
    """Run the parts and print what they found.

    Raises:
        click.ClickException: the data is incomplete, or a part needs another one's results.

    """
    job = Job(data_dir=data_dir, cache=cache, out=out, threads=threads, trials=trials)
    wanted = parts or PARTS
    console = Console(stderr=True)
    handler = RichHandler(console=console, show_path=False, show_time=False)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], format="%(message)s")
    try:
        with stage_progress(console, transient=False) as progress:
            results = run(wanted, job, progress)
    except DataError as error:
        raise click.ClickException(str(error)) from error
    _print(wanted, results, out)


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
