"""Trains the model: from a data folder to a model file and its metadata."""

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
from shared.music.constants import WINDOW_CHUNKS
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
from training.data.datasets import Progress, ignore, load_training_tracks
from training.data.gtzan import DataError, sample_chunks
from training.data.recordings import Recording, Source
from training.evaluation.cross_calibration import cross_calibrate
from training.evaluation.cross_validation import REPEATS, HeldOutPredictions, cross_validate
from training.evaluation.protocols import Report, summarize
from training.fitting.calibration import EXTRA_TEMPERATURE, temperature_for, threshold_for
from training.fitting.classifier import MEMBERS, fit, parameters_for
from training.fitting.music_detector import Sounds, fit_music_detector, synthesize_sounds
from training.fitting.verdict_parameters import (
    LINEAR_SHARE,
    LINEAR_SHRINKAGE,
    verdict_parameters,
)

LIBRARIES: Final = ("catboost", "numpy", "onnxruntime", "scikit-learn", "scipy", "soxr")

LINEAR: Final = {"linear_share": LINEAR_SHARE, "linear_shrinkage": LINEAR_SHRINKAGE}
"""Parameters of the discriminants."""

PROTOCOL: Final = (
    "Fitted on train_filtered and valid_filtered of the fault-filtered split of Kereliuk, Sturm "
    "and Larsen (2015), as far as their tracks have tags, and on those tracks of test_filtered "
    "that musicnn_taggrams_more.npz has tags of: no copies, no distorted or mislabelled tracks. "
    "Scores, temperature and threshold are from cross-validation over the same tracks in which no "
    "artist stands on two sides. The other tracks of test_filtered, by other artists, were used "
    "for nothing."
)


def train(  # noqa: PLR0913 - options
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
    """Cross-validate, calibrate, fit on all training tracks, and write the model.

    The rest of the test list, and other tracks of its artists, are not used.

    Args:
        data_dir: GTZAN in the layout of its public distribution, with ``splits/``,
            ``artists.csv`` and the published taggrams.
        out: the ``.cbm`` file to write; the metadata is written beside it as ``.json``.
        source: the published tables, or the audio by this project's pipeline.
        seed: seed of all random numbers.
        iterations: number of trees, for a quick trial.
        repeats: number of drawings of the folds.
        sounds: sounds for the music detector; synthesized by default, with degraded copies
            of the tracks' audio where there is any.
        progress: called with the stage and the share of it that is done.

    Raises:
        DataError: the folder lacks something.

    """
    report = progress or ignore
    if out.suffix != ".cbm":
        raise DataError(f"The model has to be called something.cbm, not {out.name}.")
    found = load_training_tracks(data_dir, source, report)
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
    sounds = sounds or synthesize_sounds(
        seed, recordings=sample_chunks(data_dir, {own.track for own in found})
    )
    detector = fit_music_detector(*_chunks(found), seed, sounds=sounds)
    report("fitting the music detector", 1.0)
    training = Training(
        day=datetime.now(UTC).date(),
        source=source,
        protocol=PROTOCOL,
        seed=seed,
        parameters={**parameters_for(iterations), "members": MEMBERS, **LINEAR},
        tracks=len(found),
        chunks=sum(len(own.features) for own in found),
        by_genre=_counts(found),
        libraries={name: version(name) for name in LIBRARIES},
    )
    report_on_folds = summarize(folds, found, seed)
    facts = {
        "training": training,
        "scores": [report_on_folds.score],
        "genres": report_on_folds.genres,
        "calibration": calibration_of(folds, report_on_folds, report_on_folds.score.split),
        "discriminants": fitted.discriminants,
        "music_detector": detector,
        **verdict_parameters(found),
    }
    return _write(fitted.classifier, out, f"{training.day:%Y%m%d}", facts)


def calibration_of(folds: HeldOutPredictions, report: Report, split: str) -> Calibration:
    """Find temperature and threshold on the held-out predictions of all folds.

    Args:
        folds: from cross-validation.
        report: its scores.
        split: name of this set of tracks.

    """
    flat = folds.probabilities.reshape(-1, len(GENRES))
    genres = np.tile(folds.genres, len(folds.probabilities))
    calibrated = cross_calibrate(folds).reshape(-1, len(GENRES))
    # The tracks have one window, so what is found is the temperature of a window's chunks.
    temperature = temperature_for(flat, genres) - EXTRA_TEMPERATURE / WINDOW_CHUNKS
    return Calibration(
        temperature=round(temperature, 4),
        extra_temperature=EXTRA_TEMPERATURE,
        sure_from=round(threshold_for(calibrated, genres), 4),
        music_from=NOT_MUSIC_BELOW,
        doubt_from=DOUBTFUL_BELOW,
        strange_above=STRANGE_ABOVE,
        split=split,
        expected_error=report.expected_error,
        answered=report.answered,
        right=report.right or 0.0,
    )


def _chunks(found: Sequence[Recording]) -> tuple[Any, Any, Any]:
    """Concatenate the chunks of all tracks: features, tags, and names of their tracks."""
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
    """Write both files atomically: each gets its name once it is complete."""
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(f".{out.name}.fresh")
    classifier.save_model(str(fresh))
    metadata = ModelMetadata.of(
        fresh.read_bytes(),
        {
            "name": f"catboost-musicnn-gtzan-{day}",
            "features": AGGREGATE_NAMES,
            "recipe_version": RECIPE_VERSION,
            "classes": tuple(classifier.classes_),
            **facts,
        },
    )
    description = out.with_name(f".{out.name}.json")
    description.write_text(_readable(metadata) + "\n", encoding="utf-8")
    fresh.replace(out)
    description.replace(out.with_suffix(".json"))
    return metadata


def _readable(metadata: ModelMetadata) -> str:
    """Format as JSON with one line for each field and each list of numbers."""
    text = json.dumps(metadata.model_dump(mode="json"), indent=1, ensure_ascii=False)
    return re.sub(r"\[[^\[\]{}]*\]", lambda row: " ".join(row[0].split()), text)
