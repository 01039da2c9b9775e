"""The features of GTZAN's audio against the published table, where the data set is present."""

import csv
import os
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.music.constants import CHUNK_HOP, CHUNK_SAMPLES
from shared.music.decoding.decoder import decode
from shared.music.features.fast import analyse_chunk
from shared.music.features.table import FEATURE_NAMES
from tests.shared.music.golden import golden

DATA = Path(os.environ["GENREBOT_DATA"]) if os.environ.get("GENREBOT_DATA") else None
CHUNKS_PER_TRACK = 10

pytestmark = pytest.mark.skipif(DATA is None, reason="GENREBOT_DATA does not name the data folder")


def _tracks() -> list[Path]:
    """Return the tracks; one file of the common distribution is not audio."""
    if DATA is None:
        return []
    files = (DATA / "genres_original").glob("*/*")
    return sorted(
        file for file in files if file.suffix in {".flac", ".wav"} and file.name != "jazz.00054.wav"
    )


TRACKS = _tracks()


@lru_cache(maxsize=1)
def _published() -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    """Return the feature columns, and the features of each chunk by file name."""
    assert DATA is not None
    with (DATA / "features_3_sec.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return header[2:-1], {row[0]: np.array(row[2:-1], dtype=np.float64) for row in rows}


def test_columns_are_the_published_ones() -> None:
    """Between length and label the table has the columns of FEATURE_NAMES."""
    columns, _ = _published()
    assert tuple(columns) == FEATURE_NAMES


def test_the_golden_file_has_the_tables_deviations() -> None:
    """The golden file holds the standard deviations of the published table."""
    _, rows = _published()
    _, spread, _ = golden()
    np.testing.assert_allclose(np.std(list(rows.values()), axis=0), spread, rtol=0.02)


@pytest.mark.parametrize("track", TRACKS, ids=lambda track: track.stem)
def test_chunks_have_their_published_features(track: Path) -> None:
    """Within 1e-4 of a column's standard deviation, and the same tempo."""
    _, rows = _published()
    _, spread, _ = golden()
    samples = np.concatenate(list(decode(track, max_duration_s=60)))
    chunks = [samples[k * CHUNK_HOP :][:CHUNK_SAMPLES] for k in range(CHUNKS_PER_TRACK)]
    compared = 0
    for k, chunk in enumerate(chunks):
        published = rows.get(f"{track.stem}.{k}.wav")
        if published is None or len(chunk) < CHUNK_SAMPLES:
            continue
        features = analyse_chunk(chunk).features
        off = np.abs(features - published) / spread
        worst = FEATURE_NAMES[int(off.argmax())]
        assert off.max() <= 1e-4, f"{worst} of chunk {k} is off by {off.max():.1e}"
        assert features[FEATURE_NAMES.index("tempo")] == pytest.approx(
            published[FEATURE_NAMES.index("tempo")], rel=1e-12
        )
        compared += 1
    assert compared
