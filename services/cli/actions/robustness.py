"""Measures robustness and prints the reports."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from shared.errors import ModelError
from shared.settings import ReplySettings
from training.data.gtzan import AUDIO, DataError, recordings
from training.robustness.classifiers import Classify, extract_features, held_out, shipped
from training.robustness.flips import measure
from training.robustness.report import TARGET, Flip, Report, Tally


def measure_robustness(
    data_dir: Path, limit: int | None, jobs: int, *, as_json: bool, with_held_out: bool
) -> None:
    """Measure and print a report for each model.

    Raises:
        click.ClickException: the data is incomplete, or the model cannot be loaded.

    """
    model = ReplySettings().model
    try:
        models = {"shipped": shipped(model)}
        files = _first(recordings(data_dir / AUDIO, None), limit)
        if with_held_out:
            models["held out"] = held_out(data_dir, model)
        reports = _measure(files, models, min(jobs, len(files)))
    except (DataError, ModelError) as error:
        raise click.ClickException(str(error)) from error
    for track, reason in next(iter(reports.values())).left_out.items():
        click.echo(f"left out {files[track].relative_to(data_dir)}: {reason}", err=True)
    for report in reports.values():
        if as_json:
            click.echo(json.dumps(report.model_dump(by_alias=True), ensure_ascii=False))
        else:
            _print(report)


def _first(paths: list[Path], limit: int | None) -> dict[str, Path]:
    """Take the first tracks of each genre, by name."""
    by_genre: defaultdict[str, list[Path]] = defaultdict(list)
    for path in paths:
        by_genre[path.parent.name].append(path)
    return {path.stem: path for tracks in by_genre.values() for path in tracks[:limit]}


def _measure(
    files: Mapping[str, Path], models: Mapping[str, Classify], jobs: int
) -> dict[str, Report]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("tracks", total=len(files))

        def report(share: float) -> None:
            progress.update(task, completed=round(share * len(files)))

        return measure(files, extract_features, models, jobs=jobs, progress=report)


def _print(report: Report) -> None:
    # Fits the 80 columns of a pipe or a log.
    table = Table(
        title=f"{report.model}: {report.tracks} tracks",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("condition", no_wrap=True)
    for header in ("flips", "rate", "95 %", "unsure", "sure", "shift"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column(f"<= {TARGET:.0%}", no_wrap=True)
    for tally in report.tallies:
        table.add_row(*_cells(tally))
    Console().print(table)
    for tally in report.tallies:
        for flip in tally.flips:
            click.echo(f"{tally.condition}: {_told(flip)}")
    for line in _summary(report):
        click.echo(line)


def _cells(tally: Tally) -> tuple[str, ...]:
    low, high = tally.interval
    held = "held" if tally.held else "missed"
    return (
        tally.condition,
        str(len(tally.flips)),
        f"{tally.rate:.1%}",
        f"{low:.1%} - {high:.1%}",
        str(len(tally.to_unsure)),
        str(len(tally.to_sure)),
        "" if tally.mean_shift is None else f"{tally.mean_shift:.3f}",
        held if tally.counts else f"({held})",
    )


def _told(flip: Flip) -> str:
    before = flip.before if flip.sure_before else f"{flip.before} (unsure)"
    after = flip.after or "refused"
    return f"{flip.track} {before} -> {after}{' (unsure)' if flip.sure_after is False else ''}"


def _summary(report: Report) -> list[str]:
    missed = [tally.condition for tally in report.tallies if tally.counts and not tally.held]
    answer = f"missed under {', '.join(missed)}" if missed else "held under each"
    changed = len(report.changed)
    together = "held" if report.held_together else "missed"
    return [
        f"Target, at most {TARGET:.0%} of tracks change genre: {answer}.",
        (
            f"All of them together: {changed} of {report.tracks} tracks "
            f"({changed / report.tracks:.1%}) change genre under one or more; {together}."
        ),
    ]
