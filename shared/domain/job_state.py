"""The states of a job, which only moves forward, and why one may be cancelled."""

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


class CancelReason(StrEnum):
    """Why a job was cancelled. Its user is told nothing about it by a worker."""

    GONE = "gone"
    """The chat is closed to the bot: blocked, deleted, or the bot was removed from it."""
    BY_USER = "by_user"
    """The user asked for it."""
    FORGOTTEN = "forgotten"
    """The user asked for everything about them to be deleted."""
