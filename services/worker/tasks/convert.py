"""Second step: any file to 16-bit mono PCM at 22 050 Hz, in segments, a slice at a time."""

from services.worker.app import app
from services.worker.resources import Resources
from services.worker.runner import step
from services.worker.uploads import upload
from shared.broker import Step
from shared.jobs import JobView
from shared.messages import Plan, SegmentMessage
from shared.music.chunks import segments
from shared.music.constants import CHUNK_HOP, CHUNK_SECONDS
from shared.music.slices import BEGINNING, Mark, Slice
from shared.music.strip import columns_per_chunk
from shared.spool import Spool
from shared.stages import Stage


@step(app, Step.CONVERT, SegmentMessage)
def convert(own: Resources, message: SegmentMessage) -> None:
    """Decode a slice into the spool, note how far the track is cut, and send what follows.

    Where a worker died after the slice was noted, the job is ahead of this step already;
    then only the sending is done again.
    """
    job_id = message.job_id
    view = own.jobs.view(job_id)
    if view is None:
        return
    here = Stage.CONVERTING if view.plan is None else Stage.FEATURIZING
    if not own.jobs.advance(job_id, here):
        return
    if "waking" in view.fields:
        own.flow.resume(view)
        own.jobs.cuts.woken(job_id)
    elif message.segment == view.segments_put and not (view.plan and view.plan.complete):
        _convert(own, view)


def _convert(own: Resources, view: JobView) -> None:
    job_id, before = view.job_id, view.segments_put
    size = view.plan.segment_chunks if view.plan else own.job_settings.segment_chunks
    after = before
    with upload(own, view) as file:
        piece = Slice(
            file,
            max_duration_s=own.limits.max_duration,
            start=_mark(own.spool, job_id, before),
            samples=own.job_settings.slice_segments * size * CHUNK_HOP,
        )
        n_chunks = before * size
        for _, pcm, _ in segments(piece, size):
            own.spool.put(job_id, audio_name(after), pcm.tobytes())
            after += 1
            n_chunks += len(pcm)
    if piece.mark is not None:
        own.spool.put(job_id, _mark_name(after), piece.mark.model_dump_json().encode())
    plan = _plan(view.plan, piece, n_chunks, size)
    put = own.jobs.cuts.put(job_id, before, after, plan)
    if put is None:
        _take_back(own, job_id, before, after)
        return
    own.flow.slice_put(job_id, plan, put, after)
    own.jobs.cuts.woken(job_id)


def _plan(known: Plan | None, piece: Slice, n_chunks: int, size: int) -> Plan:
    """Say how the track is cut; while its end is not known, by the file's own word.

    A file that says nothing is taken to go on for as long as it has.
    """
    heard_s = piece.duration_s
    if piece.mark is None:
        duration_s, expected = heard_s, n_chunks
    else:
        duration_s = max(piece.declared_s or 2 * heard_s, heard_s + CHUNK_SECONDS)
        expected = int(duration_s // CHUNK_SECONDS)
    return Plan.of(
        duration_s=duration_s,
        n_chunks=expected,
        segment_chunks=size,
        columns=known.columns_per_chunk if known else columns_per_chunk(expected),
        complete=piece.mark is None,
    )


def _take_back(own: Resources, job_id: str, before: int, after: int) -> None:
    """Remove what another run had put first, where it has been heard and removed already."""
    for segment in range(before, after):
        if own.jobs.cuts.is_segment_done(job_id, segment):
            own.spool.discard(job_id, audio_name(segment))


def nearest_mark(spool: Spool, job_id: str, segment: int) -> Mark:
    """Where decoding can be taken up at, or not far before, the start of a segment."""
    for place in range(segment, 0, -1):
        if spool.head(job_id, _mark_name(place)) is not None:
            return _mark(spool, job_id, place)
    return BEGINNING


def _mark(spool: Spool, job_id: str, segment: int) -> Mark:
    if segment == 0:
        return BEGINNING
    return Mark.model_validate_json(spool.get(job_id, _mark_name(segment)))


def audio_name(segment: int) -> str:
    """Name of a segment's PCM in the spool."""
    return f"audio-{segment}"


def _mark_name(segment: int) -> str:
    return f"mark-{segment}"
