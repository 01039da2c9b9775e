"""The excerpt in which the verdict's genre is strongest, as a Telegram voice message."""

import io
from fractions import Fraction
from typing import Final

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from shared.music.constants import CHUNK_SECONDS, SAMPLE_RATE
from shared.music.decoding.level import to_audio_segment
from shared.music.decoding.pcm import from_pcm16
from shared.music.decoding.quiet_pydub import AudioSegment
from shared.music.model.verdict import Verdict

OPUS_RATE: Final = 48_000
"""Sample rate of Opus, in hertz (RFC 6716, section 2)."""

_BIT_RATE: Final = 64_000
_LEVEL_DBFS: Final = -16.0
_HEADROOM_DB: Final = 1.0
_FADE_MS: Final = 300


def strongest_span(verdict: Verdict, seconds: float = 9) -> tuple[float, float]:
    """Find the consecutive chunks in which the verdict's genre is likeliest.

    Args:
        verdict: the verdict on a track.
        seconds: wanted length, rounded to whole chunks, at least one.

    Returns:
        Start and end in seconds: of the earliest span where several are equal, and of all
        chunks where the track is shorter.

    """
    likely = np.array([chunk.probabilities[verdict.genre] for chunk in verdict.chunks])
    width = min(max(1, round(seconds / CHUNK_SECONDS)), likely.size)
    means = np.convolve(likely, np.full(width, 1 / width), mode="valid")
    # Rounded, so that equal means compare equal whatever the order of the sum.
    first = int(means.round(9).argmax())
    return verdict.chunks[first].start_s, verdict.chunks[first + width - 1].end_s


def make_clip(
    samples: NDArray[np.float32], start_s: float = 0.0, end_s: float | None = None
) -> bytes:
    """Cut out an excerpt, set its level, fade it in and out, and encode it.

    Args:
        samples: shape (n,), mono at ``SAMPLE_RATE``, full scale 1. Memory use is several
            times their size.
        start_s: start of the excerpt, in seconds.
        end_s: its end; None for the end of the samples.

    Returns:
        An Ogg file with mono Opus at 48 kHz, which Telegram plays as a voice message,
        at -16 dBFS or as near to it as the peaks allow.

    Raises:
        ValueError: no samples between start and end.

    """
    stop = None if end_s is None else round(end_s * 1000)
    excerpt = to_audio_segment(samples)[round(start_s * 1000) : stop]
    if not excerpt.frame_count():
        raise ValueError(f"no samples between {start_s} s and {end_s} s")
    fade = min(_FADE_MS, len(excerpt) // 2)
    faded = _levelled(excerpt).fade_in(fade).fade_out(fade)
    return _opus(from_pcm16(faded.raw_data))


def _levelled(excerpt: AudioSegment) -> AudioSegment:
    if excerpt.max == 0:
        return excerpt
    gain = _LEVEL_DBFS - excerpt.dBFS
    return excerpt.apply_gain(min(gain, -_HEADROOM_DB - excerpt.max_dBFS))


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
