"""``genrebot tagger``: from the package musicnn to the network that ships."""

from pathlib import Path

import click

FILE_NAME = "msd_musicnn.onnx"
_GROUP = {"onnx", "tensorflow"}
"""What only the conversion needs: the dependency group ``convert``."""


@click.group()
def command() -> None:
    """Make the file of the tagging network, which comes with the package."""


@command.command()
@click.argument(
    "wheel",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(FILE_NAME),
    show_default=True,
    metavar="FILE",
    help="ONNX file to write; its description and licence go beside it.",
)
def convert(wheel: Path, out: Path) -> None:
    """Convert the network MSD_musicnn in WHEEL to ONNX.

    WHEEL is musicnn-0.1.0-py3-none-any.whl, as pip download --no-deps musicnn==0.1.0 gets
    it. The same wheel always makes the same bytes. Needs TensorFlow and ONNX: uv sync
    --group convert.
    """
    try:
        from training.tagger_conversion.convert import convert as convert_wheel
        from training.tagger_conversion.wheel import ConversionError

        try:
            info = convert_wheel(wheel, out)
        except ConversionError as error:
            raise click.ClickException(str(error)) from error
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _GROUP:
            raise
        raise click.ClickException(
            f"the conversion needs {error.name}; install it with: uv sync --group convert"
        ) from error
    except OSError as error:
        raise click.ClickException(
            f"cannot write {error.filename or out}: {error.strerror}"
        ) from error
    click.echo(f"saved {out}: {info.size_bytes} bytes, SHA-256 {info.sha256}")
