"""In which order a worker looks into the queues: short before long, and nobody never."""

from collections.abc import Iterable
from typing import Final

from shared.queue.celery_config import QueueName

AGING_LIMIT: Final = 4
"""Tasks of other queues after which a queue is served first; so at least every fifth task is one
of a queue that is not empty, every tenth where the two longer ones both wait."""

_RANKS: Final = {queue.value: rank for rank, queue in enumerate(QueueName)}


class ShortestFirst:
    """The order of kombu's Redis transport (``queue_order_strategy``), one for each worker.

    Kombu asks with ``consume`` before each look, says with ``rotate`` which queue it has
    taken a message from, and with ``update`` which queues there are. A look goes through
    the queues as they come, so one that is empty costs nothing wherever it stands.
    """

    def __init__(self, queues: Iterable[str] = ()) -> None:
        self._passed: dict[str, int] = {}
        self.update(queues)

    def update(self, queues: Iterable[str]) -> None:
        """Take over which queues there are."""
        self._passed = {queue: self._passed.get(queue, 0) for queue in queues}

    def consume(self, count: int) -> list[str]:
        """Return the first ``count`` queues in the order in which to look into them."""
        return sorted(self._passed, key=self._turn)[:count]

    def rotate(self, last_used: str) -> str:
        """Note that a message was taken from a queue, and was not from the others."""
        for queue in self._passed:
            self._passed[queue] = 0 if queue == last_used else self._passed[queue] + 1
        return last_used

    def _turn(self, queue: str) -> tuple[int, int]:
        passed = self._passed[queue]
        return (-passed if passed >= AGING_LIMIT else 0, _RANKS.get(queue, len(_RANKS)))
