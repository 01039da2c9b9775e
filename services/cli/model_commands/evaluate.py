"""``genrebot evaluate``: scores on artists that the model was not trained on."""

from pathlib import Path

import click

from services.cli.environment import prepare_environment
from services.cli.options import EvaluationProtocol, data_option


@click.command()
@data_option()
@click.option(
    "--protocol",
    type=click.Choice(["artist-grouped", "fault-filtered"]),
    default="artist-grouped",
    show_default=True,
    help="Cross-validate over the training tracks, or score the test list.",
)
@click.option("--seed", default=1, show_default=True, help="Seed of all random numbers.")
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
def command(  # noqa: PLR0913 - options
    data_dir: Path,
    protocol: EvaluationProtocol,
    seed: int,
    plot: Path | None,
    iterations: int | None,
    *,
    as_json: bool,
) -> None:
    """Fit with the shipped model's parameters and score on artists that were not trained on.

    artist-grouped: five-fold cross-validation over all tracks that train fits on, drawn four
    times. fault-filtered: fit on the train and valid lists alone and score the tracks of the
    test list that DIR holds: audio, tables, musicnn_taggrams_test.npz and _more.npz; tracks
    without tags are classified by features alone. Intervals are 95 %, from a bootstrap of
    artists.
    """
    prepare_environment()
    from services.cli.actions.evaluate import evaluate

    evaluate(data_dir, protocol, seed, plot, iterations, as_json=as_json)
