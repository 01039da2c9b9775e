"""The second task: decode a slice of the file to segments of 16-bit mono PCM at 22 050 Hz."""

from services.worker.celery_app import app
from services.worker.context import WorkerContext
from services.worker.execution.task_base import job_task
from services.worker.execution.uploads import open_upload
from services.worker.storage.artifacts import audio_name, slice_end_name
from services.worker.storage.blob_store import BlobStore
from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.music.chunking import segments
from shared.music.constants import CHUNK_HOP, CHUNK_SECONDS
from shared.music.decoding.slices import TRACK_START, Slice, SliceEnd
from shared.music.rendering.mel_preview import columns_per_chunk
from shared.queue.messages import SegmentMessage
from shared.queue.tasks import TaskName
from shared.store.job_view import JobView
from shared.store.keys import JobField


@job_task(app, TaskName.CONVERT, SegmentMessage)
def convert(ctx: WorkerContext, message: SegmentMessage) -> None:
    """Decode a slice, store its segments, commit them, and send what follows.

    If a worker died after it had committed the slice, only the sending is done again.
    """
    job_id = message.job_id
    view = ctx.jobs.view(job_id)
    if view is None:
        return
    state = JobState.CONVERTING if view.plan is None else JobState.FEATURIZING
    if not ctx.jobs.advance(job_id, state):
        return
    if JobField.UNSENT in view.fields:
        ctx.dispatcher.resume(view)
        ctx.jobs.segment_progress.slice_sent(job_id)
    elif message.segment == view.segments_committed and not (view.plan and view.plan.complete):
        _convert(ctx, view)


def _convert(ctx: WorkerContext, view: JobView) -> None:
    job_id, before = view.job_id, view.segments_committed
    size = view.plan.segment_chunks if view.plan else ctx.job_settings.segment_chunks
    after = before
    with open_upload(ctx, view) as file:
        decoded = Slice(
            file,
            max_duration_s=ctx.limits.max_duration,
            start=_slice_end(ctx.blobs, job_id, before),
            samples=ctx.job_settings.slice_segments * size * CHUNK_HOP,
        )
        n_chunks = before * size
        for _, pcm, _ in segments(decoded, size):
            ctx.raise_if_over(job_id)
            ctx.blobs.put(job_id, audio_name(after), pcm.tobytes())
            after += 1
            n_chunks += len(pcm)
    if decoded.end is not None:
        ctx.blobs.put(job_id, slice_end_name(after), decoded.end.model_dump_json().encode())
    plan = _plan(view.plan, decoded, n_chunks, size)
    progress = ctx.jobs.segment_progress.commit_slice(job_id, before, after, plan)
    if progress is None:
        _discard_completed(ctx, job_id, before, after)
        return
    ctx.dispatcher.slice_committed(job_id, plan, progress, after)
    ctx.jobs.segment_progress.slice_sent(job_id)


def _plan(known: Plan | None, decoded: Slice, n_chunks: int, size: int) -> Plan:
    """Divide the track. Until its end is decoded, its length is what the file says.

    A file that does not say is assumed to be twice as long as what was decoded so far.
    """
    decoded_s = decoded.duration_s
    if decoded.end is None:
        duration_s, expected = decoded_s, n_chunks
    else:
        duration_s = max(decoded.declared_s or 2 * decoded_s, decoded_s + CHUNK_SECONDS)
        expected = int(duration_s // CHUNK_SECONDS)
    return Plan.of(
        duration_s=duration_s,
        n_chunks=expected,
        segment_chunks=size,
        columns=known.columns_per_chunk if known else columns_per_chunk(expected),
        complete=decoded.end is None,
    )


def _discard_completed(ctx: WorkerContext, job_id: str, before: int, after: int) -> None:
    """Delete the segments that another run committed first and that are featurized already."""
    for segment in range(before, after):
        if ctx.jobs.segment_progress.is_completed(job_id, segment):
            ctx.blobs.discard(job_id, audio_name(segment))


def nearest_slice_end(blobs: BlobStore, job_id: str, segment: int) -> SliceEnd:
    """Return the last point at or before the start of a segment where decoding can resume."""
    for earlier in range(segment, 0, -1):
        if blobs.head(job_id, slice_end_name(earlier)) is not None:
            return _slice_end(blobs, job_id, earlier)
    return TRACK_START


def _slice_end(blobs: BlobStore, job_id: str, segment: int) -> SliceEnd:
    if segment == 0:
        return TRACK_START
    return SliceEnd.model_validate_json(blobs.get(job_id, slice_end_name(segment)))
