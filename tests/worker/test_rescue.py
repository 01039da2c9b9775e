"""Lost jobs: those without a message or a lease are sent on, and no others."""

import json
import time
from collections.abc import Iterable
from typing import Any

import pytest
from redis import Redis

from services.worker import rescue
from services.worker.leases import Errand
from services.worker.resources import Resources
from shared.broker import Lane, Step
from shared.errors import AudioError, ErrorCode
from shared.messages import Plan
from shared.stages import Stage
from tests.shared.samples import received, seen
from tests.worker.hand import Hand

PLAN = Plan.of(duration_s=300, n_chunks=100, segment_chunks=10, columns=12)


def _look_twice(own: Resources, redis: Redis) -> int:
    """Two looks with a lease's length between them; what the second one sent on."""
    assert rescue.look(own) == 0
    _wait(own, redis)
    return rescue.look(own)


def _wait(own: Resources, redis: Redis) -> None:
    """Let a lease's length pass for what has been seen so far."""
    redis.delete(rescue.TURN)
    for job_id, first in redis.zrange(rescue.QUIET, 0, -1, withscores=True):  # type: ignore[union-attr]
        redis.zadd(rescue.QUIET, {job_id: first - own.job_settings.lease_s})


def _at(own: Resources, stage: Stage, *, plan: bool = False, done: Iterable[int] = ()) -> str:
    job_id = received(own.jobs, file_size=1000)
    own.jobs.advance(job_id, stage)
    if plan:
        own.jobs.cuts.put(job_id, 0, PLAN.n_segments, PLAN)
        own.jobs.cuts.woken(job_id)
    for segment in done:
        own.jobs.cuts.segment_done(job_id, segment)
    return job_id


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        ({"stage": Stage.RECEIVED}, Step.INGEST),
        ({"stage": Stage.FETCHING}, Step.INGEST),
        ({"stage": Stage.CONVERTING}, Step.CONVERT),
        ({"stage": Stage.FEATURIZING, "plan": True, "done": range(10)}, Step.CLASSIFY),
        ({"stage": Stage.CLASSIFYING, "plan": True, "done": range(10)}, Step.CLASSIFY),
        ({"stage": Stage.REPLYING}, Step.REPLY),
    ],
)
def test_a_lost_job_is_sent_on_from_where_it_stands(
    own: Resources, hand: Hand, redis: Redis, facts: dict[str, Any], step: Step
) -> None:
    """One message, for the step that it waits for."""
    job_id = _at(own, **facts)
    assert _look_twice(own, redis) == 1
    (sent,) = hand.waiting()
    assert (sent.step, sent.message["job_id"]) == (step, job_id)


def test_a_lost_lane_is_taken_up_at_its_first_open_segment(
    own: Resources, hand: Hand, redis: Redis
) -> None:
    """Of ten segments on eight lanes 0, 8 and 3 are done: lane 0 has ended, 1 goes on at 1."""
    _at(own, Stage.FEATURIZING, plan=True, done=(0, 8, 3))
    _look_twice(own, redis)
    assert [sent.message["segment"] for sent in hand.waiting()] == [1, 2, 4, 5, 6, 7]


def test_a_job_that_has_failed_is_sent_to_its_reply(
    own: Resources, hand: Hand, redis: Redis
) -> None:
    """The reason is noted; only its telling was lost."""
    job_id = _at(own, Stage.CONVERTING)
    own.jobs.fail(job_id, AudioError(ErrorCode.SILENT, "Silent."))
    _look_twice(own, redis)
    assert hand.steps() == [Step.REPLY]


def test_one_look_is_not_enough(own: Resources, hand: Hand, redis: Redis) -> None:
    """A message on its way from the queue to a worker is in neither for a moment."""
    _at(own, Stage.FETCHING)
    assert rescue.look(own) == 0
    redis.delete(rescue.TURN)
    assert rescue.look(own) == 0
    assert hand.waiting() == []


def test_one_of_many_workers_looks(own: Resources, hand: Hand, redis: Redis) -> None:
    """The others find that it is not their turn."""
    _at(own, Stage.FETCHING)
    rescue.look(own)
    _wait(own, redis)
    assert [rescue.look(own) for _ in range(3)] == [1, 0, 0]
    assert len(hand.waiting()) == 1


def test_a_job_in_the_queue_waits_its_turn(own: Resources, hand: Hand, redis: Redis) -> None:
    """However long that takes: nothing is added to a queue that is long already."""
    own.flow.ingest(seen(own.jobs, _at(own, Stage.RECEIVED)))
    own.flow.convert(_at(own, Stage.CONVERTING), None)
    assert _look_twice(own, redis) == 0
    assert [sent.lane for sent in hand.waiting()] == [Lane.SHORT, Lane.LONG]


def test_a_job_that_was_just_sent_on_is_left_alone(
    own: Resources, hand: Hand, redis: Redis
) -> None:
    """It is in the queue again, and that is a trace."""
    _at(own, Stage.FETCHING)
    assert _look_twice(own, redis) == 1
    for _ in range(3):
        _wait(own, redis)
        assert rescue.look(own) == 0
    assert len(hand.waiting()) == 1


def test_a_job_that_is_worked_on_is_left_alone(own: Resources, hand: Hand, redis: Redis) -> None:
    """A lease tells, also that of a task that waits for its next try."""
    errand = Errand(step=Step.INGEST, job_id=_at(own, Stage.FETCHING), lane=Lane.SHORT, limit_s=120)
    own.leases.postpone(errand, 60)
    assert _look_twice(own, redis) == 0
    assert hand.waiting() == []


@pytest.mark.parametrize(("age_s", "sent_on"), [(1, 0), (60, 1)])
def test_what_was_delivered_long_ago_without_a_lease_is_lost(
    own: Resources, hand: Hand, redis: Redis, age_s: float, sent_on: int
) -> None:
    """Its worker died, or lost Redis, between taking the message and taking the lease."""
    own.flow.ingest(seen(own.jobs, _at(own, Stage.RECEIVED)))
    envelope = hand.take().envelope
    redis.hset(rescue.UNACKED, "tag", json.dumps([envelope, "", Lane.SHORT.value]))
    redis.zadd(rescue.UNACKED_TIMES, {"tag": time.time() - age_s})
    assert _look_twice(own, redis) == sent_on
    assert len(hand.waiting()) == sent_on


def test_strangers_in_the_queue_do_no_harm(own: Resources, hand: Hand, redis: Redis) -> None:
    """A message without a job, or of another program altogether, is passed over."""
    _at(own, Stage.FETCHING)
    own.flow._app.send_task("x.y", args=[1], queue=Lane.SHORT.value, ignore_result=True)
    redis.lpush(Lane.LONG.value, "{}")
    assert _look_twice(own, redis) == 1
    redis.delete(Lane.LONG.value)
    assert hand.take().headers["task"] == "x.y"
    assert hand.steps() == [Step.INGEST]


def test_a_job_that_has_expired_is_taken_off_the_list(
    own: Resources, hand: Hand, redis: Redis
) -> None:
    """Its state is gone: there is nothing to send on, nor to look at again."""
    job_id = _at(own, Stage.FETCHING)
    redis.delete(f"genrebot:job:{job_id}")
    assert _look_twice(own, redis) == 0
    assert own.jobs.active() == []
    _wait(own, redis)
    rescue.look(own)
    assert not redis.exists(rescue.QUIET)
    assert hand.waiting() == []
