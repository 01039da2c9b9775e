"""No process outlives the tests: who is found afterwards is killed, and the run fails for it.

Whatever the tests start inherits a variable by which it can be found, wherever it has gone: to
another session, to another parent, or to a test process that was killed itself.
"""

import os
import uuid

import psutil
import pytest

from tests.processes import HANG_S, marked

MARK = "_GENREBOT_TESTS"
TEST = "PYTEST_CURRENT_TEST"
"""Set by pytest while a test runs; so the environment of a process names its test."""
ENDING_S = 5.0
"""Seconds that processes have which are just ending."""


class Reaper:
    """Plugin of the process that runs all tests; those of xdist are its children."""

    def __init__(self) -> None:
        os.environ[MARK] = self._mark = uuid.uuid4().hex

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look for what is left, once xdist has ended its processes."""
        left = marked(MARK, self._mark)
        psutil.wait_procs([process for process in left if _is_pytest(process)], timeout=HANG_S)
        _, left = psutil.wait_procs(marked(MARK, self._mark), timeout=ENDING_S)
        if not left:
            return
        lines = ["processes were left behind, and are killed:", *map(_described, left)]
        for process in left:
            process.kill()
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line("")
            for line in lines:
                reporter.write_line(line, red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _is_pytest(process: psutil.Process) -> bool:
    """Whether this is one of xdist's, which starts each with a line of its own."""
    try:
        return "sys.stdin.readline()" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def _described(process: psutil.Process) -> str:
    try:
        test = process.environ().get(TEST, "no test")
        return f"  {process.pid} of {test}: {' '.join(process.cmdline())}"
    except psutil.Error:
        return f"  {process.pid}, which has just ended"
