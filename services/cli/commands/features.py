"""``genrebot features``: the published table's rows for one's own files."""

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from services.cli import shown
from services.cli.engine import engine_option
from shared.domain.genres import GENRES
from shared.errors import GenrebotError
from shared.music.chunking import chunks
from shared.music.constants import CHUNK_SAMPLES
from shared.music.decoding.decoder import decode
from shared.music.features.engine import ENGINES, EngineName, feature_engine
from shared.music.features.table import FEATURE_NAMES
from shared.settings import FeatureSettings, LimitSettings

COLUMNS = ("filename", "length", *FEATURE_NAMES, "label")
"""Columns of ``features_3_sec.csv``, as published."""

_GTZAN_NAME = re.compile(rf"({'|'.join(GENRES)})\.\d{{5}}\.")


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

    Columns and names are those of GTZAN's features_3_sec.csv; the label is empty unless
    the file is named as GTZAN's are (blues.00000.wav). A file that cannot be read is
    reported on stderr, the others are done all the same, and the exit code is then 1.
    """
    if compare and engine:
        raise click.UsageError("--compare computes the features with both engines")
    reader = _Reader(files)
    if compare:
        _print_deviations(reader)
    else:
        _print_table(reader, engine or FeatureSettings().feature_engine)
    sys.exit(1 if reader.failed else 0)


class _Reader:
    """The chunks of all files, each with its name in the published form."""

    def __init__(self, files: tuple[str, ...]) -> None:
        self._files = files
        self.failed = False

    def __iter__(self) -> Iterator[tuple[Path, int, NDArray[np.float32]]]:
        """Yield path, number and samples of each chunk; report files that cannot be read."""
        limit = LimitSettings().max_duration
        for file in self._files:
            path = Path(shown(file))
            try:
                for number, (samples, _, _) in enumerate(
                    chunks(decode(file, max_duration_s=limit))
                ):
                    yield path, number, samples
            except GenrebotError as error:
                self.failed = True
                click.echo(f"{path}: {error.message}", err=True)


def _print_table(reader: _Reader, engine: EngineName) -> None:
    analyse_chunk = feature_engine(engine)
    writer = _writer()
    writer.writerow(COLUMNS)
    for path, number, samples in reader:
        gtzan_name = _GTZAN_NAME.match(path.name)
        label = gtzan_name[1] if gtzan_name else ""
        features = analyse_chunk(samples).features.tolist()
        writer.writerow([_row_name(path, number), CHUNK_SAMPLES, *features, label])
        # Flushed row by row, for a reader at the other end of a pipe.
        sys.stdout.flush()


def _print_deviations(reader: _Reader) -> None:
    """Print, for each column, the chunk in which the engines differ most."""
    engines = [feature_engine(name) for name in ENGINES]
    names: list[str] = []
    rows: list[list[NDArray[np.float64]]] = []
    for path, number, samples in reader:
        names.append(_row_name(path, number))
        rows.append([analyse_chunk(samples).features for analyse_chunk in engines])
    writer = _writer()
    writer.writerow(("feature", "largest_deviation", *ENGINES, "filename"))
    if not rows:
        return
    table = np.array(rows)  # chunks, engines, features
    deviations = np.abs(table[:, 0] - table[:, 1])
    for column, name in enumerate(FEATURE_NAMES):
        worst = int(deviations[:, column].argmax())
        values = (deviations[worst, column], *table[worst, :, column])
        writer.writerow((name, *(f"{value:.9g}" for value in values), names[worst]))


def _row_name(path: Path, number: int) -> str:
    """Name a chunk as the published table does."""
    return f"{path.stem}.{number}.wav"


def _writer() -> Any:
    return csv.writer(sys.stdout, lineterminator="\n")
