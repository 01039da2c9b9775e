"""Which step follows which, on which queue, and how long it may take."""

from collections.abc import Iterable

from celery import Celery

from shared.broker import Lane, Step, download_limit_s, send, step_limit_s
from shared.jobs import JobStore, JobView
from shared.messages import JobMessage, Plan, SegmentMessage
from shared.settings import JobSettings, LimitSettings
from shared.stages import Stage


class Flow:
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
        self._send(Step.INGEST, JobMessage(job_id=view.job_id), Lane.SHORT, download_limit_s(size))

    def convert(self, job_id: str, duration_s: float | None) -> None:
        """Decode the file. A length that the file does not tell counts as the longest."""
        longest = self._limits.max_duration
        length = longest if duration_s is None else min(duration_s, longest)
        self._send(
            Step.CONVERT, JobMessage(job_id=job_id), self._lane(length), step_limit_s(length)
        )

    def start_lanes(self, job_id: str, plan: Plan) -> None:
        """Start featurizing: one segment on each of a bounded number of lanes."""
        for segment in range(min(self._settings.lanes, plan.n_segments)):
            self.featurize(job_id, plan, segment)

    def next_in_lane(self, job_id: str, plan: Plan, segment: int) -> None:
        """Go on with the segment that follows on the lane of a finished one.

        Lanes keep a long track from filling the queue: it has at most ``lanes`` tasks
        there, and each new one queues up behind other people's.
        """
        following = segment + self._settings.lanes
        if following < plan.n_segments:
            self.featurize(job_id, plan, following)

    def featurize(self, job_id: str, plan: Plan, segment: int) -> None:
        """Compute one segment's features, unless they are there."""
        if not self._jobs.is_segment_done(job_id, segment):
            self._send(
                Step.FEATURIZE,
                SegmentMessage(job_id=job_id, segment=segment),
                self._lane(plan.duration_s),
                step_limit_s(plan.segment_chunks * 3),
            )

    def classify(self, job_id: str, plan: Plan) -> None:
        """Predict, once every segment's features are there."""
        self._send(
            Step.CLASSIFY, JobMessage(job_id=job_id), Lane.SHORT, step_limit_s(plan.duration_s)
        )

    def reply(self, job_id: str) -> None:
        """Answer the person, with the verdict or with the reason why there is none."""
        self._send(Step.REPLY, JobMessage(job_id=job_id), Lane.SHORT, step_limit_s(0))

    def resume(self, view: JobView) -> None:
        """Send whatever a job waits for, wherever it stands."""
        if view.error is not None or view.stage is Stage.REPLYING:
            self.reply(view.job_id)
        elif view.stage.rank <= Stage.FETCHING.rank:
            self.ingest(view)
        elif view.plan is None:
            self.convert(view.job_id, view.track.duration_s)
        elif view.segments_done >= view.plan.n_segments:
            self.classify(view.job_id, view.plan)
        else:
            self._resume_lanes(view.job_id, view.plan)

    def _resume_lanes(self, job_id: str, plan: Plan) -> None:
        lanes = self._settings.lanes
        for lane in range(min(lanes, plan.n_segments)):
            for segment in range(lane, plan.n_segments, lanes):
                if not self._jobs.is_segment_done(job_id, segment):
                    self.featurize(job_id, plan, segment)
                    break

    def _lane(self, duration_s: float) -> Lane:
        return Lane.SHORT if duration_s <= self._settings.short_track_s else Lane.LONG

    def _send(self, step: Step, message: JobMessage, lane: Lane, limit_s: int) -> None:
        send(self._app, step, message, lane=lane, limit_s=limit_s)
