"""What each change to the picture network brought, one after the other."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from shared.domain.genres import GENRES
from training.data.artist_splits import read_artists
from training.study.cache import Cache
from training.study.pictures.images import PictureSet, load_pictures
from training.study.pictures.learn import Plan, learn
from training.study.results import Pictures, Rung

ENOUGH: Final = 60
"""Pictures from which on a genre counts among those that can be learned here."""
FOLDS: Final = 5
REPETITIONS: Final = 2

Progress = Callable[[str, float], None]
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class Step:
    """A version of the network: its name, what was changed, and how it learns."""

    name: str
    what: str
    plan: Plan
    repetitions: int = 1


def steps() -> list[Step]:
    """Return the versions, each one change further than the one before it."""
    plan = Plan()
    found = [
        Step("Reference", "three convolutions, three linear layers, 6 epochs", plan, REPETITIONS)
    ]
    changes = (
        (
            "Pooling",
            "bands standardised; four convolutions, mean and maximum over time, one linear layer",
            {"standardise": True, "pooling": True},
        ),
        (
            "Crops",
            "random pieces of 9 s to learn from, overlapping ones to be asked about",
            {"crop_frames": 96},
        ),
        ("Longer", "40 epochs", {"epochs": 40}),
        (
            "Schedule",
            "one-cycle rate up to 0.003, weight decay 0.01",
            {"one_cycle": True, "rate": 3e-3, "weight_decay": 0.01},
        ),
        ("SpecAugment", "two stripes of bands and two of time blanked", {"spec_augment": True}),
        ("Smoothing", "labels smoothed by 0.1", {"label_smoothing": 0.1}),
        (
            "Class weights",
            "rare genres weigh more, by the root of their rarity",
            {"class_weights": 0.5},
        ),
        ("Mixup", "pictures blended in pairs, beta 0.2", {"mixup": 0.2}),
    )
    for name, what, change in changes:
        plan = replace(plan, **change)
        found.append(Step(name, what, plan))
    found[-1] = replace(found[-1], repetitions=REPETITIONS)
    return found


def climb(data_dir: Path, cache: Cache, progress: Progress) -> Pictures:
    """Train every version by cross-validation over the tracks, and score them.

    Each picture is one track's, so folds over pictures are folds over tracks. The last
    row repeats the best version with every artist on one side only.

    Raises:
        DataError: there are no pictures.

    """
    pictures = load_pictures(data_dir)
    artists = read_artists(data_dir)
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a network gains little from more, and repeats exactly
    try:
        planned = steps()
        rungs = []
        for done, step in enumerate(planned):
            report = _Part(progress, done, len(planned) + 1)
            folds = [_by_track(pictures, seed) for seed in range(step.repetitions)]
            rungs.append(_rung(step, pictures, folds, cache, report))
        if artists:
            last = replace(
                planned[-1],
                name="Artists kept apart",
                what="the row above, no artist on both sides",
                repetitions=1,
            )
            folds = [_by_artist(pictures, artists)]
            report = _Part(progress, len(planned), len(planned) + 1)
            rungs.append(_rung(last, pictures, folds, cache, report))
    finally:
        torch.set_num_threads(before)
    progress("pictures", 1.0)
    return Pictures(counts=pictures.counts(), folds=FOLDS, rungs=rungs)


class _Part:
    """UserSlots the progress of one version into that of all of them."""

    def __init__(self, progress: Progress, at: int, of: int) -> None:
        self._progress, self._at, self._of = progress, at, of

    def __call__(self, share: float) -> None:
        self._progress("pictures", (self._at + share) / self._of)


def _rung(
    step: Step,
    pictures: PictureSet,
    repetitions: Sequence[Sequence[Fold]],
    cache: Cache,
    report: Callable[[float], None],
) -> Rung:
    codes = np.array([GENRES.index(genre) for genre in pictures.labels.tolist()], np.int64)
    six = [code for code, count in enumerate(pictures.counts().values()) if count >= ENOUGH]
    figures: list[tuple[float, float, float]] = []
    seconds = 0.0
    confusion = np.zeros((len(GENRES), len(GENRES)), int)
    runs = len(repetitions) * FOLDS
    for repetition, folds in enumerate(repetitions):
        told = np.zeros(len(codes), np.int64)
        for number, fold in enumerate(folds):
            run = repetition * FOLDS + number
            report(run / runs)
            probabilities, took = _fold(step.plan, pictures, codes, fold, run, cache)
            told[fold[1]] = probabilities.argmax(axis=1)
            seconds += took / runs
        figures.append(
            (
                float(f1_score(codes, told, labels=six, average="macro", zero_division=0)),
                float(f1_score(codes, told, average="macro", zero_division=0)),
                float(accuracy_score(codes, told)),
            )
        )
        confusion += confusion_matrix(codes, told, labels=range(len(GENRES)))
    six_f1, ten_f1, accuracy = (list(column) for column in zip(*figures, strict=True))
    return Rung(
        name=step.name,
        what=step.what,
        six_f1=six_f1,
        ten_f1=ten_f1,
        accuracy=accuracy,
        seconds=seconds,
        confusion=confusion.tolist(),
    )


def _fold(  # noqa: PLR0913, PLR0917 - what a fit depends on
    plan: Plan,
    pictures: PictureSet,
    codes: NDArray[np.int64],
    fold: Fold,
    seed: int,
    cache: Cache,
) -> tuple[NDArray[np.float64], float]:
    """Train on one side of a fold and ask about the other; recalled where it was done."""
    learned, judged = fold

    def measure() -> dict[str, NDArray[np.float64]]:
        started = time.perf_counter()
        seeing = learn(plan, pictures.pictures[learned], codes[learned], seed=seed)
        took = time.perf_counter() - started
        found = seeing.probabilities(pictures.pictures[judged])
        return {"probabilities": found, "seconds": np.array(took)}

    inputs = {
        "plan": asdict(plan),
        "data": pictures.fingerprint(),
        "learned": pictures.tracks[learned].tolist(),
        "seed": seed,
    }
    kept = cache.arrays("picture", inputs, measure)
    return kept["probabilities"], float(kept["seconds"])


def _by_track(pictures: PictureSet, seed: int) -> list[Fold]:
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    return list(folds.split(pictures.labels, pictures.labels))


def _by_artist(pictures: PictureSet, artists: dict[str, str]) -> list[Fold]:
    groups = [artists.get(track, f"?{track}") for track in pictures.tracks.tolist()]
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    return list(folds.split(pictures.labels, pictures.labels, groups))
