"""Workers in simulated time: real queues, real stores, the real order, and no work.

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

from services.bot.estimation.eta import QueueEstimate, QueueEstimator
from services.bot.submission import JobSubmitter
from services.worker.context import WorkerContext
from services.worker.queue_order import ShortestFirst
from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.domain.track import Track
from shared.music.constants import CHUNK_SECONDS
from shared.queue.tasks import QueueName, TaskName
from shared.store.throughput import WorkerRegistration
from tests.services.worker.manual_worker import Sent

STATES = {
    TaskName.INGEST: JobState.FETCHING,
    TaskName.CONVERT: JobState.CONVERTING,
    TaskName.FEATURIZE: JobState.FEATURIZING,
    TaskName.CLASSIFY: JobState.CLASSIFYING,
    TaskName.REPLY: JobState.REPLYING,
}


@dataclass(frozen=True)
class Machine:
    """What tasks cost, in seconds of one process."""

    slowness: float = 1.0
    """Over two plain cores that nobody else uses."""
    scatter: float = 0.3
    """Standard deviation of the logarithm of each task's time."""

    def seconds(self, task_name: TaskName, audio_s: float, random: Random) -> float:
        """Draw how long a task takes."""
        plain = {
            TaskName.INGEST: 0.2,
            TaskName.CONVERT: 0.1 + 0.0015 * audio_s,
            TaskName.FEATURIZE: 0.02 + 0.0065 * audio_s,
            TaskName.CLASSIFY: 0.4,
            TaskName.REPLY: 0.3,
        }[task_name]
        return plain * self.slowness * random.lognormvariate(0, self.scatter)


@dataclass
class TrackRun:
    """One track, from the queue to the reply."""

    track: Track
    sent_at: float
    told: QueueEstimate
    """The estimate at the moment it was queued."""
    ended_at: float = 0.0

    @property
    def took_s(self) -> float:
        """Seconds from the queue to the reply."""
        return self.ended_at - self.sent_at

    @property
    def ratio(self) -> float:
        """Ratio of the time taken to the estimate."""
        return self.took_s / self.told.left_s


@dataclass
class SimulatedWorkers:
    """One worker of several processes, in simulated time."""

    ctx: WorkerContext
    processes: int
    machine: Machine
    random: Random
    now: float = 0.0
    runs: dict[str, TrackRun] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._order = ShortestFirst(QueueName)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._free = self.processes
        self._intake = JobSubmitter(
            self.ctx.jobs,
            self.ctx.dispatcher._app,
            self.ctx.limits,
            on_job=lambda _: None,
            on_delay=lambda _: None,
        )

    def receive(self, track: Track, at: float) -> None:
        """Let a user send a track at some time, and keep the estimate."""

        def enqueue() -> None:
            assert self._intake._enqueue(track) is None, "turned away"
            self.runs[track.job_id] = TrackRun(track, at, self.forecast()[track.job_id])

        self._at(at, enqueue)

    def forecast(self) -> dict[str, QueueEstimate]:
        """Return the estimates of all jobs now."""
        WorkerRegistration("simulated", self.processes, "v").announce(self.ctx.jobs.redis)
        return dict(QueueEstimator(self.ctx.jobs.redis, self.ctx.job_settings).estimates())

    def run(self, until: float = float("inf")) -> None:
        """Let time pass until nothing is left to do."""
        while self._events and self._events[0][0] <= until:
            self.now, _, happen = heapq.heappop(self._events)
            happen()
            while self._free and self._take():
                self._free -= 1

    def _at(self, when: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._numbers), happen))

    def _take(self) -> bool:
        redis = self.ctx.jobs.redis
        for queue in self._order.consume(len(QueueName)):
            raw = cast("str | None", redis.rpop(queue))
            if raw is not None:
                self._order.rotate(queue)
                self._begin(Sent(QueueName(queue), json.loads(raw)))
                return True
        return False

    def _begin(self, sent: Sent) -> None:
        job_id, segment = sent.message["job_id"], sent.message.get("segment", 0)
        track = self.runs[job_id].track
        plan = self.ctx.jobs.plan(job_id)
        state = STATES[sent.task_name]
        self.ctx.jobs.advance(
            job_id, JobState.FEATURIZING if sent.task_name is TaskName.CONVERT and plan else state
        )
        size_s = self.ctx.job_settings.segment_chunks * CHUNK_SECONDS
        segments = self.ctx.job_settings.slice_segments if sent.task_name is TaskName.CONVERT else 1
        start_s = segment * size_s
        end_s = min(cast("float", track.duration_s), start_s + segments * size_s)
        audio_s = end_s - start_s
        seconds = self.machine.seconds(sent.task_name, audio_s, self.random)

        def end() -> None:
            self._free += 1
            self.ctx.cost_recorder.took(sent.task_name, seconds)
            if sent.task_name is TaskName.FEATURIZE:
                self.ctx.cost_recorder.featurized(audio_s)
            self._end(sent.task_name, track, segment, plan)

        self._at(self.now + seconds, end)

    def _end(self, task_name: TaskName, track: Track, segment: int, plan: Plan | None) -> None:
        ctx, job_id = self.ctx, track.job_id
        if task_name is TaskName.INGEST:
            ctx.dispatcher.convert(job_id, track.duration_s)
        elif task_name is TaskName.CONVERT:
            self._cut(track, segment)
        elif task_name is TaskName.FEATURIZE:
            assert plan is not None
            progress = ctx.jobs.segment_progress.complete_segment(job_id, segment)
            ctx.dispatcher.segment_completed(job_id, plan, progress)
        elif task_name is TaskName.CLASSIFY:
            ctx.dispatcher.reply(job_id)
        else:
            ctx.jobs.advance(job_id, JobState.DONE)
            self.runs[job_id].ended_at = self.now
            ctx.dispatcher.start(ctx.jobs.user_slots.admit(track.user))

    def _cut(self, track: Track, before: int) -> None:
        ctx, settings = self.ctx, self.ctx.job_settings
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
        progress = ctx.jobs.segment_progress.commit_slice(track.job_id, before, after, plan)
        assert progress is not None
        ctx.dispatcher.slice_committed(track.job_id, plan, progress, after)
