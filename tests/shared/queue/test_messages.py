"""Messages: versioned, strict, and the same id for the same message."""

import json

import pytest
from pydantic import ValidationError

from shared.queue.messages import JobMessage, Plan, SegmentMessage, Track
from tests.shared.samples import track

JOB_ID = "0123456789abcdef01234567"


def test_a_message_survives_the_wire() -> None:
    """What one end writes as JSON the other end reads as the same message."""
    for message in (SegmentMessage(job_id=JOB_ID, segment=3), track(title="So What", duration_s=9)):
        assert type(message).model_validate(json.loads(json.dumps(message.wire()))) == message


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


def test_a_job_id_follows_from_the_message_alone() -> None:
    """The same message is the same job, whatever else Telegram says of it next time."""
    first = track(message_id=5, file_id="a", title="x")
    again = track(message_id=5, file_id="b", title="y")
    assert first.job_id == again.job_id == "66f8004e5138d6e804d5c305"
    assert JobMessage(job_id=first.job_id).job_id == first.job_id


@pytest.mark.parametrize("other", [{"bot_id": 1}, {"chat_id": 1}, {"message_id": 6}])
def test_other_messages_are_other_jobs(other: dict[str, int]) -> None:
    """Bot, chat and message all matter."""
    assert track(message_id=5).job_id != track(**({"message_id": 5} | other)).job_id


def test_ids_do_not_run_together() -> None:
    """Chat 1, message 23 is not chat 12, message 3."""
    assert track(chat_id=1, message_id=23).job_id != track(chat_id=12, message_id=3).job_id


def test_messages_do_not_change() -> None:
    """A message on the queue is what it was."""
    message = track()
    with pytest.raises(ValidationError):
        message.file_id = "other"  # type: ignore[misc]


def test_a_label_prefers_the_title() -> None:
    """Title, else file name, else nothing."""
    assert track(title="a", file_name="b").label == "a"
    assert track(file_name="b").label == "b"
    assert track().label is None


def test_kinds_are_those_of_telegram() -> None:
    """A photo is no track."""
    with pytest.raises(ValidationError):
        Track.model_validate(track().wire() | {"kind": "photo"})


@pytest.mark.parametrize(
    ("n_chunks", "per_segment", "segments"), [(1, 20, 1), (20, 20, 1), (21, 20, 2), (400, 1, 400)]
)
def test_a_plan_covers_every_chunk_once(n_chunks: int, per_segment: int, segments: int) -> None:
    """The last segment takes the rest, and no segment is empty."""
    plan = Plan.of(
        duration_s=3.0 * n_chunks, n_chunks=n_chunks, segment_chunks=per_segment, columns=4
    )
    assert plan.n_segments == segments
    assert (segments - 1) * per_segment < n_chunks <= segments * per_segment
    assert len(plan.spans()) == n_chunks
    assert all(end - start == 3.0 for start, end in plan.spans())


def test_a_short_tracks_chunk_ends_where_the_track_does() -> None:
    """1.5 s repeated to fill a chunk are still told as 1.5 s."""
    plan = Plan.of(duration_s=1.5, n_chunks=1, segment_chunks=20, columns=4)
    assert plan.spans() == [(0.0, 1.5)]
