"""Which chunks are audible."""

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.errors import AudioError, ErrorCode
from shared.music.constants import N_TAGS
from shared.music.features.fast import analyse_chunk
from shared.music.features.table import FEATURE_NAMES
from shared.music.model.audibility import audible, loud
from tests.sounds import noise

FEATURES = len(FEATURE_NAMES)


def _features(levels_dbfs: list[float]) -> NDArray[np.float64]:
    """Features of chunks at these levels, steady throughout; nothing else about them counts."""
    features = np.ones((len(levels_dbfs), FEATURES))
    features[:, FEATURE_NAMES.index("rms_mean")] = 10 ** (np.array(levels_dbfs) / 20)
    features[:, FEATURE_NAMES.index("rms_var")] = 0
    return features


def _tags(known: list[bool]) -> NDArray[np.float32]:
    """Tags that tell their place, and rows of NaN where there are none."""
    tags = np.repeat(np.arange(len(known), dtype=np.float32)[:, None], N_TAGS, axis=1)
    tags[~np.array(known)] = np.nan
    return tags


def test_chunks_with_tags_are_audible() -> None:
    """Only silent chunks have none."""
    heard = audible(_features([-20, -90, -20]), _tags([True, False, True]))
    assert heard.tolist() == [True, False, True]


def test_loud_chunks_are_above_the_level_of_silence() -> None:
    """At -60 dB full scale."""
    assert loud(_features([-20, -59.9, -60.1, -90])).tolist() == [True, True, False, False]


def test_the_mean_square_counts_and_not_the_mean() -> None:
    """A chunk of few loud frames has a low mean and a high variance, and can be heard."""
    features = _features([-66, -66])
    features[1, FEATURE_NAMES.index("rms_var")] = 1e-6
    assert loud(features).tolist() == [False, True]


@pytest.mark.parametrize(("gain_db", "heard"), [(0.5, True), (-0.5, False)])
def test_the_level_follows_from_the_features(gain_db: float, *, heard: bool) -> None:
    """Noise half a decibel on either side of the line."""
    samples = noise(3, level=0.1)
    level = np.sqrt(np.mean(samples.astype(float) ** 2))
    wanted = 10 ** ((-60 + gain_db) / 20)
    row = analyse_chunk((samples * wanted / level).astype(np.float32)).features
    assert loud(row[None]).tolist() == [heard]


@pytest.mark.parametrize(
    ("features", "tags"),
    [
        ((2, 56), (2, N_TAGS)),
        ((2, FEATURES), (3, N_TAGS)),
        ((2, FEATURES), (2, 49)),
        ((57,), (50,)),
    ],
)
def test_other_shapes_are_refused(features: tuple[int, ...], tags: tuple[int, ...]) -> None:
    """Both tables have a row for each chunk."""
    with pytest.raises(ValueError, match="a track has features"):
        audible(np.ones(features), np.ones(tags))


def test_a_track_without_any_tags_is_silent() -> None:
    """All of its chunks are silent."""
    with pytest.raises(AudioError) as caught:
        audible(_features([-20, -20]), _tags([False, False]))
    assert caught.value.code == ErrorCode.SILENT
