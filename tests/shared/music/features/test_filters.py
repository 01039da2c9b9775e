"""The filters and the window, bit for bit, and what need not be loaded for them."""

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
from shared.music.features.filters import chroma_filters, hann, mel_filters
from tests import sounds
from tests.shared.music.conftest import Plainly

TUNINGS = np.linspace(-0.5, 0.5, TUNING_STEPS + 1)[:-1].tolist()
SLOW = "numba librosa scipy.signal matplotlib"
"""Modules that take a second or more to import."""


def _plain_mel(sample_rate: int, n_fft: int, n_mels: int) -> NDArray[np.float32]:
    filters: NDArray[np.float32] = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels)
    return filters


def _plain_chroma(tunings: list[float]) -> list[NDArray[np.float32]]:
    return [librosa.filters.chroma(sr=22_050, n_fft=2048, tuning=tuning) for tuning in tunings]


@pytest.mark.parametrize(
    ("sample_rate", "n_fft", "n_mels"),
    [(SAMPLE_RATE, N_FFT, N_MELS), (TAGGER_SAMPLE_RATE, TAGGER_N_FFT, TAGGER_N_MELS)],
)
def test_mel_filters_are_librosas(
    plainly: Plainly, sample_rate: int, n_fft: int, n_mels: int
) -> None:
    """Those of the features and those of the tagger, to the last bit but one."""
    ours = mel_filters(sample_rate, n_fft, n_mels)
    assert ours.shape == (1 + n_fft // 2, n_mels)
    assert ours.flags.c_contiguous
    np.testing.assert_array_max_ulp(ours.T, plainly(_plain_mel, sample_rate, n_fft, n_mels))


def test_chroma_filters_are_librosas(plainly: Plainly) -> None:
    """Every tuning's, to the last bit but one."""
    for tuning, expected in zip(TUNINGS, plainly(_plain_chroma, TUNINGS), strict=True):
        ours = chroma_filters(tuning)
        assert ours.shape == (N_BINS, N_CHROMA)
        assert ours.flags.c_contiguous
        np.testing.assert_array_max_ulp(ours.T, expected)


@pytest.mark.parametrize("n", [2, 3, 344, TAGGER_N_FFT, N_FFT])
def test_the_window_is_scipys(n: int) -> None:
    """Periodic, in double precision, for even lengths and odd ones."""
    np.testing.assert_array_equal(hann(n), get_window("hann", n, fftbins=True))


def test_a_track_is_heard_without_slow_imports(tmp_path: Path) -> None:
    """A fresh process hears a track without librosa, and so without waiting for numba."""
    song = tmp_path / "song.wav"
    song.write_bytes(sounds.encode(sounds.tune(3), "wav"))
    script = (
        "import sys\n"
        "from shared.music.pipeline import hear\n"
        "from shared.music.tagging.tagger import Tagger\n"
        "heard = hear(sys.argv[1], Tagger.load(), max_duration_s=60)\n"
        f"print(len(heard.features), [name for name in {SLOW.split()} if name in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter on our own script
        [sys.executable, "-c", script, str(song)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1 []"
