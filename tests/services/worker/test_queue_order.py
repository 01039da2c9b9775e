"""Short before long; and however many short ones come, the long ones get their share."""

from collections import Counter

import pytest
from celery import Celery
from kombu.connection import Connection

from services.worker.queue_order import ShortestFirst
from shared.queue.tasks import QueueName
from shared.scheduling.policy import AGING_LIMIT

ALL = [queue.value for queue in reversed(QueueName)]


def _serve(order: ShortestFirst, waiting: dict[str, int], tasks: int) -> list[str]:
    """Take tasks as a look through the queues would find them; the queues they came from."""
    taken = []
    for _ in range(tasks):
        queue = next(name for name in order.consume(len(ALL)) if waiting.get(name))
        waiting[queue] -= 1
        order.rotate(queue)
        taken.append(queue)
    return taken


def test_short_goes_before_medium_before_long() -> None:
    """Whatever order the queues are named in."""
    assert ShortestFirst(ALL).consume(3) == [QueueName.SHORT, QueueName.MEDIUM, QueueName.LONG]


def test_a_few_short_tasks_pass_all_that_wait() -> None:
    """As many as one short track has: it waits for nothing but what is being worked on."""
    waiting = {QueueName.SHORT.value: AGING_LIMIT, QueueName.LONG.value: 50}
    assert _serve(ShortestFirst(ALL), waiting, AGING_LIMIT + 1) == [
        QueueName.SHORT
    ] * AGING_LIMIT + [QueueName.LONG]


@pytest.mark.parametrize(
    ("others", "share"),
    [({QueueName.LONG: 1000}, 5), ({QueueName.LONG: 1000, QueueName.MEDIUM: 1000}, 5)],
)
def test_a_stream_of_short_tasks_does_not_starve_the_long(
    others: dict[QueueName, int], share: int
) -> None:
    """Every fifth task goes to those that wait, in turn."""
    waiting = {QueueName.SHORT.value: 1000} | {queue.value: many for queue, many in others.items()}
    taken = Counter(_serve(ShortestFirst(ALL), waiting, 500))
    for queue in others:
        assert taken[queue.value] >= 500 // share - 1
    assert taken[QueueName.SHORT] >= 500 * 0.6


def test_an_empty_queue_takes_nobodys_turn() -> None:
    """A long task that comes after many short ones is served once, then they go on."""
    order, waiting = ShortestFirst(ALL), {QueueName.SHORT.value: 100}
    _serve(order, waiting, 20)
    waiting[QueueName.LONG.value] = 10
    assert _serve(order, waiting, 3) == [QueueName.LONG, QueueName.SHORT, QueueName.SHORT]


def test_one_queue_alone_is_served_alone() -> None:
    """As ``genrebot worker --queue long`` asks for."""
    order = ShortestFirst()
    order.update([QueueName.LONG.value])
    assert order.consume(1) == [QueueName.LONG]
    assert order.rotate(QueueName.LONG.value) == QueueName.LONG
    order.update([])
    assert order.consume(0) == []


def test_the_workers_consumer_uses_it(app: Celery) -> None:
    """Kombu finds it by its name, and looks into the queues in this order."""
    with Connection(  # type: ignore[no-untyped-call]
        app.conf.broker_url, transport_options=app.conf.broker_transport_options
    ) as connection:
        channel = connection.channel()
        for name in ALL:
            channel.basic_consume(name, no_ack=True, callback=lambda _: None, consumer_tag=name)
        assert channel._queue_cycle.consume(3) == [
            QueueName.SHORT,
            QueueName.MEDIUM,
            QueueName.LONG,
        ]
        for name in ALL:
            channel.basic_cancel(name)
