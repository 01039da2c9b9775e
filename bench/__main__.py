"""``python -m bench [PART...]``: run the parts, print a table, keep the figures as JSON."""

import json
import os
import platform
import sys
import time
from pathlib import Path

# One thread each, as in a worker; before numpy is imported.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import click  # noqa: E402

from bench import decoding, features, service  # noqa: E402
from bench.figures import Figure  # noqa: E402

PARTS = {"features": features.measure, "decoding": decoding.measure, "service": service.measure}
RESULTS = Path("bench-results")


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
def main(parts: tuple[str, ...]) -> None:
    """Measure PARTS (all by default). Absolute times are this machine's; quote the ratios."""
    figures: list[Figure] = []
    for part in parts or tuple(PARTS):
        click.echo(f"measuring {part} …", err=True)
        figures += PARTS[part]()
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        click.echo(f"{figure.name:<{width}}  {figure.value:>10.4g} {figure.unit}")
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    record = {"machine": machine, "figures": [figure.as_dict() for figure in figures]}
    target.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    click.echo(f"kept in {target}", err=True)
    sys.exit(any(not figure.holds for figure in figures))


main()
