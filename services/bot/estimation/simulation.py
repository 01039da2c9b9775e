"""When each job will be answered: the queues played forward, as if work were a fluid.

Jobs flow through all worker processes at once, each as fast as the queues would let it: short
before medium before long, a fifth of the processes for each queue that the others pass over, and
within a queue in proportion to the tasks that each job keeps on it. When a job ends, its
person's next begins, and whoever followed it is answered. That is a mean: it knows nothing of
who comes later, of files that turn out to be known or broken, and of how tasks happen to meet.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from typing import Final

from shared.queue.tasks import QueueName
from shared.scheduling.policy import AGING_SHARE
from shared.store.throughput import Speed

COARSENESS: Final = 0.05
"""What happens within this part of the time since now is looked at together, so that a long queue
costs little more than a short one."""
_INSTANT: Final = 1e-6


@dataclass(frozen=True)
class Workload:
    """What one job has still to do."""

    job_id: str
    person: str
    fixed: float
    """Part of what every job costs that is still to come, from 0 to 1."""
    audio_s: float
    """Seconds of audio still to be listened to."""
    segments: int
    """Featurize tasks still to come."""
    max_inflight_segments: Sequence[tuple[float, QueueName]]
    """Audio left, in seconds, above which it is on each of the longer queues, the longest first."""
    held: bool = False
    """Whether it waits for earlier ones of its person."""
    leader: str | None = None
    """The job whose answer it waits for."""


@dataclass(frozen=True)
class Capacity:
    """Who does the work, and under which rules."""

    processes: int
    speed: Speed
    max_inflight_segments: int = 8
    """Tasks that one job may have in flight."""
    jobs_per_person: int = 2


def finish_times(loads: Iterable[Workload], capacity: Capacity) -> dict[str, float]:
    """Seconds from now until each job is answered.

    Args:
        loads: all jobs that are not over, in the order in which they came.
        capacity: with at least one process.

    """
    return _Simulation(list(loads), capacity).run()


@dataclass
class _Run:
    """A job under way: its work is a mixture that is used up evenly."""

    load: Workload
    total_s: float
    """Process seconds at the start."""
    width: float
    """Processes that it can keep busy, on average."""
    left_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.left_s = self.total_s

    @property
    def rank(self) -> int:
        """The queue it is on, the shortest first."""
        return next((rank for bound, rank in self._bounds if self.left_s > bound), 0)

    @property
    def even_s(self) -> float:
        """Process seconds until it ends or moves to another queue."""
        return self.left_s - max((b for b, _ in self._bounds if b < self.left_s), default=0.0)

    @cached_property
    def _bounds(self) -> list[tuple[float, int]]:
        scale = self.total_s / max(_INSTANT, self.load.audio_s)
        return [
            (audio_s * scale, _RANKS[queue]) for audio_s, queue in self.load.max_inflight_segments
        ]


_RANKS: Final = {queue: rank for rank, queue in enumerate(QueueName)}


class _Simulation:
    """One forecast; ``run`` is called once."""

    def __init__(self, loads: list[Workload], capacity: Capacity) -> None:
        self._shop = capacity
        self._now = 0.0
        self._ends: dict[str, float] = {}
        self._running: list[_Run] = []
        self._lines: dict[str, list[Workload]] = defaultdict(list)
        self._working: dict[str, int] = defaultdict(int)
        self._followers: dict[str, list[Workload]] = defaultdict(list)
        known = {load.job_id for load in loads}
        for load in loads:
            if load.held:
                self._lines[load.person].append(load)
                continue
            self._working[load.person] += 1
            if load.leader in known:
                self._followers[str(load.leader)].append(load)
            else:
                self._running.append(self._begin(load))
        for person in list(self._lines):
            self._admit(person)

    def run(self) -> dict[str, float]:
        """Play until nobody is left; jobs that wait for each other end with the last."""
        while self._running:
            self._step()
        waiting = [*self._lines.values(), *self._followers.values()]
        for load in (load for group in waiting for load in group):
            self._ends.setdefault(load.job_id, self._now)
        return self._ends

    def _begin(self, load: Workload, *, spared: bool = False) -> _Run:
        """Say what a job takes, alone on all processes."""
        speed, processes = self._shop.speed, self._shop.processes
        fixed_s = load.fixed * speed.fixed_s
        heard_s = 0.0 if spared else load.audio_s * speed.per_second
        segments = max(1, load.segments)
        rounds = ceil(segments / min(self._shop.max_inflight_segments, processes, segments))
        alone_s = fixed_s + heard_s * rounds / segments
        total_s = max(_INSTANT, fixed_s + heard_s)
        return _Run(load, total_s, total_s / max(_INSTANT, alone_s))

    def _step(self) -> None:
        rates = self._rates()
        paired = list(zip(self._running, rates, strict=True))
        first_s = min(run.even_s / rate for run, rate in paired)
        step_s = max(first_s + _INSTANT, COARSENESS * self._now)
        self._running, ended = [], []
        for run, rate in paired:
            run.left_s -= rate * step_s
            if run.left_s <= _INSTANT:
                self._ends[run.load.job_id] = self._now + step_s + run.left_s / rate
                ended.append(run.load)
            else:
                self._running.append(run)
        self._now += step_s
        for load in ended:
            self._end(load)

    def _end(self, load: Workload) -> None:
        followers = self._followers.pop(load.job_id, [])
        self._running += [self._begin(follower, spared=True) for follower in followers]
        self._working[load.person] -= 1
        self._admit(load.person)

    def _admit(self, person: str) -> None:
        line = self._lines[person]
        while line and self._working[person] < self._shop.jobs_per_person:
            self._working[person] += 1
            self._running.append(self._begin(line.pop(0)))

    def _rates(self) -> list[float]:
        """Processes that each running job has just now."""
        ranks = [run.rank for run in self._running]
        wanted = [0.0] * len(_RANKS)
        for run, rank in zip(self._running, ranks, strict=True):
            wanted[rank] += run.width
        shares = _shares(wanted, self._shop.processes)
        return [
            max(_INSTANT, run.width * shares[rank])
            for run, rank in zip(self._running, ranks, strict=True)
        ]


def _shares(wanted: Sequence[float], processes: float) -> list[float]:
    """Which part of what each queue's jobs could use they get, from the shortest on."""
    kept = [0.0, *(min(want, processes * AGING_SHARE) for want in wanted[1:])]
    left, shares = float(processes), []
    for rank, want in enumerate(wanted):
        given = min(want, left - sum(kept[rank + 1 :]))
        left -= given
        shares.append(given / want if want else 0.0)
    return shares
