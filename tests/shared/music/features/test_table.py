"""The 57 features: against plain librosa calls, the golden file, and hostile chunks."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from devtools.bench.programs.plain import reference_features, reference_mel_db
from shared.music.constants import CHUNK_HOP, CHUNK_SAMPLES, N_FRAMES, N_MELS, SAMPLE_RATE
from shared.music.features import chroma
from shared.music.features.table import (
    FEATURE_NAMES,
    RECIPE_VERSION,
    analyse_chunk,
    warm_up,
)
from tests.shared.music.conftest import Plainly
from tests.shared.music.golden import chunks, golden

Samples = NDArray[np.float32]

CHUNKS = chunks()
NAMES, SPREAD, GOLDEN = golden()
TEMPO = FEATURE_NAMES.index("tempo")


def _hostile() -> dict[str, Samples]:
    silence = np.zeros(CHUNK_SAMPLES, np.float32)
    click, first, last_bit = silence.copy(), silence.copy(), silence.copy()
    click[30_000] = 0.5
    first[0] = -1
    last_bit[::2] = 1 / 32_768
    alternating = np.where(np.arange(CHUNK_SAMPLES) % 2, 1, -1).astype(np.float32)
    return {
        "silence": silence,
        "constant": silence + np.float32(0.25),
        "negative constant": silence - np.float32(1),
        "one click": click,
        "click at the start": first,
        "last bit": last_bit,
        "full-scale Nyquist": alternating,
        "subnormal": alternating * np.float32(1e-40),
    }


HOSTILE = _hostile()


def _deviation(features: NDArray[np.float64], expected: NDArray[np.float64]) -> dict[str, float]:
    """Tell the deviation of each feature that is off at all, in published standard deviations."""
    off = np.abs(features - expected) / SPREAD
    return {name: value for name, value in zip(NAMES, off.tolist(), strict=True) if value}


def _assert_close(
    features: NDArray[np.float64], expected: NDArray[np.float64], tolerance: float
) -> None:
    far = {k: v for k, v in _deviation(features, expected).items() if v > tolerance}
    assert not far
    assert features[TEMPO] == pytest.approx(expected[TEMPO], rel=1e-8)


@pytest.mark.parametrize("name", CHUNKS)
def test_features_are_those_of_plain_librosa(name: str, plainly: Plainly) -> None:
    """Sharing transforms changes no feature by more than rounding."""
    features = analyse_chunk(CHUNKS[name]).features
    _assert_close(features, plainly(reference_features, CHUNKS[name]), tolerance=1e-5)


@pytest.mark.parametrize("name", CHUNKS)
def test_features_are_those_of_the_golden_file(name: str) -> None:
    """A release of a library that changes a column does not go unnoticed."""
    _assert_close(analyse_chunk(CHUNKS[name]).features, GOLDEN[name], tolerance=1e-4)


@pytest.mark.parametrize("name", CHUNKS)
def test_mel_spectrogram_is_that_of_plain_librosa(name: str, plainly: Plainly) -> None:
    """The picture is drawn from the spectrogram the features were computed on."""
    mel_db = analyse_chunk(CHUNKS[name]).mel_db
    assert mel_db.shape == (N_MELS, N_FRAMES)
    assert mel_db.dtype == np.float32
    np.testing.assert_allclose(mel_db, plainly(reference_mel_db, CHUNKS[name]), atol=1e-3)


def test_columns_are_named_as_published() -> None:
    """Names and order are those of the published table, which the golden file keeps."""
    assert NAMES == FEATURE_NAMES
    assert len(set(FEATURE_NAMES)) == 57
    assert RECIPE_VERSION == "gtzan-57/1"


@pytest.mark.parametrize("name", HOSTILE)
def test_degenerate_chunks_have_plain_librosas_finite_features(name: str, plainly: Plainly) -> None:
    """Silence, constants and clicks give librosa's numbers, without a warning."""
    analysis = analyse_chunk(HOSTILE[name])
    assert np.isfinite(analysis.features).all()
    assert np.isfinite(analysis.mel_db).all()
    _assert_close(analysis.features, plainly(reference_features, HOSTILE[name]), tolerance=1e-5)


def test_silence_is_all_zero_but_for_floor_and_prior() -> None:
    """Digital silence sits on the -100 dB floor, and its tempo is what was expected anyway."""
    features = dict(zip(FEATURE_NAMES, analyse_chunk(HOSTILE["silence"]).features, strict=True))
    assert features.pop("mfcc1_mean") == pytest.approx(-100 * np.sqrt(N_MELS))
    assert features.pop("tempo") == pytest.approx(120, rel=0.03)
    assert max(abs(value) for value in features.values()) < 1e-6


def test_the_last_sample_of_three_seconds_does_not_count() -> None:
    """Whole chunks and chunks cut as published are the same chunk."""
    whole = np.append(CHUNKS["song"], np.float32(0.9))
    assert len(whole) == CHUNK_HOP
    expected = analyse_chunk(CHUNKS["song"]).features
    np.testing.assert_array_equal(analyse_chunk(whole).features, expected)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(CHUNK_SAMPLES - 1, np.float32),
        np.zeros(CHUNK_HOP + 1, np.float32),
        np.zeros((1, CHUNK_HOP), np.float32),
        np.zeros(0, np.float32),
    ],
    ids=["short", "long", "two-dimensional", "empty"],
)
def test_other_shapes_are_refused(samples: Samples) -> None:
    """A chunk of another length would have other features, so it is not analysed."""
    with pytest.raises(ValueError, match="66150 or 66149 samples"):
        analyse_chunk(samples)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite_are_refused(value: float) -> None:
    """One bad sample would spoil every feature silently."""
    samples = CHUNKS["song"].copy()
    samples[12_345] = value
    with pytest.raises(ValueError, match="not finite"):
        analyse_chunk(samples)


def test_samples_are_only_read() -> None:
    """A chunk may be a view into memory that others read as well."""
    samples = CHUNKS["song"].copy()
    samples.flags.writeable = False
    before = samples.tobytes()
    analyse_chunk(samples)
    assert samples.tobytes() == before


def test_threads_may_analyse_at_once() -> None:
    """The caches behind the features are shared, the features are not."""
    alone = [analyse_chunk(samples).features for samples in CHUNKS.values()]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(analyse_chunk, CHUNKS.values()))
    for expected, analysis in zip(alone, together, strict=True):
        np.testing.assert_array_equal(analysis.features, expected)


def test_an_analysis_cannot_be_exchanged() -> None:
    """Features and spectrogram stay those of one chunk."""
    analysis = analyse_chunk(CHUNKS["noise"])
    with pytest.raises(dataclasses.FrozenInstanceError):
        analysis.features = np.zeros(57)  # type: ignore[misc]


def test_after_warming_up_no_tuning_is_new() -> None:
    """The filters of every tuning are at hand, so no chunk waits for them."""
    chroma._filters.cache_clear()
    warm_up()
    missed = chroma._filters.cache_info().misses
    time = np.arange(CHUNK_SAMPLES) / SAMPLE_RATE
    for cents in range(-49, 50, 7):
        pitch = 440 * 2 ** (cents / 1200)
        analyse_chunk((0.5 * np.sin(2 * np.pi * pitch * time)).astype(np.float32))
    assert chroma._filters.cache_info().misses == missed
