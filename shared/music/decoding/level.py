"""Levels in dB full scale, measured by pydub."""

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import SAMPLE_RATE, SILENCE_DBFS
from shared.music.decoding.pcm import to_pcm16
from shared.music.decoding.quiet_pydub import AudioSegment

_SAMPLE_WIDTH = 2


def to_audio_segment(samples: NDArray[np.float32]) -> AudioSegment:
    """Convert samples to a pydub ``AudioSegment`` of 16 bits.

    Args:
        samples: shape (n,), mono at ``SAMPLE_RATE``, full scale 1.

    Returns:
        A segment that holds a copy.

    """
    return AudioSegment(
        data=to_pcm16(samples).astype("<i2", copy=False).tobytes(),
        sample_width=_SAMPLE_WIDTH,
        frame_rate=SAMPLE_RATE,
        channels=1,
    )


def dbfs(samples: NDArray[np.float32]) -> float:
    """Return the RMS level of samples, shape (n,), in dB full scale; -inf for digital silence."""
    return float(to_audio_segment(samples).dBFS)


def is_silent(level_dbfs: float) -> bool:
    """Tell whether a track is silent, given the level of its loudest second in dB full scale."""
    return level_dbfs < SILENCE_DBFS
