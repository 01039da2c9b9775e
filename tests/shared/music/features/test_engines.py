"""The engine ``fast`` against the engine ``librosa``, the golden file and degenerate chunks."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.music.constants import CHUNK_HOP, CHUNK_SAMPLES, N_FRAMES, N_MELS, SAMPLE_RATE
from shared.music.features import chroma, engine, fast, reference
from shared.music.features.fast import analyse_chunk, warm_up
from shared.music.features.table import FEATURE_NAMES, RECIPE_VERSION
from tests.shared.music.conftest import RunLibrosa
from tests.shared.music.golden import chunks, golden

Samples = NDArray[np.float32]

CHUNKS = chunks()
NAMES, SPREAD, GOLDEN = golden()
TEMPO = FEATURE_NAMES.index("tempo")


def _degenerate() -> dict[str, Samples]:
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


DEGENERATE = _degenerate()


def _deviations(features: NDArray[np.float64], expected: NDArray[np.float64]) -> dict[str, float]:
    """Return the deviations that are not 0, in standard deviations of the published table."""
    off = np.abs(features - expected) / SPREAD
    return {name: value for name, value in zip(NAMES, off.tolist(), strict=True) if value}


def _assert_close(
    features: NDArray[np.float64], expected: NDArray[np.float64], tolerance: float
) -> None:
    far = {k: v for k, v in _deviations(features, expected).items() if v > tolerance}
    assert not far
    assert features[TEMPO] == pytest.approx(expected[TEMPO], rel=1e-8)


@pytest.mark.parametrize("name", CHUNKS)
def test_both_engines_agree(name: str, run_librosa: RunLibrosa) -> None:
    """Features and mel spectrogram differ by no more than rounding."""
    analysis = analyse_chunk(CHUNKS[name])
    expected = run_librosa(reference.analyse_chunk, CHUNKS[name])
    _assert_close(analysis.features, expected.features, tolerance=1e-5)
    for mel_db in (analysis.mel_db, expected.mel_db):
        assert mel_db.shape == (N_MELS, N_FRAMES)
        assert mel_db.dtype == np.float32
    np.testing.assert_allclose(analysis.mel_db, expected.mel_db, atol=1e-3)


@pytest.mark.parametrize("name", CHUNKS)
def test_features_are_those_of_the_golden_file(name: str) -> None:
    """Shows when a new release of a library changes a column."""
    _assert_close(analyse_chunk(CHUNKS[name]).features, GOLDEN[name], tolerance=1e-4)


def test_columns_are_named_as_published() -> None:
    """Names and order are those of the published table, which the golden file has."""
    assert NAMES == FEATURE_NAMES
    assert len(set(FEATURE_NAMES)) == 57
    assert RECIPE_VERSION == "gtzan-57/1"


@pytest.mark.parametrize("name", DEGENERATE)
def test_both_engines_agree_on_degenerate_chunks(name: str, run_librosa: RunLibrosa) -> None:
    """Silence, constants and clicks have finite features, and give no warning."""
    analysis = analyse_chunk(DEGENERATE[name])
    assert np.isfinite(analysis.features).all()
    assert np.isfinite(analysis.mel_db).all()
    expected = run_librosa(reference.analyse_chunk, DEGENERATE[name])
    _assert_close(analysis.features, expected.features, tolerance=1e-5)


def test_an_engine_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default is fast; librosa's functions are compiled before they are used."""
    calls: list[str] = []
    monkeypatch.setattr(engine, "compile_librosa", lambda: calls.append("compile"))
    monkeypatch.setattr(reference, "warm_up", lambda: calls.append("warm up"))
    assert engine.feature_engine() is engine.feature_engine("fast") is fast.analyse_chunk
    assert not calls
    assert engine.feature_engine("librosa") is reference.analyse_chunk
    assert calls == ["compile", "warm up"]


def test_features_of_silence() -> None:
    """Digital silence is at -100 dB, its tempo is that of the prior, and all else is 0."""
    features = dict(zip(FEATURE_NAMES, analyse_chunk(DEGENERATE["silence"]).features, strict=True))
    assert features.pop("mfcc1_mean") == pytest.approx(-100 * np.sqrt(N_MELS))
    assert features.pop("tempo") == pytest.approx(120, rel=0.03)
    assert max(abs(value) for value in features.values()) < 1e-6


def test_the_last_sample_of_three_seconds_is_not_used() -> None:
    """A whole chunk has the features of a chunk cut as for the published table."""
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
    """A chunk of another length would have other features."""
    with pytest.raises(ValueError, match="66150 or 66149 samples"):
        analyse_chunk(samples)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite_are_refused(value: float) -> None:
    """A single such sample would spoil every feature."""
    samples = CHUNKS["song"].copy()
    samples[12_345] = value
    with pytest.raises(ValueError, match="not finite"):
        analyse_chunk(samples)


def test_samples_are_not_changed() -> None:
    """A chunk may be a read-only view."""
    samples = CHUNKS["song"].copy()
    samples.flags.writeable = False
    before = samples.tobytes()
    analyse_chunk(samples)
    assert samples.tobytes() == before


def test_threads_may_analyse_at_once() -> None:
    """Threads share the caches of filters."""
    alone = [analyse_chunk(samples).features for samples in CHUNKS.values()]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(analyse_chunk, CHUNKS.values()))
    for expected, analysis in zip(alone, together, strict=True):
        np.testing.assert_array_equal(analysis.features, expected)


def test_an_analysis_is_frozen() -> None:
    """Its attributes cannot be assigned."""
    analysis = analyse_chunk(CHUNKS["noise"])
    with pytest.raises(dataclasses.FrozenInstanceError):
        analysis.features = np.zeros(57)  # type: ignore[misc]


def test_warming_up_caches_the_filters_of_all_tunings() -> None:
    """No chunk computes filters afterwards."""
    chroma._filters.cache_clear()
    warm_up()
    missed = chroma._filters.cache_info().misses
    time = np.arange(CHUNK_SAMPLES) / SAMPLE_RATE
    for cents in range(-49, 50, 7):
        pitch = 440 * 2 ** (cents / 1200)
        analyse_chunk((0.5 * np.sin(2 * np.pi * pitch * time)).astype(np.float32))
    assert chroma._filters.cache_info().misses == missed
