"""Tags that stand out, and styles beyond the ten genres."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.music.constants import N_TAGS
from shared.music.model.styles import (
    FOREIGN_FROM,
    FOREIGN_STYLES,
    MAX_TAGS,
    NEIGHBOURING_FROM,
    NEIGHBOURING_STYLES,
    NO_STYLE,
    NOT_TOLD,
    SYNONYMS,
    Styles,
    TagStatistics,
    mean_log_odds,
)
from shared.music.tagging.tagger import TAG_NAMES
from tests.shared.music.small import tag_statistics_of

PROBABILITIES = np.full(len(GENRES), 0.1)


def styles_of(**changes: Any) -> Styles:
    """Return styles with statistics of even odds and deviations of 1, with changes."""
    return Styles(TagStatistics(**tag_statistics_of(**changes)))


def odds_of(**tags: float) -> NDArray[np.float64]:
    """Return log odds of -3 but for some tags."""
    odds = np.full(N_TAGS, -3.0)
    for name, value in tags.items():
        odds[TAG_NAMES.index(name.replace("_", " "))] = value
    return odds


def logit(likelihood: float) -> float:
    """Return the log odds of a likelihood."""
    return float(np.log(likelihood / (1 - likelihood)))


def test_every_word_is_a_tag() -> None:
    """In the tagger's spelling."""
    words = (
        NOT_TOLD | NO_STYLE | FOREIGN_STYLES | NEIGHBOURING_STYLES | frozenset().union(*SYNONYMS)
    )
    assert words <= set(TAG_NAMES)


def test_the_most_outstanding_tags_come_first() -> None:
    """Those above their threshold, by deviations from the mean over the training tracks."""
    means = [0.0] * N_TAGS
    means[TAG_NAMES.index("rock")] = 2.5
    odds = odds_of(rock=3.0, jazz=2.0, guitar=1.5, folk=0.9)
    told = styles_of(means=tuple(means)).standout_tags(odds)
    assert [name for name, _ in told] == ["jazz", "guitar", "rock"]
    assert told[0][1] == pytest.approx(1 / (1 + np.exp(-2.0)))


def test_some_tags_are_not_told() -> None:
    """Decades, opinions, synonyms, and the genre that is told anyway."""
    odds = odds_of(beautiful=9, electronic=4, electro=3, jazz=2) + 0.0
    odds[TAG_NAMES.index("80s")] = 9
    odds[TAG_NAMES.index("Hip-Hop")] = 5
    told = styles_of().standout_tags(odds, without="hiphop")
    assert [name for name, _ in told] == ["electronic", "jazz"]


def test_at_most_four_tags_are_told() -> None:
    """The one to return first counts among them."""
    odds = odds_of(rock=5, jazz=4, folk=3, guitar=2, soul=1.5)
    told = styles_of().standout_tags(odds, first="ambient")
    assert [name for name, _ in told] == ["ambient", "rock", "jazz", "folk"]
    assert len(told) == MAX_TAGS


@pytest.mark.parametrize(
    ("style", "likelihood", "sure", "told"),
    [
        ("ambient", FOREIGN_FROM + 0.01, False, True),
        ("ambient", FOREIGN_FROM - 0.01, False, False),
        ("ambient", 0.5, True, False),
        ("ambient", 0.95, True, True),
        ("soul", 0.95, False, True),
        ("soul", 0.95, True, False),
        ("soul", 0.5, False, False),
        ("rock", 0.95, False, False),
        ("guitar", 0.95, False, False),
    ],
)
def test_a_style_beyond_the_ten_genres(
    style: str,
    likelihood: float,
    sure: bool,  # noqa: FBT001
    told: bool,  # noqa: FBT001
) -> None:
    """Foreign styles where likely, in doubt or unusual; neighbouring ones only where both."""
    odds = odds_of(**{style: logit(likelihood)})
    found = styles_of().other_style(odds, PROBABILITIES, sure=sure)
    assert found == (style if told else None)


def test_what_is_unusual_depends_on_the_genre() -> None:
    """A tag that is common in the likeliest genre names no other style."""
    common = [[0.0] * N_TAGS for _ in GENRES]
    common[GENRES.index("disco")][TAG_NAMES.index("dance")] = 3.0
    styles = styles_of(genre_means=tuple(map(tuple, common)))
    odds = odds_of(dance=logit(NEIGHBOURING_FROM + 0.7))
    for genre, style in (("disco", None), ("rock", "dance")):
        probabilities = PROBABILITIES.copy()
        probabilities[GENRES.index(genre)] = 0.2
        assert styles.other_style(odds, probabilities, sure=False) == style


def test_log_odds_are_averaged_over_chunks() -> None:
    """Not likelihoods."""
    tags = np.full((2, N_TAGS), 0.5)
    tags[:, 0] = 0.2, 0.8
    np.testing.assert_allclose(mean_log_odds(tags), 0, atol=1e-12)
