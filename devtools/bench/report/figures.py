"""Measured figures and their targets."""

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
        value: the number; not finite where the measurement failed.
        unit: of the value and of the target.
        target: upper or lower bound of the value; None where there is no target.
        kind: whether the target is an upper or a lower bound.
        note: a remark, such as what the value was scaled from.

    """

    name: str
    value: float
    unit: str
    target: float | None = None
    kind: Kind = "at most"
    note: str = ""

    @property
    def held(self) -> bool | None:
        """Whether the target is met; None without a target."""
        if self.target is None:
            return None
        if not math.isfinite(self.value):
            return False
        if self.kind == "at most":
            return self.value <= self.target
        return self.value >= self.target

    def as_dict(self) -> dict[str, Any]:
        """Return the figure for JSON; a value that is not finite becomes null."""
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
        """Read a figure from JSON; ``held`` is computed again."""
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
        """Summarise at least one value; the 95th percentile is by nearest rank."""
        p95 = np.percentile(values, 95, method="inverted_cdf")
        return cls(median(values), float(p95), max(values))


def cpu_s(function: Callable[[], object]) -> float:
    """Call a function; return the CPU time of all threads of this process, in seconds."""
    started = time.process_time()
    function()
    return time.process_time() - started


def wall_s(function: Callable[[], object]) -> float:
    """Call a function; return its wall time, in seconds."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started
