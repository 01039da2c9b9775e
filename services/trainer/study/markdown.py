"""Small pieces of Markdown."""

from collections.abc import Iterable, Sequence


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
