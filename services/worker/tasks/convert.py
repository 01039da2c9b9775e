"""Second step: any file to 16-bit mono PCM at 22 050 Hz, in segments, a slice at a time."""

from services.worker.celery_app import app
from services.worker.context import WorkerContext
from services.worker.execution.task_base import job_task
from services.worker.storage.blob_store import BlobStore
from services.worker.storage.uploads import upload
from shared.domain.job_state import JobState
from shared.music.chunking import segments
from shared.music.constants import CHUNK_HOP, CHUNK_SECONDS
from shared.music.decoding.slices import TRACK_START, Slice, SliceEnd
from shared.music.rendering.mel_preview import columns_per_chunk
from shared.queue.celery_config import TaskName
from shared.queue.messages import Plan, SegmentMessage
from shared.store.jobs import JobView


@job_task(app, TaskName.CONVERT, SegmentMessage)
def convert(ctx: WorkerContext, message: SegmentMessage) -> None:
    """Decode a slice into the spool, note how far the track is cut, and send what follows.

    Where a worker died after the slice was noted, the job is ahead of this step already;
    then only the sending is done again.
    """
    job_id = message.job_id
    view = ctx.jobs.view(job_id)
    if view is None:
        return
    here = JobState.CONVERTING if view.plan is None else JobState.FEATURIZING
    if not ctx.jobs.advance(job_id, here):
        return
    if "waking" in view.fields:
        ctx.dispatcher.resume(view)
        ctx.jobs.segment_progress.woken(job_id)
    elif message.segment == view.segments_put and not (view.plan and view.plan.complete):
        _convert(ctx, view)


def _convert(ctx: WorkerContext, view: JobView) -> None:
    job_id, before = view.job_id, view.segments_put
    size = view.plan.segment_chunks if view.plan else ctx.job_settings.segment_chunks
    after = before
    with upload(ctx, view) as file:
        piece = Slice(
            file,
            max_duration_s=ctx.limits.max_duration,
            start=_slice_end(ctx.blobs, job_id, before),
            samples=ctx.job_settings.slice_segments * size * CHUNK_HOP,
        )
        n_chunks = before * size
        for _, pcm, _ in segments(piece, size):
            ctx.blobs.put(job_id, audio_name(after), pcm.tobytes())
            after += 1
            n_chunks += len(pcm)
    if piece.end is not None:
        ctx.blobs.put(job_id, _slice_end_name(after), piece.end.model_dump_json().encode())
    plan = _plan(view.plan, piece, n_chunks, size)
    put = ctx.jobs.segment_progress.put(job_id, before, after, plan)
    if put is None:
        _take_back(ctx, job_id, before, after)
        return
    ctx.dispatcher.slice_put(job_id, plan, put, after)
    ctx.jobs.segment_progress.woken(job_id)


def _plan(known: Plan | None, piece: Slice, n_chunks: int, size: int) -> Plan:
    """Say how the track is cut; while its end is not known, by the file's own word.

    A file that says nothing is taken to go on for as long as it has.
    """
    heard_s = piece.duration_s
    if piece.end is None:
        duration_s, expected = heard_s, n_chunks
    else:
        duration_s = max(piece.declared_s or 2 * heard_s, heard_s + CHUNK_SECONDS)
        expected = int(duration_s // CHUNK_SECONDS)
    return Plan.of(
        duration_s=duration_s,
        n_chunks=expected,
        segment_chunks=size,
        columns=known.columns_per_chunk if known else columns_per_chunk(expected),
        complete=piece.end is None,
    )


def _take_back(ctx: WorkerContext, job_id: str, before: int, after: int) -> None:
    """Remove what another run had put first, where it has been heard and removed already."""
    for segment in range(before, after):
        if ctx.jobs.segment_progress.is_segment_done(job_id, segment):
            ctx.blobs.discard(job_id, audio_name(segment))


def nearest_slice_end(blobs: BlobStore, job_id: str, segment: int) -> SliceEnd:
    """Where decoding can be taken up at, or not far before, the start of a segment."""
    for place in range(segment, 0, -1):
        if blobs.head(job_id, _slice_end_name(place)) is not None:
            return _slice_end(blobs, job_id, place)
    return TRACK_START


def _slice_end(blobs: BlobStore, job_id: str, segment: int) -> SliceEnd:
    if segment == 0:
        return TRACK_START
    return SliceEnd.model_validate_json(blobs.get(job_id, _slice_end_name(segment)))


def audio_name(segment: int) -> str:
    """Name of a segment's PCM in the spool."""
    return f"audio-{segment}"


def _slice_end_name(segment: int) -> str:
    return f"slice-end-{segment}"
