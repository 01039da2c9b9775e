"""The computations behind the features, each against its definition."""

import librosa
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from shared.music.constants import (
    CHUNK_SAMPLES,
    HOP_LENGTH,
    HPSS_KERNEL,
    N_BINS,
    N_FFT,
    N_FRAMES,
    SAMPLE_RATE,
)
from shared.music.features.chroma import estimate_tuning
from shared.music.features.hpss import hpss
from shared.music.features.median import running_median
from shared.music.features.rhythm import onset_strength, tempo
from shared.music.features.spectra import Spectra, istft, stft
from shared.music.features.spectral import (
    rms,
    spectral_centroid_and_bandwidth,
    spectral_rolloff,
    zero_crossing_rate,
)
from tests.shared.music.conftest import RunLibrosa
from tests.shared.music.golden import chunks

CHUNKS = chunks()
TIME = np.arange(CHUNK_SAMPLES) / SAMPLE_RATE


def _sine(hertz: float) -> NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * hertz * TIME)).astype(np.float32)


def _librosa_tuning(power: NDArray[np.float32]) -> float:
    return float(librosa.estimate_tuning(S=power.T, sr=22_050))


@pytest.mark.parametrize("shape", [(15, 3), (16, 40), (31, 1), (130, 1025), (1025, 130)])
@pytest.mark.parametrize("ties", [False, True])
def test_running_median_is_the_median(shape: tuple[int, int], *, ties: bool) -> None:
    """The network of minima and maxima gives the same values as SciPy, also with ties."""
    values = np.random.default_rng(5).exponential(size=shape).astype(np.float32)
    values = np.floor(values * 2) if ties else values
    for given, size in ((values, (HPSS_KERNEL, 1)), (np.asfortranarray(values), (HPSS_KERNEL, 1))):
        expected = median_filter(given, size=size, mode="reflect")
        np.testing.assert_array_equal(running_median(given), expected)


def test_inverse_transform_returns_the_samples() -> None:
    """The inverse transform gives the samples up to the last whole hop."""
    samples = CHUNKS["song"]
    back = istft(stft(np.pad(samples, N_FFT // 2, mode="reflect")))
    assert back.shape == (HOP_LENGTH * (N_FRAMES - 1),)
    np.testing.assert_allclose(back, samples[: len(back)], atol=1e-6)


def test_harmonic_and_percussive_parts_make_up_the_samples() -> None:
    """Their sum is the signal, and both are 0 after the last whole hop."""
    samples = CHUNKS["song"]
    harmonic, percussive = hpss(samples, Spectra.of(samples))
    whole = HOP_LENGTH * (N_FRAMES - 1)
    np.testing.assert_allclose((harmonic + percussive)[:whole], samples[:whole], atol=1e-6)
    assert harmonic.shape == percussive.shape == samples.shape
    assert not np.any(harmonic[whole:])
    assert not np.any(percussive[whole:])


def test_tones_are_harmonic_and_clicks_percussive() -> None:
    """Steady tones go to the harmonic part, clicks to the percussive part."""
    harmonic, percussive = hpss(CHUNKS["tones"], Spectra.of(CHUNKS["tones"]))
    assert harmonic.var() > 50 * percussive.var()
    harmonic, percussive = hpss(CHUNKS["clicks"], Spectra.of(CHUNKS["clicks"]))
    assert percussive.var() > 50 * harmonic.var()


def test_no_sound_is_left_as_a_subnormal_number() -> None:
    """Silence between clicks is exactly 0, because subnormal arithmetic is much slower."""
    harmonic, _ = hpss(CHUNKS["clicks"], Spectra.of(CHUNKS["clicks"]))
    smallest = np.finfo(np.float32).tiny
    assert not np.any((harmonic != 0) & (np.abs(harmonic) < smallest))


@pytest.mark.parametrize("cents", [-40, -11, 0, 7, 33])
def test_tuning_of_a_detuned_chord(cents: int, run_librosa: RunLibrosa) -> None:
    """It equals librosa's, and is right to the few cents that a frame of 93 ms can resolve."""
    steps = (-5, 0, 7)
    chord = np.mean([_sine(440 * 2 ** (step / 12 + cents / 1200)) for step in steps], axis=0)
    power = Spectra.of(chord).power
    assert estimate_tuning(power) == run_librosa(_librosa_tuning, power)
    assert 100 * estimate_tuning(power) == pytest.approx(cents, abs=8)


@pytest.mark.parametrize("bpm", [75, 98, 120, 143])
def test_tempo_of_a_click_track(bpm: float) -> None:
    """It is right to the few percent between two lags."""
    since = np.mod(TIME, 60 / bpm)
    bursts = np.exp(-since / 0.01) * np.random.default_rng(2).uniform(-0.5, 0.5, CHUNK_SAMPLES)
    onsets = onset_strength(Spectra.of(bursts.astype(np.float32)).mel_db)
    assert tempo(onsets) == pytest.approx(bpm, rel=0.03)


def test_spectral_shape_of_a_sine() -> None:
    """Centroid and rolloff are at the sine's frequency, and the bandwidth is small."""
    # In the middle of a bin, and without the frames at the ends that contain reflections.
    pitch = 100 * SAMPLE_RATE / N_FFT
    magnitude = Spectra.of(_sine(pitch)).magnitude[5:-5]
    centroid, bandwidth = spectral_centroid_and_bandwidth(magnitude)
    np.testing.assert_allclose(centroid, pitch, rtol=1e-3)
    assert bandwidth.max() < 3 * SAMPLE_RATE / N_FFT
    np.testing.assert_allclose(spectral_rolloff(magnitude), pitch + SAMPLE_RATE / N_FFT, rtol=1e-9)


def test_silent_frames_have_no_spectral_shape() -> None:
    """All values of a silent frame are 0; nothing is divided by its energy."""
    silence = np.zeros((3, N_BINS), np.float32)
    centroid, bandwidth = spectral_centroid_and_bandwidth(silence)
    assert not np.any([centroid, bandwidth, spectral_rolloff(silence)])


def test_loudness_and_crossings_of_a_sine() -> None:
    """Its RMS is its amplitude over √2, and it crosses zero twice a period."""
    samples = _sine(1_000)
    level = rms(np.pad(samples, N_FFT // 2, mode="reflect"))
    crossings = zero_crossing_rate(samples)
    assert level.shape == crossings.shape == (N_FRAMES,)
    np.testing.assert_allclose(level, 0.5 / np.sqrt(2), rtol=0.01)
    np.testing.assert_allclose(crossings[5:-5], 2 * 1_000 / SAMPLE_RATE, rtol=0.02)


def test_zero_counts_as_positive() -> None:
    """A zero between negative samples makes two crossings, between positive samples none."""
    samples = np.zeros(CHUNK_SAMPLES, np.float32)
    samples[1000::50] = 0.25
    assert not zero_crossing_rate(samples).any()
    assert zero_crossing_rate(-samples).any()
