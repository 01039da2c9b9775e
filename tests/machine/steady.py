"""Runs the tests that start processes over and over, beside as many busy loops as cores.

``python -m tests.machine.steady [TIMES]``; ends with 0 if every run has passed.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.machine.load import busy_loops, cores

TIMES = 10
ENDS_OF_EACH_KIND = 5
"""How often each moment of ``tests.services.worker.ends`` comes in one run: 35 ends a run."""
LOGS = Path("build/steady")


def main(times: int) -> int:
    """Print a line for each run, and what failed; 1 if any has."""
    LOGS.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-n", "auto", "-q", "-m", "processes"]
    passed = 0
    for number in range(1, times + 1):
        log = LOGS / f"{number}.log"
        begin = time.monotonic()
        with log.open("wb") as output, busy_loops(cores()):
            code = subprocess.run(  # noqa: S603 - our own tests
                command,
                env=os.environ | {"ENDS": str(ENDS_OF_EACH_KIND)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        took = time.monotonic() - begin
        passed += code == 0
        last = log.read_text(errors="replace").rstrip().rpartition("\n")[2]
        print(f"run {number:3} of {times}: {last} ({took:.0f} s)", flush=True)  # noqa: T201
    print(f"{passed} of {times} passed; logs in {LOGS}")  # noqa: T201 - what it is for
    return 0 if passed == times else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES))
