"""Macro F1 and accuracy by chunk, and by track under both rules of the verdict."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score

from shared.domain.genres import GENRES
from shared.music.constants import CHUNK_SECONDS
from shared.music.model.model_metadata import Level, Score
from shared.music.model.verdict import Verdict
from training.data.gtzan import Dataset


def scores(probabilities: NDArray[np.float64], dataset: Dataset, split: str) -> list[Score]:
    """Score predictions at chunk level and at track level, by majority and by mean.

    ``Verdict`` itself combines the chunks of a track, so that the measured rule is the one in use.

    Args:
        probabilities: shape (chunks, 10), columns as ``GENRES``.
        dataset: the chunks they belong to.
        split: name of this set of tracks.

    """
    truth = dataset.genres()
    verdicts = [_verdict(probabilities[dataset.tracks == track]) for track in truth]
    chunk_genres = np.array(GENRES)[probabilities.argmax(axis=1)].tolist()
    by_level: dict[Level, tuple[list[str], list[str]]] = {
        "chunk": (dataset.labels.tolist(), chunk_genres),
        "track_majority": (list(truth.values()), [v.majority_genre for v in verdicts]),
        "track_mean": (list(truth.values()), [v.genre for v in verdicts]),
    }
    return [
        Score(
            split=split,
            level=level,
            n_tracks=len(truth),
            n_chunks=len(dataset),
            macro_f1=macro_f1(true, predicted),
            accuracy=float(accuracy_score(true, predicted)),
        )
        for level, (true, predicted) in by_level.items()
    ]


def macro_f1(true: NDArray[np.str_] | list[str], predicted: NDArray[np.str_] | list[str]) -> float:
    """Return the mean of the ten genres' F1 scores; a genre that nobody named counts 0."""
    return float(f1_score(true, predicted, labels=GENRES, average="macro", zero_division=0))


def _verdict(probabilities: NDArray[np.float64]) -> Verdict:
    length_s = float(len(probabilities) * CHUNK_SECONDS)
    spans = [(0.0, length_s)] * len(probabilities)  # times do not matter for a score
    return Verdict.of(probabilities, spans, duration_s=length_s, model="")
