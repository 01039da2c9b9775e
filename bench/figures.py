"""What a measurement yields."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One measured number; ``limit`` is what it must not exceed, where something is promised."""

    name: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return self.limit is None or self.value <= self.limit

    def as_dict(self) -> dict[str, object]:
        """Return what goes into the record."""
        return asdict(self) | {"holds": self.holds}


def in_turn(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int
) -> tuple[float, float, float]:
    """Time two functions in turn, so that a change of the machine's speed meets both.

    Returns:
        Median seconds of each, and the median of the ratios theirs / ours of each round.

    """
    pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(rounds)]
    return (
        median(mine for mine, _ in pairs),
        median(other for _, other in pairs),
        median(other / mine for mine, other in pairs),
    )


def _seconds(function: Callable[[], object]) -> float:
    started = time.process_time()
    function()
    return time.process_time() - started
