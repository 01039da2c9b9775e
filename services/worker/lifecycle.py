"""What a worker does besides tasks: it sets up logs, warms up before the fork, and sweeps."""

import logging
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from celery.signals import (
    setup_logging,
    task_rejected,
    task_unknown,
    worker_init,
    worker_ready,
    worker_shutting_down,
)
from kombu.exceptions import OperationalError
from pydantic import ValidationError
from redis.exceptions import RedisError

from services.worker.context import WorkerContext, worker_context
from services.worker.execution import recovery
from shared import logs
from shared.errors import ModelError
from shared.store.heartbeat import HEARTBEAT_TTL_S
from shared.store.keys import worker_heartbeat_key
from shared.store.throughput import WorkerRegistration

logger = logging.getLogger(__name__)

SWEEPS_PER_LEASE = 4
"""How often each worker looks for lost tasks within the length of a lease."""
_stopping = threading.Event()


@setup_logging.connect
def set_up_logging(loglevel: int = logging.INFO, **_: object) -> None:
    """Log as the other services do; Celery's own set-up would show the token in addresses."""
    logs.configure(logging.getLevelName(loglevel))


@worker_init.connect
def warm_up(sender: Any, **_: object) -> None:
    """Load, compute and draw once in the parent process; every child inherits it when forked.

    Raises:
        SystemExit: the settings or the model do not work. Celery ignores any other error here,
            and the worker would then fail every job.

    """
    from shared.music.features import fast  # noqa: PLC0415 - heavy, only workers warm up
    from shared.music.rendering import figure  # noqa: PLC0415
    from shared.music.tagging import chunk_tags  # noqa: PLC0415

    started = time.monotonic()
    try:
        ctx = worker_context(sender.app)
        model, tagger, analyse_chunk = ctx.model, ctx.tagger, ctx.analyse_chunk
    except ModelError as error:
        sys.exit(str(error))
    except ValidationError as error:
        sys.exit("; ".join(f"{item['loc']}: {item['msg']}" for item in error.errors()))
    if analyse_chunk is fast.analyse_chunk:  # librosa is warm once it is loaded
        fast.warm_up()
    chunk_tags.warm_up(tagger)
    figure.warm_up()
    logger.info("warm after %.1f s, model %s", time.monotonic() - started, model.name)


@task_unknown.connect
@task_rejected.connect
def set_aside(
    sender: Any, message: Any, exc: Exception | None = None, name: str = "unknown", **_: object
) -> None:
    """Keep a message that names no task of this release, or that Celery cannot read."""
    try:
        worker_context(sender.app).dead_letters.add(name, message.body, repr(exc))
    except RedisError as error:
        logger.warning("a message that was not understood is lost: %s", error)


@worker_ready.connect
def start_sweeping(sender: Any, **_: object) -> None:
    """Start the thread that looks for lost tasks and jobs, in the parent: no task blocks it."""
    _stopping.clear()
    threading.Thread(
        target=_sweep,
        args=(sender.app, str(sender.hostname), int(sender.controller.concurrency)),
        name="sweeper",
        daemon=True,
    ).start()


@worker_shutting_down.connect
def stop_sweeping(**_: object) -> None:
    """Stop that thread, and leave lost tasks to other workers."""
    _stopping.set()


def _sweep(app: Any, hostname: str, processes: int) -> None:
    ctx: WorkerContext = worker_context(app)
    registration = WorkerRegistration(hostname, processes, ctx.version)
    while not _stopping.is_set():
        try:
            ctx.jobs.redis.set(worker_heartbeat_key(hostname), "1", ex=HEARTBEAT_TTL_S)
            registration.announce(ctx.jobs.redis)
            ctx.leases.sweep(app)
            recovery.sweep(ctx)
            ctx.uploads.drop_expired()
        except (RedisError, OperationalError) as error:
            logger.warning("the sweep could not reach Redis: %s", error)
        except Exception:  # nothing else in this process looks for lost tasks
            logger.exception("the sweep has a defect; it goes on")
        _stopping.wait(ctx.job_settings.lease_s / SWEEPS_PER_LEASE)
    with suppress(RedisError):  # then the registration expires
        registration.withdraw(ctx.jobs.redis)
