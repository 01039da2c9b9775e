"""Plays the queues forward, as if work were a fluid: when is each workload done?

All running jobs are worked on at once, each as fast as the queues let it: short queues before
longer ones, a share of the processes for each queue that is passed over, and within a queue in
proportion to the tasks that each job keeps on it. When a job ends, the next one of its user
begins, and its followers get its result. The result is a mean: it knows nothing of tracks still to
come, of files that turn out to be known or damaged, and of how tasks happen to be ordered.

Jobs on one queue go on in proportion, so that queue has one clock for all of them: a job ends when
its queue's clock reaches a time known from the start (virtual time, as in fair queueing).
That makes ``n`` jobs cost ``n log n``.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from math import ceil, inf
from typing import Final

from services.bot.estimation.workload import Workload
from shared.queue.tasks import QueueName
from shared.scheduling.policy import AGING_SHARE
from shared.store.throughput import Speed

TIMELINE_STEP: Final = 0.05
"""Length of a period of the timeline, as a share of the time before it."""

_RANKS: Final = {queue: rank for rank, queue in enumerate(QueueName)}
_EPSILON: Final = 1e-9


@dataclass(frozen=True)
class Capacity:
    """What does the work, and under which rules."""

    processes: int
    speed: Speed
    max_inflight_segments: int = 8
    """Featurize tasks of one job that are on the queue at once."""
    jobs_per_user: int = 2


def finish_times(workloads: Iterable[Workload], capacity: Capacity) -> Mapping[str, float]:
    """Estimate when each job will be done.

    Args:
        workloads: All jobs that are not over, in the order in which they came.
        capacity: Has at least one process.

    Returns:
        Seconds from now, by the jobs' ids.

    """
    return simulate(workloads, capacity).ends


def simulate(workloads: Iterable[Workload], capacity: Capacity) -> "Forecast":
    """Play the queues forward.

    Args:
        workloads: All jobs that are not over, in the order in which they came.
        capacity: Has at least one process.

    """
    return _Simulation(list(workloads), capacity).run()


@dataclass(frozen=True)
class Forecast:
    """The result of a simulation."""

    ends: Mapping[str, float]
    """Seconds from now until each job is done, by the jobs' ids."""
    user_ends: Mapping[str, Sequence[float]]
    """The same for the jobs of each user, in ascending order."""
    timeline: Sequence[tuple[float, Sequence[float]]]
    """For periods one after the other: when they end, in seconds from now, and how many processes
    the jobs on each queue can keep busy, on average. The last one has no end. There are at most
    some hundred, however many jobs there are."""
    capacity: Capacity

    def one_more(self, workload: Workload) -> float:
        """Estimate when one more job would be done, without simulating all others anew.

        If it is held, it begins when its user has a free slot. That it delays others is ignored,
        but not that it shares its queue with them.

        Returns:
            Seconds from now.

        """
        follows = workload.leader in self.ends
        job = _job(workload, self.capacity, follows=follows)
        now = self._begins(workload.user) if workload.held else 0.0
        if follows:
            now = self.ends[str(workload.leader)]
        for end, wanted in self.timeline:
            while now < end:
                rank = job.rank
                rate = self._share(wanted, rank, job.width) * job.width
                step_s = min(end - now, (job.left_s - job.next_bound_s) / rate)
                now += step_s
                bound_s = job.next_bound_s
                job.left_s -= step_s * rate
                if job.left_s <= bound_s + _EPSILON:
                    job.left_s = bound_s
                if job.left_s <= 0:
                    return now
        raise AssertionError("the last period has no end")

    def _begins(self, user: str) -> float:
        """Seconds until one more job of a user gets a slot."""
        ends = self.user_ends.get(user, ())
        waits_for = len(ends) - self.capacity.jobs_per_user
        return ends[waits_for] if waits_for >= 0 else 0.0

    def _share(self, wanted: Sequence[float], rank: int, width: float) -> float:
        """Share of its processes that a job of a width would get on the queue of a rank."""
        more = [want + width * (number == rank) for number, want in enumerate(wanted)]
        return _shares(more, self.capacity.processes)[rank]


@dataclass
class _Job:
    """A running job. Its work is a mixture that is used up evenly."""

    workload: Workload
    left_s: float
    """Process seconds until it ends."""
    width: float
    """Processes that it can keep busy, on average."""
    thresholds: list[tuple[float, int]]
    """Process seconds left above which it is on the queue of a rank, the longest queue first."""

    @property
    def rank(self) -> int:
        """Rank of the queue that it is on; 0 is the shortest."""
        return next((rank for bound_s, rank in self.thresholds if self.left_s > bound_s), 0)

    @property
    def next_bound_s(self) -> float:
        """Process seconds left when it ends or moves to a shorter queue."""
        return max((bound_s for bound_s, _ in self.thresholds if bound_s < self.left_s), default=0)


class _Queue:
    """The running jobs on one queue."""

    def __init__(self) -> None:
        self.clock = 0.0
        """Seconds for which each job here has had all the processes that it can keep busy."""
        self.wanted = 0.0
        """Processes that all jobs here can keep busy."""
        self.share = 0.0
        """Share of the wanted processes that the jobs here get."""
        self._due: list[tuple[float, int, _Job]] = []
        self._order = count()

    def add(self, job: _Job) -> None:
        self.wanted += job.width
        due = self.clock + (job.left_s - job.next_bound_s) / job.width
        heappush(self._due, (due, next(self._order), job))

    def next_s(self) -> float:
        """Seconds until the first job here ends or moves on."""
        if not self._due:
            return inf
        return max(0.0, self._due[0][0] - self.clock) / self.share

    def advance(self, seconds: float) -> list[_Job]:
        """Let time go by; return the jobs that end or move on."""
        self.clock += seconds * self.share
        reached = []
        while self._due and self._due[0][0] <= self.clock + _EPSILON * (1 + self.clock):
            _, _, job = heappop(self._due)
            self.wanted -= job.width
            reached.append(job)
        if not self._due:
            self.wanted = 0.0  # what is left are errors of rounding
        return reached


class _Simulation:
    """One simulation; ``run`` is called once."""

    def __init__(self, workloads: list[Workload], capacity: Capacity) -> None:
        self._workloads = workloads
        self._capacity = capacity
        self._now = 0.0
        self._timeline: list[tuple[float, Sequence[float]]] = []
        self._period = [0.0] * len(_RANKS)
        """Sums for the period that the timeline does not have yet."""
        self._ends: dict[str, float] = {}
        self._queues = [_Queue() for _ in _RANKS]
        self._held: dict[str, deque[Workload]] = defaultdict(deque)
        self._slots_taken: dict[str, int] = defaultdict(int)
        self._followers: dict[str, list[Workload]] = defaultdict(list)
        known = {workload.job_id for workload in workloads}
        for workload in workloads:
            if workload.held:
                self._held[workload.user].append(workload)
                continue
            self._slots_taken[workload.user] += 1
            if workload.leader in known:
                self._followers[str(workload.leader)].append(workload)
            else:
                self._begin(workload)
        for user in list(self._held):
            self._admit(user)

    def run(self) -> Forecast:
        """Run until nothing happens any more; jobs that wait for each other end last."""
        while True:
            self._share()
            step_s = min(queue.next_s() for queue in self._queues)
            if step_s == inf:
                break
            self._record(step_s)
            self._now += step_s
            for job in [job for queue in self._queues for job in queue.advance(step_s)]:
                job.left_s = job.next_bound_s
                if job.left_s > 0:
                    self._queues[job.rank].add(job)
                else:
                    self._end(job.workload)
        for waiting in (*self._held.values(), *self._followers.values()):
            for workload in waiting:
                self._ends.setdefault(workload.job_id, self._now)
        user_ends: dict[str, list[float]] = defaultdict(list)
        for workload in self._workloads:
            user_ends[workload.user].append(self._ends[workload.job_id])
        for ends in user_ends.values():
            ends.sort()
        self._timeline.append((inf, [0.0] * len(_RANKS)))
        return Forecast(self._ends, user_ends, self._timeline, self._capacity)

    def _record(self, step_s: float) -> None:
        """Add a step to the timeline."""
        for rank, queue in enumerate(self._queues):
            self._period[rank] += queue.wanted * step_s
        end = self._now + step_s
        start = self._timeline[-1][0] if self._timeline else 0.0
        if end > start * (1 + TIMELINE_STEP):
            mean = [total / (end - start) for total in self._period]
            self._timeline.append((end, mean))
            self._period = [0.0] * len(_RANKS)

    def _begin(self, workload: Workload, *, follows: bool = False) -> None:
        """Start a job; one that follows another takes over its result and computes nothing."""
        job = _job(workload, self._capacity, follows=follows)
        self._queues[job.rank].add(job)

    def _end(self, workload: Workload) -> None:
        self._ends[workload.job_id] = self._now
        for follower in self._followers.pop(workload.job_id, []):
            self._begin(follower, follows=True)
        self._slots_taken[workload.user] -= 1
        self._admit(workload.user)

    def _admit(self, user: str) -> None:
        held = self._held[user]
        while held and self._slots_taken[user] < self._capacity.jobs_per_user:
            self._slots_taken[user] += 1
            self._begin(held.popleft())

    def _share(self) -> None:
        """Divide the processes among the queues."""
        shares = _shares([queue.wanted for queue in self._queues], self._capacity.processes)
        for queue, share in zip(self._queues, shares, strict=True):
            queue.share = share


def _job(workload: Workload, capacity: Capacity, *, follows: bool = False) -> _Job:
    """Work out what a job takes, alone on all processes."""
    speed, processes = capacity.speed, capacity.processes
    fixed_s = workload.fixed * speed.fixed_s
    listening_s = 0.0 if follows else workload.audio_s * speed.per_second
    segments = max(1, workload.segments)
    rounds = ceil(segments / min(capacity.max_inflight_segments, processes, segments))
    alone_s = fixed_s + listening_s * rounds / segments
    total_s = max(_EPSILON, fixed_s + listening_s)
    scale = total_s / max(_EPSILON, workload.audio_s)
    thresholds = [(bound * scale, _RANKS[queue]) for bound, queue in workload.thresholds]
    return _Job(workload, total_s, total_s / max(_EPSILON, alone_s), thresholds)


def _shares(wanted: Sequence[float], processes: float) -> list[float]:
    """Share of the wanted processes that each queue gets; the shortest queue comes first."""
    kept = [0.0, *(min(want, processes * AGING_SHARE) for want in wanted[1:])]
    left, shares = float(processes), []
    for rank, want in enumerate(wanted):
        given = min(want, left - sum(kept[rank + 1 :]))
        left -= given
        shares.append(given / want if want else 0.0)
    return shares
