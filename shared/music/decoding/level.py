"""How loud music is, measured by pydub on segments of bounded length."""

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import SAMPLE_RATE, SILENCE_DBFS
from shared.music.decoding._pydub import AudioSegment
from shared.music.decoding.pcm import to_pcm16

_SAMPLE_WIDTH = 2


def to_segment(samples: NDArray[np.float32]) -> AudioSegment:
    """Hand samples to pydub.

    Args:
        samples: shape (n,), mono at ``SAMPLE_RATE``, full scale 1.

    Returns:
        A segment of 16 bits that holds a copy.

    """
    return AudioSegment(
        data=to_pcm16(samples).astype("<i2", copy=False).tobytes(),
        sample_width=_SAMPLE_WIDTH,
        frame_rate=SAMPLE_RATE,
        channels=1,
    )


def dbfs(samples: NDArray[np.float32]) -> float:
    """Measure the RMS level of samples, shape (n,), in dB full scale; -inf for silence."""
    return float(to_segment(samples).dBFS)


def is_silent(level_dbfs: float) -> bool:
    """Tell whether a track whose loudest second has this level counts as silence."""
    return level_dbfs < SILENCE_DBFS
