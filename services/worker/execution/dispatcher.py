"""Which step follows which, on which queue, and how long it may take."""

from collections.abc import Iterable

from celery import Celery

from shared.domain.job_state import JobState
from shared.music.constants import CHUNK_SECONDS
from shared.queue.celery_config import (
    QueueName,
    TaskName,
    download_limit_s,
    send,
    step_limit_s,
)
from shared.queue.messages import JobMessage, Plan, SegmentMessage
from shared.settings import JobSettings, LimitSettings
from shared.store.jobs import JobStore, JobView
from shared.store.segment_progress import SegmentCompleted, SliceCommitted


class Dispatcher:
    """Sends the next step of a job. Sending one twice is harmless: steps are idempotent."""

    def __init__(
        self, app: Celery, jobs: JobStore, limits: LimitSettings, settings: JobSettings
    ) -> None:
        self._app = app
        self._jobs = jobs
        self._limits = limits
        self._settings = settings

    def start(self, job_ids: Iterable[str]) -> None:
        """Begin jobs that may begin; those that have been forgotten meanwhile are passed over."""
        for view in self._jobs.views(job_ids):
            if view is not None:
                self.ingest(view)

    def ingest(self, view: JobView) -> None:
        """Fetch the file."""
        size = view.track.file_size or self._limits.max_file_size
        self._send(
            TaskName.INGEST, JobMessage(job_id=view.job_id), QueueName.SHORT, download_limit_s(size)
        )

    def convert(
        self, job_id: str, duration_s: float | None, *, segment: int = 0, done: int = 0
    ) -> None:
        """Decode a slice of the file.

        Args:
            job_id: whose.
            duration_s: length of the track in seconds; where the file does not tell, it
                counts as the longest.
            segment: first segment of the slice.
            done: segments whose features are there.

        """
        longest = self._limits.max_duration
        length = longest if duration_s is None else min(duration_s, longest)
        self._send(
            TaskName.CONVERT,
            SegmentMessage(job_id=job_id, segment=segment),
            self._queue_for(length, done),
            step_limit_s(length) + self._fetching_s(),
        )

    def slice_put(self, job_id: str, plan: Plan, put: SliceCommitted, segment: int) -> None:
        """Send what a slice leads to, which ends before ``segment``."""
        if put.wanted:  # first, for it would wait behind the segments
            self.convert(job_id, plan.duration_s, segment=segment, done=put.done)
        for woken in put.woken:
            self.featurize(job_id, plan, woken, done=put.done)
        if plan.complete and put.done >= segment:
            self.classify(job_id, plan)

    def segment_done(self, job_id: str, plan: Plan, segment: int, done: SegmentCompleted) -> None:
        """Send what a finished segment leads to.

        The segment that follows on its lane: lanes keep a long track from filling the
        queue, as it has at most ``lanes`` tasks there, and each new one queues up behind
        other people's. Then the slice that is wanted, or classify after the last of all.
        """
        if done.wanted:
            self.convert(job_id, plan.duration_s, segment=done.put, done=done.done)
        following = segment + self._settings.max_inflight_segments
        if following < done.put:
            self.featurize(job_id, plan, following, done=done.done)
        if done.over:
            self.classify(job_id, plan)

    def featurize(self, job_id: str, plan: Plan, segment: int, *, done: int = 0) -> None:
        """Compute one segment's features, unless they are there."""
        if not self._jobs.segment_progress.is_segment_done(job_id, segment):
            self._send(
                TaskName.FEATURIZE,
                SegmentMessage(job_id=job_id, segment=segment),
                self._queue_for(plan.duration_s, done),
                step_limit_s(plan.segment_chunks * CHUNK_SECONDS),
            )

    def classify(self, job_id: str, plan: Plan) -> None:
        """Predict, once every segment's features are there."""
        limit_s = step_limit_s(plan.duration_s) + self._fetching_s()
        self._send(TaskName.CLASSIFY, JobMessage(job_id=job_id), QueueName.SHORT, limit_s)

    def reply(self, job_id: str) -> None:
        """Answer the person, with the verdict or with the reason why there is none."""
        self._send(TaskName.REPLY, JobMessage(job_id=job_id), QueueName.SHORT, step_limit_s(0))

    def resume(self, view: JobView) -> None:
        """Send whatever a job waits for, wherever it stands."""
        if view.error is not None or view.state is JobState.REPLYING:
            self.reply(view.job_id)
        elif view.state.rank <= JobState.FETCHING.rank:
            self.ingest(view)
        elif view.plan is None:
            self.convert(view.job_id, view.track.duration_s)
        elif view.plan.complete and view.segments_done >= view.segments_put:
            self.classify(view.job_id, view.plan)
        else:
            self.resume_lanes(view)
            if not view.plan.complete and view.segments_left <= self._settings.segments_ahead:
                self.convert(
                    view.job_id,
                    view.plan.duration_s,
                    segment=view.segments_put,
                    done=view.segments_done,
                )

    def resume_lanes(self, view: JobView) -> None:
        """Send the first open segment of each lane."""
        assert view.plan is not None, "no lane before the first slice"  # noqa: S101 - for the type checker
        max_inflight_segments, put = self._settings.max_inflight_segments, view.segments_put
        for queue in range(min(max_inflight_segments, put)):
            for segment in range(queue, put, max_inflight_segments):
                if not self._jobs.segment_progress.is_segment_done(view.job_id, segment):
                    self.featurize(view.job_id, view.plan, segment, done=view.segments_done)
                    break

    def _queue_for(self, duration_s: float, done: int = 0) -> QueueName:
        """Choose the queue by how much audio is still to do."""
        left_s = duration_s - done * self._settings.segment_chunks * CHUNK_SECONDS
        if left_s <= self._settings.short_track_s:
            return QueueName.SHORT
        return QueueName.MEDIUM if left_s <= self._settings.medium_track_s else QueueName.LONG

    def _fetching_s(self) -> int:
        """Seconds to allow a step for fetching a file that is too large for the spool again."""
        largest = self._limits.max_file_size
        return download_limit_s(largest) if largest > self._settings.spool_upload_bytes else 0

    def _send(
        self, task_name: TaskName, message: JobMessage, queue: QueueName, limit_s: int
    ) -> None:
        send(self._app, task_name, message, queue=queue, limit_s=limit_s)
