"""Classifiers: the model that ships, and models fitted without the artist."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from catboost import Pool

from shared.domain.genres import GENRES
from shared.errors import AudioError, ErrorCode, ModelError
from shared.music.model.classifier import GenreModel
from shared.music.pipeline import TrackFeatures
from tests.sounds import encode, silence, tune
from tests.training.conftest import artist_of, name_of
from training.data.gtzan import DataError
from training.data.recordings import Recording
from training.robustness import classifiers
from training.robustness.classifiers import extract_features, held_out, shipped


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> TrackFeatures:
    """What is extract_features of a tune."""
    path = tmp_path_factory.mktemp("songs") / "song.wav"
    path.write_bytes(encode(tune(6), "wav"))
    return extract_features(path)


class _Stub:
    """Says by its probabilities which fit it is."""

    def __init__(self, number: int) -> None:
        self.number = number

    def predict(self, rows: np.ndarray, prediction_type: str, thread_count: int) -> np.ndarray:
        assert (prediction_type, thread_count) == ("RawFormulaVal", 1)
        row = np.full(len(GENRES), 0.01)
        row[self.number] = 1 - 0.01 * (len(GENRES) - 1)
        return np.tile(np.log(row), (len(rows), 1))

    def get_feature_importance(self, pool: Pool, **_: object) -> np.ndarray:
        return np.zeros((pool.num_row(), len(GENRES), pool.num_col() + 1))


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[set[str]]]:
    """What each fit has learned from; the number of a fit is the genre that it answers."""
    learned: list[set[str]] = []

    class Fit:
        def __init__(self, recordings: Sequence[Recording], **_options: Any) -> None:
            learned.append({own.track for own in recordings})
            self.classifier = _Stub(len(learned) - 1)
            known = GenreModel.load().metadata.discriminants
            self.discriminants = known.model_copy(update={"share": 0.0})

    monkeypatch.setattr(classifiers, "fit", Fit)
    yield learned
    assert len(learned) == 5


def test_what_ships_tells_its_verdict(features: TrackFeatures) -> None:
    """Whatever the track is called."""
    verdict = features.verdict(GenreModel.load())
    for track in ("jazz.00000", "nobody knows"):
        told = shipped(None)(track, features)
        assert (told.genre, told.probability) == (verdict.genre, verdict.confidence)
        assert told.sure == verdict.sure


def test_each_track_is_judged_by_who_has_not_heard_its_artist(
    data_dir: Path, fits: list[set[str]], features: TrackFeatures
) -> None:
    """The model that answers has learned neither the track nor another one of its artist."""
    stages: list[tuple[str, float]] = []
    classify = held_out(data_dir, None, progress=lambda *step: stages.append(step))
    for genre in GENRES:
        for number in range(10):
            learned = fits[GENRES.index(classify(name_of(genre, number), features).genre)]
            artist = artist_of(genre, number)
            assert not learned & {
                name_of(genre, n) for n in range(10) if artist_of(genre, n) == artist
            }
            assert len(learned) >= 60
    assert stages[-1] == ("fitting without each artist", 1.0)


def test_a_track_that_was_not_learned_from_goes_by_its_artist(
    data_dir: Path, fits: list[set[str]], features: TrackFeatures
) -> None:
    """A track without tags was extract_features by no model, but what its artist made has been."""
    index = data_dir / "artists.csv"
    index.write_text(index.read_text() + "jazz.00099,Jazz 2,\nrock.00099,Somebody,\n")
    classify = held_out(data_dir, None)
    answer = classify("jazz.00099", features).genre
    assert not fits[GENRES.index(answer)] & {"jazz.00004", "jazz.00005"}
    assert classify("jazz.00004", features).genre == answer
    assert classify("rock.00099", features).genre in GENRES[:5], "any may classify a stranger"


def test_calibration_is_that_of_the_model_given(
    data_dir: Path, fits: list[set[str]], features: TrackFeatures
) -> None:
    """A model that would always be sure is as sure as the metadata's temperature makes it."""
    told = held_out(data_dir, None)("jazz.00000", features)
    temperature = GenreModel.load().metadata.calibration.temperature_of(len(features.spans))
    row = np.array([0.91] + [0.01] * 9) ** (1 / temperature)
    assert told.probability == pytest.approx(row[0] / row.sum())
    assert fits


def test_what_is_missing_is_told(data_dir: Path, tmp_path: Path) -> None:
    """A model that is not there, or a folder to learn from."""
    with pytest.raises(ModelError, match="none"):
        shipped(tmp_path / "none.cbm")
    with pytest.raises(ModelError, match="none"):
        held_out(data_dir, tmp_path / "none.cbm")
    with pytest.raises(DataError, match="splits"):
        held_out(tmp_path / "nowhere", None)


def test_silence_is_refused_as_the_bot_does(tmp_path: Path) -> None:
    """TrackFeatures raises what the chain raises."""
    path = tmp_path / "silence.wav"
    path.write_bytes(encode(silence(4), "wav"))
    with pytest.raises(AudioError) as caught:
        extract_features(path)
    assert caught.value.code == ErrorCode.SILENT
