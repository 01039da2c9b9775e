"""Processes that keep processors busy."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Ends with its parent, whichever way that goes.
_LOOP = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    pass"


@contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Keep ``count`` processors busy while the body runs."""
    command = [sys.executable, "-S", "-E", "-c", _LOOP]
    loops = [subprocess.Popen(command) for _ in range(count)]  # noqa: S603 - our own lines
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def cores() -> int:
    """Count the processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
