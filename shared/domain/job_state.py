"""The states of a job. A job only moves forward."""

from enum import StrEnum


class JobState(StrEnum):
    """How far a job is, in order."""

    RECEIVED = "received"
    FETCHING = "fetching"
    CONVERTING = "converting"
    FEATURIZING = "featurizing"
    CLASSIFYING = "classifying"
    REPLYING = "replying"
    DONE = "done"
    FAILED = "failed"

    @property
    def rank(self) -> int:
        """Position in the order; a job never goes to a lower one."""
        return list(JobState).index(self)

    @property
    def final(self) -> bool:
        """Whether the job is over."""
        return self in {JobState.DONE, JobState.FAILED}
