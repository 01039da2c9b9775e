"""Predicting a track: which windows are aggregated, and how their probabilities are combined."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.errors import AudioError
from shared.music.constants import N_TAGS, WINDOW_CHUNKS
from shared.music.features.table import FEATURE_NAMES
from shared.music.model.aggregation import aggregate
from shared.music.model.calibration import softmax
from shared.music.model.classifier import GenreModel
from shared.music.model.discriminants import DiscriminantParameters, Discriminants
from shared.music.model.music_detector import FAMILIES
from shared.music.tagging.tagger import TAG_NAMES
from tests.shared.music.small import (
    TEMPERATURE,
    calibration_of,
    detector_of,
    discriminants_of,
    metadata_of,
    tag_statistics_of,
)

Table = NDArray[np.float64]


class _Classifier:
    """Stands in for CatBoost: scores are a function of the row, and rows are kept."""

    def __init__(self) -> None:
        self.rows: list[Any] = []

    def predict(self, rows: Table, prediction_type: str, thread_count: int) -> Table:
        assert (prediction_type, thread_count) == ("RawFormulaVal", 1)
        self.rows.extend(rows)
        return made_up(rows)

    def get_feature_importance(self, pool: Any, **_: object) -> Table:
        return np.zeros((pool.num_row(), len(GENRES), pool.num_col() + 1))


def made_up(rows: Table) -> Table:
    """Return scores that differ from row to row."""
    weights = np.random.default_rng(4).normal(size=(rows.shape[1], len(GENRES)))
    scores: Table = np.tanh(rows @ weights / 10)
    return scores


def track(chunks: int) -> tuple[Table, NDArray[np.float32]]:
    """Return features and tags of a track without silence."""
    rng = np.random.default_rng(chunks)
    features = np.exp(rng.normal(-1, 0.5, (chunks, len(FEATURE_NAMES))))
    return features, rng.uniform(0.05, 0.9, (chunks, N_TAGS)).astype(np.float32)


def silenced(features: Table, tags: NDArray[np.float32], *places: int) -> None:
    """Make chunks silent."""
    tags[list(places)] = np.nan
    for name in ("rms_mean", "rms_var"):
        features[list(places), FEATURE_NAMES.index(name)] = 1e-12


def model_of(**changes: object) -> tuple[GenreModel, _Classifier]:
    """Return a model that predicts as ``made_up`` does."""
    classifier: Any = _Classifier()
    return GenreModel(metadata_of(**changes), classifier), classifier


LINEAR = Discriminants(DiscriminantParameters(**discriminants_of()))


def scored(*windows: Table) -> Table:
    """Return the model's scores for aggregated windows."""
    rows = np.stack(windows)
    return 0.75 * made_up(rows) + 0.25 * LINEAR.scores(rows)


def predicted(*windows: Table) -> Table:
    """Return what the model predicts for aggregated windows."""
    return softmax(scored(*windows), TEMPERATURE)


def test_windows_are_weighted_by_their_chunks() -> None:
    """A track of 24 chunks has two windows of ten and one of four, which has less weight."""
    features, tags = track(24)
    scores = scored(*(aggregate(features[s : s + 10], tags[s : s + 10]) for s in (0, 10, 20)))
    prediction = model_of()[0].predict_track(features, tags)
    mean = (10 * scores[0] + 10 * scores[1] + 4 * scores[2]) / 24
    np.testing.assert_allclose(prediction.track, softmax(mean[None], TEMPERATURE)[0])
    assert prediction.track.sum() == pytest.approx(1)
    assert prediction.chunks.shape == (24, 10)
    assert WINDOW_CHUNKS == 10


def test_a_chunk_is_predicted_with_its_neighbours() -> None:
    """One on each side, also across windows; only one at the ends of the track."""
    features, tags = track(12)
    chunks = model_of()[0].predict_track(features, tags).chunks
    for place, (first, last) in {0: (0, 2), 5: (4, 7), 9: (8, 11), 11: (10, 12)}.items():
        [row] = predicted(aggregate(features[first:last], tags[first:last]))
        np.testing.assert_allclose(chunks[place], row)


def test_a_track_of_one_chunk() -> None:
    """The window and the chunk with its neighbours are the same."""
    prediction = model_of()[0].predict_track(*track(1))
    np.testing.assert_array_equal(prediction.chunks, prediction.track[None])


def test_silent_chunks_enter_no_window() -> None:
    """They have no weight, and get the probabilities of the track."""
    features, tags = track(14)
    silenced(features, tags, 3, 12, 13)
    model, classifier = model_of()
    prediction = model.predict_track(features, tags)
    first = [0, 1, 2, 4, 5, 6, 7, 8, 9]
    scores = scored(
        aggregate(features[first], tags[first]), aggregate(features[10:12], tags[10:12])
    )
    mean = (9 * scores[0] + 2 * scores[1]) / 11
    np.testing.assert_allclose(prediction.track, softmax(mean[None], TEMPERATURE)[0])
    np.testing.assert_array_equal(prediction.chunks[[3, 12, 13]], np.tile(prediction.track, (3, 1)))
    [beside] = predicted(aggregate(features[[4, 5]], tags[[4, 5]]))
    np.testing.assert_allclose(prediction.chunks[4], beside)
    assert len(classifier.rows) == 2 + 11


def test_a_silent_window_has_no_weight() -> None:
    """Half a minute of silence does not change the prediction."""
    features, tags = track(30)
    silenced(features, tags, *range(10, 20))
    with_gap = model_of()[0].predict_track(features, tags)
    heard = [*range(10), *range(20, 30)]
    without = model_of()[0].predict_track(features[heard], tags[heard])
    np.testing.assert_allclose(with_gap.track, without.track)
    np.testing.assert_array_equal(with_gap.families, without.families)


def test_columns_of_the_classifier_are_put_in_order() -> None:
    """The order of the classifier's classes does not matter."""
    order = np.random.default_rng(6).permutation(len(GENRES))

    class Mixed(_Classifier):
        def predict(self, rows: Table, prediction_type: str, thread_count: int) -> Table:
            return super().predict(rows, prediction_type, thread_count)[:, order]

    mixed: Any = Mixed()
    classes = tuple(GENRES[place] for place in order)
    prediction = GenreModel(metadata_of(classes=classes), mixed).predict_track(*track(5))
    np.testing.assert_allclose(prediction.track, model_of()[0].predict_track(*track(5)).track)


def test_a_track_without_tags_is_refused() -> None:
    """All of its chunks are silent."""
    features, tags = track(3)
    with pytest.raises(AudioError, match="silent"):
        model_of()[0].predict_track(features, np.full_like(tags, np.nan))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_not_finite_are_refused(value: float) -> None:
    """The error names the feature."""
    features, tags = track(3)
    features[1, FEATURE_NAMES.index("tempo")] = value
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match="not finite: tempo:mean"):
        model_of()[0].predict_track(features, tags)


def test_other_shapes_are_refused() -> None:
    """Tags of another number of chunks."""
    features, tags = track(3)
    with pytest.raises(ValueError, match="a track has features"):
        model_of()[0].predict_track(features, tags[:2])


def test_families_are_those_of_the_music_detector() -> None:
    """Here they follow from its biases."""
    families = (
        model_of(music_detector=detector_of((0.0, 1.0, 0.0, 0.0)))[0]
        .predict_track(*track(3))
        .families
    )
    assert families.tolist() == pytest.approx(
        [1 / (3 + np.e), np.e / (3 + np.e)] + [1 / (3 + np.e)] * 2
    )


def _verdict(music: float, **calibration: float) -> Any:
    """Return the verdict on a track with this probability of music; else it is likeliest noise."""
    rest = (1 - music) / 4
    bias = tuple(np.log([music, rest, 2 * rest, rest]).tolist())
    model = model_of(music_detector=detector_of(bias), calibration=calibration_of(**calibration))[0]
    features, tags = track(2)
    return model.verdict(features, tags, [(0.0, 3.0), (3.0, 6.0)], duration_s=6.5)


def test_a_verdict_holds_the_prediction() -> None:
    """Genre and probabilities of the track and its chunks, spans, model name and length."""
    verdict = _verdict(0.9)
    prediction = model_of()[0].predict_track(*track(2))
    assert verdict.genre == GENRES[int(prediction.track.argmax())]
    assert list(verdict.probabilities.values()) == pytest.approx(prediction.track.tolist())
    assert [(c.start_s, c.end_s) for c in verdict.chunks] == [(0, 3), (3, 6)]
    assert list(verdict.chunks[1].probabilities.values()) == pytest.approx(
        prediction.chunks[1].tolist()
    )
    assert (verdict.duration_s, verdict.model) == (6.5, "small")


@pytest.mark.parametrize(("offset", "sure"), [(-0.001, True), (0.001, False)])
def test_sure_from_the_threshold_of_the_metadata(offset: float, *, sure: bool) -> None:
    """A verdict just above is sure, one just below is not."""
    confidence = _verdict(0.9).confidence
    verdict = _verdict(0.9, sure_from=confidence + offset)
    assert verdict.sure is sure
    assert verdict.family == "music"
    assert (len(verdict.candidates) == 1) is sure


@pytest.mark.parametrize(
    ("music", "family", "sure"),
    [(0.81, "music", True), (0.79, "music", False), (0.41, "music", False), (0.39, "noise", False)],
)
def test_probability_of_being_music(music: float, family: str, *, sure: bool) -> None:
    """Below the first threshold the verdict is unsure, below the second it is no music."""
    verdict = _verdict(music, sure_from=0.0, doubt_from=0.8, music_from=0.4)
    assert (verdict.family, verdict.sure) == (family, sure)


@pytest.mark.parametrize(("offset", "sure"), [(0.01, True), (-0.01, False)])
def test_strange_tracks_are_unsure(offset: float, *, sure: bool) -> None:
    """However likely they are music."""
    strangeness = model_of()[0].predict_track(*track(2)).strangeness
    verdict = _verdict(0.99, sure_from=0.0, strange_above=strangeness + offset)
    assert (verdict.family, verdict.sure) == ("music", sure)


def test_families_have_one_order() -> None:
    """The order of the columns of a prediction."""
    assert FAMILIES == ("music", "speech", "noise", "tone")


def test_a_shorter_track_is_less_confident() -> None:
    """The temperature depends on how many chunks were heard; silent ones do not count."""
    model, _ = model_of(calibration=calibration_of(extra_temperature=2.0))
    features, tags = track(4)
    features[:], tags[:] = features[:1], tags[:1]
    whole = model.predict_track(features, tags).track.max()
    one = model.predict_track(features[:1], tags[:1])
    silenced(features, tags, 1, 2, 3)
    assert one.track.max() < whole
    np.testing.assert_allclose(model.predict_track(features, tags).track, one.track)
    np.testing.assert_allclose(one.chunks[0], one.track)


def test_a_style_beyond_the_ten_genres_is_never_sure() -> None:
    """The style is the first of the tags."""
    features, tags = track(4)
    tags[:] = 0.3
    tags[:, TAG_NAMES.index("ambient")] = 0.99
    spans = [(3.0 * chunk, 3.0 * chunk + 3) for chunk in range(4)]
    model, _ = model_of(
        calibration=calibration_of(sure_from=0.0, strange_above=9.0), tags=tag_statistics_of()
    )
    verdict = model.verdict(features, tags, spans, duration_s=12.0)
    assert verdict.other_style == "ambient"
    assert verdict.tags[0].name == "ambient"
    assert verdict.tags[0].likelihood == pytest.approx(0.99)
    assert not verdict.sure
    assert len(verdict.candidates) > 1


def test_sections_are_cut_where_the_sound_changes() -> None:
    """Each is predicted by itself; silence belongs to the section before it."""
    features, tags = track(14)
    features[:] = features[:1]
    tags[:] = 0.3
    tags[8:, TAG_NAMES.index("rock")] = 0.9
    tags[8:, TAG_NAMES.index("ambient")] = 0.95
    silenced(features, tags, 6, 7)
    spans = [(3.0 * chunk, 3.0 * chunk + 3) for chunk in range(14)]
    verdict = model_of()[0].verdict(features, tags, spans, duration_s=42.5)
    assert [(part.start_s, part.end_s) for part in verdict.sections] == [(0, 24), (24, 42)]
    for part, chunks in zip(verdict.sections, (slice(0, 6), slice(8, 14)), strict=True):
        [row] = predicted(aggregate(features[chunks], tags[chunks]))
        assert part.genre == GENRES[row.argmax()]
        assert part.confidence == pytest.approx(row.max())
    assert verdict.by_section


def test_no_music_has_neither_tags_nor_sections_nor_reasons() -> None:
    """They hold for music only."""
    verdict = _verdict(0.1)
    assert verdict.family == "noise"
    assert (verdict.tags, verdict.sections, verdict.reasons) == ([], [], [])
