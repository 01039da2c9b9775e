"""Who judges: the model that ships, or models that have heard neither a track nor its artist."""

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
from training.data.datasets import Progress, ignore, learnable
from training.data.gtzan import MAX_TRACK_S
from training.evaluation.cross_validation import draw_folds, groups_of
from training.fitting.fit import fit
from training.robustness.report import Judgement

Judge = Callable[[str, TrackFeatures], Judgement]


def heard(source: Source) -> TrackFeatures:
    """Hear a file as the bot does.

    Raises:
        AudioError: the file cannot be classified.

    """
    return extract(source, _tagger(), max_duration_s=MAX_TRACK_S)


def shipped(model: Path | None) -> Judge:
    """Judge by the model that ships, or by another ``.cbm`` file.

    Raises:
        ModelError: it cannot be loaded.

    """
    loaded = GenreModel.load(model)
    return lambda _track, hearing: _told(loaded, hearing)


def held_out(
    data_dir: Path, model: Path | None, seed: int = 1, progress: Progress | None = None
) -> Judge:
    """Judge each track by a model that has heard neither it nor another one of its artist.

    There is one for each fold of a cross-validation. Calibration and music detector are those
    of the model given, which move no genre.

    Raises:
        DataError: the folder does not hold what is needed.
        ModelError: the model cannot be loaded.

    """
    report = progress or ignore
    info = GenreModel.load(model).metadata
    found, artists = learnable(data_dir), read_artists(data_dir)
    genres = np.array([GENRES.index(own.genre) for own in found])
    folds = draw_folds(genres, groups_of(found, artists), seed)
    models, by_track, by_artist = [], {}, {}
    for number, (learned, held) in enumerate(folds):
        fitted = fit([found[place] for place in learned], seed=seed)
        models.append(GenreModel(info, fitted.classifier))
        for place in held:
            by_track[found[place].track] = number
            by_artist[artists.get(found[place].track)] = number
        report("fitting without each artist", (number + 1) / len(folds))

    def judge(track: str, hearing: TrackFeatures) -> Judgement:
        # A track that was not learned from has been heard by no model, but its artist may.
        number = by_track.get(track, by_artist.get(artists.get(track), 0))
        return _told(models[number], hearing)

    return judge


def _told(model: GenreModel, hearing: TrackFeatures) -> Judgement:
    verdict = hearing.verdict(model)
    return Judgement(genre=verdict.genre, probability=verdict.confidence, sure=verdict.sure)


@cache
def _tagger() -> Tagger:
    return Tagger.load()
