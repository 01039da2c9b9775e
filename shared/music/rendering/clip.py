"""The excerpt that shows best why a track got its genre, as a Telegram voice message."""

import io
from fractions import Fraction
from typing import Final

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from shared.music.constants import CHUNK_SECONDS, SAMPLE_RATE
from shared.music.decoding._pydub import AudioSegment
from shared.music.decoding.level import to_segment
from shared.music.decoding.pcm import from_pcm16
from shared.music.model.verdict import Verdict

OPUS_RATE: Final = 48_000
"""The rate that Opus works at, in hertz (RFC 6716, section 2)."""

_BIT_RATE: Final = 64_000
_LEVEL_DBFS: Final = -16.0
_HEADROOM_DB: Final = 1.0
_FADE_MS: Final = 300


def strongest_span(verdict: Verdict, seconds: float = 9) -> tuple[float, float]:
    """Find the consecutive chunks that speak most for the verdict's genre.

    Args:
        verdict: of a whole track.
        seconds: length that is wanted, rounded to whole chunks, at least one.

    Returns:
        Start and end in seconds; the earliest where several are equal, the whole
        track where it is shorter.

    """
    wanted = np.array([chunk.probabilities[verdict.genre] for chunk in verdict.chunks])
    width = min(max(1, round(seconds / CHUNK_SECONDS)), wanted.size)
    means = np.convolve(wanted, np.full(width, 1 / width), mode="valid")
    # Rounded, so that equal means are equal whatever order they were summed in.
    first = int(means.round(9).argmax())
    return verdict.chunks[first].start_s, verdict.chunks[first + width - 1].end_s


def make_clip(
    samples: NDArray[np.float32], start_s: float = 0.0, end_s: float | None = None
) -> bytes:
    """Cut, level, fade and encode an excerpt.

    Args:
        samples: shape (n,), mono at ``SAMPLE_RATE``, full scale 1; bounded, as the
            whole of it is held in memory several times.
        start_s: where the excerpt starts, in seconds.
        end_s: where it ends; None for the end of the samples.

    Returns:
        An Ogg file with mono Opus at 48 kHz, which Telegram plays as a voice message,
        at -16 dBFS or as near to it as the peaks allow.

    Raises:
        ValueError: no samples between start and end.

    """
    stop = None if end_s is None else round(end_s * 1000)
    segment = to_segment(samples)[round(start_s * 1000) : stop]
    if not segment.frame_count():
        raise ValueError(f"nothing between {start_s} s and {end_s} s")
    fade = min(_FADE_MS, len(segment) // 2)
    faded = _levelled(segment).fade_in(fade).fade_out(fade)
    return _opus(from_pcm16(faded.raw_data))


def _levelled(segment: AudioSegment) -> AudioSegment:
    if segment.max == 0:
        return segment
    wanted = _LEVEL_DBFS - segment.dBFS
    return segment.apply_gain(min(wanted, -_HEADROOM_DB - segment.max_dBFS))


def _opus(samples: NDArray[np.float32]) -> bytes:
    resampled = soxr.resample(samples, SAMPLE_RATE, OPUS_RATE, quality="VHQ").clip(-1, 1)
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=OPUS_RATE, layout="mono", format="flt")
        stream.bit_rate = _BIT_RATE
        frame = av.AudioFrame.from_ndarray(resampled[np.newaxis], "flt", "mono")
        frame.sample_rate = OPUS_RATE
        frame.pts, frame.time_base = 0, Fraction(1, OPUS_RATE)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()
