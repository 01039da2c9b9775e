"""Four ways to divide the same tracks, from the easiest to the one that holds for new songs."""

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
from training.study.classifiers.fitted import Bench
from training.study.classifiers.models import SIX, Probabilities, Recipe
from training.study.classifiers.soft_voting import Blend
from training.study.classifiers.tuning import SVCS, recipe_of
from training.study.protocols.comparison import chosen
from training.study.protocols.rows import SEED, Indices, Rows, row_split
from training.study.report.leakage import SHOWN
from training.study.results import Protocol, Splits, Tuning

FOLDS: Final = 5
FAMILIES: Final = ("CatBoost", "CatBoost + axes", *SVCS)
"""Tuned models that are fitted under every protocol; the soft vote is not among them."""
Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class Division:
    """Pairs of rows to learn from and rows to be judged on; no row is judged twice."""

    name: str
    title: str
    folds: Sequence[tuple[Indices, Indices]]


def splits(data_dir: Path, rows: Rows, tuning: Tuning, bench: Bench, progress: Progress) -> Splits:
    """Score every model under every protocol.

    Args:
        data_dir: the folder with ``artists.csv`` and ``splits/``, as far as they are there.
        rows: the published table.
        tuning: what the tuned models are made of.
        bench: where they are fitted.
        progress: called with the stage and the share of it that is done.

    """
    artists = read_artists(data_dir)
    models: dict[str, Recipe | Blend] = {recipe.kind: recipe for recipe in SIX}
    for family in FAMILIES:
        models[tuned(family)] = recipe_of(tuning, family)
    protocols = [
        _measure(rows.dataset, division, models, bench, artists, progress)
        for division in divisions(data_dir, rows, artists)
    ]
    unknown = len(set(rows.dataset.tracks.tolist()) - set(artists))
    return Splits(protocols=protocols, unknown_artists=unknown)


def tuned(family: str) -> str:
    """Name a family's chosen model in the tables of the protocols."""
    kind, _, more = family.partition(" + ")
    return f"{kind}, tuned" + (f" + {more}" if more else "")


def divisions(data_dir: Path, rows: Rows, artists: dict[str, str]) -> list[Division]:
    """Return the four protocols; those whose files are missing are left out.

    A track without a known artist counts as an artist of its own.
    """
    dataset = rows.dataset
    split = row_split(rows)
    tracks = dataset.tracks.tolist()
    found = [
        Division("rows", "Rows at random", [(split.train, split.test)]),
        Division("tracks", "Tracks kept whole", _grouped(dataset, tracks)),
    ]
    if artists:
        groups = [artists.get(track, f"?{track}") for track in tracks]
        found.append(Division("artists", "Artists kept apart", _grouped(dataset, groups)))
    if filtered := read_split(data_dir):
        # The third list is reserved: nothing here learns from it or is scored on it.
        parts = [
            np.flatnonzero(np.isin(dataset.tracks, list(part)))
            for part in (filtered.train, filtered.valid)
        ]
        found.append(Division("filtered", "Faults filtered, artists apart", [(parts[0], parts[1])]))
    return found


def _grouped(dataset: Dataset, groups: Sequence[str]) -> list[tuple[Indices, Indices]]:
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    return list(folds.split(dataset.features, dataset.labels, groups))


def _measure(  # noqa: PLR0913, PLR0917 - what a protocol is measured with
    dataset: Dataset,
    division: Division,
    models: dict[str, Recipe | Blend],
    bench: Bench,
    artists: dict[str, str],
    progress: Progress,
) -> Protocol:
    judged = np.concatenate([judged for _, judged in division.folds])
    order = np.argsort(judged)
    scored = chosen(dataset, judged[order])
    predictions: dict[str, Probabilities] = {}
    for done, (name, recipe) in enumerate(models.items()):
        parts = []
        for fold, (learned, asked) in enumerate(division.folds):
            share = (done + fold / len(division.folds)) / len(models)
            progress(f"splits: {division.title.lower()}", share)
            learn, ask = chosen(dataset, learned), chosen(dataset, asked)
            parts.append(bench.predict(recipe, learn, ask)[0])
        predictions[name] = np.concatenate(parts)[order]
    progress(f"splits: {division.title.lower()}", 1.0)
    shown = predictions[SHOWN]
    return Protocol(
        name=division.name,
        title=division.title,
        tracks=len(scored.genres()),
        chunks=len(scored),
        folds=len(division.folds),
        shared_tracks=_overlap(dataset, division, {track: track for track in dataset.genres()}),
        shared_artists=_overlap(dataset, division, artists),
        scores={name: scores(p, scored, division.name) for name, p in predictions.items()},
        confusion=_confusion(scored.labels, shown),
        track_confusion=_track_confusion(scored, shown),
    )


def _overlap(dataset: Dataset, division: Division, owner: dict[str, str]) -> float:
    """Return the share of judged tracks whose owner, where known, was learned from."""
    met = known = 0
    for learned, judged in division.folds:
        seen = {owner[track] for track in dataset.tracks[learned].tolist() if track in owner}
        asked = [t for t in sorted(set(dataset.tracks[judged].tolist())) if t in owner]
        met += sum(owner[track] in seen for track in asked)
        known += len(asked)
    return met / known if known else 0.0


def _confusion(labels: NDArray[np.str_], probabilities: Probabilities) -> list[list[int]]:
    told = np.array(GENRES)[probabilities.argmax(axis=1)]
    counts: list[list[int]] = confusion_matrix(labels, told, labels=GENRES).tolist()
    return counts


def _track_confusion(dataset: Dataset, probabilities: Probabilities) -> list[list[int]]:
    truth = dataset.genres()
    means = [probabilities[dataset.tracks == track].mean(axis=0) for track in truth]
    return _confusion(np.array(list(truth.values())), np.array(means))
