"""Workers whose time is made up: real queues, real stores, the real order, and no work.

Each task takes as long as a table says, give or take; what it does to the job's state, and what
it sends, happens for real. So hours of work pass in seconds, and every forecast that is made on
the way can be held against the moment when the job was answered.
"""

import heapq
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from random import Random
from typing import cast

from services.bot.intake import Intake
from services.worker.order import ShortFirst
from services.worker.resources import Resources
from shared.broker import Lane, Step
from shared.effort import effort_s
from shared.messages import Plan, Track
from shared.music.constants import CHUNK_SECONDS
from shared.outlook import Outlook, Prospect
from shared.speed import Post
from shared.stages import Stage
from tests.worker.hand import Sent

STAGES = {
    Step.INGEST: Stage.FETCHING,
    Step.CONVERT: Stage.CONVERTING,
    Step.FEATURIZE: Stage.FEATURIZING,
    Step.CLASSIFY: Stage.CLASSIFYING,
    Step.REPLY: Stage.REPLYING,
}


@dataclass(frozen=True)
class Machine:
    """What tasks cost, in seconds of one process."""

    slowness: float = 1.0
    """Over two plain cores that nobody else uses."""
    scatter: float = 0.3
    """Standard deviation of the logarithm of each task's time."""

    def seconds(self, step: Step, effort: float, audio_s: float, random: Random) -> float:
        """Draw how long a task takes."""
        plain = {
            Step.INGEST: 0.2,
            Step.CONVERT: 0.1 + 0.0015 * audio_s,
            Step.FEATURIZE: 0.02 + 0.0087 * effort,
            Step.CLASSIFY: 0.4,
            Step.REPLY: 0.3,
        }[step]
        return plain * self.slowness * random.lognormvariate(0, self.scatter)


@dataclass
class Course:
    """How it went with one track."""

    track: Track
    sent_at: float
    told: Prospect
    """What was forecast the moment it was queued."""
    ended_at: float = 0.0

    @property
    def took_s(self) -> float:
        """Seconds from the queue to the answer."""
        return self.ended_at - self.sent_at

    @property
    def ratio(self) -> float:
        """What it took over what was told."""
        return self.took_s / self.told.left_s


@dataclass
class VirtualWorkers:
    """One worker of several processes, in a time of its own."""

    own: Resources
    processes: int
    machine: Machine
    random: Random
    now: float = 0.0
    courses: dict[str, Course] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._order = ShortFirst(Lane)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._free = self.processes
        self._intake = Intake(
            self.own.jobs,
            self.own.flow._app,
            self.own.limits,
            on_job=lambda _: None,
            on_delay=lambda _: None,
        )

    def receive(self, track: Track, at: float) -> None:
        """Let somebody send a track at some time, and note what they are told."""

        def enqueue() -> None:
            assert self._intake._enqueue(track) is None, "turned away"
            self.courses[track.job_id] = Course(track, at, self.forecast()[track.job_id])

        self._at(at, enqueue)

    def forecast(self) -> dict[str, Prospect]:
        """What is to be told of every job now."""
        Post("virtual", self.processes, "v").announce(self.own.jobs.redis)
        return dict(Outlook(self.own.jobs.redis, self.own.job_settings).prospects())

    def run(self, until: float = float("inf")) -> None:
        """Let time pass, until nothing is left to do."""
        while self._events and self._events[0][0] <= until:
            self.now, _, happen = heapq.heappop(self._events)
            happen()
            while self._free and self._take():
                self._free -= 1

    def _at(self, when: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._numbers), happen))

    def _take(self) -> bool:
        redis = self.own.jobs.redis
        for lane in self._order.consume(len(Lane)):
            raw = cast("str | None", redis.rpop(lane))
            if raw is not None:
                self._order.rotate(lane)
                self._begin(Sent(Lane(lane), json.loads(raw)))
                return True
        return False

    def _begin(self, sent: Sent) -> None:
        job_id, segment = sent.message["job_id"], sent.message.get("segment", 0)
        track = self.courses[job_id].track
        plan = self.own.jobs.plan(job_id)
        stage = STAGES[sent.step]
        self.own.jobs.advance(
            job_id, Stage.FEATURIZING if sent.step is Step.CONVERT and plan else stage
        )
        size_s = self.own.job_settings.segment_chunks * CHUNK_SECONDS
        segments = self.own.job_settings.slice_segments if sent.step is Step.CONVERT else 1
        start_s = segment * size_s
        end_s = min(cast("float", track.duration_s), start_s + segments * size_s)
        effort = effort_s(end_s) - effort_s(start_s)
        seconds = self.machine.seconds(sent.step, effort, end_s - start_s, self.random)

        def end() -> None:
            self._free += 1
            self.own.meter.took(sent.step, seconds)
            if sent.step is Step.FEATURIZE:
                self.own.meter.heard(effort)
            self._end(sent.step, track, segment, plan)

        self._at(self.now + seconds, end)

    def _end(self, step: Step, track: Track, segment: int, plan: Plan | None) -> None:
        own, job_id = self.own, track.job_id
        if step is Step.INGEST:
            own.flow.convert(job_id, track.duration_s)
        elif step is Step.CONVERT:
            self._cut(track, segment)
        elif step is Step.FEATURIZE:
            assert plan is not None
            own.flow.segment_done(
                job_id, plan, segment, own.jobs.cuts.segment_done(job_id, segment)
            )
        elif step is Step.CLASSIFY:
            own.flow.reply(job_id)
        else:
            own.jobs.advance(job_id, Stage.DONE)
            self.courses[job_id].ended_at = self.now
            own.flow.start(own.jobs.turns.admit(track.person))

    def _cut(self, track: Track, before: int) -> None:
        own, settings = self.own, self.own.job_settings
        length_s = cast("float", track.duration_s)
        chunks = ceil(length_s / CHUNK_SECONDS)
        in_all = ceil(chunks / settings.segment_chunks)
        after = min(in_all, before + settings.slice_segments)
        plan = Plan.of(
            duration_s=length_s,
            n_chunks=chunks,
            segment_chunks=settings.segment_chunks,
            columns=1,
            complete=after == in_all,
        )
        put = own.jobs.cuts.put(track.job_id, before, after, plan)
        assert put is not None
        own.flow.slice_put(track.job_id, plan, put, after)
