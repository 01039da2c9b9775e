"""Levels in dB full scale, and the import of pydub."""

import subprocess
import sys

import numpy as np
import pytest

from shared.music.constants import SAMPLE_RATE
from shared.music.decoding.level import dbfs, is_silent, to_audio_segment
from shared.music.decoding.pcm import to_pcm16
from tests import sounds


def test_an_audio_segment_holds_the_samples() -> None:
    """The conversion to pydub is lossless."""
    tune = sounds.tune(1)
    segment = to_audio_segment(tune)
    assert (segment.frame_rate, segment.channels, segment.sample_width) == (SAMPLE_RATE, 1, 2)
    assert np.array_equal(np.array(segment.get_array_of_samples()), to_pcm16(tune))


@pytest.mark.parametrize("level", [1.0, 0.5, 0.1, 0.01])
def test_dbfs_of_a_sine(level: float) -> None:
    """A sine of peak a has 20 log10(a / sqrt 2) dBFS."""
    expected = 20 * np.log10(level / np.sqrt(2))
    assert dbfs(sounds.tone(1, level=level)) == pytest.approx(expected, abs=0.05)


def test_silence_is_minus_infinity_and_silent() -> None:
    """Digital silence has the level -inf; -60 dBFS is not silent."""
    assert dbfs(sounds.silence(1)) == -np.inf
    assert is_silent(-np.inf)
    assert is_silent(-60.1)
    assert not is_silent(-60.0)


def test_importing_pydub_gives_no_warning() -> None:
    """Without ffmpeg on the PATH, and with every warning an error, the import succeeds."""
    code = "import shared.music.decoding.level"
    # As in a container without ffmpeg.
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-W", "error", "-c", code],
        env={"PATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
