"""What happens in a worker besides tasks: the warm-up before the fork, the sweep, the pulse."""

import logging
import threading
import time
from typing import Any

from celery.signals import worker_init, worker_ready, worker_shutting_down
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from services.worker.resources import Resources, resources
from shared.connection import key

logger = logging.getLogger(__name__)

SWEEP_EVERY_S = 5.0
PULSE_TTL_S = 30
_stopping = threading.Event()


@worker_init.connect
def warm_up(sender: Any, **_: object) -> None:
    """Compile, load and draw once in the parent; every child inherits it when forked."""
    from shared.music import features, picture  # noqa: PLC0415 - heavy, and only workers warm up

    started = time.monotonic()
    own = resources(sender.app)
    features.warm_up()
    picture.warm_up()
    logger.info("warm after %.1f s, model %s", time.monotonic() - started, own.model.name)


@worker_ready.connect
def start_sweeping(sender: Any, **_: object) -> None:
    """Look after leases from a thread of the parent, which no task can hold up."""
    _stopping.clear()
    threading.Thread(
        target=_sweep, args=(sender.app, str(sender.hostname)), name="sweeper", daemon=True
    ).start()


@worker_shutting_down.connect
def stop_sweeping(**_: object) -> None:
    """Leave the leases to other workers."""
    _stopping.set()


def pulse_key(hostname: str) -> str:
    """Key that exists while the worker of this name lives."""
    return key("worker", "alive", hostname)


def _sweep(app: Any, hostname: str) -> None:
    own: Resources = resources(app)
    while not _stopping.is_set():
        try:
            own.jobs.redis.set(pulse_key(hostname), "1", ex=PULSE_TTL_S)
            own.leases.sweep(app)
        except (RedisError, OperationalError) as error:
            logger.warning("the sweep could not reach Redis: %s", error)
        _stopping.wait(SWEEP_EVERY_S)
