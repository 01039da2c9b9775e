"""What tests that start processes share: children as a terminal starts them, and none left."""

import os
import sys
import time
from collections.abc import Callable, Iterable

import psutil

HANG_S = 90.0
"""Seconds after which a test that waits gives up; bounds a hang, and decides nothing else."""
_LOOK_S = 0.02

# Runs the rest of its command line, which keeps the process and its id.
_WITH_SIGNALS = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    signal.signal(number, signal.{})
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, ())
os.execv(sys.argv[1], sys.argv[1:])
"""


def as_a_terminal_starts(command: Iterable[str]) -> list[str]:
    """Have a command begin with every signal as a terminal leaves it.

    A shell in the background, nohup and cron ignore some, and who is started by whom ignores
    a signal ignores it too.
    """
    return [sys.executable, "-S", "-E", "-c", _WITH_SIGNALS.format("SIG_DFL"), *command]


def as_in_the_background(command: Iterable[str]) -> list[str]:
    """Have a command begin with signals ignored, as nohup and shells in the background do."""
    return [sys.executable, "-S", "-E", "-c", _WITH_SIGNALS.format("SIG_IGN"), *command]


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


def lives(process: psutil.Process | int) -> bool:
    """Whether a process, or one with an id, runs; one that only waits to be reaped does not."""
    try:
        process = psutil.Process(process) if isinstance(process, int) else process
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
