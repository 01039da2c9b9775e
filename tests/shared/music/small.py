"""A model of a few small trees, with metadata that fits it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from catboost import CatBoostClassifier, Pool

from shared.domain.genres import GENRES
from shared.music.constants import N_TAGS
from shared.music.features.gain_invariance import GAIN_FREE_NAMES
from shared.music.model.aggregation import AGGREGATE_NAMES
from shared.music.model.model_metadata import RECIPE_VERSION, ModelMetadata
from shared.music.model.music_detector import FAMILIES
from shared.music.model.sections import SECTION_COLUMNS

TEMPERATURE = 0.5


def content_of(
    folder: Path, names: tuple[str, ...] = AGGREGATE_NAMES, classes: tuple[str, ...] = GENRES
) -> bytes:
    """Fit a model of three small trees to noise and return its file."""
    rng = np.random.default_rng(0)
    labels = np.array(classes * 12, dtype=object)
    pool = Pool(rng.normal(size=(len(labels), len(names))), labels, feature_names=list(names))
    classifier = CatBoostClassifier(
        iterations=3,
        depth=2,
        thread_count=1,
        loss_function="MultiClass",
        class_names=list(classes),
        allow_writing_files=False,
        logging_level="Silent",
    )
    classifier.fit(pool)
    path = folder / "fitted.cbm"
    classifier.save_model(str(path))
    return path.read_bytes()


def detector_of(bias: tuple[float, ...] = (3.0, 0.0, 0.0, 0.0)) -> dict[str, Any]:
    """Return a music detector whose result depends on its biases alone."""
    return {
        "columns": GAIN_FREE_NAMES[:1],
        "means": (0.0,),
        "scales": (1.0,),
        "bound": 1.0,
        "classes": FAMILIES,
        "weights": ((0.0,),) * len(FAMILIES),
        "bias": bias,
    }


def discriminants_of(**changes: object) -> dict[str, Any]:
    """Return discriminants of two columns, with changes; the first speaks for blues."""
    return {
        "share": 0.25,
        "columns": AGGREGATE_NAMES[:2],
        "means": (0.0, 0.0),
        "scales": (1.0, 2.0),
        "bound": 4.0,
        "weights": ((1.0, 0.0), (0.0, 1.0), *(((0.0, 0.0),) * (len(GENRES) - 2))),
        "bias": (0.1,) * len(GENRES),
        **changes,
    }


def tag_statistics_of(**changes: object) -> dict[str, Any]:
    """Return statistics of tags with even odds and a deviation of 1, with changes."""
    zeros, ones = (0.0,) * N_TAGS, (1.0,) * N_TAGS
    return {
        "means": zeros,
        "deviations": ones,
        "told_from": ones,
        "genre_means": (zeros,) * len(GENRES),
        "genre_deviations": (ones,) * len(GENRES),
        **changes,
    }


def sections_of(**changes: object) -> dict[str, Any]:
    """Return a segmentation by the first tag's log odds alone, with changes."""
    first_tag = len(GAIN_FREE_NAMES)
    return {
        "means": (0.0,) * SECTION_COLUMNS,
        "scales": (1.0,) * SECTION_COLUMNS,
        "bound": 4.0,
        "projection": tuple((float(column == first_tag),) for column in range(SECTION_COLUMNS)),
        "between": (10.0,),
        "evidence": 0.5,
        "boundary_cost": 2.0,
        "min_chunks": 2,
        **changes,
    }


def fields_of(**changes: object) -> dict[str, Any]:
    """Return all fields of a model's metadata that do not depend on its file, with changes."""
    return {
        "name": "small",
        "features": AGGREGATE_NAMES,
        "recipe_version": RECIPE_VERSION,
        "classes": GENRES,
        "training": {
            "day": "2026-11-01",
            "source": "table",
            "protocol": "Fitted to noise.",
            "seed": 0,
            "parameters": {"iterations": 3, "loss_function": "MultiClass"},
            "tracks": 120,
            "chunks": 120,
            "by_genre": {genre: {"tracks": 12, "chunks": 12} for genre in GENRES},
            "libraries": {"catboost": "1"},
        },
        "scores": [
            {
                "split": "none",
                "level": "track",
                "n_tracks": 120,
                "n_chunks": 120,
                "macro_f1": 0.1,
                "accuracy": 0.1,
                "accuracy_interval": (0.05, 0.15),
            }
        ],
        "genres": {genre: {"tracks": 12, "recall": 0.1, "precision": 0.1} for genre in GENRES},
        "calibration": calibration_of(),
        "discriminants": discriminants_of(),
        "music_detector": detector_of(),
        "tags": tag_statistics_of(),
        "sections": sections_of(),
        "column_means": (0.0,) * len(AGGREGATE_NAMES),
        **changes,
    }


def calibration_of(**changes: object) -> dict[str, Any]:
    """Return a calibration with changes, other than that of the model that ships."""
    return {
        "temperature": TEMPERATURE,
        "extra_temperature": 0.0,
        "sure_from": 0.6,
        "music_from": 0.4,
        "doubt_from": 0.8,
        "strange_above": 1.5,
        "split": "none",
        "expected_error": 0.01,
        "answered": 0.5,
        "right": 0.9,
        **changes,
    }


def metadata_of(**changes: object) -> ModelMetadata:
    """Return metadata of an empty file."""
    return ModelMetadata.of(b"", fields_of(**changes))


def write_pair(folder: Path, content: bytes, **changes: object) -> Path:
    """Write a model file and its metadata, with changes."""
    path = folder / "small.cbm"
    path.write_bytes(content)
    facts = {
        "schema_version": 4,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
    }
    path.with_suffix(".json").write_text(json.dumps({**fields_of(), **facts, **changes}))
    return path
