"""``genrebot train``: from GTZAN to the model that ships."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from services.cli.options import data_option
from services.cli.progress import stages_on
from shared.music.model.model_metadata import ModelMetadata
from training.data.gtzan import DataError
from training.data.recordings import Source
from training.sounds.speech import SpeechError
from training.train import train

FILE_NAME = "genrebot.cbm"


@click.command()
@data_option()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("model"),
    show_default=True,
    metavar="DIR",
    help=f"Folder for {FILE_NAME} and its description.",
)
@click.option(
    "--source",
    type=click.Choice(["table", "audio"]),
    default="table",
    show_default=True,
    help="Learn from the published table, or from the audio through our own chain.",
)
@click.option("--seed", default=1, show_default=True, help="Seed of everything random.")
@click.option(
    "--iterations",
    type=click.IntRange(min=1),
    metavar="N",
    help="Number of trees, for a quick trial.",
)
def command(data_dir: Path, out: Path, source: Source, seed: int, iterations: int | None) -> None:
    """Train the model that ships, calibrate it, and score it on artists it has not heard.

    Learns from the train and valid lists of the fault-filtered split of Kereliuk, Sturm and
    Larsen in splits/; the test list is touched by nothing here. Reading text aloud for the
    music detector that knows speech from music takes espeak-ng (installed with the trainer).
    """
    target = out / FILE_NAME
    try:
        metadata = _train(data_dir, target, source, seed, iterations)
    except (DataError, SpeechError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"cannot write {target}: {error.strerror}") from error
    for score in metadata.scores:
        click.echo(
            f"{score.split}: accuracy {score.accuracy:.3f}, macro F1 {score.macro_f1:.3f} "
            f"({score.n_tracks} tracks)"
        )
    click.echo(f"saved {target}; use it with GENREBOT_MODEL={target}")


def _train(
    data_dir: Path, target: Path, source: Source, seed: int, iterations: int | None
) -> ModelMetadata:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        return train(
            data_dir, target, source, seed, iterations=iterations, progress=stages_on(progress)
        )
