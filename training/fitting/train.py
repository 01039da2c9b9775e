"""Training from a data folder to a model file and its sidecar."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.domain.genres import GENRES
from shared.music.model.aggregation import AGGREGATE_NAMES
from shared.music.model.model_metadata import (
    RECIPE_VERSION,
    Calibration,
    Counts,
    ModelMetadata,
    Training,
)
from shared.music.model.music_detector import (
    DOUBTFUL_BELOW,
    NOT_MUSIC_BELOW,
    STRANGE_ABOVE,
)
from training.data.artist_splits import read_artists
from training.data.datasets import Progress, ignore, learnable
from training.data.gtzan import DataError, some_chunks
from training.data.recordings import Recording, Source
from training.evaluation.cross_validation import REPEATS, Folds, cross_validate
from training.evaluation.protocols import Report, summarize
from training.fitting.calibration import calibrated, temperature_for, threshold_for
from training.fitting.fit import MEMBERS, fit, parameters_for
from training.fitting.music_detector import Sounds, extract, fit_music_detector
from training.fitting.verdict_parameters import verdict_parameters

LIBRARIES: Final = ("catboost", "librosa", "numpy", "onnxruntime", "scikit-learn", "scipy", "soxr")

PROTOCOL: Final = (
    "Fitted on train_filtered and valid_filtered of the fault-filtered split of Kereliuk, Sturm "
    "and Larsen (2015), as far as their tracks have tags: no copies, no distorted or mislabelled "
    "tracks. Scores, temperature and threshold are from cross-validation over the same tracks "
    "in which no artist stands on two sides. test_filtered was used for nothing."
)


def train(  # noqa: PLR0913 - each is a choice of the person who trains
    data_dir: Path,
    out: Path,
    source: Source = "table",
    seed: int = 1,
    *,
    iterations: int | None = None,
    repeats: int = REPEATS,
    sounds: Sounds | None = None,
    progress: Progress | None = None,
) -> ModelMetadata:
    """Cross-validate, calibrate, fit on everything allowed, and write the model.

    Test tracks, and whatever else their artists made, are used for nothing.

    Args:
        data_dir: GTZAN in the layout of its public distribution, with ``splits/``,
            ``artists.csv`` and the published taggrams.
        out: the ``.cbm`` file to write; the sidecar goes beside it as ``.json``.
        source: the published tables, or the audio through our own signal chain.
        seed: seed of everything random.
        iterations: number of trees, for a quick trial.
        repeats: how often the folds of the cross-validation are drawn.
        sounds: what the music detector is to tell from music; synthesized where it is left
            out, with what there is of the tracks' audio as if heard in rooms and by telephone.
        progress: called with the stage and the share of it that is done.

    Raises:
        DataError: the folder does not hold what is needed.

    """
    report = progress or ignore
    if out.suffix != ".cbm":
        raise DataError(f"The model has to be called something.cbm, not {out.name}.")
    found = learnable(data_dir, source, report)
    folds = cross_validate(
        found,
        read_artists(data_dir),
        seed=seed,
        repeats=repeats,
        iterations=iterations,
        progress=partial(report, "cross-validating"),
    )
    fitted = fit(found, seed=seed, iterations=iterations, progress=partial(report, "fitting"))
    report("fitting the music detector", 0.0)
    sounds = sounds or extract(seed, recordings=some_chunks(data_dir, {own.track for own in found}))
    music_detector = fit_music_detector(*_chunks(found), seed, sounds=sounds)
    report("fitting the music detector", 1.0)
    training = Training(
        day=datetime.now(UTC).date(),
        source=source,
        protocol=PROTOCOL,
        seed=seed,
        parameters={**parameters_for(iterations), "members": MEMBERS},
        tracks=len(found),
        chunks=sum(len(own.features) for own in found),
        by_genre=_counts(found),
        libraries={name: version(name) for name in LIBRARIES},
    )
    told = summarize(folds, found, seed)
    facts = {
        "training": training,
        "scores": [told.score],
        "genres": told.genres,
        "calibration": certainty_of(folds, told, told.score.split),
        "music_detector": music_detector,
        **verdict_parameters(found),
    }
    return _write(fitted.classifier, out, f"{training.day:%Y%m%d}", facts)


def certainty_of(folds: Folds, report: Report, split: str) -> Calibration:
    """Calibrate on all folds together what was judged fold by fold.

    Args:
        folds: from cross-validation.
        report: what it found.
        split: what the tracks are called.

    """
    flat = folds.probabilities.reshape(-1, len(GENRES))
    genres = np.tile(folds.genres, len(folds.probabilities))
    honest = calibrated(folds).reshape(-1, len(GENRES))
    return Calibration(
        temperature=round(temperature_for(flat, genres), 4),
        extra_temperature=0.0,
        sure_from=round(threshold_for(honest, genres), 4),
        music_from=NOT_MUSIC_BELOW,
        doubt_from=DOUBTFUL_BELOW,
        strange_above=STRANGE_ABOVE,
        split=split,
        expected_error=report.expected_error,
        answered=report.answered or 0.0,
        right=report.right or 0.0,
    )


def _chunks(found: Sequence[Recording]) -> tuple[Any, Any, Any]:
    """Put all tracks' chunks under each other: features, tags, and whose they are."""
    return (
        np.concatenate([own.features for own in found]),
        np.concatenate([own.chunk_tags() for own in found]),
        np.concatenate([np.full(len(own.features), own.track) for own in found]),
    )


def _counts(found: Sequence[Recording]) -> dict[str, Counts]:
    tracks = Counter(own.genre for own in found)
    chunks: Counter[str] = Counter()
    for own in found:
        chunks[own.genre] += len(own.features)
    return {genre: Counts(tracks=tracks[genre], chunks=chunks[genre]) for genre in GENRES}


def _write(classifier: Any, out: Path, day: str, facts: Mapping[str, object]) -> ModelMetadata:
    """Write both files whole or not at all: each takes its name once it is complete."""
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(f".{out.name}.fresh")
    classifier.save_model(str(fresh))
    sidecar = ModelMetadata.of(
        fresh.read_bytes(),
        {
            "name": f"catboost-musicnn-gtzan-{day}",
            "features": AGGREGATE_NAMES,
            "recipe_version": RECIPE_VERSION,
            "classes": tuple(classifier.classes_),
            **facts,
        },
    )
    note = out.with_name(f".{out.name}.note")
    note.write_text(_readable(sidecar) + "\n", encoding="utf-8")
    fresh.replace(out)
    note.replace(out.with_suffix(".json"))
    return sidecar


def _readable(sidecar: ModelMetadata) -> str:
    """Write JSON for people to read: a line for each field, and one for each row of figures."""
    text = json.dumps(sidecar.model_dump(mode="json"), indent=1, ensure_ascii=False)
    return re.sub(r"\[[^\[\]{}]*\]", lambda row: " ".join(row[0].split()), text)
