"""Part ``crowd``: what many active jobs cost the bot: accepting one more, and following all."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from statistics import median
from typing import Final

from pydantic import SecretStr

from devtools.bench.deployment import Deployment, deployed
from devtools.bench.report.figures import Figure
from devtools.bench.scale import Scale
from devtools.emulator.state.emulator_state import EmulatorState
from devtools.emulator.state.records import Version
from devtools.local.valkey import embedded_valkey
from services.bot.submission import JobSubmitter
from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.domain.track import Track
from shared.queue.celery_config import broker_app
from shared.settings import JobSettings, LimitSettings, RedisSettings
from shared.store.jobs import JobStore
from shared.store.keys import COSTS, JobField
from shared.store.throughput import WorkerRegistration

SIZES: Final = (100, 1000, 10_000)
"""Active jobs beside which one more is accepted."""
GROWTH: Final = 1.5
CHANGES_PER_S: Final = 50
LAG_MS: Final = 50.0
PROCESSOR: Final = 30.0
SETTLE_S: Final = 30.0
"""Seconds that the bot gets to read all jobs before it is watched."""
PROCESSES: Final = 4
LENGTH_S: Final = 240.0
SEGMENTS: Final = 8
BOT_ID: Final = 42
_numbers = count(1_000_000)

ABOUT: Final = f"""\
Accepting: an embedded Valkey for each number of active jobs, each job of a user of its own, and the
bot's own submitter in the measuring process: limits, admission, creating the job and sending its
first task. Tracks are accepted in turn on all three, so that a machine that changes its speed does
so for all of them. Refusing is measured in the same way with a backlog above its bound and workers
so slow that the estimate is above ten minutes. Following: a bot as a process of its own beside the
Telegram emulator, 10,000 active jobs with a message each, and no worker; {CHANGES_PER_S} jobs
change a second (state, segments, end, and a new job for each that ended). The bot's lag is how late
a sleep of 20 ms wakes up in its event loop, its processor share that of one core, both after
{SETTLE_S:.0f} s in which it has read all jobs."""


def measure(scale: Scale) -> list[Figure]:
    """Measure accepting and refusing, then the bot beside many jobs."""
    return [*_submissions(scale.submissions), *_following(scale.active_jobs, scale.watch_s)]


def _submissions(number: int) -> list[Figure]:
    figures = []
    for verb, accepts in (("accepted", True), ("refused", False)):
        with ExitStack() as stack:
            submitters = {size: stack.enter_context(_submitter(size, accepts)) for size in SIZES}
            times: dict[int, list[float]] = {size: [] for size in SIZES}
            for _ in range(number):
                for size, submitter in submitters.items():
                    started = time.perf_counter()
                    refused = submitter._enqueue(_track(next(_numbers)))  # noqa: SLF001 - timed
                    times[size].append((time.perf_counter() - started) * 1000)
                    if (refused is None) is not accepts:
                        raise RuntimeError(f"a track was not {verb}: {refused}")
        medians = {size: median(values) for size, values in times.items()}
        figures += [
            Figure(f"a track is {verb} beside {size} jobs, median", value, "ms")
            for size, value in medians.items()
        ]
        ratio = medians[SIZES[-1]] / medians[SIZES[0]]
        name = f"{verb}: beside {SIZES[-1]} jobs / beside {SIZES[0]}"
        figures.append(Figure(name, ratio, "times", GROWTH))
    return figures


@contextmanager
def _submitter(size: int, accepts: bool) -> Iterator[JobSubmitter]:  # noqa: FBT001 - one of two
    """Yield a submitter beside some active jobs."""
    limits = LimitSettings()
    settings = JobSettings(max_backlog_s=1e12 if accepts else 1.0)
    with embedded_valkey() as url:
        redis = RedisSettings(url=SecretStr(url))
        jobs, queue = JobStore.open(redis, settings), broker_app(redis, limits)
        jobs.redis.hset(COSTS, mapping={"audio": 1e6, "listening": 1e9})
        WorkerRegistration("bench", PROCESSES, "v").announce(jobs.redis)
        for _ in range(size):
            jobs.create(_track(next(_numbers)))
        yield JobSubmitter(jobs, queue, limits, on_job=lambda _: None, on_delay=lambda _: None)
        queue.close()
        jobs.redis.close()


def _following(active: int, watch_s: float) -> list[Figure]:
    with deployed(bot=True, worker=False) as running:
        jobs = JobStore.open(running.settings, JobSettings())
        bot_id = int(running.telegram.token.partition(":")[0])
        crowd = _Crowd(running, jobs, bot_id)
        crowd.grow(active)
        crowd.change(SETTLE_S)
        before = running.lag()
        crowd.change(watch_s)
        after = running.lag()
        edits = crowd.edits()
        jobs.redis.close()
    share = (after["cpu_s"] - before["cpu_s"]) / (after["at"] - before["at"]) * 100
    beside = f"beside {active} jobs, {CHANGES_PER_S} changes a second"
    return [
        Figure(f"bot's lag {beside}, median", after["p50_ms"], "ms"),
        Figure(f"bot's lag {beside}, 99th percentile", after["p99_ms"], "ms", LAG_MS),
        Figure(f"bot's lag {beside}, largest", after["max_ms"], "ms"),
        Figure(f"bot's processor share {beside}", share, "%", PROCESSOR),
        Figure("messages edited meanwhile", edits / watch_s, "a second"),
    ]


class _Crowd:
    """Active jobs that change, each with a message in a chat of its own."""

    def __init__(self, running: Deployment, jobs: JobStore, bot_id: int) -> None:
        self._running = running
        self._jobs = jobs
        self._bot_id = bot_id
        self._ids: list[str] = []
        self._steps: dict[str, int] = {}
        self._next = 0
        self._watched_from = 0.0

    def grow(self, number: int) -> None:
        """Add jobs."""
        for _ in range(number):
            self._ids.append(self._create())

    def change(self, seconds: float) -> None:
        """Let jobs change for a while, evenly."""
        worker = WorkerRegistration("bench", PROCESSES, "v")
        self._watched_from = time.time()
        started = time.monotonic()
        for number in range(round(seconds * CHANGES_PER_S)):
            if number % (10 * CHANGES_PER_S) == 0:
                worker.announce(self._jobs.redis)
                self._running.check()
            self._advance()
            time.sleep(max(0.0, started + number / CHANGES_PER_S - time.monotonic()))

    def edits(self) -> int:
        """Return how many messages were edited since ``change`` was called last."""

        def edited(state: EmulatorState) -> int:
            chats = [state.chats.existing(chat_id) for chat_id in state.chats.ids()]
            versions = [
                version
                for chat in chats
                for message in chat.messages.values()
                for version in message.versions[1:]
            ]
            return sum(version.at >= self._watched_from for version in versions)

        return self._running.telegram.call(edited)

    def _advance(self) -> None:
        """Move the next job one step on; replace it at its end."""
        self._next = (self._next + 7919) % len(self._ids)  # a prime: spreads over all jobs
        job_id = self._ids[self._next]
        step = self._steps[job_id] = self._steps[job_id] + 1
        states = [JobState.FETCHING, JobState.CONVERTING]
        if step <= len(states):
            self._jobs.advance(job_id, states[step - 1])
        elif step == len(states) + 1:
            self._jobs.segment_progress.commit_slice(job_id, 0, SEGMENTS, _plan())
            self._jobs.advance(job_id, JobState.FEATURIZING)
        elif step <= len(states) + 1 + SEGMENTS:
            self._jobs.segment_progress.complete_segment(job_id, step - len(states) - 2)
        else:
            self._jobs.advance(job_id, JobState.DONE)
            self._ids[self._next] = self._create()

    def _create(self) -> str:
        number = next(_numbers)

        def write(state: EmulatorState) -> tuple[int, int]:
            # Without an update to the bot: it would reply to what is no track.
            chat = state.chats.open(number)
            sent = state.chats.write(chat, chat.member, Version(at=time.time(), text="track"))
            status = state.chats.write(chat, state.bot, Version(at=time.time(), text="queued"))
            return sent.message_id, status.message_id

        message_id, status_id = self._running.telegram.call(write)
        track = _track(number, bot_id=self._bot_id, message_id=message_id)
        self._jobs.create(track)
        self._jobs.record(track.job_id, JobField.STATUS_MESSAGE_ID, str(status_id))
        self._steps[track.job_id] = 0
        return track.job_id


def _track(user: int, *, bot_id: int = BOT_ID, message_id: int = 1) -> Track:
    return Track(
        bot_id=bot_id,
        chat_id=user,
        user_id=user,
        message_id=message_id,
        file_id="file",
        kind="audio",
        duration_s=LENGTH_S,
        title="A track",
    )


def _plan() -> Plan:
    chunks = round(LENGTH_S / 3)
    return Plan.of(
        duration_s=LENGTH_S, n_chunks=chunks, segment_chunks=chunks // SEGMENTS, columns=4
    )
