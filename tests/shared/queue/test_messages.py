"""Messages: versioned, strict, and the same id for the same message."""

import json

import pytest
from pydantic import ValidationError

from shared.queue.messages import JobMessage, SegmentMessage

JOB_ID = "0123456789abcdef01234567"


def test_a_message_survives_the_wire() -> None:
    """What one end writes as JSON the other end reads as the same message."""
    message = SegmentMessage(job_id=JOB_ID, segment=3)
    assert SegmentMessage.model_validate(json.loads(json.dumps(message.wire()))) == message


@pytest.mark.parametrize("version", [0, 2, "one", None])
def test_other_versions_are_refused(version: object) -> None:
    """A worker does not guess at what a newer bot means."""
    with pytest.raises(ValidationError, match="schema_version"):
        JobMessage.model_validate({"job_id": JOB_ID, "schema_version": version})


def test_unknown_fields_are_refused() -> None:
    """A field that this release does not know is an error, not a silence."""
    with pytest.raises(ValidationError, match="surprise"):
        JobMessage.model_validate({"job_id": JOB_ID, "surprise": 1})


@pytest.mark.parametrize("job_id", ["", "x" * 24, JOB_ID[:-1], JOB_ID + "0", "../" * 8])
def test_job_ids_have_one_form(job_id: str) -> None:
    """Only 24 hexadecimal digits pass, so an id is always safe as a key or a name."""
    with pytest.raises(ValidationError):
        JobMessage(job_id=job_id)


def test_segments_are_counted_from_zero() -> None:
    """There is no segment before the first."""
    with pytest.raises(ValidationError):
        SegmentMessage(job_id=JOB_ID, segment=-1)


def test_messages_do_not_change() -> None:
    """A message is immutable."""
    message = JobMessage(job_id=JOB_ID)
    with pytest.raises(ValidationError):
        message.job_id = JOB_ID  # type: ignore[misc]
