"""The dispatcher: which task follows which, on which queue, and how long it may take."""

from collections.abc import Iterable

from celery import Celery

from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.music.constants import CHUNK_SECONDS
from shared.queue.messages import JobMessage, SegmentMessage
from shared.queue.sending import send, send_ingest
from shared.queue.tasks import QueueName, TaskName, download_limit_s, task_limit_s
from shared.scheduling.policy import interrupted, left_s, queue_for, segments_ahead
from shared.settings import JobSettings, LimitSettings
from shared.store.job_view import JobView
from shared.store.jobs import JobStore
from shared.store.segment_progress import SegmentCompleted, SliceCommitted


class Dispatcher:
    """Sends the next task of a job. Sending one twice is harmless: tasks are idempotent.

    Every method raises ``kombu.exceptions.OperationalError`` if the queue cannot be reached.
    """

    def __init__(
        self, app: Celery, jobs: JobStore, limits: LimitSettings, settings: JobSettings
    ) -> None:
        self._app = app
        self._jobs = jobs
        self._limits = limits
        self._settings = settings

    def start(self, job_ids: Iterable[str]) -> None:
        """Send the first task of jobs; those that were forgotten meanwhile are skipped."""
        for view in self._jobs.views(job_ids):
            if view is not None:
                self.ingest(view)

    def ingest(self, view: JobView) -> None:
        """Send ingest, which fetches the file."""
        send_ingest(self._app, view.track, self._limits)

    def convert(
        self, job_id: str, duration_s: float | None, *, segment: int = 0, completed: int = 0
    ) -> None:
        """Send convert, which decodes a slice.

        Args:
            job_id: whose.
            duration_s: length of the track in seconds; None, for a file that does not say,
                counts as the longest.
            segment: first segment of the slice.
            completed: segments whose features are stored.

        """
        longest = self._limits.max_duration
        length_s = longest if duration_s is None else min(duration_s, longest)
        left = left_s(length_s, completed, self._settings.segment_chunks)
        send(
            self._app,
            TaskName.CONVERT,
            SegmentMessage(job_id=job_id, segment=segment),
            queue=queue_for(left, self._settings),
            limit_s=task_limit_s(length_s) + self._fetch_limit_s(),
        )

    def slice_committed(
        self, job_id: str, plan: Plan, progress: SliceCommitted, committed: int
    ) -> None:
        """Send what follows from a slice, after which ``committed`` segments are stored."""
        if progress.next_slice:  # first, as it would wait behind the segments
            self.convert(job_id, plan.duration_s, segment=committed, completed=progress.completed)
        for segment in progress.ready:
            self.featurize(job_id, plan, segment, completed=progress.completed)
        if plan.complete and progress.completed >= committed:
            self.classify(job_id, plan)

    def segment_completed(self, job_id: str, plan: Plan, progress: SegmentCompleted) -> None:
        """Send what follows from a completed segment.

        That is the next slice, the segment after this one (``scheduling.policy``), or classify
        after the last of all.
        """
        if progress.next_slice:
            self.convert(
                job_id,
                plan.duration_s,
                segment=progress.committed,
                completed=progress.completed,
            )
        if progress.next_segment is not None:
            self.featurize(job_id, plan, progress.next_segment, completed=progress.completed)
        if progress.is_last:
            self.classify(job_id, plan)

    def featurize(self, job_id: str, plan: Plan, segment: int, *, completed: int = 0) -> None:
        """Send featurize for a segment, unless its features are stored already."""
        if self._jobs.segment_progress.is_completed(job_id, segment):
            return
        left = left_s(plan.duration_s, completed, plan.segment_chunks)
        send(
            self._app,
            TaskName.FEATURIZE,
            SegmentMessage(job_id=job_id, segment=segment),
            queue=queue_for(left, self._settings),
            limit_s=task_limit_s(plan.segment_chunks * CHUNK_SECONDS),
        )

    def classify(self, job_id: str, plan: Plan) -> None:
        """Send classify, once the features of all segments are stored."""
        limit_s = task_limit_s(plan.duration_s) + self._fetch_limit_s()
        self._send_short(TaskName.CLASSIFY, job_id, limit_s)

    def reply(self, job_id: str) -> None:
        """Send reply, which tells the user the verdict, or the reason why there is none."""
        self._send_short(TaskName.REPLY, job_id, task_limit_s(0))

    def resume(self, view: JobView) -> None:
        """Send whatever a job waits for, in any state."""
        if view.error is not None or view.state is JobState.REPLYING:
            self.reply(view.job_id)
        elif view.state.rank <= JobState.FETCHING.rank:
            self.ingest(view)
        elif view.plan is None:
            self.convert(view.job_id, view.track.duration_s)
        elif view.plan.complete and view.segments_left <= 0:
            self.classify(view.job_id, view.plan)
        else:
            self._resume_segments(view, view.plan)

    def _resume_segments(self, view: JobView, plan: Plan) -> None:
        completed, committed = view.segments_completed, view.segments_committed
        for segment in interrupted(
            committed,
            self._settings.max_inflight_segments,
            lambda segment: self._jobs.segment_progress.is_completed(view.job_id, segment),
        ):
            self.featurize(view.job_id, plan, segment, completed=completed)
        if not plan.complete and view.segments_left <= segments_ahead(self._settings):
            self.convert(view.job_id, plan.duration_s, segment=committed, completed=completed)

    def _fetch_limit_s(self) -> int:
        """Seconds to allow for fetching a file again that is too large for Redis."""
        largest = self._limits.max_file_size
        return download_limit_s(largest) if largest > self._settings.spool_upload_bytes else 0

    def _send_short(self, task_name: TaskName, job_id: str, limit_s: int) -> None:
        send(
            self._app,
            task_name,
            JobMessage(job_id=job_id),
            queue=QueueName.SHORT,
            limit_s=limit_s,
        )
