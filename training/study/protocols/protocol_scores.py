"""Scores of the same models under four protocols, from random rows to artists kept apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import StratifiedGroupKFold

from shared.domain.genres import GENRES
from training.data.artist_splits import read_artists, read_split
from training.data.gtzan import Dataset
from training.evaluation.scores import scores
from training.study.classifiers.models import DEFAULT_CLASSIFIERS, Probabilities, Recipe
from training.study.classifiers.prediction_cache import PredictionCache
from training.study.classifiers.soft_voting import SoftVote
from training.study.published_rows import SEED, Indices, Rows, row_split
from training.study.report.leakage import REPORTED_MODEL
from training.study.results import Protocol, ProtocolScores, Tuning
from training.study.tuning.tuning import SVCS, recipe_of

FOLDS: Final = 5
FAMILIES: Final = ("CatBoost", "CatBoost + axes", *SVCS)
"""Tuned models that are fitted under every protocol; the soft vote is left out."""
Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class Split:
    """Folds of a protocol: pairs of training and test rows; no row is tested twice."""

    name: str
    title: str
    folds: Sequence[tuple[Indices, Indices]]


def score_protocols(
    data_dir: Path, rows: Rows, tuning: Tuning, predictions: PredictionCache, progress: Progress
) -> ProtocolScores:
    """Score every model under every protocol.

    Args:
        data_dir: the folder with ``artists.csv`` and ``splits/``; both may be missing.
        rows: the published table.
        tuning: parameters of the tuned models.
        predictions: fits the models and keeps what they predict.
        progress: called with the stage and the share of it that is done.

    """
    artists = read_artists(data_dir)
    models: dict[str, Recipe | SoftVote] = {recipe.kind: recipe for recipe in DEFAULT_CLASSIFIERS}
    for family in FAMILIES:
        models[tuned(family)] = recipe_of(tuning, family)
    protocols = [
        _measure(rows.dataset, split, models, predictions, artists, progress)
        for split in protocol_splits(data_dir, rows, artists)
    ]
    unknown = len(set(rows.dataset.tracks.tolist()) - set(artists))
    return ProtocolScores(protocols=protocols, unknown_artists=unknown)


def tuned(family: str) -> str:
    """Return the name of a family's chosen model in the tables."""
    kind, _, more = family.partition(" + ")
    return f"{kind}, tuned" + (f" + {more}" if more else "")


def protocol_splits(data_dir: Path, rows: Rows, artists: dict[str, str]) -> list[Split]:
    """Return the four protocols; those whose files are missing are left out.

    A track without a known artist gets a group of its own.
    """
    dataset = rows.dataset
    random_rows = row_split(rows)
    tracks = dataset.tracks.tolist()
    found = [
        Split("rows", "Rows at random", [(random_rows.train, random_rows.test)]),
        Split("tracks", "Tracks kept whole", _grouped(dataset, tracks)),
    ]
    if artists:
        groups = [artists.get(track, f"?{track}") for track in tracks]
        found.append(Split("artists", "Artists kept apart", _grouped(dataset, groups)))
    if filtered := read_split(data_dir):
        # The third list is reserved: it is neither trained on nor scored here.
        parts = [
            np.flatnonzero(np.isin(dataset.tracks, list(part)))
            for part in (filtered.train, filtered.valid)
        ]
        found.append(Split("filtered", "Faults filtered, artists apart", [(parts[0], parts[1])]))
    return found


def _grouped(dataset: Dataset, groups: Sequence[str]) -> list[tuple[Indices, Indices]]:
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    return list(folds.split(dataset.features, dataset.labels, groups))


def _measure(  # noqa: PLR0913, PLR0917 - inputs of one protocol
    dataset: Dataset,
    split: Split,
    models: dict[str, Recipe | SoftVote],
    cache: PredictionCache,
    artists: dict[str, str],
    progress: Progress,
) -> Protocol:
    tested = np.concatenate([test for _, test in split.folds])
    order = np.argsort(tested)
    scored = dataset.take(tested[order])
    predictions: dict[str, Probabilities] = {}
    for done, (name, recipe) in enumerate(models.items()):
        parts = []
        for fold, (train, test) in enumerate(split.folds):
            share = (done + fold / len(split.folds)) / len(models)
            progress(f"splits: {split.title.lower()}", share)
            parts.append(cache.predict(recipe, dataset.take(train), dataset.take(test))[0])
        predictions[name] = np.concatenate(parts)[order]
    progress(f"splits: {split.title.lower()}", 1.0)
    shown = predictions[REPORTED_MODEL]
    return Protocol(
        name=split.name,
        title=split.title,
        tracks=len(scored.genres()),
        chunks=len(scored),
        folds=len(split.folds),
        shared_tracks=_overlap(dataset, split, {track: track for track in dataset.genres()}),
        shared_artists=_overlap(dataset, split, artists),
        scores={name: scores(p, scored, split.name) for name, p in predictions.items()},
        confusion=_confusion(scored.labels, shown),
        track_confusion=_track_confusion(scored, shown),
    )


def _overlap(dataset: Dataset, split: Split, owner: dict[str, str]) -> float:
    """Return the share of test tracks whose owner, where known, is also in the training data."""
    met = known = 0
    for train, test in split.folds:
        seen = {owner[track] for track in dataset.tracks[train].tolist() if track in owner}
        tested = [t for t in sorted(set(dataset.tracks[test].tolist())) if t in owner]
        met += sum(owner[track] in seen for track in tested)
        known += len(tested)
    return met / known if known else 0.0


def _confusion(labels: NDArray[np.str_], probabilities: Probabilities) -> list[list[int]]:
    predicted = np.array(GENRES)[probabilities.argmax(axis=1)]
    counts: list[list[int]] = confusion_matrix(labels, predicted, labels=GENRES).tolist()
    return counts


def _track_confusion(dataset: Dataset, probabilities: Probabilities) -> list[list[int]]:
    truth = dataset.genres()
    means = [probabilities[dataset.tracks == track].mean(axis=0) for track in truth]
    return _confusion(np.array(list(truth.values())), np.array(means))
