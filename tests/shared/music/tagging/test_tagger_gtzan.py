"""Tags against published ones, where the data set is present.

The taggrams come from the network's own package, for patches of 187 frames that start
every 61 frames in the spectrogram of the whole track.
"""

import os
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from shared.music.constants import (
    CHUNK_HOP,
    CHUNK_SECONDS,
    PATCH_FRAMES,
    SAMPLE_RATE,
    TAGGER_HOP,
    TAGGER_SAMPLE_RATE,
)
from shared.music.decoding.decoder import decode
from shared.music.tagging.tagger import Tagger, log_mel

DATA = Path(os.environ["GENREBOT_DATA"]) if os.environ.get("GENREBOT_DATA") else None
PATCH_HOP = 61

MOST_APART = {"train": 0.01, "valid": 1e-5}
"""Limits of the mean absolute difference over all tags. The taggrams of the valid part were made
with the package itself; how those of the train part were made is not known in every detail."""

MOST_APART_BY_CHUNK = 0.02
"""The same for a chunk against the patch nearest in time, up to half a second away."""

pytestmark = pytest.mark.skipif(DATA is None, reason="GENREBOT_DATA does not name the data folder")


def _audio() -> dict[str, Path]:
    if DATA is None:
        return {}
    files = (DATA / "genres_original").glob("*/*")
    return {file.stem: file for file in sorted(files) if file.suffix in {".flac", ".wav"}}


@lru_cache(maxsize=1)
def _published() -> dict[str, tuple[str, NDArray[np.float32]]]:
    """Return each track's part and taggram, float32 of shape (patches, 50)."""
    if DATA is None:
        return {}
    taggrams: dict[str, tuple[str, NDArray[np.float32]]] = {}
    for part in MOST_APART:
        with np.load(DATA / f"musicnn_taggrams_{part}.npz") as file:
            rows, names = file["X"], file["track"]
        taggrams |= {str(name): (part, rows[names == name]) for name in np.unique(names)}
    return taggrams


AUDIO = _audio()
TRACKS = sorted(set(AUDIO) & set(_published()))


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    """Return the tagger that comes with the package."""
    return Tagger.load()


def test_there_are_tracks_of_both_parts() -> None:
    """Audio and taggrams belong to the same tracks."""
    assert {_published()[track][0] for track in TRACKS} == set(MOST_APART)


@pytest.mark.parametrize("track", TRACKS)
def test_tags_are_the_published_ones(tagger: Tagger, track: str) -> None:
    """Those of the whole track's patches; those of single chunks are close to them."""
    part, published = _published()[track]
    samples = np.concatenate(list(decode(AUDIO[track], max_duration_s=60)))
    frames = log_mel(soxr.resample(samples, SAMPLE_RATE, TAGGER_SAMPLE_RATE))
    starts = range(0, len(frames) - PATCH_FRAMES + 1, PATCH_HOP)
    tags = tagger.tag_patches(np.stack([frames[start:][:PATCH_FRAMES] for start in starts]))
    assert abs(len(tags) - len(published)) <= 1
    shared = min(len(tags), len(published))
    assert np.abs(tags[:shared] - published[:shared]).mean() < MOST_APART[part]

    nearest = np.array([_nearest_patch(k) for k in range(len(samples) // CHUNK_HOP)])
    whole = samples[: len(nearest) * CHUNK_HOP].reshape(-1, CHUNK_HOP)
    by_chunk = np.stack([tagger.tag_chunk(chunk) for chunk in whole])
    known = nearest < shared
    apart = np.abs(by_chunk[known] - published[nearest[known]])
    np.testing.assert_allclose(by_chunk[0], tags[0], atol=1e-3)
    assert apart.mean() < MOST_APART_BY_CHUNK


def _nearest_patch(chunk: int) -> int:
    return round(chunk * CHUNK_SECONDS * TAGGER_SAMPLE_RATE / (PATCH_HOP * TAGGER_HOP))
