"""What the bot makes of people who send much, and of files that it has seen before."""

from typing import Any

import pytest

from services.bot.app import App
from services.bot.media import track_in
from services.bot.status.view import render
from services.bot.texts import ordinal
from shared.domain.job_state import JobState
from shared.queue.tasks import QueueName
from shared.store.jobs import JobStore
from shared.store.keys import JobField, job_key
from tests.services.bot.samples import AUDIO, GROUP, PERSON, listening, received, update
from tests.services.bot.status.test_view import seen

BOT = 42


async def test_the_third_track_at_once_is_noted_but_not_queued(app: App) -> None:
    """Its message says what it waits for; somebody else's is queued as ever."""
    for _ in range(3):
        await app.dispatcher.feed_update(app.bot, update(audio=AUDIO))
    assert app.jobs.redis.llen(QueueName.SHORT) == 2
    first, _, third = app.jobs.active()
    assert render(seen(app.jobs, first)) == "In the queue: yours is next."
    expected = "Your 3rd track at once: it waits for your own earlier ones."
    assert render(seen(app.jobs, third)) == expected
    bo: dict[str, Any] = {"from": {"id": 8, "is_bot": False, "first_name": "Bo"}}
    await app.dispatcher.feed_update(app.bot, update(audio=AUDIO, **bo))
    assert app.jobs.redis.llen(QueueName.SHORT) == 3


async def test_an_update_that_comes_again_does_not_jump_the_line(app: App) -> None:
    """A held track is sent by nobody but the end of an earlier one."""
    events = [update(audio=AUDIO) for _ in range(3)]
    for event in (*events, events[2]):
        await app.dispatcher.feed_update(app.bot, event)
    assert app.jobs.redis.llen(QueueName.SHORT) == 2


@pytest.mark.parametrize(
    "word", ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "50th", "102nd", "113th"]
)
def test_ordinals(word: str) -> None:
    """As they are said."""
    assert ordinal(int(word[:-2])) == word


@pytest.mark.parametrize("content", [{}, {"from": None}])
def test_who_speaks_for_a_chat_is_the_chat(content: dict[str, Any]) -> None:
    """Telegram puts the same user for everybody there; they must not share one line."""
    title = {"id": GROUP, "type": "supergroup", "title": "x"}
    event = update(GROUP, audio=AUDIO, sender_chat=title, **content)
    assert event.message is not None
    track = track_in(event.message, BOT)
    assert track is not None
    assert (track.user_id, track.user) == (None, f"{BOT}/{GROUP}")


def test_the_files_own_id_travels_along() -> None:
    """By it a file is known that somebody else has sent."""
    message = update(audio={**AUDIO, "file_unique_id": "AgAD"}).message
    assert message is not None
    track = track_in(message, BOT)
    assert track is not None
    assert (track.file_unique_id, track.user_id) == ("AgAD", PERSON)


def test_a_follower_tells_its_leaders_progress(jobs: JobStore) -> None:
    """Pieces and bar are the leader's, the name is its own; it never runs ahead of the answer."""
    leader, follower = received(jobs, title="Mine"), received(jobs, title="Yours")
    listening(jobs, leader, done=0)
    jobs.advance(follower, JobState.FETCHING)
    jobs.redis.hset(job_key(follower), JobField.LEADER, leader)
    text = render(seen(jobs, follower))
    assert text == render(seen(jobs, leader)).replace("Mine", "Yours")
    assert "0 of 80 pieces" in text
    for state in (JobState.CLASSIFYING, JobState.REPLYING, JobState.DONE, JobState.FAILED):
        jobs.advance(leader, state)
        assert "Step 4 of 5" in render(seen(jobs, follower))
    jobs.redis.delete(job_key(leader))
    assert "Step 1 of 5" in render(seen(jobs, follower))
