"""The filters and the window against librosa and SciPy, and the imports that they avoid."""

import subprocess
import sys
from pathlib import Path

import librosa
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import get_window

from shared.music.constants import (
    N_BINS,
    N_CHROMA,
    N_FFT,
    N_MELS,
    SAMPLE_RATE,
    TAGGER_N_FFT,
    TAGGER_N_MELS,
    TAGGER_SAMPLE_RATE,
    TUNING_STEPS,
)
from shared.music.features.filters import (
    chroma_filters,
    hann,
    hz_to_mel,
    mel_filters,
    mel_frequencies,
)
from tests import sounds
from tests.shared.music.conftest import RunLibrosa

TUNINGS = np.linspace(-0.5, 0.5, TUNING_STEPS + 1)[:-1].tolist()
SLOW = "numba librosa scipy.signal matplotlib"
"""Modules that take a second or more to import."""


def _librosa_mel(sample_rate: int, n_fft: int, n_mels: int) -> NDArray[np.float32]:
    filters: NDArray[np.float32] = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels)
    return filters


def _librosa_chroma(tunings: list[float]) -> list[NDArray[np.float32]]:
    return [librosa.filters.chroma(sr=22_050, n_fft=2048, tuning=tuning) for tuning in tunings]


@pytest.mark.parametrize(
    ("sample_rate", "n_fft", "n_mels"),
    [(SAMPLE_RATE, N_FFT, N_MELS), (TAGGER_SAMPLE_RATE, TAGGER_N_FFT, TAGGER_N_MELS)],
)
def test_mel_filters_are_librosas(
    run_librosa: RunLibrosa, sample_rate: int, n_fft: int, n_mels: int
) -> None:
    """Those of the features and those of the tagger, to within the last bit."""
    ours = mel_filters(sample_rate, n_fft, n_mels)
    assert ours.shape == (1 + n_fft // 2, n_mels)
    assert ours.flags.c_contiguous
    np.testing.assert_array_max_ulp(ours.T, run_librosa(_librosa_mel, sample_rate, n_fft, n_mels))


def test_chroma_filters_are_librosas(run_librosa: RunLibrosa) -> None:
    """Those of every tuning, to within the last bit."""
    for tuning, expected in zip(TUNINGS, run_librosa(_librosa_chroma, TUNINGS), strict=True):
        ours = chroma_filters(tuning)
        assert ours.shape == (N_BINS, N_CHROMA)
        assert ours.flags.c_contiguous
        np.testing.assert_array_max_ulp(ours.T, expected)


def _librosa_scale(hertz: list[float]) -> tuple[list[float], NDArray[np.float64]]:
    return librosa.hz_to_mel(hertz).tolist(), librosa.mel_frequencies(n_mels=40, fmax=8_000)


def test_the_mel_scale_is_librosas(run_librosa: RunLibrosa) -> None:
    """Below, at and above the knee."""
    hertz = [0.0, 440.0, 1_000.0, 5_000.0, 11_025.0]
    mels, frequencies = run_librosa(_librosa_scale, hertz)
    assert [hz_to_mel(value) for value in hertz] == pytest.approx(mels)
    np.testing.assert_allclose(mel_frequencies(40, 8_000), frequencies)


@pytest.mark.parametrize("n", [2, 3, 344, TAGGER_N_FFT, N_FFT])
def test_the_window_is_scipys(n: int) -> None:
    """For even and for odd lengths."""
    np.testing.assert_array_equal(hann(n), get_window("hann", n, fftbins=True))


def test_features_and_tags_need_no_slow_imports(tmp_path: Path) -> None:
    """A new process analyses a track without librosa, and so without waiting for numba."""
    song = tmp_path / "song.wav"
    song.write_bytes(sounds.encode(sounds.tune(3), "wav"))
    script = (
        "import sys\n"
        "from shared.music.pipeline import extract\n"
        "from shared.music.tagging.tagger import Tagger\n"
        "track = extract(sys.argv[1], Tagger.load(), max_duration_s=60)\n"
        f"print(len(track.features), [name for name in {SLOW.split()} if name in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script, str(song)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1 []"
