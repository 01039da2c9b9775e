"""What a measurement yields, and whether it keeps what was promised."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal, Self

import numpy as np

Kind = Literal["at most", "at least"]


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        name: what was measured.
        value: the number; not finite where the measurement came to nothing.
        unit: of the value and of the target.
        target: what the value must be at most or at least, where something is promised.
        kind: which of the two.
        note: what a reader must know of this one number, such as what it was scaled from.

    """

    name: str
    value: float
    unit: str
    target: float | None = None
    kind: Kind = "at most"
    note: str = ""

    @property
    def held(self) -> bool | None:
        """Whether the promise is kept; None where nothing is promised."""
        if self.target is None:
            return None
        if not math.isfinite(self.value):
            return False
        if self.kind == "at most":
            return self.value <= self.target
        return self.value >= self.target

    def as_dict(self) -> dict[str, Any]:
        """Return what goes into the record; a value that is not finite becomes null."""
        return {
            "name": self.name,
            "value": self.value if math.isfinite(self.value) else None,
            "unit": self.unit,
            "target": self.target,
            "kind": self.kind,
            "held": self.held,
            "note": self.note,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read what ``as_dict`` wrote; whether it is held is worked out anew."""
        facts = {key: value for key, value in record.items() if key != "held"}
        if facts["value"] is None:
            facts["value"] = math.nan
        return cls(**facts)


@dataclass(frozen=True)
class Spread:
    """The distribution of one quantity over the rounds of a run."""

    median: float
    p95: float
    worst: float

    @classmethod
    def of(cls, values: list[float]) -> Self:
        """Describe values, one at least; the 95th percentile is one of them (nearest rank)."""
        p95 = np.percentile(values, 95, method="inverted_cdf")
        return cls(median(values), float(p95), max(values))


def cpu_s(function: Callable[[], object]) -> float:
    """Call a function; the CPU time that all threads of this process took, in seconds."""
    started = time.process_time()
    function()
    return time.process_time() - started


def wall_s(function: Callable[[], object]) -> float:
    """Call a function; how long that took, in seconds."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started
