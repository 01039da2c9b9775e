"""``genrebot evaluate``: how good the model is on artists it has not heard."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import click
from rich.console import Console
from rich.progress import Progress

from services.cli.options import data_option
from services.cli.progress import stages_on
from shared.domain.genres import genre_name
from shared.formatting import bar
from training.data.gtzan import DataError
from training.evaluation.protocols import Report, artist_grouped, fault_filtered
from training.evaluation.reliability_diagram import draw_reliability

Protocol = Literal["artist-grouped", "fault-filtered"]


@click.command()
@data_option()
@click.option(
    "--protocol",
    type=click.Choice(["artist-grouped", "fault-filtered"]),
    default="artist-grouped",
    show_default=True,
    help="Cross-validate over the train and valid lists, or score the test list.",
)
@click.option("--seed", default=1, show_default=True, help="Seed of everything random.")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PNG",
    help="Save the reliability diagram.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--iterations", type=click.IntRange(min=1), metavar="N", help="Trees, for a quick trial."
)
def command(  # noqa: PLR0913 - one for each option
    data_dir: Path,
    protocol: Protocol,
    seed: int,
    plot: Path | None,
    iterations: int | None,
    *,
    as_json: bool,
) -> None:
    """Fit with the shipped model's parameters and score on artists that were not learned from.

    artist-grouped: five-fold cross-validation over the train and valid lists of the
    fault-filtered split, drawn four times. fault-filtered: fit on both lists and score
    whatever DIR holds of the test list: audio, tables, a musicnn_taggrams_test.npz; tracks
    without tags are judged by features alone. Intervals are 95 %, from drawing artists anew.
    """
    try:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            report = _evaluate(data_dir, protocol, seed, iterations, stages_on(progress))
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
    protocol: Protocol,
    seed: int,
    iterations: int | None,
    progress: Callable[[str, float], None],
) -> Report:
    if protocol == "fault-filtered":
        return fault_filtered(data_dir, seed, iterations=iterations, progress=progress)
    return artist_grouped(data_dir, seed, iterations=iterations, progress=progress)[0]


def _record(report: Report, protocol: Protocol, seed: int) -> dict[str, Any]:
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
    click.echo(f"track_accuracy  {score.accuracy:.3f}{_between(score.accuracy_interval)}")
    click.echo(f"macro_f1        {score.macro_f1:.3f}{_between(score.macro_f1_interval)}")
    click.echo(f"calibration     expected error {report.expected_error:.3f}")
    if report.answered is not None and report.right is not None:
        click.echo(
            f"without doubt   {report.answered:.1%} of tracks, {report.right:.1%} of them right"
        )
    click.echo("\ngenre       tracks  recall  precision")
    for name, own in report.genres.items():
        label = genre_name(name)
        click.echo(f"{label:<10}  {own.tracks:>6}  {own.recall:>6.2f}  {own.precision:>9.2f}")
    click.echo("\ntold   right  tracks")
    for group in report.bins:
        share = f"{group.told:.2f}   {group.right:.2f}   {group.tracks:>6}"
        click.echo(f"{share}  {bar(group.right, 20)}")


def _between(interval: tuple[float, float] | None) -> str:
    return f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else ""
