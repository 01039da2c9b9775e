"""How a track is judged: which stretches are described, and how their answers are put together."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.errors import AudioError
from shared.music.constants import N_TAGS, WINDOW_CHUNKS
from shared.music.features.table import FEATURE_NAMES
from shared.music.model.aggregation import aggregate
from shared.music.model.classifier import GenreModel, temperature_scale
from shared.music.model.families import FAMILIES
from tests.shared.music.small import TEMPERATURE, calibration_of, gate_of, info_of

Table = NDArray[np.float64]


class _Classifier:
    """Outbox with probabilities drawn by what is in a row, and keeps the rows."""

    def __init__(self) -> None:
        self.rows: Table = np.empty((0, 0))

    def predict_proba(self, rows: Table, thread_count: int) -> Table:
        assert thread_count == 1
        self.rows = rows
        return answers(rows)


def answers(rows: Table) -> Table:
    """Probabilities that belong to rows, and differ between them."""
    weights = np.random.default_rng(4).normal(size=(rows.shape[1], len(GENRES)))
    powers: Table = np.exp(np.tanh(rows @ weights / 10))
    shares: Table = powers / powers.sum(axis=1, keepdims=True)
    return shares


def track(chunks: int) -> tuple[Table, NDArray[np.float32]]:
    """Features and tags of a track that can be heard throughout."""
    rng = np.random.default_rng(chunks)
    features = np.exp(rng.normal(-1, 0.5, (chunks, len(FEATURE_NAMES))))
    return features, rng.uniform(0.05, 0.9, (chunks, N_TAGS)).astype(np.float32)


def silenced(features: Table, tags: NDArray[np.float32], *places: int) -> None:
    """Make chunks silent."""
    tags[list(places)] = np.nan
    for name in ("rms_mean", "rms_var"):
        features[list(places), FEATURE_NAMES.index(name)] = 1e-12


def judge_of(**changes: object) -> tuple[GenreModel, _Classifier]:
    """A model that answers as ``answers`` does."""
    classifier: Any = _Classifier()
    return GenreModel(info_of(**changes), classifier), classifier


def told(*stretches: Table) -> Table:
    """What the model tells of described stretches."""
    return temperature_scale(answers(np.stack(stretches)), TEMPERATURE)


def test_groups_count_by_their_chunks() -> None:
    """Twenty-four chunks are two groups of ten and one of four, which counts less."""
    features, tags = track(24)
    expected = told(*(aggregate(features[s : s + 10], tags[s : s + 10]) for s in (0, 10, 20)))
    prediction = judge_of()[0].judge(features, tags)
    np.testing.assert_allclose(
        prediction.track, (10 * expected[0] + 10 * expected[1] + 4 * expected[2]) / 24
    )
    assert prediction.track.sum() == pytest.approx(1)
    assert prediction.chunks.shape == (24, 10)
    assert WINDOW_CHUNKS == 10


def test_a_chunk_is_shown_with_its_neighbours() -> None:
    """One on either side, across groups; at the ends only the one that there is."""
    features, tags = track(12)
    chunks = judge_of()[0].judge(features, tags).chunks
    for place, (first, last) in {0: (0, 2), 5: (4, 7), 9: (8, 11), 11: (10, 12)}.items():
        [row] = told(aggregate(features[first:last], tags[first:last]))
        np.testing.assert_allclose(chunks[place], row)


def test_one_chunk_is_a_track() -> None:
    """Group and chunk are the same stretch."""
    prediction = judge_of()[0].judge(*track(1))
    np.testing.assert_array_equal(prediction.chunks, prediction.track[None])


def test_silent_chunks_are_asked_for_nothing() -> None:
    """They enter no stretch, weigh nothing, and show what the track shows."""
    features, tags = track(14)
    silenced(features, tags, 3, 12, 13)
    model, classifier = judge_of()
    prediction = model.judge(features, tags)
    first = [0, 1, 2, 4, 5, 6, 7, 8, 9]
    groups = told(aggregate(features[first], tags[first]), aggregate(features[10:12], tags[10:12]))
    np.testing.assert_allclose(prediction.track, (9 * groups[0] + 2 * groups[1]) / 11)
    np.testing.assert_array_equal(prediction.chunks[[3, 12, 13]], np.tile(prediction.track, (3, 1)))
    [beside] = told(aggregate(features[[4, 5]], tags[[4, 5]]))
    np.testing.assert_allclose(prediction.chunks[4], beside)
    assert len(classifier.rows) == 2 + 11


def test_a_silent_group_does_not_count() -> None:
    """Half a minute of silence leaves the verdict alone."""
    features, tags = track(30)
    silenced(features, tags, *range(10, 20))
    with_gap = judge_of()[0].judge(features, tags)
    heard = [*range(10), *range(20, 30)]
    without = judge_of()[0].judge(features[heard], tags[heard])
    np.testing.assert_allclose(with_gap.track, without.track)
    np.testing.assert_array_equal(with_gap.families, without.families)


def test_columns_of_the_classifier_are_put_in_order() -> None:
    """A classifier of other columns tells the same of the same genres."""
    order = np.random.default_rng(6).permutation(len(GENRES))

    class Mixed(_Classifier):
        def predict_proba(self, rows: Table, thread_count: int) -> Table:
            return super().predict_proba(rows, thread_count)[:, order]

    mixed: Any = Mixed()
    classes = tuple(GENRES[place] for place in order)
    prediction = GenreModel(info_of(classes=classes), mixed).judge(*track(5))
    np.testing.assert_allclose(prediction.track, judge_of()[0].judge(*track(5)).track)


def test_a_track_without_tags_is_refused() -> None:
    """None of its chunks could be heard, which is the file's fault."""
    features, tags = track(3)
    with pytest.raises(AudioError, match="silent"):
        judge_of()[0].judge(features, np.full_like(tags, np.nan))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_not_finite_are_refused(value: float) -> None:
    """The feature that is wrong is named."""
    features, tags = track(3)
    features[1, FEATURE_NAMES.index("tempo")] = value
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match="not finite: tempo:mean"):
        judge_of()[0].judge(features, tags)


def test_other_shapes_are_refused() -> None:
    """Tags of another number of chunks."""
    features, tags = track(3)
    with pytest.raises(ValueError, match="a track has features"):
        judge_of()[0].judge(features, tags[:2])


def test_the_gate_hears_the_same_track() -> None:
    """Probabilities of families are its own."""
    families = judge_of(gate=gate_of((0.0, 1.0, 0.0, 0.0)))[0].judge(*track(3)).families
    assert families.tolist() == pytest.approx(
        [1 / (3 + np.e), np.e / (3 + np.e)] + [1 / (3 + np.e)] * 2
    )


def _verdict(music: float, **calibration: float) -> Any:
    """A verdict on a track that is music this likely, and else rather noise than speech."""
    rest = (1 - music) / 4
    bias = tuple(np.log([music, rest, 2 * rest, rest]).tolist())
    model = judge_of(gate=gate_of(bias), calibration=calibration_of(**calibration))[0]
    features, tags = track(2)
    return model.verdict(features, tags, [(0.0, 3.0), (3.0, 6.0)], duration_s=6.5)


def test_a_verdict_tells_the_opinion() -> None:
    """Genre and probabilities of the track, spans and chunks, name and length."""
    verdict = _verdict(0.9)
    prediction = judge_of()[0].judge(*track(2))
    assert verdict.genre == GENRES[int(prediction.track.argmax())]
    assert list(verdict.probabilities.values()) == pytest.approx(prediction.track.tolist())
    assert [(c.start_s, c.end_s) for c in verdict.chunks] == [(0, 3), (3, 6)]
    assert list(verdict.chunks[1].probabilities.values()) == pytest.approx(
        prediction.chunks[1].tolist()
    )
    assert (verdict.duration_s, verdict.model) == (6.5, "small")


@pytest.mark.parametrize(("offset", "sure"), [(-0.001, True), (0.001, False)])
def test_sure_from_where_the_sidecar_says(offset: float, *, sure: bool) -> None:
    """A winning probability just above is told without doubt, one just below is not."""
    confidence = _verdict(0.9).confidence
    verdict = _verdict(0.9, sure_from=confidence + offset)
    assert verdict.sure is sure
    assert verdict.family == "music"
    assert (len(verdict.candidates) == 1) is sure


@pytest.mark.parametrize(
    ("music", "family", "sure"),
    [(0.81, "music", True), (0.79, "music", False), (0.41, "music", False), (0.39, "noise", False)],
)
def test_what_is_hardly_music(music: float, family: str, *, sure: bool) -> None:
    """Doubtful music gets no sure genre; below that it is what it is likeliest to be."""
    verdict = _verdict(music, sure_from=0.0, doubt_from=0.8, music_from=0.4)
    assert (verdict.family, verdict.sure) == (family, sure)


@pytest.mark.parametrize(("offset", "sure"), [(0.01, True), (-0.01, False)])
def test_what_is_strange(offset: float, *, sure: bool) -> None:
    """However likely music: what is stranger than the sidecar allows gets no sure genre."""
    strangeness = judge_of()[0].judge(*track(2)).strangeness
    verdict = _verdict(0.99, sure_from=0.0, strange_above=strangeness + offset)
    assert (verdict.family, verdict.sure) == ("music", sure)


def test_families_have_one_order() -> None:
    """The gate's columns are those of the verdict."""
    assert FAMILIES == ("music", "speech", "noise", "tone")
