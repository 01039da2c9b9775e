"""Runs the parts, prints their tables and keeps their figures: ``python -m devtools.bench``."""

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

# One thread each, as in a worker; before numpy is imported.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import click  # noqa: E402

from devtools.bench.parts import (  # noqa: E402
    chunk,
    crowd,
    files,
    latency,
    queue,
    start,
)
from devtools.bench.report.figures import Figure  # noqa: E402
from devtools.bench.report.machine import load, machine  # noqa: E402
from devtools.bench.report.page import page  # noqa: E402
from devtools.bench.report.record import PartResult, keep, kept, missed, summary, table  # noqa: E402
from devtools.bench.scale import Scale  # noqa: E402
from devtools.local.interrupts import ends_as_interrupts  # noqa: E402

MODULES: dict[str, ModuleType] = {
    "chunk": chunk,
    "files": files,
    "start": start,
    "queue": queue,
    "latency": latency,
    "crowd": crowd,
}
RESULTS = Path("bench-results")
PAGE = Path("docs", "benchmarks.md")
MISSED, BROKEN = 1, 2
"""Exit codes: a target was missed and --strict given; a part failed."""


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(MODULES)))
@click.option("--long", is_flag=True, help="Also measure tracks of three hours.")
@click.option("--strict", is_flag=True, help="Exit with 1 where a target is missed.")
@click.option("--write-docs", is_flag=True, help=f"Write {PAGE}; parts left out stay as they are.")
def main(parts: tuple[str, ...], *, long: bool, strict: bool, write_docs: bool) -> None:
    """Measure PARTS (all by default). Absolute times depend on the machine; quote the ratios."""
    about = machine()
    earlier = kept(RESULTS, about)
    results = []
    with ends_as_interrupts():
        for part in parts or tuple(MODULES):
            click.echo(f"measuring {part} …", err=True)
            results.append(_result(part, MODULES[part].measure, Scale(long=long)))
            click.echo(table(results[-1]) + "\n")
    click.echo(summary(results))
    name = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    click.echo(f"kept in {keep(RESULTS, name, about, results)}", err=True)
    if write_docs:
        _write_page(about, earlier, results)
    if any(result.error is not None for result in results):
        sys.exit(BROKEN)
    if strict and missed(results):
        sys.exit(MISSED)


def _result(part: str, measure: Callable[[Scale], Iterable[Figure]], scale: Scale) -> PartResult:
    """Measure a part; an exception becomes part of the result, and the next parts still run."""
    busy, started = load(), time.monotonic()
    figures: tuple[Figure, ...] = ()
    error = None
    try:
        figures = tuple(measure(scale))
    except Exception as problem:  # noqa: BLE001 - any error is reported
        traceback.print_exc()
        error = f"{type(problem).__name__}: {problem}".splitlines()[0]
    taken = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return PartResult(part, taken, time.monotonic() - started, busy, figures, error)


def _write_page(
    about: dict[str, Any], earlier: dict[str, PartResult], results: list[PartResult]
) -> None:
    """Write the page of this run, with the last result of each part that was not run."""
    known = earlier | {result.part: result for result in results}
    shown = [known[part] for part in MODULES if part in known]
    texts = {part: module.ABOUT for part, module in MODULES.items()}
    PAGE.write_text(page(about, shown, texts), encoding="utf-8")
    click.echo(f"written to {PAGE}", err=True)


if __name__ == "__main__":
    main()
