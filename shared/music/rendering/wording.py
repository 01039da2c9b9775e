"""The words of a verdict, shared by the chat, the picture and the command line."""

from collections.abc import Sequence
from typing import Final

from shared.domain.genres import genre_name
from shared.formatting import clock, percent
from shared.music.model.music_detector import Family
from shared.music.model.verdict import Section, Verdict
from shared.music.tagging.tagger import tag_name

LIKENESS: Final[dict[Family, str]] = {
    "music": "music",
    "speech": "somebody talking",
    "noise": "noise",
    "tone": "a single tone",
}
"""What to write after "this sounds like"."""

_ADJECTIVES: Final = frozenset({"ambient", "electronic", "indie"})
"""Styles of which one says "it sounds electronic", not "it sounds like electronic"."""

_SECTION_TAGS: Final = 2

MAX_SECTIONS: Final = 6
"""Most sections that are listed in one line."""


def either(names: Sequence[str]) -> str:
    """Join alternatives: "a", "a or b", "a, b or c"."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def candidates(verdict: Verdict) -> list[tuple[str, str]]:
    """Return the candidates' names as within a sentence, each with its probability."""
    return [
        (genre_name(genre).lower(), percent(verdict.probabilities[genre]))
        for genre in verdict.candidates
    ]


def sounds_like(style: str) -> str:
    """Return what to write between "it sounds" and a style: "like " or nothing."""
    return "" if style in _ADJECTIVES else "like "


def tag_names(verdict: Verdict) -> list[str]:
    """Return the tags that a track stands out by, without the style beyond the ten genres."""
    return [tag_name(tag.name) for tag in verdict.tags if tag.name != verdict.other_style]


def section_name(section: Section) -> str:
    """Name a section as within a sentence: by its label, else by two tags, else "rock?"."""
    if section.sure:
        return genre_name(section.genre).lower()
    if section.other_style is not None:
        return tag_name(section.other_style)
    if section.tags:
        return ", ".join(tag_name(tag.name) for tag in section.tags[:_SECTION_TAGS])
    return f"{genre_name(section.genre).lower()}?"


def section_ends(verdict: Verdict) -> tuple[list[tuple[str, str]], int]:
    """Return the sections to list in one line.

    Returns:
        Name and end of each section, and the number of sections that are left out.

    """
    shown = [(section_name(own), clock(own.end_s)) for own in verdict.sections[:MAX_SECTIONS]]
    return shown, len(verdict.sections) - len(shown)
