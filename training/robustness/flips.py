"""Hear each track as it is and under each condition, and count changed genres.

Computing what a model judges by takes nearly all of the time, judging hardly any. So the
first is done once, in as many processes as wanted, and any number of judges share it.
"""

import io
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from typing import Generic, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from shared.errors import AudioError
from shared.music.decoding.decoder import Source, decode
from training.data.gtzan import MAX_TRACK_S, DataError
from training.robustness.conditions import CONDITIONS, Condition
from training.robustness.report import Flip, Judgement, Report, Tally

Rows = TypeVar("Rows")
RowsOf = Callable[[Source], Rows]
"""Computes what judges need of a file; raises ``AudioError`` for one that it refuses."""

Judge = Callable[[str, Rows], Judgement]
"""Judges a track, of which it gets the name and the rows."""


@dataclass(frozen=True, eq=False)
class _Heard(Generic[Rows]):
    """Rows of the original and by condition, ``None`` for a file that is refused."""

    original: Rows
    changed: dict[str, Rows | None]


@dataclass(frozen=True, eq=False)
class _Answers:
    """What one judge said of the tracks, before and by condition after."""

    before: dict[str, Judgement] = field(default_factory=dict)
    after: dict[str, dict[str, Judgement | None]] = field(default_factory=dict)


def measure(  # noqa: PLR0913 - three things to measure, and how
    files: Mapping[str, Path],
    rows_of: RowsOf[Rows],
    judges: Mapping[str, Judge[Rows]],
    conditions: Sequence[Condition] = CONDITIONS,
    *,
    jobs: int = 1,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Report]:
    """Count the tracks whose genre is not what it was for the original.

    A file that cannot be decoded is left out and named in the reports. A track that is
    taken as it is and refused under a condition counts as changed.

    Args:
        files: recordings by the names of their tracks.
        rows_of: computes what the judges need; called in other processes, so it has to
            be importable there and what it returns has to be picklable, unless ``jobs`` is 1.
        judges: by name; called in this process, in the order of the files.
        conditions: what is done to each track.
        jobs: processes, each of one thread; with 1 everything is done in this one.
        progress: called with the share of files that are done.

    Returns:
        A report for each judge, under its name.

    Raises:
        DataError: not one of the files can be decoded.

    """
    answers = {name: _Answers() for name in judges}
    left_out: dict[str, str] = {}
    extract = partial(_hear, rows_of=rows_of, conditions=conditions)
    heard_files = zip(files, _in_order(extract, list(files.values()), jobs), strict=True)
    for done, (track, heard) in enumerate(heard_files, start=1):
        if isinstance(heard, str):
            left_out[track] = heard
        else:
            for name, judge in judges.items():
                answers[name].before[track] = judge(track, heard.original)
                answers[name].after[track] = {
                    condition: None if rows is None else judge(track, rows)
                    for condition, rows in heard.changed.items()
                }
        if progress:
            progress(done / len(files))
    if len(left_out) == len(files):
        raise DataError(f"None of the {len(files)} files can be decoded.")
    return {
        name: Report(
            judge=name,
            tracks=len(found.before),
            tallies=[_tally(condition, found) for condition in conditions],
            left_out=left_out,
        )
        for name, found in answers.items()
    }


def _in_order(
    extract: Callable[[Path], _Heard[Rows] | str], paths: Sequence[Path], jobs: int
) -> Iterator[_Heard[Rows] | str]:
    if jobs == 1:
        yield from map(extract, paths)
        return
    # Never forked: whoever shows the progress has threads, whose locks a fork would inherit.
    spawn = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_end_at_once) as pool:
        yield from pool.map(extract, paths)


def _end_at_once() -> None:
    """Let Ctrl-C end a child without a traceback, and without its track being finished first."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _hear(path: Path, rows_of: RowsOf[Rows], conditions: Sequence[Condition]) -> _Heard[Rows] | str:
    """Compute a track's rows, or say why it has to be left out."""
    with threadpool_limits(1):
        try:
            samples = np.concatenate(list(decode(path, max_duration_s=MAX_TRACK_S)))
            original = rows_of(path)
        except (AudioError, OSError) as error:
            return str(error)
        changed = {c.name: _taken(rows_of, c.file_of(samples)) for c in conditions}
        return _Heard(original, changed)


def _taken(rows_of: RowsOf[Rows], content: bytes) -> Rows | None:
    try:
        return rows_of(io.BytesIO(content))
    except AudioError:
        return None


def _tally(condition: Condition, answers: _Answers) -> Tally:
    pairs = {
        track: (before, answers.after[track][condition.name])
        for track, before in answers.before.items()
    }
    judged = {
        track: (before, after) for track, (before, after) in pairs.items() if after is not None
    }
    shifts = [abs(after.probability - before.probability) for before, after in judged.values()]
    return Tally(
        condition=condition.name,
        meaning=condition.meaning,
        counts=condition.counts,
        tracks=len(pairs),
        flips=[
            _flip(track, before, after)
            for track, (before, after) in pairs.items()
            if after is None or after.genre != before.genre
        ],
        to_unsure=[t for t, (before, after) in judged.items() if before.sure and not after.sure],
        to_sure=[t for t, (before, after) in judged.items() if after.sure and not before.sure],
        mean_shift=fmean(shifts) if shifts else None,
    )


def _flip(track: str, before: Judgement, after: Judgement | None) -> Flip:
    return Flip(
        track=track,
        before=before.genre,
        after=after.genre if after else None,
        sure_before=before.sure,
        sure_after=after.sure if after else None,
    )
