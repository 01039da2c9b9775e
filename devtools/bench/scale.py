"""How much a run measures."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Numbers of repetitions; the defaults are those of the documented run.

    Attributes:
        long: also measure tracks of three hours.
        rounds: chunks on which each function is timed.
        compared: chunks whose features are compared one by one with plain librosa's.
        starts: fresh processes for each start that is timed.
        messages: trivial tasks sent one by one.
        tracks: five-minute tracks for the throughput of worker processes.
        clips: half-minute clips for each distribution of answers.
        crowd: persons who send one clip each, at once.
        flood: clips that one other person has sent before them.
        uploads: clips in flight while the bot's event loop is watched.
        watch_s: how long it is watched, in seconds.

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
