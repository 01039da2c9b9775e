"""The end of a worker, bounded: running tasks have some time to end, then go back to the queue.

Celery's warm shutdown (SIGTERM, Ctrl-C) waits for running tasks as long as they take, and for
its processes as long as they live. Whoever stops a worker does not wait that long.
"""

import logging
import os
import signal
import threading
from functools import partial
from typing import Any, Final

from celery.signals import worker_init, worker_shutting_down
from celery.worker import state

logger = logging.getLogger(__name__)

TASK_GRACE_S: Final = 20.0
"""Seconds that running tasks have to end after SIGTERM or Ctrl-C; after that they are stopped,
and run again on another worker."""
KILL_AFTER_S: Final = 5.0
"""Seconds after that until the worker is killed, with its processes."""

_begun = threading.Event()


@worker_init.connect
def _configure(sender: Any, **_: object) -> None:
    worker_shutting_down.connect(partial(_bound, sender.app), weak=False)


def _bound(app: Any, sig: str, how: str, **_: object) -> None:
    """Start the clock, once."""
    if how != "Warm" or _begun.is_set():
        return
    _begun.set()
    threading.Thread(target=_run_out, args=(app, sig), name="shutdown", daemon=True).start()


def _run_out(app: Any, sig: str) -> None:
    """Wait, in a thread that ends with the process; act where the process is still there."""
    threading.Event().wait(TASK_GRACE_S)
    for request in tuple(state.active_requests):
        logger.warning(
            "%s[%s] is stopped: still running %.0f s after %s; it runs again on another worker",
            *(request.name, request.id, TASK_GRACE_S, sig),
        )
    app.conf.worker_soft_shutdown_timeout = 0  # that time is over
    os.kill(os.getpid(), signal.SIGQUIT)
    threading.Event().wait(KILL_AFTER_S)
    logger.error(
        "killed, with its processes: the worker had not ended %.0f s after %s",
        *(TASK_GRACE_S + KILL_AFTER_S, sig),
    )
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
