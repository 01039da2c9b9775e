"""What one job still has to do, estimated from its state."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.domain.track import Track
from shared.music.constants import CHUNK_SECONDS
from shared.queue.tasks import QueueName
from shared.scheduling.cost_model import expected_s
from shared.scheduling.policy import left_s, thresholds
from shared.settings import JobSettings

_FIXED_LEFT: Final = {
    JobState.RECEIVED: 1.0,
    JobState.FETCHING: 1.0,
    JobState.CONVERTING: 0.8,
    JobState.FEATURIZING: 0.8,
    JobState.CLASSIFYING: 0.7,
}
"""Share of a job's fixed cost (fetching, classifying, replying) that is still to come."""
_FIXED_LEFT_REPLYING: Final = 0.3


@dataclass(frozen=True)
class Workload:
    """What one job still has to do."""

    job_id: str
    user: str
    fixed: float
    """Share of the fixed cost of a job that is still to come, from 0 to 1."""
    audio_s: float
    """Seconds of audio that are still to be processed."""
    segments: int
    """Featurize tasks that are still to come."""
    thresholds: Sequence[tuple[float, QueueName]]
    """For each queue, the longest first: the seconds of audio left above which the job's tasks go
    there."""
    held: bool = False
    """Whether the job waits for earlier ones of its user."""
    leader: str | None = None
    """Id of the job whose result this one waits for."""


def workload(  # noqa: PLR0913 - one argument for each fact about a job
    track: Track,
    settings: JobSettings,
    *,
    state: JobState = JobState.RECEIVED,
    plan: Plan | None = None,
    length_s: float | None = None,
    segments_completed: int = 0,
    held: bool = False,
    leader: str | None = None,
) -> Workload:
    """Estimate what a job still has to do.

    Args:
        track: What was sent.
        settings: How work is divided.
        state: Where the job is.
        plan: How the track is divided, once that is known.
        length_s: Length of the track by its header, once that is known.
        segments_completed: Segments whose features are there.
        held: Whether the job waits for earlier ones of its user.
        leader: Id of the job whose result this one waits for, if there is one.

    """
    chunks = plan.segment_chunks if plan else settings.segment_chunks
    if plan:
        length_s = plan.duration_s
    audio_s = left_s(
        expected_s(track) if length_s is None else length_s, segments_completed, chunks
    )
    if state.rank > JobState.FEATURIZING.rank:
        audio_s = 0.0
    return Workload(
        job_id=track.job_id,
        user=track.user,
        fixed=_FIXED_LEFT.get(state, _FIXED_LEFT_REPLYING),
        audio_s=audio_s,
        segments=ceil(audio_s / (chunks * CHUNK_SECONDS)),
        thresholds=thresholds(settings),
        held=held,
        leader=leader,
    )
