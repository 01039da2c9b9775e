"""The tests' own reaper, in test runs of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import HANG_S, lives, until

LEAVING = """
import os, subprocess, sys
def test_leaves():
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    {then}
"""
CONFTEST = """
from tests.reaper import Reaper
def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Reaper())
"""


@pytest.mark.processes
@pytest.mark.parametrize("then", ["assert False", "os._exit(9)"])
def test_what_a_test_leaves_behind_is_killed_and_fails_the_run(tmp_path: Path, then: str) -> None:
    """Whether the test fails or takes its process along."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(LEAVING.format(then=then))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n1", "-p", "no:cacheprovider", "."],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert run.returncode == 1, run.stdout
    assert "processes were left behind, and are killed:" in run.stdout
    assert "test_it.py::test_leaves" in run.stdout
    pid = run.stdout.partition("are killed:\n")[2].split()[0]
    until(lambda: not lives(int(pid)))
