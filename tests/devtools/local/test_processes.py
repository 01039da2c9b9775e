"""Child processes: none outlives its parent's wish, whichever way the end comes."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools.local import processes as module
from devtools.local.processes import Processes

pytestmark = pytest.mark.processes


def _eventually(condition: Callable[[], object], limit_s: float = 10) -> bool:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def _alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    state = subprocess.run(  # noqa: S603 - a number is all it is given
        ["ps", "-o", "stat=", "-p", str(pid)],  # noqa: S607 - wherever ps is
        check=False,
        capture_output=True,
        text=True,
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Let the next processes run some lines of Python instead of ``genrebot``."""
    script = tmp_path / "program"
    head = f"#!{sys.executable}\nimport os, signal, subprocess, sys, time\n"
    monkeypatch.setattr(sys, "executable", str(script))

    def write(code: str) -> None:
        script.write_text(f"{head}{code}\n")
        script.chmod(0o755)

    return write


SLEEP = "time.sleep(60)"
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


def test_a_stop_ends_all(program: Callable[[str], None]) -> None:
    """Also when the body ends with an exception."""
    program(SLEEP)
    pids: list[int] = []

    def work() -> None:
        with Processes({}) as processes:
            processes.start("a", [])
            processes.start("b", [])
            pids.extend(process.pid for process in processes._running.values())
            assert processes.ended() is None
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert len(pids) == 2
    assert not any(map(_alive, pids))


def test_who_does_not_listen_is_killed_with_all_children(
    program: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After the time of grace, and the rest of its session with it."""
    monkeypatch.setattr(module, "STOP_GRACE_S", 0.3)
    log = tmp_path / "log"
    program(f"child = subprocess.Popen(['sleep', '60']); print(child.pid, flush=True); {DEAF}")
    with log.open("wb") as output, Processes({}, output) as processes:
        processes.start("a", [])
        pid = processes._running["a"].pid
        assert _eventually(lambda: b"deaf" in log.read_bytes())
    assert not _alive(pid)
    assert _eventually(lambda: not _alive(int(log.read_text().split()[0])))
    assert f"killed the a (process {pid}): it had not ended 0.3 s after" in log.read_text()


def test_what_a_process_leaves_behind_is_killed(
    program: Callable[[str], None], tmp_path: Path
) -> None:
    """It ended when asked to; its child did not."""
    log = tmp_path / "log"
    program(f"child = subprocess.Popen(['sleep', '60']); print(child.pid, flush=True); {SLEEP}")
    with log.open("wb") as output, Processes({}, output) as processes:
        processes.start("a", [])
        assert _eventually(lambda: log.read_bytes().endswith(b"\n"))
    assert "killed what the a" in log.read_text()
    assert _eventually(lambda: not _alive(int(log.read_text().split()[0])))


def test_a_second_interrupt_ends_the_waiting_and_the_children(
    program: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Somebody who presses Ctrl-C twice is in a hurry, and wants nothing left behind."""
    log = tmp_path / "log"
    program(DEAF)
    with log.open("wb") as output:
        processes = Processes({}, output)
        processes.start("a", [])
        pid = processes._running["a"].pid
        assert _eventually(lambda: b"deaf" in log.read_bytes())
        patience = subprocess.Popen.wait

        def interrupt(process: "subprocess.Popen[bytes]", timeout: float | None = None) -> int:
            if timeout is not None:
                raise KeyboardInterrupt
            return patience(process)

        monkeypatch.setattr(subprocess.Popen, "wait", interrupt)
        with pytest.raises(KeyboardInterrupt):
            processes.stop()
    assert not _alive(pid)
    assert "a second request to end" in log.read_text()


def test_an_early_end_is_noticed(program: Callable[[str], None]) -> None:
    """With the name and the exit code of who has gone."""
    program("sys.exit(3)")
    with Processes({}) as processes:
        processes.start("bot", [])
        assert processes.wait() == ("bot", 3)
        assert processes.ended() == ("bot", 3)


def test_kill_is_a_power_cut(program: Callable[[str], None]) -> None:
    """The others live on, and the killed one does not count as ended early."""
    program(DEAF)
    with Processes({}) as processes:
        processes.start("a", [])
        processes.start("b", [])
        a, b = (process.pid for process in processes._running.values())
        processes.kill("a")
        assert not _alive(a)
        assert _alive(b)
        assert processes.ended() is None
        processes.kill("b")


def test_settings_reach_the_children_and_output_the_log(
    program: Callable[[str], None], tmp_path: Path
) -> None:
    """On top of our own environment; both streams go to one file."""
    program("print(os.environ['X'], 'PATH' in os.environ); print('e', file=sys.stderr)")
    log = tmp_path / "log"
    with log.open("wb") as output, Processes({"X": "y"}, output) as processes:
        processes.start("a", [])
        assert processes.wait() == ("a", 0)
    assert sorted(log.read_text().split("\n")) == ["", "e", "y True"]


def test_a_child_is_out_of_the_terminals_reach(program: Callable[[str], None]) -> None:
    """Ctrl-C goes to the whole group of the terminal: the children are told by us alone."""
    program(SLEEP)
    with Processes({}) as processes:
        processes.start("a", [])
        pid = processes._running["a"].pid
        assert os.getpgid(pid) == os.getsid(pid) == pid
