"""The words of a verdict."""

from typing import Any

import pytest

from shared.music.model.verdict import Section, Tag
from shared.music.rendering.wording import (
    MAX_SECTIONS,
    either,
    section_ends,
    section_name,
    sounds_like,
    tag_names,
)
from tests.shared.music.rendering.test_figure import verdict


def section(
    end_s: float = 15.0,
    *,
    sure: bool = False,
    style: str | None = None,
    tags: tuple[str, ...] = (),
) -> Section:
    """Return a section of hip-hop that ends at a time."""
    return Section(
        start_s=0.0,
        end_s=end_s,
        genre="hiphop",
        confidence=0.5,
        sure=sure,
        other_style=style,
        tags=[Tag(name, 0.5) for name in tags],
    )


@pytest.mark.parametrize(
    ("names", "text"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_alternatives_read_as_in_a_sentence(names: list[str], text: str) -> None:
    """One, two or three."""
    assert either(names) == text


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"sure": True, "tags": ("rock",)}, "hip-hop"),
        ({"style": "House", "tags": ("House", "ambient")}, "house"),
        ({"tags": ("Mellow", "rnb", "soul")}, "mellow, R&B"),
        ({}, "hip-hop?"),
    ],
)
def test_name_of_a_section(facts: dict[str, Any], name: str) -> None:
    """A sure genre, another style, up to two tags, or a genre with a question mark."""
    assert section_name(section(**facts)) == name


def test_sections_in_one_line() -> None:
    """Those beyond a limit are counted."""
    sections = [section(15.0 * number) for number in range(1, MAX_SECTIONS + 3)]
    ends, more = section_ends(verdict(1).model_copy(update={"sections": sections}))
    assert ends[:2] == [("hip-hop?", "0:15"), ("hip-hop?", "0:30")]
    assert (len(ends), more) == (MAX_SECTIONS, 2)


def test_tags_do_not_repeat_the_style() -> None:
    """It is told by itself."""
    told = verdict(1).model_copy(
        update={"other_style": "House", "tags": [Tag("House", 0.5), Tag("Hip-Hop", 0.4)]}
    )
    assert tag_names(told) == ["hip-hop"]


@pytest.mark.parametrize(("style", "words"), [("ambient", ""), ("House", "like ")])
def test_it_sounds(style: str, words: str) -> None:
    """Ambient, but like house."""
    assert sounds_like(style) == words
