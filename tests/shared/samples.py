"""Tracks nobody has sent before."""

from itertools import count
from typing import Any

from shared.domain.track import Track
from shared.store.job_view import JobView
from shared.store.jobs import JobStore

_ids = count(1)


def track(**facts: Any) -> Track:
    """One track of somebody new; ``facts`` override what stands here."""
    plain = {
        "user_id": next(_ids),
        "bot_id": 42,
        "chat_id": 7,
        "message_id": next(_ids),
        "file_id": "f",
        "kind": "audio",
    }
    return Track.model_validate(plain | facts)


def received(jobs: JobStore, **facts: Any) -> str:
    """Create a job; its id."""
    made = track(**facts)
    assert jobs.create(made)
    return made.job_id


def seen(jobs: JobStore, job_id: str) -> JobView:
    """A job that must be there."""
    view = jobs.view(job_id)
    assert view is not None
    return view
