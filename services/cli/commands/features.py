"""``genrebot features``: the published table's rows for one's own files."""

import csv
import re
import sys
from pathlib import Path

import click

from services.cli import shown
from shared.domain.genres import GENRES
from shared.errors import GenrebotError
from shared.music.chunking import chunks
from shared.music.constants import CHUNK_SAMPLES
from shared.music.decoding.decoder import decode
from shared.music.features.table import FEATURE_NAMES, analyse_chunk
from shared.settings import LimitSettings

COLUMNS = ("filename", "length", *FEATURE_NAMES, "label")
"""Columns of ``features_3_sec.csv``, as published."""

_GTZAN_NAME = re.compile(rf"({'|'.join(GENRES)})\.\d{{5}}\.")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(), metavar="FILE...")
def command(files: tuple[str, ...]) -> None:
    """Print the 57 published features of each 3 s of each FILE, as CSV.

    Columns and names are those of GTZAN's features_3_sec.csv; the label is empty unless
    the file is named as GTZAN's are (blues.00000.wav). A file that cannot be read is
    reported on stderr, the others are done all the same, and the exit code is then 1.
    """
    limit = LimitSettings().max_duration
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(COLUMNS)
    failed = False
    for file in files:
        name = Path(shown(file))
        found = _GTZAN_NAME.match(name.name)
        label = found[1] if found else ""
        try:
            for number, (samples, _, _) in enumerate(chunks(decode(file, max_duration_s=limit))):
                features = analyse_chunk(samples).features.tolist()
                table.writerow([f"{name.stem}.{number}.wav", CHUNK_SAMPLES, *features, label])
                # Row by row, so that a reader at the other end of a pipe can keep up.
                sys.stdout.flush()
        except GenrebotError as error:
            failed = True
            click.echo(f"{name}: {error.message}", err=True)
    sys.exit(1 if failed else 0)
