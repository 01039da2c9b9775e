"""The fold from chunks to a track."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.music.model.families import FAMILIES, Family
from shared.music.model.verdict import CANDIDATES_HOLD, Verdict

Table = NDArray[np.float64]


def table(*rows: dict[str, float]) -> Table:
    """Return probabilities from the genres that have any; the rest is spread over the others."""
    filled = []
    for row in rows:
        rest = (1 - sum(row.values())) / (len(GENRES) - len(row))
        filled.append([row.get(genre, rest) for genre in GENRES])
    return np.array(filled)


def verdict(probabilities: Table, **said: Any) -> Verdict:
    """Fold chunks of three seconds."""
    spans = [(3.0 * i, 3.0 * i + 3) for i in range(len(probabilities))]
    return Verdict.of(probabilities, spans, duration_s=3.0 * len(spans) + 1, model="m", **said)


def test_mean_and_majority_may_differ() -> None:
    """One sure chunk outweighs two unsure ones by mean, not by votes."""
    told = verdict(table({"rock": 0.4, "jazz": 0.3}, {"rock": 0.4, "jazz": 0.3}, {"jazz": 1.0}))
    assert told.genre == "jazz"
    assert told.confidence == pytest.approx((0.3 + 0.3 + 1) / 3)
    assert told.agreement == pytest.approx(1 / 3)
    assert told.majority_genre == "rock"
    assert told.majority_share == pytest.approx(2 / 3)


@pytest.mark.parametrize(("first", "second"), [("blues", "rock"), ("rock", "blues")])
def test_tied_votes_go_to_the_higher_average(first: str, second: str) -> None:
    """Neither the order of the chunks nor that of the genres decides a tie."""
    told = verdict(table({first: 0.9}, {second: 0.5}))
    assert told.majority_genre == first
    assert told.majority_share == 0.5


def test_complete_tie_is_stable() -> None:
    """Equal probabilities everywhere give the first genre by both rules."""
    told = verdict(np.full((2, 10), 0.1))
    assert (told.genre, told.majority_genre) == ("blues", "blues")
    assert told.top[0][0] == "blues"


def test_genre_that_no_chunk_chose() -> None:
    """A steady second can win the average: its agreement is then nil."""
    told = verdict(table({"pop": 0.5, "disco": 0.45}, {"rock": 0.5, "disco": 0.45}))
    assert told.genre == "disco"
    assert told.agreement == 0


def test_top_three_descend() -> None:
    """The three best genres come with their averages, the verdict first."""
    told = verdict(table({"pop": 0.2, "metal": 0.5, "jazz": 0.25}))
    assert [genre for genre, _ in told.top] == ["metal", "jazz", "pop"]
    assert told.top[0][1] == told.confidence


def test_chunks_keep_order_times_and_probabilities() -> None:
    """Each chunk is told with its own genre and its place in the track."""
    probabilities = table({"pop": 0.7}, {"jazz": 0.8})
    chunks = verdict(probabilities).chunks
    assert [(c.start_s, c.end_s, c.genre) for c in chunks] == [(0, 3, "pop"), (3, 6, "jazz")]
    assert list(chunks[1].probabilities) == list(GENRES)
    assert list(chunks[1].probabilities.values()) == probabilities[1].tolist()


def test_agrees_with_plain_counting() -> None:
    """On random chunks both rules equal a fold written out by hand."""
    rng = np.random.default_rng(5)
    for _ in range(50):
        probabilities = rng.dirichlet(np.ones(10), rng.integers(1, 12))
        told = verdict(probabilities)
        votes = np.bincount(probabilities.argmax(axis=1), minlength=10)
        assert told.genre == GENRES[np.argmax(probabilities.sum(axis=0))]
        assert votes[GENRES.index(told.majority_genre)] == votes.max()
        assert sum(told.probabilities.values()) == pytest.approx(1)


@pytest.mark.parametrize("family", FAMILIES)
def test_survives_json(family: Family) -> None:
    """A verdict that crosses the queue is the same verdict."""
    told = verdict(table({"pop": 0.7}, {"jazz": 0.8}), family=family)
    assert Verdict.model_validate_json(told.model_dump_json()) == told


@pytest.mark.parametrize(("best", "sure"), [(0.75, True), (0.74999, False), (0.9, True)])
def test_a_genre_is_sure_from_a_threshold_on(best: float, *, sure: bool) -> None:
    """At the threshold itself it is; then it is told alone."""
    told = verdict(table({"jazz": best, "pop": 0.1}), sure_from=0.75)
    assert told.sure is sure
    assert told.candidates == (["jazz"] if sure else ["jazz", "pop"])


def test_the_whole_track_decides_what_is_sure() -> None:
    """Its own probabilities, not the mean of its chunks, give genre, confidence and doubt."""
    chunks, (track,) = table({"pop": 0.99}, {"pop": 0.99}), table({"jazz": 0.5, "pop": 0.45})
    told = verdict(chunks, track=track, sure_from=0.6)
    assert (told.genre, told.confidence, told.sure) == ("jazz", 0.5, False)
    assert told.candidates == ["jazz", "pop"]
    assert told.agreement == 0


@pytest.mark.parametrize(
    ("named", "candidates"),
    [
        ({"jazz": 0.95}, 2),
        ({"jazz": 0.5, "pop": CANDIDATES_HOLD - 0.5 + 0.001}, 2),
        ({"jazz": 0.5, "pop": CANDIDATES_HOLD - 0.5 - 0.001}, 3),
        ({"jazz": 0.2, "pop": 0.15, "rock": 0.12}, 3),
    ],
)
def test_an_unsure_verdict_names_two_genres_or_three(
    named: dict[str, float], candidates: int
) -> None:
    """The best first, until they hold enough of the probability; never one, never four."""
    told = verdict(table(named), sure_from=1.1)
    assert not told.sure
    assert told.candidates == [genre for genre, _ in told.top[:candidates]]
    assert told.candidates[0] == told.genre


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "music"])
def test_what_is_no_music_is_never_sure(family: Family) -> None:
    """However likely one genre would be."""
    told = verdict(table({"jazz": 1.0}), sure_from=0.0, family=family)
    assert (told.family, told.sure, len(told.candidates)) == (family, False, 2)


def test_a_verdict_from_before_is_still_read() -> None:
    """One that says nothing of doubt was told as sure, of what was taken for music."""
    old = verdict(table({"pop": 0.7})).model_dump(exclude={"sure", "family", "candidates"})
    told = Verdict.model_validate(old)
    assert (told.sure, told.family, told.candidates) == (True, "music", [])


@pytest.mark.parametrize(
    ("shape", "n_spans"), [((0, 10), 0), ((2, 10), 1), ((1, 9), 1), ((10,), 1)]
)
def test_refuses_what_does_not_fit(shape: tuple[int, ...], n_spans: int) -> None:
    """No chunks, too few spans, a missing genre or a flat list are refused."""
    with pytest.raises(ValueError, match="chunk"):
        Verdict.of(np.full(shape, 0.1), [(0.0, 3.0)] * n_spans, duration_s=3.0, model="m")
