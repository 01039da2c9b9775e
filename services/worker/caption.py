"""The words of the answer, in Telegram's HTML. A caption holds 1024 characters at most."""

from html import escape

from shared.bars import bar, clock
from shared.errors import GenrebotError
from shared.genres import genre_name
from shared.music.verdict import Verdict

TITLE_CHARACTERS = 80
SURE, LIKELY = 0.7, 0.45
"""Confidence from which a genre is stated, or called likely."""


def verdict_caption(verdict: Verdict, label: str | None) -> str:
    """Say the genre, how sure we are, and what else it might be."""
    lines = [_headline(verdict), *_title(label), "", _bars(verdict), "", _why(verdict)]
    if verdict.majority_genre != verdict.genre:
        lines.append(
            f"Counted piece by piece it would be {genre_name(verdict.majority_genre).lower()} "
            f"({verdict.majority_share:.0%})."
        )
    return "\n".join(lines)


def error_text(error: GenrebotError, label: str | None) -> str:
    """Say why there is no verdict."""
    return "\n".join([*_title(label), f"😕 {escape(error.message)}"])


def clip_caption(verdict: Verdict, start_s: float, end_s: float) -> str:
    """Say what the clip is."""
    return f"What sounds most like {genre_name(verdict.genre).lower()}: {clock(start_s)}–{clock(end_s)}"  # noqa: E501, RUF001


def _headline(verdict: Verdict) -> str:
    name = f"<b>{genre_name(verdict.genre)}</b>"
    if verdict.confidence >= SURE:
        return f"🎵 {name}, {verdict.confidence:.0%} sure"
    if verdict.confidence >= LIKELY:
        return f"🎵 Probably {name.lower()}, {verdict.confidence:.0%} sure"
    return f"🎵 Hard to tell; closest to {name.lower()}, {verdict.confidence:.0%} sure"


def _bars(verdict: Verdict) -> str:
    width = max(len(genre_name(genre)) for genre, _ in verdict.top)
    rows = (f"{genre_name(genre):<{width}} {bar(p)} {p:>4.0%}" for genre, p in verdict.top)
    return "<pre>" + "\n".join(rows) + "</pre>"


def _why(verdict: Verdict) -> str:
    n = len(verdict.chunks)
    if n == 1:
        return "Judged by a single piece of 3 seconds; a longer one would tell more."
    agree = round(verdict.agreement * n)
    return f"{agree} of {n} pieces of 3 s say so; heard {clock(verdict.duration_s)} in all."


def _title(label: str | None) -> list[str]:
    """One line with what the track is called, or none."""
    line = " ".join((label or "").split())
    if len(line) > TITLE_CHARACTERS:
        line = line[: TITLE_CHARACTERS - 1] + "…"
    return [f"<i>{escape(line)}</i>"] if line else []
