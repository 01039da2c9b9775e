"""``genrebot train``: from GTZAN to the model that ships."""

from pathlib import Path
from typing import Literal

import click

from services.cli.environment import prepare_environment
from services.cli.options import data_option


@click.command()
@data_option()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("model"),
    show_default=True,
    metavar="DIR",
    help="Folder for genrebot.cbm and its description.",
)
@click.option(
    "--source",
    type=click.Choice(["table", "audio"]),
    default="table",
    show_default=True,
    help="Train on the published table, or on the audio.",
)
@click.option("--seed", default=1, show_default=True, help="Seed of all random numbers.")
@click.option(
    "--iterations",
    type=click.IntRange(min=1),
    metavar="N",
    help="Number of trees, for a quick trial.",
)
def command(
    data_dir: Path,
    out: Path,
    source: Literal["table", "audio"],
    seed: int,
    iterations: int | None,
) -> None:
    """Train the model that ships, calibrate it, and score it on artists it was not trained on.

    Trains on the train and valid lists of the fault-filtered split of Kereliuk, Sturm and
    Larsen in splits/, and on the tracks of the test list in musicnn_taggrams_more.npz; the rest
    of the test list is not used. The music detector learns speech from texts
    that espeak-ng reads (installed with the trainer).
    """
    prepare_environment()
    from services.cli.actions.train import train_model

    train_model(data_dir, out, source, seed, iterations)
