"""What docs/privacy.md says of each key, to hold a server's keys against."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

PAGE: Final = Path(__file__).parents[1] / "docs" / "privacy.md"
_ROW: Final = re.compile(r"^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
_TIME: Final = re.compile(r"(\d+) (second|minute|hour|day)s?\b")
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True)
class Retention:
    """One row of the page."""

    pattern: str
    """The key, with parameters in angle brackets."""
    kept_s: int | None
    """Seconds that it is kept at most; None if only the end of something ends it."""

    def covers(self, key: str) -> bool:
        """Return whether this row is about a key."""
        parts = re.split(r"<\w+>", self.pattern)
        return re.fullmatch("[^:]+".join(map(re.escape, parts)), key) is not None

    @classmethod
    def of(cls, pattern: str, kept: str) -> Self:
        """Read a row."""
        found = _TIME.match(kept)
        return cls(pattern, int(found[1]) * _SECONDS[found[2]] if found else None)


def rows() -> list[Retention]:
    """Read the page."""
    return [Retention.of(*row) for row in _ROW.findall(PAGE.read_text())]


def retention(key: str) -> Retention:
    """Return the row that is about a key; the one with fewest parameters if several are.

    Raises:
        LookupError: no row is.

    """
    covering = [row for row in rows() if row.covers(key)]
    if not covering:
        raise LookupError(f"docs/privacy.md does not mention {key}")
    return min(covering, key=lambda row: row.pattern.count("<"))
