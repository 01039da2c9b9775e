"""Tracks: the same job id for the same message, and the same user in every chat."""

import pytest
from pydantic import ValidationError

from shared.domain.track import Track
from tests.shared.samples import track


def test_a_job_id_follows_from_the_message_alone() -> None:
    """The same message is the same job, whatever else Telegram says of it next time."""
    first = track(message_id=5, file_id="a", title="x")
    again = track(message_id=5, file_id="b", title="y")
    assert first.job_id == again.job_id == "66f8004e5138d6e804d5c305"


@pytest.mark.parametrize("other", [{"bot_id": 1}, {"chat_id": 1}, {"message_id": 6}])
def test_other_messages_are_other_jobs(other: dict[str, int]) -> None:
    """Bot, chat and message all matter."""
    assert track(message_id=5).job_id != track(**({"message_id": 5} | other)).job_id


def test_ids_do_not_run_together() -> None:
    """Chat 1, message 23 is not chat 12, message 3."""
    assert track(chat_id=1, message_id=23).job_id != track(chat_id=12, message_id=3).job_id


def test_a_label_prefers_the_title() -> None:
    """Title, else file name, else nothing."""
    assert track(title="a", file_name="b").label == "a"
    assert track(file_name="b").label == "b"
    assert track().label is None


def test_kinds_are_those_of_telegram() -> None:
    """A photo is no track."""
    with pytest.raises(ValidationError):
        Track.model_validate(track().model_dump() | {"kind": "photo"})


def test_a_track_survives_json() -> None:
    """A job's hash holds it as JSON."""
    sent = track(title="So What", duration_s=9)
    assert Track.model_validate_json(sent.model_dump_json()) == sent


def test_a_user_is_the_same_in_every_chat() -> None:
    """But not with every bot. Without a user id, the chat counts as the user."""
    assert track(user_id=7, chat_id=1).user == track(user_id=7, chat_id=2).user == "42/7"
    assert track(user_id=7, bot_id=1).user == "1/7"
    assert track(user_id=None, chat_id=-5).user == "42/-5"
