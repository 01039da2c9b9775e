"""A fair share for everybody: nobody waits for all that somebody else has sent at once."""

from collections.abc import Callable
from itertools import count

import pytest
from redis import Redis

from services.bot.intake import Intake
from services.worker.resources import Resources
from shared.broker import Step
from shared.messages import Track
from shared.stages import Stage
from tests.shared.samples import received, seen
from tests.sounds import encode, tune
from tests.worker.hand import Hand
from tests.worker.later import let_time_pass

ADA = 7
_seeds = count()


def _too_short() -> bytes:
    """A file like no other, that costs next to nothing: it fails while it is decoded."""
    return encode(tune(0.2, seed=next(_seeds), sample_rate=8000), "wav", sample_rate=8000)


@pytest.fixture
def come_in(own: Resources, send_file: Callable[..., Track]) -> Callable[[int], str]:
    """Let a person send a track of their own, as the bot takes it in; the job's id."""
    intake = Intake(
        own.jobs, own.flow._app, own.limits, on_job=lambda _: None, on_delay=lambda _: None
    )

    def send(person: int) -> str:
        track = send_file(_too_short(), user_id=person)
        intake._enqueue(track)
        return track.job_id

    return send


def test_ten_with_one_clip_each_are_not_delayed_by_one_with_fifty(
    own: Resources, hand: Hand, come_in: Callable[[int], str]
) -> None:
    """Of the fifty that came first, four are over at most when the last of the ten is."""
    fifty = [come_in(ADA) for _ in range(50)]
    ten = [come_in(1000 + n) for n in range(10)]
    over, most = [], 0
    while hand.waiting():
        sent = hand.take()
        assert hand.run(sent) == "SUCCESS"
        if sent.step is Step.REPLY:
            over.append(sent.message["job_id"])
        begun = {sent.message["job_id"] for sent in hand.waiting()} & set(fifty)
        most = max(most, len(begun))
    assert most == own.job_settings.jobs_per_person == 2
    assert [job_id for job_id in over if job_id in set(fifty)] == fifty
    last = max(over.index(job_id) for job_id in ten)
    assert len(set(over[:last]) & set(fifty)) <= 4
    assert own.jobs.active() == []


def test_a_held_track_is_started_by_the_end_of_an_earlier_one(
    own: Resources, hand: Hand, come_in: Callable[[int], str]
) -> None:
    """Not sooner: it is not on the queue, and an update that comes again does not put it there."""
    _, _, third = (come_in(ADA) for _ in range(3))
    assert len(hand.waiting()) == 2
    assert seen(own.jobs, third).place == 3
    while Step.REPLY not in hand.steps():
        hand.run(hand.take())
    assert seen(own.jobs, third).stage is Stage.RECEIVED
    hand.drain()
    assert seen(own.jobs, third).stage is Stage.FAILED


def test_held_tracks_are_not_lost_ones(
    own: Resources, hand: Hand, redis: Redis, come_in: Callable[[int], str]
) -> None:
    """They have no message by right, however long that lasts."""
    for _ in range(4):
        come_in(ADA)
    for _ in range(3):
        assert let_time_pass(own, redis) == 0
    assert len(hand.waiting()) == 2


@pytest.mark.parametrize("vanished", [True, False])
def test_a_held_track_whose_predecessor_ended_unnoticed_is_started(
    own: Resources, hand: Hand, redis: Redis, come_in: Callable[[int], str], *, vanished: bool
) -> None:
    """The worker died between the end of one and the start of the next, or a state expired."""
    first, _, third, fourth = (come_in(ADA) for _ in range(4))
    assert hand.take().message["job_id"] == first
    if vanished:
        redis.delete(f"genrebot:job:{first}")
        own.jobs.drop_from_lists(first)
    else:
        own.jobs.advance(first, Stage.DONE)
    assert let_time_pass(own, redis) == 1
    assert hand.waiting()[-1].message["job_id"] == third
    assert (seen(own.jobs, third).place, seen(own.jobs, fourth).place) == (None, 3)


def test_a_track_that_was_let_in_and_not_sent_is_sent(
    own: Resources, hand: Hand, redis: Redis
) -> None:
    """Whoever let it in died before sending it: then it is a lost job like any other."""
    first, _, third = (received(own.jobs, user_id=ADA) for _ in range(3))
    own.jobs.advance(first, Stage.DONE)
    assert own.jobs.turns.admit(seen(own.jobs, third).track.person) == [third]
    assert let_time_pass(own, redis) == 2
    assert third in {sent.message["job_id"] for sent in hand.waiting()}
