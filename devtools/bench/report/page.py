"""``docs/benchmarks.md``: the machine, the targets, and all figures."""

from collections.abc import Iterable, Mapping
from typing import Any

from devtools.bench.report.figures import Figure
from devtools.bench.report.record import PartResult, missed, number, target

_MARKS = {True: "held", False: "**missed**", None: ""}


def page(
    machine: Mapping[str, Any], results: Iterable[PartResult], about: Mapping[str, str]
) -> str:
    """Return the page.

    Args:
        machine: from ``devtools.bench.report.machine.machine``.
        results: a result for each part, in the order of the page.
        about: how each part is measured, by its name.

    """
    results = list(results)
    sections = [_head(machine), _targets(results)]
    sections += [_section(result, about.get(result.part, "")) for result in results]
    return "\n\n".join(sections) + "\n"


def _head(machine: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return f"""\
# Benchmarks

Written by `make bench`; a part alone is measured by `make bench PARTS=chunk`, three-hour tracks
as well with `make bench LONG=1`. Ratios and distributions come from one run of one part, so they
say more than the absolute times, which depend on the machine.

| machine | |
|---|---|
| processor | {machine["cpu"]}, {machine["cores"]} cores |
| memory | {machine["memory_gib"]} GiB |
| system | {machine["system"]}, Python {machine["python"]} |
| versions | {versions} |"""


def _targets(results: list[PartResult]) -> str:
    """List the targets that were missed."""
    late = missed(results)
    with_target = sum(f.held is not None for result in results for f in result.figures)
    lines = ["## Targets", "", f"{with_target - len(late)} of {with_target} are held."]
    broken = [result for result in results if result.error is not None]
    if late or broken:
        lines += ["", "| part | figure | measured | target |", "|---|---|---|---|"]
        lines += [
            f"| {part} | {_cell(figure.name)} | {_value(figure)} | {target(figure)} |"
            for part, figure in late
        ]
        lines += [f"| {result.part} | all others | not measured | |" for result in broken]
    return "\n".join(lines)


def _section(result: PartResult, about: str) -> str:
    lines = [
        f"## {result.part}",
        "",
        f"{result.taken}, in {result.seconds:.0f} s; load in the minute before: {result.load:g}.",
        "",
        about,
        "",
        "| figure | measured | target | |",
        "|---|---|---|---|",
    ]
    for figure in result.figures:
        name = figure.name + (f" ({figure.note})" if figure.note else "")
        mark = _MARKS[figure.held]
        lines.append(f"| {_cell(name)} | {_value(figure)} | {target(figure)} | {mark} |")
    if result.error is not None:
        lines += ["", f"Not measured to the end: {result.error}"]
    return "\n".join(lines)


def _value(figure: Figure) -> str:
    return f"{number(figure.value)} {figure.unit}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
