"""The Celery application: ``celery -A services.worker.celery_app worker``.

Everything that decides whether a task can be lost or run twice is set here; the reasons are in
docs/decisions/0004-delivery.md.
"""

import os

# One thread each for the numeric libraries: tasks run in parallel already, and a thread pool that
# was started before a fork does not work after it. Must precede their first import.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

from shared.music.model.catboost_import import import_catboost  # noqa: E402

# Before the model's module imports it: a worker uses no data frames.
import_catboost(without_pandas=True)

from celery import Celery  # noqa: E402

from shared.queue.celery_config import broker_app  # noqa: E402
from shared.settings import LimitSettings, RedisSettings  # noqa: E402

SOFT_SHUTDOWN_S = 20.0
"""Seconds that a worker which is told to stop at once (SIGQUIT) gives its running tasks before it
returns them to the queue; for SIGTERM see ``services.worker.shutdown``."""
CHILD_START_S = 120.0
"""Seconds that a pool process may take to start; Celery's 4 s are too few on a slow machine."""


def worker_app(redis: RedisSettings, limits: LimitSettings) -> Celery:
    """Make the application with its tasks and the worker's part of the configuration."""
    app = broker_app(redis, limits)
    transport = {"queue_order_strategy": f"{__package__}.queue_order:ShortestFirst"}
    app.conf.update(
        broker_transport_options=app.conf.broker_transport_options | transport,
        include=[
            f"{__package__}.lifecycle",
            f"{__package__}.shutdown",
            f"{__package__}.tasks.ingest",
            f"{__package__}.tasks.convert",
            f"{__package__}.tasks.featurize",
            f"{__package__}.tasks.classify",
            f"{__package__}.tasks.reply",
        ],
        # A task is acknowledged when it has ended, and goes back when its process dies;
        # services.worker.execution.task_run bounds how often.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        worker_enable_soft_shutdown_on_idle=True,
        worker_hijack_root_logger=False,
        worker_proc_alive_timeout=CHILD_START_S,
        worker_send_task_events=True,
        worker_soft_shutdown_timeout=SOFT_SHUTDOWN_S,
    )
    app.set_default()
    return app


app = worker_app(RedisSettings(), LimitSettings())
