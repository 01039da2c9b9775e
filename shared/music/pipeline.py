"""The whole chain in one process: from a file to a verdict and what its picture needs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.music.chunking import TrackMeter, chunks
from shared.music.constants import SAMPLE_RATE
from shared.music.decoding.decoder import Source, TrackInfo, decode, probe
from shared.music.features.table import analyse_chunk
from shared.music.model.audibility import audible
from shared.music.model.classifier import GenreModel
from shared.music.model.verdict import Verdict
from shared.music.rendering.mel_preview import MelPreviewBuilder
from shared.music.tagging.chunk_tags import TagsBeside
from shared.music.tagging.tagger import Tagger

Progress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class TrackFeatures:
    """What is kept of a track once it has been heard.

    Attributes:
        features: float64 of shape (n, 57), a row for each chunk, columns as ``FEATURE_NAMES``.
        tags: float32 of shape (n, 50), columns as ``TAG_NAMES``; rows of NaN where a chunk
            is silent.
        spans: start and end of each chunk, in seconds.
        strip: the spectrogram, uint8 of shape (128, columns), as ``rendering.figure.draw``
            takes it.
        duration_s: length of the whole track, in seconds.
        info: what the file says of itself.

    """

    features: NDArray[np.float64]
    tags: NDArray[np.float32]
    spans: list[tuple[float, float]]
    strip: NDArray[np.uint8]
    duration_s: float
    info: TrackInfo

    def judged_by(self, model: GenreModel) -> Verdict:
        """Return what a model makes of it."""
        return model.verdict(self.features, self.tags, self.spans, duration_s=self.duration_s)


@dataclass(frozen=True, eq=False)
class Analysis:
    """A track's verdict, with its spectrogram and what its file says of itself.

    ``strip`` is uint8 of shape (128, columns), as ``rendering.figure.draw`` takes it.
    """

    verdict: Verdict
    strip: NDArray[np.uint8]
    info: TrackInfo


def analyse(
    source: Source,
    model: GenreModel,
    tagger: Tagger,
    *,
    max_duration_s: float,
    progress: Progress | None = None,
) -> Analysis:
    """Tell the genre of a track.

    Args:
        source: a path, or a file that can be read and sought; it is not closed.
        model: the classifier.
        tagger: the network that tags chunks.
        max_duration_s: longest track that is accepted, in seconds.
        progress: called with the share that is done, rising to 1.0 at the end; between
            only where the file says how long it is.

    Raises:
        AudioError: as ``hear``.

    """
    report = progress or _ignore
    heard = extract(source, tagger, max_duration_s=max_duration_s, progress=progress)
    verdict = heard.judged_by(model)
    report(1.0)
    return Analysis(verdict, heard.strip, heard.info)


def extract(
    source: Source, tagger: Tagger, *, max_duration_s: float, progress: Progress | None = None
) -> TrackFeatures:
    """Compute all that a verdict and its picture are made from.

    Of each chunk only its 57 features, 50 tags, its times and a few columns of its
    spectrogram are kept: an hour of music takes a few megabytes.

    Args:
        source: a path, or a file that can be read and sought; it is not closed.
        tagger: the network that tags chunks.
        max_duration_s: longest track that is accepted, in seconds.
        progress: called with the share that is done, up to 0.99, where the file says how
            long it is.

    Raises:
        AudioError: the file cannot be classified; ``decoding.decoder``,
            ``chunking`` and ``model.audibility`` say when.

    """
    info = probe(source)
    report = progress or _ignore
    meter = TrackMeter(decode(source, max_duration_s=max_duration_s))
    strip = MelPreviewBuilder()
    features: list[NDArray[np.float64]] = []
    spans: list[tuple[float, float]] = []
    with TagsBeside(tagger) as beside:
        for samples, start, end in chunks(meter):
            beside.add(samples)
            chunk = analyse_chunk(samples)
            features.append(chunk.features)
            spans.append((start / SAMPLE_RATE, end / SAMPLE_RATE))
            strip.add(chunk.mel_db, length_s=(end - start) / SAMPLE_RATE)
            if info.duration_s:
                report(min(end / SAMPLE_RATE / info.duration_s, 0.99))
        tags = beside.tags()
    table = np.stack(features)
    audible(table, tags)  # refuses a track without a chunk to judge by
    return TrackFeatures(table, tags, spans, strip.strip(), meter.duration_s, info)


def _ignore(_share: float) -> None:
    """Stand in where nobody watches."""
