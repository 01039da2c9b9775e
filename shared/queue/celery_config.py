"""One Celery configuration for both ends of the queue.

The bot sends tasks by name and imports no module of the worker. On a shared broker the shortest
visibility timeout wins, so both ends take it from here.
"""

from typing import Final

from celery import Celery
from kombu.entity import Queue

from shared.queue.tasks import QueueName, visibility_timeout_s
from shared.settings import LimitSettings, RedisSettings

RESULT_EXPIRES_S: Final = 3600
"""Seconds that Celery keeps a task's result. Results are empty: the state is in the job."""
HEALTH_CHECK_INTERVAL_S: Final = 10


def broker_app(redis: RedisSettings, limits: LimitSettings) -> Celery:
    """Make a Celery application that knows the broker and has no tasks."""
    url = redis.url.get_secret_value()
    transport = {
        "visibility_timeout": visibility_timeout_s(limits),
        "socket_connect_timeout": redis.connect_timeout_s,
        "socket_timeout": redis.socket_timeout_s,
        "socket_keepalive": True,
        "health_check_interval": HEALTH_CHECK_INTERVAL_S,
    }
    app = Celery("genrebot", broker=url, backend=url, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=redis.connect_timeout_s,
        broker_transport_options=transport,
        result_accept_content=["json"],
        result_backend_transport_options=transport,
        result_expires=RESULT_EXPIRES_S,
        result_serializer="json",
        task_default_queue=QueueName.SHORT,
        task_ignore_result=True,
        task_queues=[Queue(queue.value, routing_key=queue.value) for queue in QueueName],
        task_send_sent_event=True,
        task_serializer="json",
        visibility_timeout=visibility_timeout_s(limits),
    )
    return app
