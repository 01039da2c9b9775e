"""Trains the model and prints its scores."""

from pathlib import Path
from typing import Final

import click

from services.cli.progress import stage_progress
from training.data.gtzan import DataError
from training.data.recordings import Source
from training.sounds.speech import SpeechError
from training.train import train

FILE_NAME: Final = "genrebot.cbm"


def train_model(
    data_dir: Path, out: Path, source: Source, seed: int, iterations: int | None
) -> None:
    """Train, print the scores, and say how to use the model.

    Raises:
        click.ClickException: the data is incomplete, or the model cannot be written.

    """
    target = out / FILE_NAME
    try:
        with stage_progress() as progress:
            metadata = train(
                data_dir, target, source, seed, iterations=iterations, progress=progress
            )
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
