"""A stand to try the frame around steps on, with bodies of a test's own."""

from collections.abc import Callable
from typing import Any

from celery import Celery

from services.worker.resources import Resources, resources
from services.worker.runner import step
from shared.broker import Lane, Step, broker_app, send
from shared.messages import JobMessage, SegmentMessage
from shared.settings import LimitSettings, RedisSettings
from tests.shared.samples import received
from tests.worker.hand import Hand, Sent


class Stand:
    """An application of our own whose steps do what a test says."""

    def __init__(self, redis: RedisSettings) -> None:
        self.app: Celery = broker_app(redis, LimitSettings())
        self.own: Resources = resources(self.app)
        self.hand = Hand(self.app, self.own.spool.redis)
        self.runs: list[object] = []
        self.state = ""
        """Celery's state of the task that ``fail_with`` ran."""

    def step(self, body: Callable[[Resources, Any], None], name: Step = Step.CONVERT) -> None:
        """Make a step of a body; how often it ran stands in ``runs``."""

        def counted(own: Resources, message: Any) -> None:
            self.runs.append(message)
            body(own, message)

        self.app.tasks.pop(name.value, None)
        of_segments = name is Step.FEATURIZE
        step(self.app, name, SegmentMessage if of_segments else JobMessage)(counted)

    def send(self, job_id: str, name: Step = Step.CONVERT, **fields: Any) -> Sent:
        """Send a step and take it off the queue again."""
        message = SegmentMessage if name is Step.FEATURIZE else JobMessage
        send(self.app, name, message(job_id=job_id, **fields), lane=Lane.LONG, limit_s=200)
        return self.hand.take()

    def fail_with(self, error: Exception, name: Step = Step.CONVERT, **request: Any) -> str:
        """Run a step whose body raises, for a new job; the job's id."""

        def body(_own: Resources, _message: JobMessage) -> None:
            raise error

        self.step(body, name)
        job_id = received(self.own.jobs)
        self.state = self.hand.run(self.send(job_id, name), **request)
        return job_id
