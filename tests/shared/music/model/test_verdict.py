"""Making a verdict of probabilities."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.music.model.music_detector import FAMILIES, Family
from shared.music.model.verdict import CANDIDATES_HOLD, Section, Tag, Verdict

Table = NDArray[np.float64]


def table(*rows: dict[str, float]) -> Table:
    """Return rows of probabilities; what is not given is spread evenly over the other genres."""
    filled = []
    for row in rows:
        rest = (1 - sum(row.values())) / (len(GENRES) - len(row))
        filled.append([row.get(genre, rest) for genre in GENRES])
    return np.array(filled)


def verdict(probabilities: Table, **said: Any) -> Verdict:
    """Return a verdict on chunks of three seconds."""
    spans = [(3.0 * i, 3.0 * i + 3) for i in range(len(probabilities))]
    return Verdict.of(probabilities, spans, duration_s=3.0 * len(spans) + 1, model="m", **said)


def test_mean_and_majority_may_differ() -> None:
    """One confident chunk outweighs two unsure ones in the mean, not in the majority."""
    told = verdict(table({"rock": 0.4, "jazz": 0.3}, {"rock": 0.4, "jazz": 0.3}, {"jazz": 1.0}))
    assert told.genre == "jazz"
    assert told.confidence == pytest.approx((0.3 + 0.3 + 1) / 3)
    assert told.agreement == pytest.approx(1 / 3)
    assert told.majority_genre == "rock"
    assert told.majority_share == pytest.approx(2 / 3)


@pytest.mark.parametrize(("first", "second"), [("blues", "rock"), ("rock", "blues")])
def test_tied_votes_go_to_the_higher_average(first: str, second: str) -> None:
    """The order of chunks or genres does not decide a tie."""
    told = verdict(table({first: 0.9}, {second: 0.5}))
    assert told.majority_genre == first
    assert told.majority_share == 0.5


def test_complete_tie_is_stable() -> None:
    """Equal probabilities give the first genre, by both rules."""
    told = verdict(np.full((2, 10), 0.1))
    assert (told.genre, told.majority_genre) == ("blues", "blues")
    assert told.top[0][0] == "blues"


def test_genre_that_no_chunk_chose() -> None:
    """A genre that is second in every chunk can win the mean; its agreement is then 0."""
    told = verdict(table({"pop": 0.5, "disco": 0.45}, {"rock": 0.5, "disco": 0.45}))
    assert told.genre == "disco"
    assert told.agreement == 0


def test_top_three_descend() -> None:
    """The three likeliest genres with their probabilities, the verdict's first."""
    told = verdict(table({"pop": 0.2, "metal": 0.5, "jazz": 0.25}))
    assert [genre for genre, _ in told.top] == ["metal", "jazz", "pop"]
    assert told.top[0][1] == told.confidence


def test_chunks_keep_order_times_and_probabilities() -> None:
    """Each chunk has its own genre and its times."""
    probabilities = table({"pop": 0.7}, {"jazz": 0.8})
    chunks = verdict(probabilities).chunks
    assert [(c.start_s, c.end_s, c.genre) for c in chunks] == [(0, 3, "pop"), (3, 6, "jazz")]
    assert list(chunks[1].probabilities) == list(GENRES)
    assert list(chunks[1].probabilities.values()) == probabilities[1].tolist()


def test_both_rules_on_random_chunks() -> None:
    """They agree with a plain count."""
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
    """A verdict read from JSON equals the one that was written."""
    told = verdict(table({"pop": 0.7}, {"jazz": 0.8}), family=family)
    assert Verdict.model_validate_json(told.model_dump_json()) == told


@pytest.mark.parametrize(("best", "sure"), [(0.75, True), (0.74999, False), (0.9, True)])
def test_a_genre_is_sure_from_a_threshold_on(best: float, *, sure: bool) -> None:
    """At the threshold itself it is sure, and then the only candidate."""
    told = verdict(table({"jazz": best, "pop": 0.1}), sure_from=0.75)
    assert told.sure is sure
    assert told.candidates == (["jazz"] if sure else ["jazz", "pop"])


def test_the_whole_track_decides_what_is_sure() -> None:
    """Genre, confidence and sureness follow the track's own probabilities."""
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
    """The likeliest first, two or three, until they have enough of the probability."""
    told = verdict(table(named), sure_from=1.1)
    assert not told.sure
    assert told.candidates == [genre for genre, _ in told.top[:candidates]]
    assert told.candidates[0] == told.genre


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "music"])
def test_what_is_no_music_is_never_sure(family: Family) -> None:
    """However likely one genre is."""
    told = verdict(table({"jazz": 1.0}), sure_from=0.0, family=family)
    assert (told.family, told.sure, len(told.candidates)) == (family, False, 2)


def test_a_verdict_of_an_earlier_release_can_be_read() -> None:
    """Without the fields about doubt it counts as a sure verdict on music."""
    old = verdict(table({"pop": 0.7})).model_dump(exclude={"sure", "family", "candidates"})
    told = Verdict.model_validate(old)
    assert (told.sure, told.family, told.candidates) == (True, "music", [])


@pytest.mark.parametrize(
    ("shape", "n_spans"), [((0, 10), 0), ((2, 10), 1), ((1, 9), 1), ((10,), 1)]
)
def test_refuses_what_does_not_fit(shape: tuple[int, ...], n_spans: int) -> None:
    """No chunks, too few spans, a missing genre or a single row are refused."""
    with pytest.raises(ValueError, match="chunk"):
        Verdict.of(np.full(shape, 0.1), [(0.0, 3.0)] * n_spans, duration_s=3.0, model="m")


def section(start_s: float, end_s: float, **facts: Any) -> Section:
    """Return a section of jazz without doubt, with changes."""
    return Section(
        **{
            "start_s": start_s,
            "end_s": end_s,
            "genre": "jazz",
            "confidence": 0.9,
            "sure": True,
            "other_style": None,
            "tags": [],
            **facts,
        }
    )


SECTIONS: dict[str | None, dict[str, Any]] = {
    "jazz": {},
    "pop": {"genre": "pop"},
    "ambient": {"sure": False, "other_style": "ambient"},
    None: {"sure": False},
}
"""Sections by their labels."""


@pytest.mark.parametrize("label", SECTIONS)
def test_label_of_a_section(label: str | None) -> None:
    """A sure genre, a style beyond the ten genres, or none."""
    assert section(0, 15, **SECTIONS[label]).label == label


@pytest.mark.parametrize(
    ("parts", "family", "told"),
    [
        ({15: "jazz", 30: "pop"}, "music", True),
        ({15: "jazz", 30: "ambient"}, "music", True),
        ({15: "jazz", 30: None}, "music", True),
        ({15: "jazz", 20: "pop", 35: "jazz"}, "music", False),
        ({14: "jazz", 40: "pop"}, "music", False),
        ({60: "jazz"}, "music", False),
        ({15: "jazz", 30: "pop"}, "noise", False),
    ],
)
def test_a_track_is_told_by_section(
    parts: dict[int, str | None], family: Family, *, told: bool
) -> None:
    """Where two sections of different labels last 15 seconds or more."""
    sections = [section(start, end, **SECTIONS[parts[end]]) for start, end in pairwise((0, *parts))]
    assert verdict(table({"jazz": 0.9}), sections=sections, family=family).by_section is told


def test_joined_sections() -> None:
    """The confidence is the mean, weighted by length; the rest is that of the longer one."""
    joined = section(0, 30, confidence=0.9).joined(section(30, 40, confidence=0.5))
    assert (joined.start_s, joined.end_s) == (0, 40)
    assert joined.confidence == pytest.approx(0.8)


def test_a_style_beyond_the_ten_genres_is_told_instead() -> None:
    """However likely one of the ten is, the verdict is not sure."""
    told = verdict(table({"jazz": 1.0}), other_style="ambient", tags=[Tag("ambient", 0.6)])
    assert (told.sure, len(told.candidates)) == (False, 2)
    assert Verdict.model_validate_json(told.model_dump_json()) == told
