"""Pipes by which processes notice that those they belong to are gone, however they went.

A process that is killed with SIGKILL can tell nobody. But the system closes its files, and who
reads the other end of a pipe sees that end. So each process that ``devtools.local`` starts holds
the reading end of a pipe whose writing end its parent alone holds; and Valkey, which everybody
still writes to while they end, is watched over by a guard that reads the end of a second pipe,
whose writing end the whole family holds.
"""

import logging
import os
import signal
import subprocess
import threading
from functools import cache
from typing import Final

logger = logging.getLogger(__name__)

VARIABLE: Final = "_GENREBOT_LIFELINE"
"""Names the file descriptor to watch to a child."""
ORPHAN_GRACE_S: Final = 30.0
"""Seconds that a process without a parent has to end before it is killed."""
GUARD_LOOKS: Final = 100
"""How often a guard looks whether its server has ended, at 0.2 s each, before it kills."""

# Reads until the end of the family; then asks the server to end, and kills one that does not.
_GUARD: Final = f"""
read -r _
kill -TERM "$1" || exit 0
n=0
while kill -0 "$1" 2>/dev/null; do
  n=$((n + 1))
  [ $n -lt {GUARD_LOOKS} ] || kill -KILL "$1"
  [ $n -lt {GUARD_LOOKS + 10} ] || exit 1
  sleep 0.2
done
"""


@cache
def _parent() -> tuple[int, int]:
    """Pipe that ends with this process."""
    return os.pipe()


@cache
def _family() -> tuple[int, int]:
    """Pipe that ends with this process and all that it has started."""
    return os.pipe()


def child_descriptors() -> tuple[int, int]:
    """File descriptors that a child has to inherit: one to watch, and one to hold open."""
    return _parent()[0], _family()[1]


def child_environment() -> dict[str, str]:
    """Variables that tell a child what to watch."""
    return {VARIABLE: str(_parent()[0])}


def guard(pid: int) -> "subprocess.Popen[bytes]":
    """Start a process that stops another one once this one and its children are gone.

    Args:
        pid: of a child of this process.

    """
    return subprocess.Popen(  # noqa: S603 - our own lines and a number
        ["/bin/sh", "-c", _GUARD, "guard", str(pid)],
        stdin=_family()[0],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def watch() -> None:
    """End this process once its parent is gone, if that has passed a pipe on.

    As by SIGTERM, so that work is handed back; by SIGKILL after ``ORPHAN_GRACE_S``.
    """
    descriptor = os.environ.pop(VARIABLE, None)  # not for our own children: they have us
    if descriptor is None:
        return
    os.set_inheritable(int(descriptor), False)
    threading.Thread(target=_watch, args=(int(descriptor),), name="lifeline", daemon=True).start()


def _watch(descriptor: int) -> None:
    os.read(descriptor, 1)  # nobody ever writes
    logger.warning("the process that started this one is gone: ending too")
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(ORPHAN_GRACE_S)
    logger.error("not ended %.0f s after its parent: killed", ORPHAN_GRACE_S)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
