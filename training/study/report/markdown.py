"""Small pieces of Markdown."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Final

_WIDTH: Final = 96
_WHOLE: Final = ("|", "#", "![", "- ")
"""How a line begins that stays as it is: tables, headings, figures and lists."""


def grid(head: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """Write a table; the first ``words`` columns are words, the others figures."""
    rule = ["---" if column < words else "---:" for column in range(len(head))]
    lines = [head, rule, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figure(file: str, caption: str) -> str:
    """Show a picture with a caption that says what to see in it."""
    return f"![{caption}]({file})\n\n*{caption}*"


def share(value: float) -> str:
    """Write a score from 0 to 1."""
    return f"{value:.3f}"


def percent(value: float) -> str:
    """Write a share in whole per cent."""
    return f"{100 * value:.0f} %"


def wrapped(page: str) -> str:
    """Break the lines of a page's paragraphs."""
    return "\n\n".join(
        block
        if block.startswith(_WHOLE)
        else textwrap.fill(block, _WIDTH, break_long_words=False, break_on_hyphens=False)
        for block in page.split("\n\n")
    )
