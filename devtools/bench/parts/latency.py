"""Part ``latency``: what people wait, alone and in company, through bot, queue and Telegram."""

import time
from collections.abc import Iterator
from statistics import median
from typing import Final

from devtools.bench import music
from devtools.bench.report.figures import Figure, Spread
from devtools.bench.scale import Scale
from devtools.bench.stand import Person, Stand, stand
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
"""What the status says while a track is featurized."""
LOOK_S: Final = 0.2
"""Seconds between two looks at how many jobs there are."""

ABOUT: Final = """\
A bot, a worker with two processes, an embedded Valkey and an emulated Telegram, all on this
machine; the emulator and the people live in the measuring process. Every person has a chat of
their own and every clip differs by some bytes, so that no answer comes from the archive unless
that is what is measured. Times are from the sending of a clip to the picture with its verdict, by
the emulator's clock. A clip beside the mix is sent once the answer to the one before is there, as
on the idle stack, and only while a mix of 60 minutes is being listened to; another mix follows
where one is not enough. The ten persons' finishing times are compared with the same ten on the
idle stack. The bot's lag is how late a sleep of 20 ms wakes up in its event loop, from the first
of the uploads on, while the worker has both cores to do."""


def measure(scale: Scale) -> list[Figure]:
    """Go from an idle stack to a flooded one; what is left over at the end is given up."""
    clip = music.track(CLIP_S)
    with stand(concurrency=2, bot=True) as running:
        running.person().ask(music.unlike(clip))  # the first one also waits for the start
        idle, heard = _idle(running, clip, scale.clips)
        figures = [*_answers("30 s on an idle stack", idle)]
        beside = _beside_mix(running, clip, scale.clips)
        figures += _answers("30 s during a mix of 60 min", beside)
        figures += _ratios(idle, beside)
        figures += _again(running, heard[:AGAIN], idle)
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


def _idle(running: Stand, clip: bytes, number: int) -> tuple[list[float], list[bytes]]:
    clips = [music.unlike(clip) for _ in range(number)]
    return [running.person().ask(each) for each in clips], clips


def _beside_mix(running: Stand, clip: bytes, number: int) -> list[float]:
    """Send clips one by one while somebody's mix is being listened to."""
    mix = music.track(MIX_S, bit_rate=MIX_BIT_RATE)
    taken: list[float] = []
    while len(taken) < number:
        other = running.person()
        other.send(music.unlike(mix))
        running.until(lambda: _shows(running, other, LISTENING), "the mix to be listened to")  # noqa: B023 - called at once
        while len(taken) < number and _shows(running, other, LISTENING):
            taken.append(running.person().ask(music.unlike(clip)))
        other.answered()
    return taken


def _shows(running: Stand, person: Person, words: str) -> bool:
    messages = running.telegram.call(lambda state: state.messages(person.chat))
    return any(message.from_bot and words in message.shown for message in messages)


def _again(running: Stand, heard: list[bytes], first: list[float]) -> list[Figure]:
    second = [running.person().ask(each) for each in heard]
    return [
        Figure("the same file again, median", median(second), "s"),
        Figure("the same file first / again", median(first) / median(second), "times"),
    ]


def _crowd(running: Stand, clip: bytes, scale: Scale) -> list[Figure]:
    """Compare a crowd alone with one that comes after somebody's flood of clips."""
    alone = Spread.of(_together(running, clip, scale.crowd))
    one = running.person()
    for _ in range(scale.flood):
        one.send(music.unlike(clip))
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


def _together(running: Stand, clip: bytes, number: int) -> list[float]:
    people = [running.person() for _ in range(number)]
    for person in people:
        person.send(music.unlike(clip))
    return [person.answered() for person in people]


def _lag(running: Stand, clip: bytes, scale: Scale) -> list[Figure]:
    """Flood the bot, and watch its event loop until the flood is over or the time is."""
    jobs = JobStore.open(running.settings, JobSettings())
    before = len(jobs.active())
    running.lag()  # begins anew
    for _ in range(scale.uploads):
        running.person().send(music.unlike(clip))
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
