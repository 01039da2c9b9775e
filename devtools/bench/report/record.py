"""What a run has found: its record as JSON, and its tables for a terminal."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from devtools.bench.report.figures import Figure

WORDS: Final = {True: "held", False: "MISSED", None: ""}


@dataclass(frozen=True)
class PartResult:
    """What measuring one part came to.

    Attributes:
        part: its name.
        taken: when it ended, as "2026-01-31 12:34 UTC".
        seconds: how long it took.
        load: processes that wanted a core in the minute before it; 0 on a quiet machine.
        figures: what was measured.
        error: why nothing was, or not all.

    """

    part: str
    taken: str
    seconds: float
    load: float
    figures: tuple[Figure, ...]
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what goes into the record."""
        return {
            "part": self.part,
            "taken": self.taken,
            "seconds": round(self.seconds, 1),
            "load": self.load,
            "error": self.error,
            "figures": [figure.as_dict() for figure in self.figures],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read what ``as_dict`` wrote."""
        figures = tuple(Figure.from_dict(figure) for figure in record["figures"])
        return cls(**{**record, "figures": figures})


def target(figure: Figure) -> str:
    """Write what a figure must be, or nothing."""
    if figure.target is None:
        return ""
    sign = "≤" if figure.kind == "at most" else "≥"
    return f"{sign} {figure.target:g} {figure.unit}"


def number(value: float) -> str:
    """Write a value in three digits, or more where it is a large one."""
    if value and abs(value) < 1e-3:  # noqa: PLR2004 - from here on zeros would crowd it out
        return f"{value:.1e}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004


def table(result: PartResult) -> str:
    """Return a part's figures as a table for a terminal, missed targets marked."""
    lines = [f"{result.part}  ({result.seconds:.0f} s, load before {result.load:g})"]
    width = max((len(figure.name) for figure in result.figures), default=0)
    for figure in result.figures:
        value = f"{number(figure.value):>8} {figure.unit}"
        promise = f"{target(figure)} {WORDS[figure.held]}".strip()
        lines.append(f"  {figure.name:<{width}}  {value:<28} {promise}".rstrip())
        if figure.note:
            lines.append(f"  {'':<{width}}           ({figure.note})")
    if result.error is not None:
        lines.append(f"  NOT MEASURED: {result.error}")
    return "\n".join(lines)


def missed(results: Iterable[PartResult]) -> list[tuple[str, Figure]]:
    """Return the figures whose targets were missed, each with its part."""
    return [
        (result.part, figure)
        for result in results
        for figure in result.figures
        if figure.held is False
    ]


def summary(results: Iterable[PartResult]) -> str:
    """Say in a few lines how many targets are held, and name those that are not."""
    results = list(results)
    promised = [f for result in results for f in result.figures if f.held is not None]
    late = missed(results)
    lines = [f"{len(promised) - len(late)} of {len(promised)} targets held"]
    lines += [
        f"MISSED  {part}: {figure.name}: {number(figure.value)} {figure.unit}, {target(figure)}"
        for part, figure in late
    ]
    lines += [f"NOT MEASURED  {r.part}: {r.error}" for r in results if r.error is not None]
    return "\n".join(lines)


def keep(
    folder: Path, name: str, machine: Mapping[str, Any], results: Iterable[PartResult]
) -> Path:
    """Write a run's record as JSON and return where it lies."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    record = {"machine": dict(machine), "parts": [result.as_dict() for result in results]}
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def kept(folder: Path, machine: Mapping[str, Any]) -> dict[str, PartResult]:
    """Read the latest result of each part that was measured on this very machine.

    Records of another format are passed over.
    """
    found: dict[str, PartResult] = {}
    for path in sorted(folder.glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record.get("machine") == dict(machine) and "parts" in record:
            found |= {part["part"]: PartResult.from_dict(part) for part in record["parts"]}
    return found
