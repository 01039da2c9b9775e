"""Decoding: speed, and whether memory grows with the length of a track."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure
from services.local.composer import compose

MINUTES = (6, 60)
GROWTH_LIMIT = 1.15
"""Peak memory of the long track over that of the short one; decoded PCM would make it ten."""


def measure() -> list[Figure]:
    """Decode a short and a long MP3, each in a process of its own."""
    minute = compose()
    with tempfile.TemporaryDirectory() as folder:
        runs = []
        for minutes in MINUTES:
            path = Path(folder) / f"{minutes}.mp3"
            path.write_bytes(minute * minutes)
            runs.append(_child(path))
    short, long = runs
    return [
        Figure("decoding, times real time", long["duration_s"] / long["cpu_s"], "times"),
        Figure("peak memory of a process that decodes 60 min", long["peak_mb"], "MB"),
        Figure(
            "peak memory, 60 min / 6 min", long["peak_mb"] / short["peak_mb"], "times", GROWTH_LIMIT
        ),
    ]


def _child(path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.decoding", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ours
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _decode(path: Path) -> dict[str, float]:
    from shared.music.decode import decode  # noqa: PLC0415 - counted in the peak, not in the time

    started, samples = time.process_time(), 0
    for block in decode(path, max_duration_s=1e6):
        samples += block.size
    return {
        "duration_s": samples / 22_050,
        "cpu_s": time.process_time() - started,
        "peak_mb": _peak_mb(),
    }


def _peak_mb() -> float:
    """Peak resident memory of this process, in MB.

    Linux hands ``ru_maxrss`` on to children across exec, so a large parent would be measured.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes on macOS


if __name__ == "__main__":
    print(json.dumps(_decode(Path(sys.argv[1]))))  # noqa: T201 - read by the parent
