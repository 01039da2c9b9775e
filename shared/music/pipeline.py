"""The whole signal chain in one process: from a file to a verdict and its mel preview."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.music.chunking import chunks
from shared.music.constants import SAMPLE_RATE
from shared.music.decoding.decoder import Source, TrackInfo, decode, probe
from shared.music.decoding.track_meter import TrackMeter
from shared.music.features import fast
from shared.music.features.engine import AnalyseChunk
from shared.music.model.audibility import audible
from shared.music.model.classifier import GenreModel
from shared.music.model.verdict import Verdict
from shared.music.rendering.mel_preview import MelPreviewBuilder
from shared.music.tagging.chunk_tags import TagsBeside
from shared.music.tagging.tagger import Tagger

Progress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class TrackFeatures:
    """Everything that a verdict and its picture are made from.

    Attributes:
        features: float64 of shape (n, 57), a row for each chunk, columns as ``FEATURE_NAMES``.
        tags: float32 of shape (n, 50), columns as ``TAG_NAMES``; rows of NaN where a chunk
            is silent.
        spans: start and end of each chunk, in seconds.
        preview: the mel preview, uint8 of shape (128, columns).
        duration_s: length of the track, in seconds.
        info: facts from the file's headers.

    """

    features: NDArray[np.float64]
    tags: NDArray[np.float32]
    spans: list[tuple[float, float]]
    preview: NDArray[np.uint8]
    duration_s: float
    info: TrackInfo

    def verdict(self, model: GenreModel) -> Verdict:
        """Return a model's verdict on the track."""
        return model.verdict(self.features, self.tags, self.spans, duration_s=self.duration_s)


@dataclass(frozen=True, eq=False)
class Analysis:
    """The verdict on a track, with its mel preview and facts from the file's headers.

    ``preview`` is uint8 of shape (128, columns), as ``rendering.figure.draw`` takes it.
    """

    verdict: Verdict
    preview: NDArray[np.uint8]
    info: TrackInfo


def analyse(  # noqa: PLR0913 - the rest are keywords with defaults
    source: Source,
    model: GenreModel,
    tagger: Tagger,
    *,
    max_duration_s: float,
    analyse_chunk: AnalyseChunk = fast.analyse_chunk,
    progress: Progress | None = None,
) -> Analysis:
    """Classify a track.

    Args:
        source: a path, or a seekable file, which is not closed.
        model: the classifier.
        tagger: the network that tags chunks.
        max_duration_s: longest track that is accepted, in seconds.
        analyse_chunk: the feature engine.
        progress: called with the share of work that is done, and with 1.0 at the end. Where the
            file does not say how long it is, only with 1.0.

    Raises:
        AudioError: as ``extract``.

    """
    report = progress or _ignore
    track = extract(
        source,
        tagger,
        max_duration_s=max_duration_s,
        analyse_chunk=analyse_chunk,
        progress=progress,
    )
    verdict = track.verdict(model)
    report(1.0)
    return Analysis(verdict, track.preview, track.info)


def extract(
    source: Source,
    tagger: Tagger,
    *,
    max_duration_s: float,
    analyse_chunk: AnalyseChunk = fast.analyse_chunk,
    progress: Progress | None = None,
) -> TrackFeatures:
    """Compute features, tags and mel preview of a track.

    Of each chunk only 57 features, 50 tags, its span and a few columns of the preview are kept:
    a few megabytes for an hour of music.

    Args:
        source: a path, or a seekable file, which is not closed.
        tagger: the network that tags chunks.
        max_duration_s: longest track that is accepted, in seconds.
        analyse_chunk: the feature engine.
        progress: called with the share of work that is done, up to 0.99, where the file says
            how long it is.

    Raises:
        AudioError: the file cannot be classified, for the reasons given in
            ``decoding.decoder``, ``chunking`` and ``model.audibility``.

    """
    info = probe(source)
    report = progress or _ignore
    meter = TrackMeter(decode(source, max_duration_s=max_duration_s))
    preview = MelPreviewBuilder()
    features: list[NDArray[np.float64]] = []
    spans: list[tuple[float, float]] = []
    with TagsBeside(tagger) as beside:
        for samples, start, end in chunks(meter):
            beside.add(samples)
            chunk = analyse_chunk(samples)
            features.append(chunk.features)
            spans.append((start / SAMPLE_RATE, end / SAMPLE_RATE))
            preview.add(chunk.mel_db, length_s=(end - start) / SAMPLE_RATE)
            if info.duration_s:
                report(min(end / SAMPLE_RATE / info.duration_s, 0.99))
        tags = beside.tags()
    table = np.stack(features)
    audible(table, tags)  # raises where every chunk is silent
    return TrackFeatures(table, tags, spans, preview.preview(), meter.duration_s, info)


def _ignore(_share: float) -> None:
    """Do nothing: the default for ``progress``."""
