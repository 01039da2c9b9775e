"""The texts of the reply, as Telegram's HTML. A caption holds 1024 characters at most."""

from html import escape
from typing import Final

from shared.domain.genres import genre_name
from shared.errors import GenrebotError
from shared.formatting import bar, clock, percent
from shared.music.constants import CHUNK_SECONDS, WINDOW_CHUNKS
from shared.music.model.music_detector import Family
from shared.music.model.verdict import CANDIDATES_HOLD, Verdict
from shared.music.rendering.wording import (
    LIKENESS,
    candidates,
    either,
    section_ends,
    sounds_like,
    tag_names,
)
from shared.music.tagging.tagger import tag_name

TITLE_CHARACTERS = 80
ENOUGH, ENOUGH_CHUNKS = "half a minute", WINDOW_CHUNKS - 1
"""A window, in words; a track of just that length may lack its last chunk."""

_SIGN: Final[dict[Family, str]] = {"music": "🎵", "speech": "💬", "noise": "📻", "tone": "🔔"}


def verdict_caption(verdict: Verdict, label: str | None) -> str:
    """Say the genre and how sure it is, or which genres it may be, or that it is not music."""
    head = [_headline(verdict), *_title(label), ""]
    if verdict.family != "music":
        return "\n".join([*head, *_no_music(verdict)])
    if verdict.other_style is not None and not verdict.by_section:
        return "\n".join([*head, _nearest(verdict), "", *_why(verdict)])
    whole = ["As a whole:"] if verdict.by_section else []
    return "\n".join([*head, *whole, _bars(verdict), "", *_why(verdict)])


def error_text(error: GenrebotError, label: str | None) -> str:
    """Say why there is no verdict."""
    return "\n".join([*_title(label), f"😕 {escape(error.message)}"])


def clip_caption(verdict: Verdict, start_s: float, end_s: float) -> str:
    """Say what the clip is: the strongest moment of the most probable genre."""
    genre = genre_name(verdict.genre).lower()
    return f"What sounds most like {genre}: {clock(start_s)}\N{EN DASH}{clock(end_s)}"


def _headline(verdict: Verdict) -> str:
    sign = _SIGN[verdict.family]
    if verdict.family != "music":
        return f"{sign} This sounds like {LIKENESS[verdict.family]}, not like music."
    if verdict.by_section:
        return f"{sign} {_sections(verdict)}"
    if verdict.other_style is not None:
        style = escape(tag_name(verdict.other_style))
        also = "".join(f", {escape(name)}" for name in tag_names(verdict))
        like = sounds_like(verdict.other_style)
        return f"{sign} Not one of my ten genres: it sounds {like}<b>{style}</b>{also}."
    if verdict.sure:
        sure = escape(percent(verdict.confidence))
        return f"{sign} <b>{genre_name(verdict.genre)}</b>, {sure} sure"
    named = [f"<b>{name}</b> ({escape(share)})" for name, share in candidates(verdict)]
    return f"🤔 Hard to tell: {either(named)}"


def _sections(verdict: Verdict) -> str:
    """Name the sections and where each ends."""
    ends, more = section_ends(verdict)
    [(first, _), *_] = ends
    names = [first[0].upper() + first[1:], *(name for name, _ in ends[1:])]
    named = [f"<b>{escape(name)}</b> to {end}" for name, (_, end) in zip(names, ends, strict=True)]
    return " · ".join([*named, f"and {more} more"] if more else named)


def _nearest(verdict: Verdict) -> str:
    named = [f"{name} ({escape(share)})" for name, share in candidates(verdict)]
    return f"The nearest of the ten would be {either(named)}."


def _no_music(verdict: Verdict) -> list[str]:
    """Name the nearest genres, and say what to send instead.

    Their probabilities are left out, as they hold for music only: a tone may be "classical, 90 %".
    """
    named = [name for name, _ in candidates(verdict)]
    return [
        f"If it is music after all, the nearest would be {either(named)}.",
        "",
        f"Send me a piece of music: {ENOUGH} of it is best.",
    ]


def _bars(verdict: Verdict) -> str:
    width = max(len(genre_name(genre)) for genre, _ in verdict.top)
    rows = (f"{genre_name(genre):<{width}} {bar(p)} {percent(p):>5}" for genre, p in verdict.top)
    return "<pre>" + escape("\n".join(rows)) + "</pre>"


def _why(verdict: Verdict) -> list[str]:
    """Say what the verdict is based on, and why it is not surer."""
    lines = [_counted(verdict)]
    if verdict.other_style is None and (tags := tag_names(verdict)):
        lines.append(f"What stands out: {escape(', '.join(tags))}.")
    if verdict.majority_genre != verdict.genre:
        lines.append(
            f"Counted piece by piece it would be {genre_name(verdict.majority_genre).lower()} "
            f"({escape(percent(verdict.majority_share))})."
        )
    if not verdict.sure and verdict.confidence >= CANDIDATES_HOLD:
        # One genre is clearly ahead: what is unusual is the sound as a whole.
        lines.append("It sounds unlike the music I know, so take this with care.")
    if len(verdict.chunks) < (2 if verdict.sure else ENOUGH_CHUNKS):
        lines.append(f"A longer one would tell more: {ENOUGH} is best.")
    return lines


def _counted(verdict: Verdict) -> str:
    n = len(verdict.chunks)
    if n == 1:
        return f"Judged by a single piece of {CHUNK_SECONDS} seconds."
    agree = round(verdict.agreement * n)
    like = "say so" if verdict.sure else f"sound most like {genre_name(verdict.genre).lower()}"
    heard = clock(verdict.duration_s)
    return f"{agree} of {n} pieces of {CHUNK_SECONDS} s {like}; heard {heard} in all."


def _title(label: str | None) -> list[str]:
    """Return one line with the name of the track, or none."""
    line = " ".join((label or "").split())
    if len(line) > TITLE_CHARACTERS:
        line = line[: TITLE_CHARACTERS - 1] + "…"
    return [f"<i>{escape(line)}</i>"] if line else []
