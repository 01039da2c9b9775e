"""Whoever is started here ends with the one that started it, even by SIGKILL."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import HANG_S, descendants, lives, until

pytestmark = pytest.mark.processes

PARENT = """
import sys, time
from pathlib import Path
from devtools.local.processes import Processes
from devtools.local.valkey import embedded_valkey
folder, child = map(Path, sys.argv[1:])
with embedded_valkey(folder / "queue") as url:
    with Processes({"URL": url}, program=[child]) as processes:
        processes.start("a", [])
        time.sleep(600)
"""
CHILD = """
import os, signal, sys, time
from pathlib import Path
from redis import Redis
from devtools.local import lifeline
redis = Redis.from_url(os.environ["URL"])
def end(*_):
    redis.set("last words", "here")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
lifeline.watch()
redis.set("child", os.getpid())
Path(sys.argv[0]).with_name("ready").write_text(os.environ["URL"])
while True:
    time.sleep(0.05)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda n: n.name)
def test_all_end_with_their_parent(tmp_path: Path, number: signal.Signals) -> None:
    """The child is asked to end while the server is still there, then the server; all by itself."""
    child, ready = tmp_path / "child.py", tmp_path / "ready"
    child.write_text(CHILD)
    parent = subprocess.Popen(  # noqa: S603 - our own lines
        [sys.executable, "-c", PARENT, str(tmp_path), str(child)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        until(ready.exists)
        family = descendants(parent.pid)
        assert len(family) >= 3, "child, server and guard"
        parent.send_signal(number)
        parent.wait(HANG_S)
        until(lambda: not any(map(lives, family)))
    finally:
        parent.kill()
        parent.wait()
    if number is signal.SIGKILL:  # by SIGTERM Python ends on the spot just as well
        kept = (tmp_path / "queue" / "appendonlydir").glob("*.incr.aof")
        assert b"last words" in b"".join(path.read_bytes() for path in kept)
