"""``genrebot features``: rows of the published table for any file."""

import sys

import click

from services.cli.environment import prepare_environment
from services.cli.inputs import expand
from services.cli.options import EngineName, engine_option


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(), metavar="FILE...")
@engine_option
@click.option(
    "--compare",
    is_flag=True,
    help="Print the largest deviation of each column between the engines instead.",
)
def command(files: tuple[str, ...], engine: EngineName | None, *, compare: bool) -> None:
    """Print the 57 published features of each 3 s of each FILE, as CSV.

    A folder stands for all audio and video files in it, and - for standard input. Columns and
    names are those of GTZAN's features_3_sec.csv; the label is empty unless the file is named
    as GTZAN's are (blues.00000.wav). A file that cannot be read is reported on stderr, the
    others are still read, and the exit code is then 1.
    """
    if compare and engine:
        raise click.UsageError("--compare computes the features with both engines")
    prepare_environment()
    inputs = expand(files)
    from services.cli.actions.features import compare_engines, print_features

    complete = compare_engines(inputs) if compare else print_features(inputs, engine)
    sys.exit(0 if complete else 1)
