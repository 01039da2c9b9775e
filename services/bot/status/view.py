"""How the state of a job reads while it is under way."""

from dataclasses import replace
from typing import Final

from services.bot.estimation.eta import QueueEstimate
from services.bot.texts import NOBODY_THERE, duration, label, ordinal
from shared.domain.job_state import JobState
from shared.formatting import bar, percent
from shared.store.jobs import JobView

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
"""Where each step starts on the bar; listening takes most of the time of a long track."""


def render(view: JobView, estimate: QueueEstimate | None = None) -> str:
    """Tell where a job is, as HTML: its name, what is done now, a bar, how far, and how long.

    Args:
        view: a job that is not ``over``.
        estimate: what is known of the queue.

    """
    name = label(view.track)
    lines = [f"<b>{name}</b>"] if name else []
    if view.place is not None:
        lines.append(_turn(view.place))
    elif view.state is JobState.RECEIVED:
        told = estimate.before if estimate else None
        lines.append(_place(told if told is not None else view.position or 0))
    else:
        work = _work(view)
        share = _share(work)
        lines += [_step(work), f"{bar(share)} {percent(share)}"]
    if estimate is not None:
        lines.append(_time_left(estimate))
    return "\n".join(lines)


def over(view: JobView) -> bool:
    """Whether the status message belongs to the worker's reply from now on."""
    return view.error is not None or view.state is JobState.REPLYING or view.state.final


def _time_left(estimate: QueueEstimate) -> str:
    said = duration(estimate.left_s)
    line = f"{said[0].upper()}{said[1:]} to go."
    return line if estimate.attended else f"{line} {NOBODY_THERE}"


def _place(before: int) -> str:
    if before == 0:
        return "In the queue: yours is next."
    if before == 1:
        return "In the queue: 1 track is before yours."
    return f"In the queue: {before} tracks are before yours."


def _work(view: JobView) -> JobView:
    """Whose progress to tell: that of the job on the same file, where this one waits for it."""
    leader = view.leader
    if leader is None or leader.state is JobState.RECEIVED:
        return view
    return replace(leader, state=JobState.CLASSIFYING) if over(leader) else leader


def _turn(place: int) -> str:
    return f"Your {ordinal(place)} track at once: it waits for your own earlier ones."


def _step(view: JobView) -> str:
    number = list(_STEPS).index(view.state) + 1
    line = f"Step {number} of {len(_STEPS)}: {_STEPS[view.state]}"
    if view.state is JobState.FEATURIZING and view.plan:
        line += f", {view.chunks_done} of {view.plan.n_chunks} pieces"
    return line


def _share(view: JobView) -> float:
    start = _REACHED[view.state]
    if view.state is JobState.FEATURIZING and view.plan:
        heard = view.chunks_done / view.plan.n_chunks
        return start + heard * (_REACHED[JobState.CLASSIFYING] - start)
    return start
