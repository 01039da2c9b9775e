"""Whether people are told the truth: forecasts against what then happens, hours of it."""

from collections.abc import Callable, Iterable
from random import Random

import pytest

from services.worker.context import WorkerContext
from tests.services.worker.simulated_workers import Machine, SimulatedWorkers
from tests.shared.samples import track

FACTOR = 2.0
"""How far a forecast may be off."""
RIGHT = 0.9
"""Part of the forecasts that must not be off by more."""
FIRST = 10
"""Jobs from which the workers' speed is learnt; the forecasts for these rest on a guess."""

Open = Callable[[int, float], SimulatedWorkers]


@pytest.fixture
def roomy(environment: pytest.MonkeyPatch) -> None:
    """Nobody is turned away."""
    environment.setenv("GENREBOT_MAX_BACKLOG_S", "1e9")


@pytest.fixture
def start_workers(roomy: None, ctx: WorkerContext) -> Open:  # noqa: ARG001 - set before
    """Simulated workers: how many processes, and how slow each is."""
    return lambda processes, slowness: SimulatedWorkers(
        ctx, processes, Machine(slowness), Random(processes)
    )


def _length_s(random: Random) -> float:
    """Half clips, some songs, a few mixes of up to an hour."""
    kind = random.random()
    if kind < 0.5:
        return random.uniform(8, 60)
    return random.uniform(120, 330) if kind < 0.9 else random.uniform(1800, 3600)


def _within(ratios: Iterable[float]) -> float:
    """Part of some quotients that is off by no more than allowed."""
    good = [1 / FACTOR <= ratio <= FACTOR for ratio in ratios]
    return sum(good) / len(good)


def _steady(workers: SimulatedWorkers, jobs: int, load: float) -> None:
    """Let people come one by one, so that the processes are busy for part of the time."""
    seconds = [_length_s(Random(n)) for n in range(200)]
    mean_s = sum(1.0 + 0.008 * length for length in seconds) / len(seconds)
    apart_s = mean_s * workers.machine.slowness / (workers.processes * load)
    at = workers.now
    for _ in range(jobs):
        at += workers.random.expovariate(1 / apart_s)
        workers.receive(track(duration_s=_length_s(workers.random)), at)
    workers.run()


@pytest.mark.parametrize(
    ("processes", "slowness", "load"), [(2, 1.0, 0.6), (2, 3.0, 0.6), (4, 0.5, 0.8)]
)
def test_what_people_are_told_first_is_right_within_a_factor_of_two(
    start_workers: Open, processes: int, slowness: float, load: float
) -> None:
    """Forecasts from the moment of queueing, mixed lengths, on machines nobody told us of."""
    workers = start_workers(processes, slowness)
    _steady(workers, FIRST + 50, load)
    ratios = [run.ratio for run in workers.runs.values()][FIRST:]
    assert _within(ratios) >= RIGHT, sorted(ratios)


@pytest.mark.parametrize("processes", [2, 8])
def test_in_a_full_queue_everybody_is_told_right(start_workers: Open, processes: int) -> None:
    """Forty who came at the same moment, clips and mixes: as soon as all of them are known."""
    workers = start_workers(processes, 1.5)
    _steady(workers, FIRST, 0.5)
    start = workers.now + 1
    for _ in range(40):
        workers.receive(track(duration_s=_length_s(workers.random)), start)
    workers.run(until=start)
    told = workers.forecast()
    workers.run()
    ratios = [(workers.runs[job].ended_at - start) / told[job].left_s for job in told]
    assert len(ratios) == 40
    assert _within(ratios) >= RIGHT, sorted(ratios)


def test_many_tracks_of_one_person_are_told_their_turns(start_workers: Open) -> None:
    """Twelve songs at once: two in work, ten in line, each forecast right and later than before."""
    workers = start_workers(4, 1.0)
    _steady(workers, FIRST, 0.5)
    start = workers.now + 1
    mine = [track(duration_s=180.0, user_id=7) for _ in range(12)]
    for each in mine:
        workers.receive(each, start)
    workers.run(until=start)
    told = [workers.forecast()[each.job_id] for each in mine]
    workers.run()
    assert [estimate.left_s for estimate in told] == sorted(estimate.left_s for estimate in told)
    took = [workers.runs[each.job_id].took_s for each in mine]
    assert _within(real / estimate.left_s for real, estimate in zip(took, told, strict=True)) == 1


def test_the_place_in_the_queue_is_the_order_in_which_jobs_begin(start_workers: Open) -> None:
    """No job is begun before another one with a lower position."""
    workers = start_workers(2, 1.0)
    for _ in range(10):
        workers.receive(track(duration_s=_length_s(workers.random)), 0.0)
    workers.run(until=0.0)
    jobs = workers.ctx.jobs
    waiting = sorted((p, job) for job, p in jobs.positions(jobs.active()).items() if p is not None)
    assert [position for position, _ in waiting] == list(range(8)), "two are begun"
    begun: list[str] = []
    clock = 0.0
    while len(begun) < len(waiting):
        workers.run(until=(clock := clock + 0.05))
        now = jobs.positions(job for _, job in waiting)
        begun += [job for job, position in now.items() if position is None and job not in begun]
    assert begun == [job for _, job in waiting]
