"""Users who send much, users who speak for a chat, and files that are known already."""

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
from tests.services.bot.handlers.test_handlers import reply_to
from tests.services.bot.samples import AUDIO, BOT_ID, GROUP, USER, featurizing, received, update
from tests.services.bot.status.test_view import view_of


async def test_the_third_track_at_once_is_created_but_not_queued(app: App) -> None:
    """Its status says that it waits; a track of another user is queued as usual."""
    for _ in range(3):
        await app.dispatcher.feed_update(app.bot, update(audio=AUDIO))
    assert app.jobs.redis.llen(QueueName.SHORT) == 2
    first, _, third = app.jobs.active()
    assert render(view_of(app.jobs, first)) == "In the queue: yours is next."
    expected = "Your 3rd track at once: it waits for your own earlier ones."
    assert render(view_of(app.jobs, third)) == expected
    other: dict[str, Any] = {"from": {"id": 8, "is_bot": False, "first_name": "Bo"}}
    await app.dispatcher.feed_update(app.bot, update(audio=AUDIO, **other))
    assert app.jobs.redis.llen(QueueName.SHORT) == 3


async def test_a_repeated_update_does_not_queue_a_waiting_track(app: App) -> None:
    """Only the end of one of the user's earlier jobs does."""
    events = [update(audio=AUDIO) for _ in range(3)]
    for event in (*events, events[2]):
        await app.dispatcher.feed_update(app.bot, event)
    assert app.jobs.redis.llen(QueueName.SHORT) == 2


@pytest.mark.parametrize(
    "word", ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "50th", "102nd", "113th"]
)
def test_ordinals_have_the_right_suffix(word: str) -> None:
    """11 to 13 are exceptions."""
    assert ordinal(int(word[:-2])) == word


@pytest.mark.parametrize("content", [{}, {"from": None}])
def test_messages_in_the_name_of_a_chat_count_for_the_chat(content: dict[str, Any]) -> None:
    """Telegram names the same user for all of them, so they must not share one user's limit."""
    title = {"id": GROUP, "type": "supergroup", "title": "x"}
    event = update(GROUP, audio=AUDIO, sender_chat=title, **content)
    assert event.message is not None
    track = track_in(event.message, BOT_ID)
    assert track is not None
    assert (track.user_id, track.user) == (None, f"{BOT_ID}/{GROUP}")


def test_the_unique_id_of_the_file_is_kept() -> None:
    """It identifies a file that another user has sent."""
    message = update(audio={**AUDIO, "file_unique_id": "AgAD"}).message
    assert message is not None
    track = track_in(message, BOT_ID)
    assert track is not None
    assert (track.file_unique_id, track.user_id) == ("AgAD", USER)


def test_a_follower_shows_the_progress_of_its_leader(jobs: JobStore) -> None:
    """Its name is its own, and it never shows a later step than the leader's last."""
    leader, follower = received(jobs, title="Mine"), received(jobs, title="Yours")
    featurizing(jobs, leader, done=0)
    jobs.advance(follower, JobState.FETCHING)
    jobs.redis.hset(job_key(follower), JobField.LEADER, leader)
    text = render(view_of(jobs, follower))
    assert text == render(view_of(jobs, leader)).replace("Mine", "Yours")
    assert "0 of 80 pieces" in text
    for state in (JobState.CLASSIFYING, JobState.REPLYING, JobState.DONE, JobState.FAILED):
        jobs.advance(leader, state)
        assert "Step 4 of 5" in render(view_of(jobs, follower))
    jobs.redis.delete(job_key(leader))
    assert "Step 1 of 5" in render(view_of(jobs, follower))


async def test_a_full_line_is_said(app: App) -> None:
    """Twenty wait beside the two in work; the next one is refused, in a sentence of its own."""
    for _ in range(22):
        received(app.jobs, user_id=USER)
    sent = await reply_to(app, update(audio=AUDIO))
    assert sent.text.startswith("20 of yours are waiting already.")
    assert len(app.jobs.active()) == 22
