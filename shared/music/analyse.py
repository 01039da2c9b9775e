"""The whole chain in one process: from a file to a verdict and what its picture needs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.music.chunks import TrackMeter, chunks
from shared.music.constants import SAMPLE_RATE
from shared.music.decode import Source, TrackInfo, decode, probe
from shared.music.features import analyse_chunk
from shared.music.model import GenreModel
from shared.music.strip import StripBuilder
from shared.music.verdict import Verdict


@dataclass(frozen=True, eq=False)
class Analysis:
    """A track's verdict, with its spectrogram and what its file says of itself.

    ``strip`` is uint8 of shape (128, columns), as ``shared.music.picture.draw`` takes it.
    """

    verdict: Verdict
    strip: NDArray[np.uint8]
    info: TrackInfo


def analyse(
    source: Source,
    model: GenreModel,
    *,
    max_duration_s: float,
    progress: Callable[[float], None] | None = None,
) -> Analysis:
    """Tell the genre of a track.

    Of each chunk only its 57 features, its times and a few columns of its spectrogram
    are kept: an hour of music takes a few megabytes.

    Args:
        source: a path, or a file that can be read and sought; it is not closed.
        model: the classifier.
        max_duration_s: longest track that is accepted, in seconds.
        progress: called with the share that is done, rising to 1.0 at the end; between
            only where the file says how long it is.

    Raises:
        AudioError: the file cannot be classified; ``shared.music.decode`` and
            ``shared.music.chunks`` say when.

    """
    info = probe(source)
    report = progress or _ignore
    meter = TrackMeter(decode(source, max_duration_s=max_duration_s))
    strip = StripBuilder()
    rows: list[NDArray[np.float64]] = []
    spans: list[tuple[float, float]] = []
    for samples, start_s, end_s in _timed(meter):
        chunk = analyse_chunk(samples)
        rows.append(chunk.features)
        spans.append((start_s, end_s))
        strip.add(chunk.mel_db, length_s=end_s - start_s)
        if info.duration_s:
            report(min(end_s / info.duration_s, 0.99))
    verdict = Verdict.of(
        model.predict(np.stack(rows)), spans, duration_s=meter.duration_s, model=model.name
    )
    report(1.0)
    return Analysis(verdict, strip.strip(), info)


def _timed(meter: TrackMeter) -> Iterator[tuple[NDArray[np.float32], float, float]]:
    for samples, start, end in chunks(meter):
        yield samples, start / SAMPLE_RATE, end / SAMPLE_RATE


def _ignore(_share: float) -> None:
    """Stand in where nobody watches."""
