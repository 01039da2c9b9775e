"""``genrebot classify``: files in, verdicts out."""

import sys
from pathlib import Path

import click

from services.cli.environment import prepare_environment
from services.cli.inputs import expand
from services.cli.options import EngineName, engine_option


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(), metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per file and line.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="PNG",
    help="Save the picture of why; for several files, the folder to save them in.",
)
@click.option("--model", type=click.Path(path_type=Path), help="Use another model (.cbm).")
@click.option("--why", is_flag=True, help="Say what speaks for the genre, and against it.")
@engine_option
def command(  # noqa: PLR0913 - one for each option
    files: tuple[str, ...],
    plot: Path | None,
    model: Path | None,
    engine: EngineName | None,
    *,
    as_json: bool,
    why: bool,
) -> None:
    """Tell the genre of each FILE: wav, mp3, ogg, opus, m4a, flac, wma, or a video.

    A folder stands for all audio and video files in it, and - for standard input. A file that
    cannot be classified is reported on stderr, the others are still classified, and the exit
    code is then 1.
    """
    prepare_environment()
    inputs = expand(files)
    from shared.music.model.catboost_import import import_catboost

    import_catboost(without_pandas=True)
    from services.cli.actions.classify import classify

    complete = classify(inputs, plot, model, engine, as_json=as_json, why=why)
    sys.exit(0 if complete else 1)
