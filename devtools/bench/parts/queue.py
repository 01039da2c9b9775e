"""Part ``queue``: overhead of the broker, speed-up of a second process, memory of Redis."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from devtools.bench import sample_tracks
from devtools.bench.deployment import Deployment, deployed
from devtools.bench.programs.trivial_tasks import TrivialTasks
from devtools.bench.report.figures import Figure, Spread
from devtools.bench.scale import Scale
from shared.domain.track import Track
from shared.queue.celery_config import broker_app
from shared.queue.messages import JobMessage
from shared.queue.sending import send
from shared.queue.tasks import QueueName, TaskName
from shared.settings import JobSettings, LimitSettings
from shared.store.jobs import JobStore

TRACK_S: Final = 300
SPEEDUP: Final = 1.8
PEAK_MB: Final = 64.0
BURST: Final = 200
SAMPLE_S: Final = 0.02
LIMIT_S: Final = 600
"""Time limit of the ingest task, in seconds."""
MIXES: Final = {"60 min": (3600, 32_000), "3 h": (10_800, 8000)}
"""Length in seconds and bit rate: just below the 16 MB up to which a file waits in Redis."""

ABOUT: Final = """\
An embedded Valkey, a worker with one or two processes, and the Telegram emulator that it downloads
from and replies to; no bot. Trivial tasks are real messages for unknown jobs: the worker takes a
lease, finds no job, and ends; times of start and end are from Celery's events. The throughput is
over whole jobs, from download to reply, on five-minute mp3 that are queued at once; first with one
process, then with two. Redis' memory is `used_memory`, sampled every 20 ms during one job, less
what it was before: the uploaded file (a mix just small enough to be kept in Redis), its PCM in
flight, the features, and all buffers."""


def measure(scale: Scale) -> list[Figure]:
    """Measure with one process, then with two; last the mixes, on two."""
    figures: list[Figure] = []
    tracks = [sample_tracks.unique_copy(sample_tracks.track(TRACK_S)) for _ in range(scale.tracks)]
    with deployed(concurrency=1) as running:
        with TrivialTasks(running) as trivial:
            trivial.run()  # also waits for the worker's start
            figures += _overhead(trivial, scale.messages)
        one_s = _process_all(running, tracks)
    with deployed(concurrency=2) as running:
        with TrivialTasks(running) as trivial:
            trivial.run()
        two_s = _process_all(running, tracks)
        figures += _throughput(len(tracks) * TRACK_S, one_s, two_s)
        for name, (seconds, bit_rate) in MIXES.items():
            if name == "60 min" or scale.long:
                figures += _memory(running, name, sample_tracks.track(seconds, bit_rate=bit_rate))
    return figures


def _overhead(trivial: TrivialTasks, messages: int) -> list[Figure]:
    times = [trivial.run() for _ in range(messages)]
    starts = Spread.of([(one.started - one.sent) * 1000 for one in times])
    ends = Spread.of([(one.ended - one.sent) * 1000 for one in times])
    return [
        Figure("trivial task, sent to started, median", starts.median, "ms"),
        Figure("trivial task, sent to started, 95th percentile", starts.p95, "ms"),
        Figure("trivial task, sent to ended, median", ends.median, "ms"),
        Figure("trivial task, sent to ended, 95th percentile", ends.p95, "ms"),
        Figure(
            f"{BURST} trivial tasks at once, one process", BURST / trivial.burst(BURST), "tasks/s"
        ),
    ]


def _throughput(audio_s: float, one_s: float, two_s: float) -> list[Figure]:
    return [
        Figure("one process, over real time", audio_s / one_s, "times"),
        Figure("two processes, over real time", audio_s / two_s, "times"),
        Figure("two processes / one", one_s / two_s, "times", SPEEDUP, "at least"),
    ]


def _memory(running: Deployment, name: str, mix: bytes) -> list[Figure]:
    with _watched(running) as peak:
        taken_s = _process_all(running, [mix])
    return [
        Figure(f"mix of {name}, two processes", taken_s, "s"),
        Figure(f"mix of {name}: the file itself", len(mix) / 1e6, "MB"),
        Figure(f"mix of {name}: peak of Redis' memory", peak[0] / 1e6, "MB", PEAK_MB),
    ]


def _process_all(running: Deployment, tracks: list[bytes]) -> float:
    """Queue one track each of several persons; return the seconds until all are done.

    Raises:
        BrokenError: they do not finish.
        RuntimeError: one ended without a verdict.

    """
    app = broker_app(running.settings, LimitSettings())
    jobs = JobStore.open(running.settings, JobSettings())
    known = [_uploaded(running, data) for data in tracks]
    started = time.monotonic()
    for track in known:
        jobs.create(track)
        message = JobMessage(job_id=track.job_id)
        send(app, TaskName.INGEST, message, queue=QueueName.SHORT, limit_s=LIMIT_S)
    running.until(lambda: not jobs.active(), f"{len(tracks)} tracks")
    taken_s = time.monotonic() - started
    failed = [
        view for view in jobs.views(track.job_id for track in known) if not view or view.error
    ]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(tracks)} tracks failed: {failed[0]}")
    app.close()
    jobs.redis.close()
    return taken_s


def _uploaded(running: Deployment, data: bytes) -> Track:
    """Upload a file to the emulator, and describe it as the bot would."""
    sent = running.person().send(data)
    assert sent.media is not None, "that is what was sent"  # noqa: S101 - for the type checker
    return Track(
        bot_id=int(running.telegram.token.partition(":")[0]),
        chat_id=sent.chat_id,
        user_id=sent.chat_id,
        message_id=sent.message_id,
        file_id=sent.media.file_id,
        file_size=len(data),
        kind="audio",
    )


@contextmanager
def _watched(running: Deployment) -> Iterator[list[int]]:
    """Yield a list that holds the peak growth of Redis' memory so far, in bytes."""
    over = threading.Event()
    with running.redis() as redis:
        before = _used(redis)
        peak = [0]

        def watch() -> None:
            while not over.wait(SAMPLE_S):
                peak[0] = max(peak[0], _used(redis) - before)

        thread = threading.Thread(target=watch, name="memory")
        thread.start()
        try:
            yield peak
        finally:
            over.set()
            thread.join()


def _used(redis: Any) -> int:
    return int(redis.info("memory")["used_memory"])
