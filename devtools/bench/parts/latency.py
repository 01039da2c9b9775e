"""Part ``latency``: time from sending a clip to its verdict, on an idle and on a busy stack."""

import time
from collections.abc import Iterator
from statistics import median
from typing import Final

from devtools.bench import sample_tracks
from devtools.bench.deployment import Deployment, Person, deployed
from devtools.bench.report.figures import Figure, Spread
from devtools.bench.scale import Scale
from shared.settings import JobSettings
from shared.store.jobs import JobStore

CLIP_S: Final = 30
MIX_S: Final = 3600
MIX_BIT_RATE: Final = 32_000
BESIDE_MIX: Final = 2.0
LAG_MS: Final = 50.0
AGAIN: Final = 10
"""Clips that are sent a second time."""
LISTENING: Final = "listening"
"""Word in the status message while a track is featurized."""
LOOK_S: Final = 0.2
"""Seconds between two counts of active jobs."""

ABOUT: Final = """\
A bot, a worker with two processes, an embedded Valkey and the Telegram emulator, all on this
machine; the emulator and the people run in the measuring process. Every person has a chat of their
own and every clip differs by some bytes, so that no reply comes from the result cache unless that
is measured. Times are from sending a clip to the picture with its verdict, by the emulator's
clock. Clips beside the mix are sent one after another, as on the idle stack, while a mix of 60
minutes is being featurized; another mix follows where one is not enough. The finishing times of
the ten persons are compared with those of ten persons on the idle stack. The bot's lag is how late
a sleep of 20 ms wakes up in its event loop, from the first of the uploads on, while the worker
uses both cores."""


def measure(scale: Scale) -> list[Figure]:
    """Measure from an idle to a flooded stack; jobs left at the end are dropped."""
    clip = sample_tracks.track(CLIP_S)
    with deployed(concurrency=2, bot=True) as running:
        running.person().ask(
            sample_tracks.unique_copy(clip)
        )  # the first also waits for the worker's start
        idle, sent = _idle(running, clip, scale.clips)
        figures = [*_answers("30 s on an idle stack", idle)]
        beside = _beside_mix(running, clip, scale.clips)
        figures += _answers("30 s during a mix of 60 min", beside)
        figures += _ratios(idle, beside)
        figures += _again(running, sent[:AGAIN], idle)
        figures += _crowd(running, clip, scale)
        figures += _lag(running, clip, scale)
    return figures


def _answers(name: str, values: list[float]) -> Iterator[Figure]:
    spread = Spread.of(values)
    yield Figure(f"{name}, median", spread.median, "s", note=f"of {len(values)}")
    yield Figure(f"{name}, 95th percentile", spread.p95, "s")


def _ratios(idle: list[float], beside: list[float]) -> list[Figure]:
    alone, company = Spread.of(idle), Spread.of(beside)
    return [
        Figure("during a mix / idle, median", company.median / alone.median, "times"),
        Figure(
            "during a mix / idle, 95th percentile", company.p95 / alone.p95, "times", BESIDE_MIX
        ),
    ]


def _idle(running: Deployment, clip: bytes, number: int) -> tuple[list[float], list[bytes]]:
    clips = [sample_tracks.unique_copy(clip) for _ in range(number)]
    return [running.person().ask(each) for each in clips], clips


def _beside_mix(running: Deployment, clip: bytes, number: int) -> list[float]:
    """Send clips one by one while another person's mix is being featurized."""
    mix = sample_tracks.track(MIX_S, bit_rate=MIX_BIT_RATE)
    taken: list[float] = []
    while len(taken) < number:
        other = running.person()
        other.send(sample_tracks.unique_copy(mix))
        running.until(lambda: _shows(running, other, LISTENING), "the mix to be listened to")  # noqa: B023 - called at once
        while len(taken) < number and _shows(running, other, LISTENING):
            taken.append(running.person().ask(sample_tracks.unique_copy(clip)))
        other.answered()
    return taken


def _shows(running: Deployment, person: Person, words: str) -> bool:
    messages = running.telegram.call(lambda state: state.messages(person.chat))
    return any(message.from_bot and words in message.shown for message in messages)


def _again(running: Deployment, sent: list[bytes], first: list[float]) -> list[Figure]:
    second = [running.person().ask(each) for each in sent]
    return [
        Figure("the same file again, median", median(second), "s"),
        Figure("the same file first / again", median(first) / median(second), "times"),
    ]


def _crowd(running: Deployment, clip: bytes, scale: Scale) -> list[Figure]:
    """Compare a crowd alone with a crowd behind one person's flood of clips."""
    alone = Spread.of(_together(running, clip, scale.crowd))
    one = running.person()
    for _ in range(scale.flood):
        one.send(sample_tracks.unique_copy(clip))
    behind = Spread.of(_together(running, clip, scale.crowd))
    people, others = f"{scale.crowd} persons", f"behind {scale.flood} clips of one"
    return [
        Figure(f"{people} at once, median", alone.median, "s"),
        Figure(f"{people} at once, worst", alone.worst, "s"),
        Figure(f"{people} {others}, median", behind.median, "s"),
        Figure(f"{people} {others}, worst", behind.worst, "s"),
        Figure(f"{people} {others} / alone, median", behind.median / alone.median, "times"),
        Figure(f"{people} {others} / alone, worst", behind.worst / alone.worst, "times"),
    ]


def _together(running: Deployment, clip: bytes, number: int) -> list[float]:
    people = [running.person() for _ in range(number)]
    for person in people:
        person.send(sample_tracks.unique_copy(clip))
    return [person.answered() for person in people]


def _lag(running: Deployment, clip: bytes, scale: Scale) -> list[Figure]:
    """Flood the bot, and watch its event loop for ``watch_s`` seconds."""
    jobs = JobStore.open(running.settings, JobSettings())
    before = len(jobs.active())
    running.lag()  # resets the measurement
    for _ in range(scale.uploads):
        running.person().send(sample_tracks.unique_copy(clip))
    deadline = time.monotonic() + scale.watch_s
    most = before
    while time.monotonic() < deadline:
        most = max(most, len(jobs.active()))
        time.sleep(LOOK_S)
    running.check()
    lag = running.lag()
    jobs.redis.close()
    note = f"{most - before} more jobs at once than before, over {lag['count']:.0f} wakings"
    return [
        Figure("bot's event loop, lag, median", lag["p50_ms"], "ms", note=note),
        Figure("bot's event loop, lag, 99th percentile", lag["p99_ms"], "ms", LAG_MS),
        Figure("bot's event loop, lag, worst", lag["max_ms"], "ms"),
    ]
