"""Computes the published features of files and prints them as CSV."""

import csv
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
from numpy.typing import NDArray

from services.cli.inputs import Input
from services.cli.progress import file_progress
from shared.domain.genres import GENRES
from shared.errors import GenrebotError
from shared.music.chunking import chunks
from shared.music.constants import CHUNK_SAMPLES, SAMPLE_RATE
from shared.music.decoding.decoder import decode, probe
from shared.music.features.engine import ENGINES, EngineName, feature_engine
from shared.music.features.table import FEATURE_NAMES
from shared.settings import FeatureSettings, LimitSettings

COLUMNS: Final = ("filename", "length", *FEATURE_NAMES, "label")
"""Columns of ``features_3_sec.csv``, as published."""

_GTZAN_NAME = re.compile(rf"({'|'.join(GENRES)})\.\d{{5}}\.")


def print_features(inputs: Sequence[Input], engine: EngineName | None) -> bool:
    """Print the features of each chunk of each file.

    Args:
        inputs: the files.
        engine: another feature engine than that of the settings.

    Returns:
        Whether all files could be read.

    """
    reader = _Reader(inputs)
    _print_table(reader, engine or FeatureSettings().feature_engine)
    return not reader.failed


def compare_engines(inputs: Sequence[Input]) -> bool:
    """Print, for each feature, the chunk in which the engines differ most.

    Returns:
        Whether all files could be read.

    """
    reader = _Reader(inputs)
    _print_deviations(reader)
    return not reader.failed


class _Reader:
    """The chunks of all files, each with its name in the published form."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        self._inputs = inputs
        self.failed = False

    def __iter__(self) -> Iterator[tuple[Path, int, NDArray[np.float32]]]:
        """Yield path, number and samples of each chunk; report files that cannot be read."""
        limit = LimitSettings().max_duration
        with file_progress(len(self._inputs)) as progress:
            for done, file in enumerate(self._inputs):
                name = Path(file.file_name)
                try:
                    info = probe(file.source)
                    decoded = decode(file.source, max_duration_s=limit)
                    for number, (samples, _, end) in enumerate(chunks(decoded)):
                        yield name, number, samples
                        if info.duration_s:
                            share = min(end / SAMPLE_RATE / info.duration_s, 1.0)
                            progress(done, file.file_name, share)
                except GenrebotError as error:
                    self.failed = True
                    click.echo(f"{file.name}: {error.message}", err=True)
                progress(done, file.file_name, 1.0)


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
