"""How the state of a job reads while it is under way."""

from dataclasses import replace
from typing import Final

from services.bot.texts import NOBODY_THERE, duration, label, ordinal
from shared.bars import bar
from shared.jobs import JobView
from shared.outlook import Prospect
from shared.stages import Stage

_STEPS: Final = {
    Stage.FETCHING: "fetching the file",
    Stage.CONVERTING: "decoding the sound",
    Stage.FEATURIZING: "listening",
    Stage.CLASSIFYING: "making up my mind",
    Stage.REPLYING: "drawing the picture",
}
_REACHED: Final = {
    Stage.FETCHING: 0.0,
    Stage.CONVERTING: 0.1,
    Stage.FEATURIZING: 0.2,
    Stage.CLASSIFYING: 0.9,
}
"""Where each step starts on the bar; listening takes most of the time of a long track."""


def render(view: JobView, prospect: Prospect | None = None) -> str:
    """Tell where a job is, as HTML: its name, what is done now, a bar, how far, and how long.

    Args:
        view: a job that is not ``over``.
        prospect: what is known of the queue.

    """
    name = label(view.track)
    lines = [f"<b>{name}</b>"] if name else []
    if view.place is not None:
        lines.append(_turn(view.place))
    elif view.stage is Stage.RECEIVED:
        told = prospect.before if prospect else None
        lines.append(_place(told if told is not None else view.position or 0))
    else:
        work = _work(view)
        share = _share(work)
        lines += [_step(work), f"{bar(share)} {share:.0%}"]
    if prospect is not None:
        lines.append(_time_left(prospect))
    return "\n".join(lines)


def over(view: JobView) -> bool:
    """Whether the status message belongs to the worker's reply from now on."""
    return view.error is not None or view.stage is Stage.REPLYING or view.stage.final


def _time_left(prospect: Prospect) -> str:
    said = duration(prospect.left_s)
    line = f"{said[0].upper()}{said[1:]} to go."
    return line if prospect.attended else f"{line} {NOBODY_THERE}"


def _place(before: int) -> str:
    if before == 0:
        return "In the queue: yours is next."
    if before == 1:
        return "In the queue: 1 track is before yours."
    return f"In the queue: {before} tracks are before yours."


def _work(view: JobView) -> JobView:
    """Whose progress to tell: that of the job on the same file, where this one waits for it."""
    leader = view.leader
    if leader is None or leader.stage is Stage.RECEIVED:
        return view
    return replace(leader, stage=Stage.CLASSIFYING) if over(leader) else leader


def _turn(place: int) -> str:
    return f"Your {ordinal(place)} track at once: it waits for your own earlier ones."


def _step(view: JobView) -> str:
    number = list(_STEPS).index(view.stage) + 1
    line = f"Step {number} of {len(_STEPS)}: {_STEPS[view.stage]}"
    if view.stage is Stage.FEATURIZING and view.plan:
        line += f", {view.chunks_done} of {view.plan.n_chunks} pieces"
    return line


def _share(view: JobView) -> float:
    start = _REACHED[view.stage]
    if view.stage is Stage.FEATURIZING and view.plan:
        heard = view.chunks_done / view.plan.n_chunks
        return start + heard * (_REACHED[Stage.CLASSIFYING] - start)
    return start
