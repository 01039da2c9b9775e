"""All steps in a row, with real queues, in one process."""

import io
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from redis import Redis

from services.emulator.records import ChatMessage
from services.emulator.serving import EmulatorThread
from services.worker.resources import Resources
from shared.broker import Lane, Step
from shared.messages import Track
from shared.music.analyse import analyse
from shared.music.verdict import Verdict
from shared.stages import Stage
from tests.sounds import encode, tune
from tests.worker.conftest import CHAT
from tests.worker.hand import Hand, Sent

pytestmark = pytest.mark.usefixtures("music")


def _start(own: Resources, track: Track) -> str:
    own.jobs.create(track)
    view = own.jobs.view(track.job_id)
    assert view is not None
    own.flow.ingest(view)
    return track.job_id


def _answers(telegram: EmulatorThread) -> list[ChatMessage]:
    return [message for message in telegram.call(lambda s: s.messages(CHAT)) if message.from_bot]


def _assert_answered_once(own: Resources, telegram: EmulatorThread, job_id: str) -> None:
    view = own.jobs.view(job_id)
    assert view is not None
    assert view.stage is Stage.DONE
    kinds = [answer.media.kind for answer in _answers(telegram) if answer.media]
    assert kinds == ["photo", "voice"]
    assert len(_answers(telegram)) == 2


def test_a_file_ends_in_a_verdict_equal_to_the_one_told_in_one_process(
    own: Resources,
    hand: Hand,
    telegram: EmulatorThread,
    send_file: Callable[..., Track],
) -> None:
    """Cutting a track into segments and joining them again changes no number."""
    data = encode(tune(10), "mp3")
    job_id = _start(own, send_file(data))
    steps = []
    while hand.waiting():
        sent = hand.take()
        steps.append(sent.step)
        assert hand.run(sent) == "SUCCESS"
        if sent.step is Step.CLASSIFY:
            told = Verdict.model_validate_json(own.spool.get(job_id, "verdict"))
    assert steps == [Step.INGEST, Step.CONVERT, Step.FEATURIZE, Step.CLASSIFY, Step.REPLY]
    alone = analyse(io.BytesIO(data), own.model, own.tagger, max_duration_s=60).verdict
    assert told == alone
    _assert_answered_once(own, telegram, job_id)


def test_every_step_run_twice_in_a_row_gives_one_answer(
    own: Resources,
    hand: Hand,
    telegram: EmulatorThread,
    send_file: Callable[..., Track],
    heard: list[NDArray[np.float32]],
) -> None:
    """Each message is delivered twice; segments are heard once and the person is told once."""
    job_id = _start(own, send_file(encode(tune(65), "wav")))
    hand.drain(times=2)
    assert len(heard) == 65 // 3
    _assert_answered_once(own, telegram, job_id)


@pytest.mark.usefixtures("heard")
def test_messages_that_come_again_after_the_end_change_nothing(
    own: Resources,
    hand: Hand,
    telegram: EmulatorThread,
    redis: Redis,
    send_file: Callable[..., Track],
) -> None:
    """Celery's visibility timeout hands all of them out once more, an hour later."""
    job_id = _start(own, send_file(encode(tune(65), "wav")))
    done = hand.drain()
    versions = [len(answer.versions) for answer in _answers(telegram)]
    before = own.jobs.view(job_id)
    for sent in done:
        assert hand.run(sent) == "SUCCESS"
    assert hand.waiting() == []
    assert own.jobs.view(job_id) == before
    assert [len(answer.versions) for answer in _answers(telegram)] == versions
    assert list(redis.scan_iter("genrebot:spool:*")) == []


def test_messages_that_come_again_one_step_later_change_nothing(
    own: Resources,
    hand: Hand,
    telegram: EmulatorThread,
    send_file: Callable[..., Track],
    heard: list[NDArray[np.float32]],
) -> None:
    """Each message is delivered again right after the one that follows it."""
    job_id = _start(own, send_file(encode(tune(65), "wav")))
    last: Sent | None = None
    while hand.waiting():
        sent = hand.take()
        assert hand.run(sent) == "SUCCESS"
        if last is not None:
            assert hand.run(last) == "SUCCESS"
        last = sent
    assert len(heard) == 65 // 3
    _assert_answered_once(own, telegram, job_id)


def test_one_track_never_has_more_segments_in_flight_than_lanes(
    own: Resources,
    hand: Hand,
    send_file: Callable[..., Track],
    heard: list[NDArray[np.float32]],
) -> None:
    """A long track queues up behind others again and again instead of filling the queue."""
    job_id = _start(
        own, send_file(encode(tune(9 * 30 + 3, sample_rate=8000), "wav", sample_rate=8000))
    )
    in_flight = []
    while hand.waiting():
        in_flight.append(hand.steps().count(Step.FEATURIZE))
        hand.run(hand.take())
    assert max(in_flight) == own.job_settings.lanes
    assert len(heard) == 91
    plan = own.jobs.plan(job_id)
    assert plan is not None
    assert plan.n_segments == 10


@pytest.mark.usefixtures("heard")
def test_a_job_leaves_its_state_and_nothing_else_and_all_of_it_expires(
    own: Resources,
    hand: Hand,
    redis: Redis,
    send_file: Callable[..., Track],
) -> None:
    """Audio and features are gone with the answer; what is kept has a time to live.

    Beside the state that is the answer, for whoever sends the same file.
    """
    job_id = _start(own, send_file(encode(tune(10), "wav")))
    hand.drain()
    left = {name.decode(): cast("int", redis.ttl(name)) for name in redis.scan_iter("genrebot:*")}
    assert left.pop("genrebot:speed") > 0  # two means over all jobs
    answers = {name for name in left if name.startswith("genrebot:answer")}
    assert len(answers) == 4  # the answer, and three accounts
    assert set(left) - answers == {f"genrebot:job:{job_id}", f"genrebot:job:{job_id}:segments"}
    assert all(0 < left[name] <= own.job_settings.job_ttl_s for name in set(left) - answers)
    assert all(left[name] > 0 for name in answers)


@pytest.mark.usefixtures("heard")
def test_a_track_travels_on_the_queue_of_what_is_left_of_it(
    own: Resources,
    hand: Hand,
    send_file: Callable[..., Track],
) -> None:
    """Decoding and hearing a track above two minutes keep off the short queue."""
    for seconds, lane in ((151, Lane.MEDIUM), (9, Lane.SHORT)):
        _start(own, send_file(encode(tune(seconds, sample_rate=4000), "wav", sample_rate=4000)))
        lanes: dict[Step, list[Lane]] = {}
        for sent in hand.drain():
            lanes.setdefault(sent.step, []).append(sent.lane)
        assert lanes[Step.CONVERT] == [lane]
        assert lanes[Step.FEATURIZE][0] is lane
        for step in (Step.INGEST, Step.CLASSIFY, Step.REPLY):
            assert lanes[step] == [Lane.SHORT]
