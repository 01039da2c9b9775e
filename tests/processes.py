"""What tests that start processes share: children as a terminal starts them, and none left."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable

import psutil

HANG_S = 120.0
"""Seconds after which a test that waits gives up; bounds a hang, and decides nothing else."""
_LOOK_S = 0.02

# Runs the rest of its command line, which keeps the process and its id.
_AS_A_TERMINAL = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, ())
os.execv(sys.argv[1], sys.argv[1:])
"""


def as_a_terminal_starts(command: Iterable[str]) -> list[str]:
    """Have a command begin with every signal as a terminal leaves it.

    A shell in the background, nohup and cron ignore some, and who is started by whom ignores
    a signal ignores it too.
    """
    return [sys.executable, "-S", "-E", "-c", _AS_A_TERMINAL, *command]


def until(
    condition: Callable[[], object],
    why: Callable[[], str] = lambda: "it never came about",
    limit_s: float = HANG_S,
) -> None:
    """Wait until something has come about.

    Args:
        condition: is looked at again and again.
        why: what to say when it has not.
        limit_s: bounds a hang.

    """
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(_LOOK_S)


def lives(process: psutil.Process) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def descendants(pid: int) -> list[psutil.Process]:
    """Children of a process, their children, and so on."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def marked(name: str, value: str) -> list[psutil.Process]:
    """Processes that run with a variable of this value in their environment, but this one."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(name) == value:
                found.append(process)
        except (psutil.Error, OSError):  # somebody else's, or just gone
            continue
    return [process for process in found if lives(process)]


def finished(process: "subprocess.Popen[bytes]") -> int:
    """Wait for the end of a process; its exit code."""
    return process.wait(HANG_S)
