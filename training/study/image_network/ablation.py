"""Ablation of the image network: the score after each change, one after the other."""

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
from training.study.image_network.images import ImageSet, load_images
from training.study.image_network.training import TrainingPlan, train_network
from training.study.results import Pictures, VersionScore

ENOUGH: Final = 60
"""Fewest images with which a genre counts among the six genres."""
FOLDS: Final = 5
REPETITIONS: Final = 2

Progress = Callable[[str, float], None]
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class Version:
    """A version of the network: its name, the change, and its training."""

    name: str
    what: str
    plan: TrainingPlan
    repetitions: int = 1


def network_versions() -> list[Version]:
    """Return the versions; each adds one change to the one before it."""
    plan = TrainingPlan()
    found = [
        Version("Reference", "three convolutions, three linear layers, 6 epochs", plan, REPETITIONS)
    ]
    changes = (
        (
            "Pooling",
            "bands standardised; four convolutions, mean and maximum over time, one linear layer",
            {"standardise": True, "pooling": True},
        ),
        (
            "Crops",
            "trained on random crops of 9 s, predictions averaged over overlapping ones",
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
        ("Mixup", "images mixed in pairs, beta 0.2", {"mixup": 0.2}),
    )
    for name, what, change in changes:
        plan = replace(plan, **change)
        found.append(Version(name, what, plan))
    found[-1] = replace(found[-1], repetitions=REPETITIONS)
    return found


def run_ablation(data_dir: Path, cache: Cache, progress: Progress) -> Pictures:
    """Train every version by cross-validation over the tracks, and score them.

    There is one image for each track, so folds over images are folds over tracks. The last
    row repeats the last version with no artist in both training and test data.

    Raises:
        DataError: there are no images.

    """
    images = load_images(data_dir)
    artists = read_artists(data_dir)
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a network gains little from more, and repeats exactly
    try:
        planned = network_versions()
        versions = []
        for done, version in enumerate(planned):
            report = _PartProgress(progress, done, len(planned) + 1)
            folds = [_by_track(images, seed) for seed in range(version.repetitions)]
            versions.append(_score_version(version, images, folds, cache, report))
        if artists:
            last = replace(
                planned[-1],
                name="Artists kept apart",
                what="the row above, artists kept apart",
                repetitions=1,
            )
            folds = [_by_artist(images, artists)]
            report = _PartProgress(progress, len(planned), len(planned) + 1)
            versions.append(_score_version(last, images, folds, cache, report))
    finally:
        torch.set_num_threads(before)
    progress("pictures", 1.0)
    return Pictures(counts=images.counts(), folds=FOLDS, versions=versions)


class _PartProgress:
    """Turns the progress of one version into that of all."""

    def __init__(self, progress: Progress, at: int, of: int) -> None:
        self._progress, self._at, self._of = progress, at, of

    def __call__(self, share: float) -> None:
        self._progress("pictures", (self._at + share) / self._of)


def _score_version(
    version: Version,
    images: ImageSet,
    repetitions: Sequence[Sequence[Fold]],
    cache: Cache,
    report: Callable[[float], None],
) -> VersionScore:
    codes = np.array([GENRES.index(genre) for genre in images.labels.tolist()], np.int64)
    six = [code for code, count in enumerate(images.counts().values()) if count >= ENOUGH]
    figures: list[tuple[float, float, float]] = []
    seconds = 0.0
    confusion = np.zeros((len(GENRES), len(GENRES)), int)
    runs = len(repetitions) * FOLDS
    for repetition, folds in enumerate(repetitions):
        told = np.zeros(len(codes), np.int64)
        for number, fold in enumerate(folds):
            run = repetition * FOLDS + number
            report(run / runs)
            probabilities, took = _fold(version.plan, images, codes, fold, run, cache)
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
    return VersionScore(
        name=version.name,
        what=version.what,
        six_f1=six_f1,
        ten_f1=ten_f1,
        accuracy=accuracy,
        seconds=seconds,
        confusion=confusion.tolist(),
    )


def _fold(  # noqa: PLR0913, PLR0917 - inputs of one fit
    plan: TrainingPlan,
    images: ImageSet,
    codes: NDArray[np.int64],
    fold: Fold,
    seed: int,
    cache: Cache,
) -> tuple[NDArray[np.float64], float]:
    """Train on a fold's training images and predict its test images, or read from the cache."""
    train, test = fold

    def measure() -> dict[str, NDArray[np.float64]]:
        started = time.perf_counter()
        network = train_network(plan, images.pixels[train], codes[train], seed=seed)
        took = time.perf_counter() - started
        found = network.probabilities(images.pixels[test])
        return {"probabilities": found, "seconds": np.array(took)}

    inputs = {
        "plan": asdict(plan),
        "data": images.fingerprint(),
        "train": images.tracks[train].tolist(),
        "seed": seed,
    }
    kept = cache.arrays("picture", inputs, measure)
    return kept["probabilities"], float(kept["seconds"])


def _by_track(images: ImageSet, seed: int) -> list[Fold]:
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    return list(folds.split(images.labels, images.labels))


def _by_artist(images: ImageSet, artists: dict[str, str]) -> list[Fold]:
    groups = [artists.get(track, f"?{track}") for track in images.tracks.tolist()]
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    return list(folds.split(images.labels, images.labels, groups))
