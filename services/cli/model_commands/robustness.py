"""``genrebot robustness``: whether level and format change the genre."""

import os
from pathlib import Path

import click

from services.cli.environment import prepare_environment
from services.cli.options import data_option


@click.command()
@data_option("Folder with recordings in genres_original/<genre>/, as GTZAN is distributed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per model and line.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="Take the first N tracks of each genre, for a quick look.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default="all cores",
    help="Processes, each of one thread.",
)
@click.option(
    "--held-out",
    "with_held_out",
    is_flag=True,
    help="Also classify by models fitted without each track's artist.",
)
def command(
    data_dir: Path, limit: int | None, jobs: int, *, as_json: bool, with_held_out: bool
) -> None:
    """Tell whether tracks keep their genre when they arrive louder, quieter or in another format.

    Each recording is classified as it is and again under each condition: at another level,
    as mp3, as a voice message, as stereo at other rates, as m4a. At most 2 % of the tracks
    may change genre. The exit code is 0 whether the target is held or missed; conditions in
    brackets do not count. Columns unsure and sure count the tracks that became so, shift is
    the mean change of the winning probability.
    """
    prepare_environment()
    from services.cli.actions.robustness import measure_robustness

    measure_robustness(data_dir, limit, jobs, as_json=as_json, with_held_out=with_held_out)
