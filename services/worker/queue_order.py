"""The order in which a worker looks into the queues (``scheduling.policy`` says why)."""

from collections.abc import Iterable
from typing import Final

from shared.queue.tasks import QueueName
from shared.scheduling.policy import AGING_LIMIT

_RANKS: Final = {queue.value: rank for rank, queue in enumerate(QueueName)}


class ShortestFirst:
    """Kombu's ``queue_order_strategy``: short tracks first, but no queue is passed over for ever.

    Kombu's Redis transport asks ``consume`` before each look, calls ``rotate`` with the queue that
    it took a message from, and ``update`` with the queues that there are. It looks into the queues
    in the order given, so an empty one costs nothing wherever it is.

    A queue that is never empty gets every fifth task, however many tasks shorter ones have.
    """

    def __init__(self, queues: Iterable[str] = ()) -> None:
        self._passed_over: dict[str, int] = {}
        self.update(queues)

    def update(self, queues: Iterable[str]) -> None:
        """Set which queues there are."""
        self._passed_over = {queue: self._passed_over.get(queue, 0) for queue in queues}

    def consume(self, count: int) -> list[str]:
        """Return the first ``count`` queues in the order in which to look into them."""
        return sorted(self._passed_over, key=self._priority)[:count]

    def rotate(self, last_used: str) -> str:
        """Note that a message was taken from this queue and from no other."""
        for queue in self._passed_over:
            self._passed_over[queue] = 0 if queue == last_used else self._passed_over[queue] + 1
        return last_used

    def _priority(self, queue: str) -> tuple[int, int]:
        passed_over = self._passed_over[queue]
        aged = -passed_over if passed_over >= AGING_LIMIT else 0
        return (aged, _RANKS.get(queue, len(_RANKS)))
