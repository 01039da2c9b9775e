"""Classifiers to measure: the model that ships, or models fitted without each track's artist."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from shared.domain.genres import GENRES
from shared.music.decoding.decoder import Source
from shared.music.model.classifier import GenreModel
from shared.music.pipeline import TrackFeatures, extract
from shared.music.tagging.tagger import Tagger
from training.data.artist_splits import read_artists
from training.data.datasets import Progress, ignore, load_training_tracks
from training.data.gtzan import MAX_TRACK_S
from training.evaluation.cross_validation import draw_folds, groups_of
from training.fitting.classifier import fit
from training.robustness.report import Outcome

Classify = Callable[[str, TrackFeatures], Outcome]
"""Classifies a track, given its name and features."""


def extract_features(source: Source) -> TrackFeatures:
    """Extract a file's features by the same pipeline as an upload.

    Raises:
        AudioError: the file cannot be classified.

    """
    return extract(source, _tagger(), max_duration_s=MAX_TRACK_S)


def shipped(model: Path | None) -> Classify:
    """Classify by the model that ships, or by another ``.cbm`` file.

    Raises:
        ModelError: it cannot be loaded.

    """
    loaded = GenreModel.load(model)
    return lambda _track, features: _outcome(loaded, features)


def held_out(
    data_dir: Path, model: Path | None, seed: int = 1, progress: Progress | None = None
) -> Classify:
    """Classify each track by a model fitted without it and without its artist.

    There is one model for each fold of a cross-validation. Calibration and music detector,
    which do not change the genre, are those of the given model.

    Raises:
        DataError: the folder lacks something.
        ModelError: the model cannot be loaded.

    """
    report = progress or ignore
    info = GenreModel.load(model).metadata
    found, artists = load_training_tracks(data_dir), read_artists(data_dir)
    genres = np.array([GENRES.index(own.genre) for own in found])
    folds = draw_folds(genres, groups_of(found, artists), seed)
    models, by_track, by_artist = [], {}, {}
    for number, (train, held) in enumerate(folds):
        fitted = fit([found[place] for place in train], seed=seed)
        own = info.model_copy(update={"discriminants": fitted.discriminants})
        models.append(GenreModel(own, fitted.classifier))
        for place in held:
            by_track[found[place].track] = number
            by_artist[artists.get(found[place].track)] = number
        report("fitting without each artist", (number + 1) / len(folds))

    def classify(track: str, features: TrackFeatures) -> Outcome:
        # A track without tags is in no model's training data, but its artist may be.
        number = by_track.get(track, by_artist.get(artists.get(track), 0))
        return _outcome(models[number], features)

    return classify


def _outcome(model: GenreModel, features: TrackFeatures) -> Outcome:
    verdict = features.verdict(model)
    return Outcome(genre=verdict.genre, probability=verdict.confidence, sure=verdict.sure)


@cache
def _tagger() -> Tagger:
    return Tagger.load()
