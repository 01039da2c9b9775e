"""What a status message says while its job is in work."""

from dataclasses import replace
from typing import Final

from services.bot.estimation.eta import QueueEstimate
from services.bot.texts import NO_WORKERS, duration, label, ordinal
from shared.domain.job_state import JobState
from shared.formatting import bar, percent
from shared.store.job_view import JobView

_STEPS: Final = {
    JobState.FETCHING: "fetching the file",
    JobState.CONVERTING: "decoding the sound",
    JobState.FEATURIZING: "listening",
    JobState.CLASSIFYING: "making up my mind",
    JobState.REPLYING: "drawing the picture",
}
_REACHED: Final = {
    JobState.FETCHING: 0.0,
    JobState.CONVERTING: 0.1,
    JobState.FEATURIZING: 0.2,
    JobState.CLASSIFYING: 0.9,
}
"""Where each state starts on the bar; featurizing takes most of the time of a long track."""


def render(view: JobView, estimate: QueueEstimate | None = None) -> str:
    """Write the text of a status message, as HTML: name, state, bar, and time left.

    Args:
        view: A job that is not ``over``.
        estimate: Its estimate, if there is one.

    """
    name = label(view.track)
    lines = [f"<b>{name}</b>"] if name else []
    if view.user_position is not None:
        lines.append(_user_position(view.user_position))
    elif view.state is JobState.RECEIVED:
        lines.append(_position(view.position or 0))
    else:
        working = _working_job(view)
        share = _share_done(working)
        lines += [_step(working), f"{bar(share)} {percent(share)}"]
    if estimate is not None:
        lines.append(_time_left(estimate))
    return "\n".join(lines)


def over(view: JobView) -> bool:
    """Whether the status message belongs to the worker's reply from now on."""
    return view.error is not None or view.state is JobState.REPLYING or view.state.final


def _time_left(estimate: QueueEstimate) -> str:
    left = duration(estimate.left_s)
    line = f"{left[0].upper()}{left[1:]} to go."
    return line if estimate.attended else f"{line} {NO_WORKERS}"


def _position(before: int) -> str:
    if before == 0:
        return "In the queue: yours is next."
    if before == 1:
        return "In the queue: 1 track is before yours."
    return f"In the queue: {before} tracks are before yours."


def _working_job(view: JobView) -> JobView:
    """Return the job whose progress is shown: the leader, if this job follows one."""
    leader = view.leader
    if leader is None or leader.state is JobState.RECEIVED:
        return view
    return replace(leader, state=JobState.CLASSIFYING) if over(leader) else leader


def _user_position(position: int) -> str:
    return f"Your {ordinal(position)} track at once: it waits for your own earlier ones."


def _step(view: JobView) -> str:
    number = list(_STEPS).index(view.state) + 1
    line = f"Step {number} of {len(_STEPS)}: {_STEPS[view.state]}"
    if view.state is JobState.FEATURIZING and view.plan:
        line += f", {view.chunks_completed} of {view.plan.n_chunks} pieces"
    return line


def _share_done(view: JobView) -> float:
    start = _REACHED[view.state]
    if view.state is JobState.FEATURIZING and view.plan:
        featurized = view.chunks_completed / view.plan.n_chunks
        return start + featurized * (_REACHED[JobState.CLASSIFYING] - start)
    return start
