"""Errors that people see."""

import pickle

import pytest

from shared.domain.job_state import JobState
from shared.errors import AudioError, ErrorCode, GenrebotError


@pytest.mark.parametrize("kind", [GenrebotError, AudioError])
def test_an_error_crosses_processes_whole(kind: type[GenrebotError]) -> None:
    """Pickled and back it keeps its type, its code and its sentence."""
    error = pickle.loads(pickle.dumps(kind(ErrorCode.SILENT, "Nothing to hear.")))  # noqa: S301
    assert type(error) is kind
    assert (error.code, error.message, str(error)) == (
        ErrorCode.SILENT,
        "Nothing to hear.",
        "Nothing to hear.",
    )


def test_codes_are_single_words() -> None:
    """A code is stored before a line break, so it must not hold one."""
    assert all(code.replace("_", "").isalpha() for code in ErrorCode)


def test_stages_are_ranked_in_order() -> None:
    """Ranks rise from receipt to the two ends, which alone are final."""
    assert [state.rank for state in JobState] == list(range(len(JobState)))
    assert [state for state in JobState if state.final] == [JobState.DONE, JobState.FAILED]
