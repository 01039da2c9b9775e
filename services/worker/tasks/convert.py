"""Second step: any file to 16-bit mono PCM at 22 050 Hz, in segments of many chunks."""

from services.worker.app import app
from services.worker.resources import Resources
from services.worker.runner import step
from services.worker.tasks.ingest import UPLOAD
from shared.broker import Step
from shared.messages import JobMessage, Plan
from shared.music.chunks import TrackMeter, segments
from shared.music.decode import decode
from shared.music.strip import columns_per_chunk
from shared.stages import Stage


@step(app, Step.CONVERT, JobMessage)
def convert(own: Resources, message: JobMessage) -> None:
    """Decode the track into the spool, note how it was cut, and start featurizing.

    Where a worker died after some segments were sent, the job is ahead of this step
    already; then only the sending is done again.
    """
    job_id = message.job_id
    plan = own.jobs.plan(job_id)
    here = Stage.CONVERTING if plan is None else Stage.FEATURIZING
    if not own.jobs.advance(job_id, here):
        return
    if plan is None:
        plan = _convert(own, job_id)
        own.jobs.record(job_id, "plan", plan.model_dump_json())
    own.flow.start_lanes(job_id, plan)


def _convert(own: Resources, job_id: str) -> Plan:
    size = own.job_settings.segment_chunks
    n_chunks = 0
    with own.spool.reader(job_id, UPLOAD) as upload:
        meter = TrackMeter(decode(upload, max_duration_s=own.limits.max_duration))
        for number, pcm, _ in segments(meter, size):
            own.spool.put(job_id, audio_name(number), pcm.tobytes())
            n_chunks += len(pcm)
    return Plan.of(
        duration_s=meter.duration_s,
        n_chunks=n_chunks,
        segment_chunks=size,
        columns=columns_per_chunk(n_chunks),
    )


def audio_name(segment: int) -> str:
    """Name of a segment's PCM in the spool."""
    return f"audio-{segment}"
