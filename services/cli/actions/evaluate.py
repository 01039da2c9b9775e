"""Evaluates the model and prints the report."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from services.cli.options import EvaluationProtocol
from services.cli.progress import stage_progress
from shared.domain.genres import genre_name
from shared.formatting import bar
from training.data.gtzan import DataError
from training.evaluation.protocols import Report, artist_grouped, fault_filtered
from training.evaluation.reliability_diagram import draw_reliability


def evaluate(  # noqa: PLR0913 - options
    data_dir: Path,
    protocol: EvaluationProtocol,
    seed: int,
    plot: Path | None,
    iterations: int | None,
    *,
    as_json: bool,
) -> None:
    """Run a protocol, print its report, and draw the reliability diagram where wanted.

    Raises:
        click.ClickException: the data is incomplete, or the diagram cannot be written.

    """
    try:
        with stage_progress() as progress:
            report = _evaluate(data_dir, protocol, seed, iterations, progress)
        if plot is not None:
            draw_reliability(report.bins, report.expected_error, plot)
    except DataError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"cannot write {plot}: {error.strerror}") from error
    if as_json:
        click.echo(json.dumps(_record(report, protocol, seed), ensure_ascii=False))
    else:
        _print(report)


def _evaluate(
    data_dir: Path,
    protocol: EvaluationProtocol,
    seed: int,
    iterations: int | None,
    progress: Callable[[str, float], None],
) -> Report:
    if protocol == "fault-filtered":
        return fault_filtered(data_dir, seed, iterations=iterations, progress=progress)
    return artist_grouped(data_dir, seed, iterations=iterations, progress=progress)[0]


def _record(report: Report, protocol: EvaluationProtocol, seed: int) -> dict[str, Any]:
    score = report.score
    return {
        "protocol": protocol,
        "seed": seed,
        "split": score.split,
        "tracks": score.n_tracks,
        "track_accuracy": score.accuracy,
        "track_accuracy_interval": score.accuracy_interval,
        "macro_f1": score.macro_f1,
        "macro_f1_interval": score.macro_f1_interval,
        "expected_calibration_error": report.expected_error,
        "answered": report.answered,
        "right_when_answered": report.right,
        "sources": report.sources,
        "genres": {name: own.model_dump() for name, own in report.genres.items()},
        "reliability": [asdict(own) for own in report.bins],
    }


def _print(report: Report) -> None:
    score = report.score
    click.echo(score.split)
    sources = ", ".join(f"{count} by {source}" for source, count in report.sources.items())
    click.echo(f"tracks          {score.n_tracks} ({sources})")
    click.echo(f"track_accuracy  {score.accuracy:.3f}{_interval(score.accuracy_interval)}")
    click.echo(f"macro_f1        {score.macro_f1:.3f}{_interval(score.macro_f1_interval)}")
    click.echo(f"calibration     expected error {report.expected_error:.3f}")
    if report.right is not None:
        click.echo(
            f"without doubt   {report.answered:.1%} of tracks, {report.right:.1%} of them right"
        )
    click.echo("\ngenre       tracks  recall  precision")
    for name, own in report.genres.items():
        label = genre_name(name)
        click.echo(f"{label:<10}  {own.tracks:>6}  {own.recall:>6.2f}  {own.precision:>9.2f}")
    click.echo("\ntold   right  tracks")
    for one in report.bins:
        share = f"{one.told:.2f}   {one.right:.2f}   {one.tracks:>6}"
        click.echo(f"{share}  {bar(one.right, 20)}")


def _interval(interval: tuple[float, float] | None) -> str:
    return f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else ""
