"""Sizes and repetitions of a run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Sizes and repetitions; the defaults are those of the documented run.

    Attributes:
        long: also measure tracks of three hours.
        rounds: chunks on which each function is timed.
        compared: chunks whose features are compared with plain librosa's.
        starts: processes for each timed start.
        messages: trivial tasks sent one by one.
        tracks: five-minute tracks for the throughput of worker processes.
        clips: half-minute clips for each latency distribution.
        crowd: persons who send one clip each at the same time.
        flood: clips that one other person sends before them.
        uploads: clips in flight while the bot's event loop is watched.
        watch_s: seconds for which it is watched.
        submissions: tracks that are accepted beside many jobs.
        active_jobs: jobs beside which the bot is watched.

    """

    long: bool = False
    rounds: int = 40
    compared: int = 40
    starts: int = 3
    messages: int = 60
    tracks: int = 6
    clips: int = 15
    crowd: int = 10
    flood: int = 50
    uploads: int = 200
    watch_s: float = 20.0
    submissions: int = 100
    active_jobs: int = 10_000
