"""A fair share for everybody: nobody waits for all that somebody else has sent at once."""

from collections.abc import Callable
from itertools import count

import pytest
from redis import Redis

from services.bot.submission import JobSubmitter
from services.worker.context import WorkerContext
from shared.domain.job_state import JobState
from shared.domain.track import Track
from shared.queue.tasks import TaskName
from tests.services.worker.manual_worker import ManualWorker
from tests.services.worker.sweeping import sweep_later
from tests.shared.samples import received, seen
from tests.sounds import encode, tune

ADA = 7
_seeds = count()


def _too_short() -> bytes:
    """A file like no other, that costs next to nothing: it fails while it is decoded."""
    return encode(tune(0.2, seed=next(_seeds), sample_rate=8000), "wav", sample_rate=8000)


@pytest.fixture(autouse=True)
def long_lines(environment: pytest.MonkeyPatch) -> None:
    """Fifty tracks of one user may wait."""
    environment.setenv("GENREBOT_MAX_WAITING_PER_USER", "50")


@pytest.fixture
def come_in(ctx: WorkerContext, send_file: Callable[..., Track]) -> Callable[[int], str]:
    """Let a user send a track, as the bot accepts it; return the job's id."""
    submitter = JobSubmitter(
        ctx.jobs, ctx.dispatcher._app, ctx.limits, on_job=lambda _: None, on_delay=lambda _: None
    )

    def send(user_id: int) -> str:
        track = send_file(_too_short(), user_id=user_id)
        submitter._enqueue(track)
        return track.job_id

    return send


def test_ten_with_one_clip_each_are_not_delayed_by_one_with_fifty(
    ctx: WorkerContext, worker: ManualWorker, come_in: Callable[[int], str]
) -> None:
    """Of the fifty that came first, four are over at most when the last of the ten is."""
    fifty = [come_in(ADA) for _ in range(50)]
    ten = [come_in(1000 + n) for n in range(10)]
    over, most = [], 0
    while worker.waiting():
        sent = worker.take()
        assert worker.run(sent) == "SUCCESS"
        if sent.task_name is TaskName.REPLY:
            over.append(sent.message["job_id"])
        begun = {sent.message["job_id"] for sent in worker.waiting()} & set(fifty)
        most = max(most, len(begun))
    assert most == ctx.job_settings.jobs_per_person == 2
    assert [job_id for job_id in over if job_id in set(fifty)] == fifty
    last = max(over.index(job_id) for job_id in ten)
    assert len(set(over[:last]) & set(fifty)) <= 4
    assert ctx.jobs.active() == []


def test_a_held_track_is_started_by_the_end_of_an_earlier_one(
    ctx: WorkerContext, worker: ManualWorker, come_in: Callable[[int], str]
) -> None:
    """Not sooner: it is not on the queue, and an update that comes again does not put it there."""
    _, _, third = (come_in(ADA) for _ in range(3))
    assert len(worker.waiting()) == 2
    assert seen(ctx.jobs, third).user_position == 3
    while TaskName.REPLY not in worker.task_names():
        worker.run(worker.take())
    assert seen(ctx.jobs, third).state is JobState.RECEIVED
    worker.drain()
    assert seen(ctx.jobs, third).state is JobState.FAILED


def test_held_tracks_are_not_lost_ones(
    ctx: WorkerContext, worker: ManualWorker, redis: Redis, come_in: Callable[[int], str]
) -> None:
    """They have no message by right, however long that lasts."""
    for _ in range(4):
        come_in(ADA)
    for _ in range(3):
        assert sweep_later(ctx, redis) == 0
    assert len(worker.waiting()) == 2


@pytest.mark.parametrize("vanished", [True, False])
def test_a_held_track_whose_predecessor_ended_unnoticed_is_started(
    ctx: WorkerContext,
    worker: ManualWorker,
    redis: Redis,
    come_in: Callable[[int], str],
    *,
    vanished: bool,
) -> None:
    """The worker died between the end of one and the start of the next, or a state expired."""
    first, _, third, fourth = (come_in(ADA) for _ in range(4))
    assert worker.take().message["job_id"] == first
    if vanished:
        redis.delete(f"genrebot:job:{first}")
        ctx.jobs.drop_from_lists(first)
    else:
        ctx.jobs.advance(first, JobState.DONE)
    assert sweep_later(ctx, redis) == 1
    assert worker.waiting()[-1].message["job_id"] == third
    assert (seen(ctx.jobs, third).user_position, seen(ctx.jobs, fourth).user_position) == (None, 3)


def test_a_track_that_was_let_in_and_not_sent_is_sent(
    ctx: WorkerContext, worker: ManualWorker, redis: Redis
) -> None:
    """Whoever let it in died before sending it: then it is a lost job like any other."""
    first, _, third = (received(ctx.jobs, user_id=ADA) for _ in range(3))
    ctx.jobs.advance(first, JobState.DONE)
    assert ctx.jobs.user_slots.admit(seen(ctx.jobs, third).track.user) == [third]
    assert sweep_later(ctx, redis) == 2
    assert third in {sent.message["job_id"] for sent in worker.waiting()}
