"""Classifies each track as it is and under each condition, and counts changed genres.

Extracting features takes nearly all of the time. They are extracted once, in several processes,
and classified by any number of models.
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
from training.robustness.report import Flip, Outcome, Report, Tally

Features = TypeVar("Features")
Extract = Callable[[Source], Features]
"""Extracts what the models need from a file; raises ``AudioError`` if it is refused."""

Classify = Callable[[str, Features], Outcome]
"""Classifies a track, given its name and features."""


@dataclass(frozen=True, eq=False)
class _Extracted(Generic[Features]):
    """Features of the original and by condition, ``None`` for a file that is refused."""

    original: Features
    changed: dict[str, Features | None]


@dataclass(frozen=True, eq=False)
class _Outcomes:
    """Outcomes of one model by track: of the original, and by condition."""

    before: dict[str, Outcome] = field(default_factory=dict)
    after: dict[str, dict[str, Outcome | None]] = field(default_factory=dict)


def measure(  # noqa: PLR0913 - options
    files: Mapping[str, Path],
    extract: Extract[Features],
    models: Mapping[str, Classify[Features]],
    conditions: Sequence[Condition] = CONDITIONS,
    *,
    jobs: int = 1,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Report]:
    """Count the tracks whose genre differs from that of the original.

    A file that cannot be decoded is left out and named in the reports. A track that is
    refused only under a condition counts as changed.

    Args:
        files: recordings by the names of their tracks.
        extract: extracts features; called in other processes unless ``jobs`` is 1, so it has
            to be importable there, and its results picklable.
        models: by name; called in this process, in the order of the files.
        conditions: changes of each track.
        jobs: processes of one thread each; with 1 everything runs in this process.
        progress: called with the share of files that are done.

    Returns:
        A report for each model, by name.

    Raises:
        DataError: none of the files can be decoded.

    """
    outcomes = {name: _Outcomes() for name in models}
    left_out: dict[str, str] = {}
    extract_all = partial(_extract_all, extract=extract, conditions=conditions)
    tracks = zip(files, _in_order(extract_all, list(files.values()), jobs), strict=True)
    for done, (track, extracted) in enumerate(tracks, start=1):
        if isinstance(extracted, str):
            left_out[track] = extracted
        else:
            for name, classify in models.items():
                outcomes[name].before[track] = classify(track, extracted.original)
                outcomes[name].after[track] = {
                    condition: None if features is None else classify(track, features)
                    for condition, features in extracted.changed.items()
                }
        if progress:
            progress(done / len(files))
    if len(left_out) == len(files):
        raise DataError(f"None of the {len(files)} files can be decoded.")
    return {
        name: Report(
            model=name,
            tracks=len(found.before),
            tallies=[_tally(condition, found) for condition in conditions],
            left_out=left_out,
        )
        for name, found in outcomes.items()
    }


def _in_order(
    extract_all: Callable[[Path], _Extracted[Features] | str], paths: Sequence[Path], jobs: int
) -> Iterator[_Extracted[Features] | str]:
    if jobs == 1:
        yield from map(extract_all, paths)
        return
    # Not forked: the progress display has threads, whose locks a fork would inherit.
    spawn = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_end_at_once) as pool:
        yield from pool.map(extract_all, paths)


def _end_at_once() -> None:
    """Let Ctrl-C end a child at once and without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _extract_all(
    path: Path, extract: Extract[Features], conditions: Sequence[Condition]
) -> _Extracted[Features] | str:
    """Return a track's features, or the reason to leave it out."""
    with threadpool_limits(1):
        try:
            samples = np.concatenate(list(decode(path, max_duration_s=MAX_TRACK_S)))
            original = extract(path)
        except (AudioError, OSError) as error:
            return str(error)
        changed = {c.name: _or_none(extract, c.file_of(samples)) for c in conditions}
        return _Extracted(original, changed)


def _or_none(extract: Extract[Features], content: bytes) -> Features | None:
    try:
        return extract(io.BytesIO(content))
    except AudioError:
        return None


def _tally(condition: Condition, outcomes: _Outcomes) -> Tally:
    pairs = {
        track: (before, outcomes.after[track][condition.name])
        for track, before in outcomes.before.items()
    }
    classified = {
        track: (before, after) for track, (before, after) in pairs.items() if after is not None
    }
    shifts = [abs(after.probability - before.probability) for before, after in classified.values()]
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
        to_unsure=[
            t for t, (before, after) in classified.items() if before.sure and not after.sure
        ],
        to_sure=[t for t, (before, after) in classified.items() if after.sure and not before.sure],
        mean_shift=fmean(shifts) if shifts else None,
    )


def _flip(track: str, before: Outcome, after: Outcome | None) -> Flip:
    return Flip(
        track=track,
        before=before.genre,
        after=after.genre if after else None,
        sure_before=before.sure,
        sure_after=after.sure if after else None,
    )
