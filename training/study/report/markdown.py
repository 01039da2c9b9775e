"""Formatting of Markdown: tables, figures, numbers, paragraphs."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Final

_WIDTH: Final = 96
_UNWRAPPED: Final = ("|", "#", "![", "- ")
"""Starts of blocks that are not wrapped: tables, headings, figures and lists."""


def grid(head: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """Write a table; the first ``words`` columns are text, the others numbers, aligned right."""
    rule = ["---" if column < words else "---:" for column in range(len(head))]
    lines = [head, rule, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figure(file: str, caption: str) -> str:
    """Return an image with its caption."""
    return f"![{caption}]({file})\n\n*{caption}*"


def share(value: float) -> str:
    """Format a score from 0 to 1 with three digits."""
    return f"{value:.3f}"


def percent(value: float) -> str:
    """Format a share in whole per cent."""
    return f"{100 * value:.0f} %"


def wrapped(page: str) -> str:
    """Wrap the paragraphs of a page."""
    return "\n\n".join(
        block
        if block.startswith(_UNWRAPPED)
        else textwrap.fill(block, _WIDTH, break_long_words=False, break_on_hyphens=False)
        for block in page.split("\n\n")
    )
