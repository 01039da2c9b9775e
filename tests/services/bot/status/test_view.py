"""The text of a status message."""

import pytest

from services.bot.status.view import over, render
from services.bot.texts import LABEL_LENGTH, label, megabytes
from shared.domain.job_state import JobState
from shared.errors import AudioError, ErrorCode
from shared.store.job_view import JobView
from shared.store.jobs import JobStore
from tests.services.bot.samples import featurizing, received, track


def view_of(jobs: JobStore, job_id: str) -> JobView:
    """Read a job that exists."""
    view = jobs.view(job_id)
    assert view is not None
    return view


def test_every_state_has_its_line(jobs: JobStore) -> None:
    """From state to state the text changes, and the bar never gets shorter."""
    job_id = received(jobs, title="So What")
    texts = [render(view_of(jobs, job_id))]
    for state in (
        JobState.FETCHING,
        JobState.CONVERTING,
        JobState.FEATURIZING,
        JobState.CLASSIFYING,
    ):
        jobs.advance(job_id, state)
        texts.append(render(view_of(jobs, job_id)))
    assert len(set(texts)) == len(texts)
    assert all(text.startswith("<b>So What</b>\n") for text in texts)
    bars = [text.count("█") for text in texts]
    assert bars == sorted(bars)
    assert [f"Step {k} of 5" in text for k, text in enumerate(texts)][1:] == [True] * 4


def test_featurized_chunks_are_counted(jobs: JobStore) -> None:
    """The bar grows with them."""
    job_id = received(jobs)
    featurizing(jobs, job_id, done=0)
    texts = [render(view_of(jobs, job_id))]
    for segment in range(4):
        jobs.segment_progress.complete_segment(job_id, segment)
        texts.append(render(view_of(jobs, job_id)))
    assert [f"{20 * k} of 80 pieces" in text for k, text in enumerate(texts)] == [True] * 5
    bars = [text.count("█") for text in texts]
    assert bars == sorted(set(bars))


@pytest.mark.parametrize("state", list(JobState))
def test_the_reply_takes_the_message_over(jobs: JobStore, state: JobState) -> None:
    """Once the job replies, is over, or has failed."""
    job_id = received(jobs)
    jobs.advance(job_id, state)
    assert over(view_of(jobs, job_id)) is (
        state in {JobState.REPLYING, JobState.DONE, JobState.FAILED}
    )
    jobs.fail(job_id, AudioError(ErrorCode.SILENT, "Nothing to hear."))
    assert over(view_of(jobs, job_id))


def test_names_are_shown_safely() -> None:
    """Markup is escaped, line breaks become spaces, and long names are shortened."""
    assert label(track(file_name="<b>&\nx</b>.mp3")) == "&lt;b&gt;&amp; x&lt;/b&gt;.mp3"
    shortened = label(track(title="&" * 500))
    assert shortened is not None
    assert shortened.count("&amp;") == LABEL_LENGTH - 1
    assert shortened.endswith("…")
    assert label(track()) is None
    assert label(track(file_name=" \n ")) is None


@pytest.mark.parametrize(
    ("size", "text"),
    [(20_000_000, "20 MB"), (20_000_001, "20.1 MB"), (48_300_000, "48.3 MB"), (5_000, "0.1 MB")],
)
def test_sizes_are_rounded_up(size: int, text: str) -> None:
    """A size just above a limit must not look like the limit."""
    assert megabytes(size) == text
