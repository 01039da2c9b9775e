"""The trained model: from a track's features and tags to probabilities and a verdict.

A track is classified in windows of ``WINDOW_CHUNKS`` chunks, the length that the model was trained
on. The track's scores are the mean over the windows, weighted by their audible chunks. The scores
of a single chunk are those of a short window of the chunk and its two neighbours. Probabilities are
calibrated for the length that was heard. Silent chunks enter no window.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.music.constants import WINDOW_CHUNKS
from shared.music.model.aggregation import Windows, chunk_windows, track_windows
from shared.music.model.audibility import audible
from shared.music.model.model_metadata import ModelMetadata
from shared.music.model.music_detector import FAMILIES, Family, MusicDetector
from shared.music.model.reasons import Reason, find_reasons
from shared.music.model.scoring import Prediction, Scorer, load_classifier
from shared.music.model.sections import Segmenter
from shared.music.model.styles import Styles, mean_log_odds
from shared.music.model.verdict import Section, Tag, Verdict


def committed() -> Path:
    """Return the path of the model that comes with the package."""
    # A folder on disk even when installed: the package does not support zip files.
    return Path(__file__).parents[1] / "models" / "genrebot.cbm"


class GenreModel:
    """Predicts the genre of a track from its chunks' features and tags.

    Create it with ``load``. Several threads may share one object.
    """

    def __init__(self, metadata: ModelMetadata, classifier: Any, *, thread_count: int = 1) -> None:
        self.metadata = metadata
        self.scorer = Scorer(metadata, classifier, thread_count=thread_count)
        self._music_detector = MusicDetector(metadata.music_detector)
        self._styles = Styles(metadata.tags)
        self._segmenter = Segmenter(metadata.sections)
        self._column_means = np.array(metadata.column_means)

    @classmethod
    def load(cls, path: Path | None = None, *, thread_count: int = 1) -> Self:
        """Load a model and its metadata, the JSON file of the same name beside it.

        Args:
            path: the ``.cbm`` file; by default that of the model that comes with the package.
            thread_count: threads that a prediction may use.

        Raises:
            ModelError: the two files cannot be read, do not belong together, or were
                made for other features or genres than this release's.

        """
        path = path or committed()
        metadata = ModelMetadata.read(path.with_suffix(".json"))
        metadata.check_release()
        classifier = load_classifier(metadata.read_content(path), metadata)
        return cls(metadata, classifier, thread_count=thread_count)

    @property
    def name(self) -> str:
        """Name of the model, which verdicts carry."""
        return self.metadata.name

    def predict_track(
        self,
        features: NDArray[np.float64],
        tags: NDArray[np.floating],
    ) -> Prediction:
        """Predict the probabilities of a track.

        Args:
            features: shape (n, 57), n at least 1, a row for each chunk, columns as
                ``FEATURE_NAMES``.
            tags: shape (n, 50), columns as ``TAG_NAMES``; rows of NaN where a chunk is
                silent.

        Raises:
            AudioError: ``SILENT`` where all chunks are silent.
            ValueError: other shapes, or a feature that is not finite.

        """
        heard = audible(features, tags)
        windows, near = (make(features, tags, heard) for make in (track_windows, chunk_windows))
        track = self._probabilities(windows)
        chunks = np.tile(track, (len(features), 1))
        chunks[heard] = self.predict_rows(near.rows, near.sizes)
        return Prediction(
            track,
            chunks,
            self._music_detector.probabilities(features, tags),
            self._music_detector.strangeness(features, tags),
            windows,
        )

    def verdict(
        self,
        features: NDArray[np.float64],
        tags: NDArray[np.floating],
        spans: Sequence[tuple[float, float]],
        *,
        duration_s: float,
    ) -> Verdict:
        """Return the verdict on a track.

        Args:
            features: as for ``predict_track``.
            tags: as for ``predict_track``.
            spans: start and end of each chunk, in seconds.
            duration_s: length of the track, in seconds.

        Raises:
            AudioError: as ``predict_track``.
            ValueError: as ``predict_track``.

        """
        heard = audible(features, tags)
        prediction = self.predict_track(features, tags)
        limits = self.metadata.calibration
        family: Family = "music"
        if prediction.families[FAMILIES.index("music")] < limits.music_from:
            family = FAMILIES[1 + int(prediction.families[1:].argmax())]
        doubtful = (
            prediction.families[FAMILIES.index("music")] < limits.doubt_from
            or prediction.strangeness > limits.strange_above
        )
        sure_from = np.inf if doubtful else limits.sure_from
        parts: dict[str, Any] = {}
        if family == "music":
            style, named = self._words(tags[heard], prediction.track, sure_from)
            parts = {
                "other_style": style,
                "tags": named,
                "sections": self._sections(features, tags, heard, spans),
                "reasons": self._reasons(prediction),
            }
        return Verdict.of(
            prediction.chunks,
            spans,
            duration_s=duration_s,
            model=self.name,
            track=prediction.track,
            sure_from=sure_from,
            family=family,
            **parts,
        )

    def predict_rows(
        self, rows: NDArray[np.float64], chunks: int | NDArray[np.int_] = WINDOW_CHUNKS
    ) -> NDArray[np.float64]:
        """Return the calibrated probabilities of the genres for aggregated windows.

        Args:
            rows: shape (n, 362), n at least 1, columns as ``AGGREGATE_NAMES``.
            chunks: number of chunks in each window, or in all of them.

        Returns:
            Shape (n, 10), float64, columns as ``GENRES``; each row has the sum 1.

        Raises:
            ValueError: another shape.

        """
        return self.scorer.probabilities(self.scorer.scores(rows), chunks)

    def _probabilities(self, windows: Windows) -> NDArray[np.float64]:
        """Return the probabilities of a track or a section, shape (10,)."""
        scores = self.scorer.track_scores(windows)
        [probabilities] = self.scorer.probabilities(scores[None], int(windows.sizes.sum()))
        return np.asarray(probabilities)

    def _words(
        self, tags: NDArray[np.floating], probabilities: NDArray[np.float64], sure_from: float
    ) -> tuple[str | None, list[Tag]]:
        """Return a style beyond the ten genres, if any, and the tags that stand out.

        Args:
            tags: of the audible chunks, shape (n, 50).
            probabilities: of the genres, shape (10,).
            sure_from: lowest confidence of a sure verdict.

        """
        odds = mean_log_odds(tags)
        sure = bool(probabilities.max() >= sure_from)
        style = self._styles.other_style(odds, probabilities, sure=sure)
        genre = GENRES[int(probabilities.argmax())] if sure and style is None else ""
        found = self._styles.standout_tags(odds, first=style, without=genre)
        return style, [Tag(*tag) for tag in found]

    def _sections(
        self,
        features: NDArray[np.float64],
        tags: NDArray[np.floating],
        heard: NDArray[np.bool_],
        spans: Sequence[tuple[float, float]],
    ) -> list[Section]:
        """Cut a track into sections, predict each, and join neighbours of the same label."""
        sure_from = self.metadata.calibration.sure_from
        chunks = np.flatnonzero(heard)
        sections: list[Section] = []
        for first, end in self._segmenter.sections(features[heard], tags[heard]):
            own = chunks[first:end]
            windows = track_windows(features[own], tags[own], np.ones(len(own), bool))
            probabilities = self._probabilities(windows)
            style, named = self._words(tags[own], probabilities, sure_from)
            section = Section(
                # Silent chunks belong to the section before them.
                start_s=spans[own[0]][0] if sections else spans[0][0],
                end_s=spans[chunks[end] - 1 if end < len(chunks) else -1][1],
                genre=GENRES[int(probabilities.argmax())],
                confidence=float(probabilities.max()),
                sure=style is None and bool(probabilities.max() >= sure_from),
                other_style=style,
                tags=named,
            )
            if sections and sections[-1].label == section.label:
                section = sections.pop().joined(section)
            sections.append(section)
        return sections

    def _reasons(self, prediction: Prediction) -> list[Reason]:
        contributions, _ = self.scorer.contributions(prediction.windows)
        return find_reasons(
            contributions,
            prediction.windows.mean(prediction.windows.rows),
            self._column_means,
            int(prediction.track.argmax()),
        )
