"""Updates as Telegram sends them, and jobs in various states."""

from itertools import count
from typing import Any

from aiogram.types import Update

from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.domain.track import Track
from shared.store.jobs import JobStore
from shared.store.keys import JobField

BOT_ID = 42
USER = 7
GROUP = -100

_ids = count(1)

FILE: dict[str, Any] = {"file_id": "f", "file_unique_id": "u", "file_size": 3_000_000}
AUDIO: dict[str, Any] = {**FILE, "duration": 180, "mime_type": "audio/mpeg"}
PHOTO: list[dict[str, Any]] = [{**FILE, "width": 90, "height": 90}]
VIDEO: dict[str, Any] = {**FILE, "width": 320, "height": 240, "duration": 12}
STICKER: dict[str, Any] = {
    **FILE,
    "type": "regular",
    "width": 512,
    "height": 512,
    "is_animated": False,
    "is_video": False,
}

OLD_FORWARD: dict[str, Any] = {
    "update_id": 500_000,
    "message": {
        "message_id": 7,
        "date": 1_700_000_000,
        "chat": {"id": 9, "type": "private", "first_name": "Zaphod"},
        "from": {"id": 9, "is_bot": False, "first_name": "Zaphod"},
        "forward_origin": {"type": "hidden_user", "date": 1422450181},
        "text": "a secret of Zaphod's",
    },
}
"""A forward from 2015 whose origin has no name, which aiogram does not decode."""


def update(
    chat_id: int = USER, *, kind: str = "message", update_id: int | None = None, **content: Any
) -> Update:
    """Make an update with a message; ``content`` is named as in the Bot API."""
    number = next(_ids)
    message = {
        "message_id": number,
        "date": 1_700_000_000,
        "chat": {"id": chat_id, "type": "private" if chat_id > 0 else "supergroup", "title": "x"},
        "from": {"id": USER, "is_bot": False, "first_name": "Ada"},
        **content,
    }
    return Update.model_validate({"update_id": update_id or number, kind: message})


def track(chat_id: int = USER, *, bot_id: int = BOT_ID, **facts: Any) -> Track:
    """Make a track that was not sent before, of a new user."""
    defaults = {"user_id": next(_ids), "message_id": next(_ids), "file_id": "f", "kind": "audio"}
    return Track.model_validate({"bot_id": bot_id, "chat_id": chat_id} | defaults | facts)


def received(jobs: JobStore, chat_id: int = USER, **facts: Any) -> str:
    """Create a job, and return its id."""
    sent = track(chat_id, **facts)
    assert jobs.create(sent)
    return sent.job_id


def featurizing(jobs: JobStore, job_id: str, *, done: int) -> None:
    """Advance a job until some of its four segments are featurized."""
    jobs.advance(job_id, JobState.FEATURIZING)
    plan = Plan.of(duration_s=240.0, n_chunks=80, segment_chunks=20, columns=4)
    jobs.record(job_id, JobField.PLAN, plan.model_dump_json())
    for segment in range(done):
        jobs.segment_progress.complete_segment(job_id, segment)
