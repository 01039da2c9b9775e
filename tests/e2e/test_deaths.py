"""Processes die in the middle; the people in the chats do not notice."""

import itertools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from devtools.emulator.serving import EmulatorThread, emulator_thread
from devtools.local.processes import Processes
from devtools.local.stack import running_stack
from devtools.local.valkey import DURABLE, ValkeyServer, free_port
from tests.e2e.people import Person, heard_jobs
from tests.sounds import encode, tune

pytestmark = pytest.mark.processes

LEASE_S = 2
TRACK_SECONDS = 12 * 60
"""Long enough to be still under way when the chat shows that it is."""
_seeds = itertools.count(1000)
AWAY_S = 3.0
"""Seconds that the queue is away for: longer than any try within a step lasts."""


@dataclass
class JobState:
    """Two workers, a bot and a durable queue, each of which may be taken away."""

    telegram: EmulatorThread
    processes: Processes
    valkey: ValkeyServer
    log: Path

    def person(self) -> Person:
        """Somebody new."""
        return Person(self.telegram)

    def restart(self, name: str) -> None:
        """Start one of the killed again."""
        worker = ["worker", "--name", f"{name}@stage", "--concurrency", "1"]
        self.processes.start(name, ["bot"] if name == "bot" else worker)

    def heard(self, people: list[Person]) -> int:
        """Of how many jobs of some people any features were computed."""
        with Redis(port=self.valkey.port) as client:
            return heard_jobs(client, people)

    def busy(self) -> bool:
        """Whether a task is being worked on."""
        with Redis(port=self.valkey.port) as client:
            return bool(client.zcard("genrebot:leases"))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobState]:
    """One for all: what a test kills it starts again, as whoever runs the thing would."""
    folder = tmp_path_factory.mktemp("deaths")
    valkey = ValkeyServer(folder / "valkey", free_port(), DURABLE)
    with (
        valkey,
        emulator_thread() as telegram,
        running_stack(
            api_url=telegram.base_url,
            token=telegram.token,
            redis_url=valkey.url,
            workers=2,
            concurrency=1,
            environment={"GENREBOT_LEASE_S": str(LEASE_S), "GENREBOT_SEGMENT_CHUNKS": "5"},
            log=folder / "stage.log",
        ) as processes,
    ):
        yield JobState(telegram, processes, valkey, folder / "stage.log")


@pytest.fixture
def listener(state: JobState) -> Person:
    """Somebody whose track is just being heard."""
    person = state.person()
    person.send("audio", _music(TRACK_SECONDS), file_name="long.wav")
    person.wait(lambda message: "listening" in message.shown)
    return person


def _short() -> bytes:
    return _music(7)


def _music(seconds: int) -> bytes:
    """What nobody has sent before, or its answer would be there already."""
    return encode(tune(seconds, next(_seeds), sample_rate=8000), "wav", sample_rate=8000)


def _assert_answered_once(person: Person) -> None:
    answer = person.verdict()
    person.clip()
    assert "heard 12:00 in all" in answer.shown or "heard 0:07 in all" in answer.shown
    assert [kind for kind in person.kinds() if kind != "text"] == ["photo", "voice"]
    # A reply cut off before it could note its end puts the same picture there once more.
    texts = [version.text for version in answer.versions]
    assert not any(texts[texts.index(None) :]), "words were written over the verdict"


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid,ppid"], check=True, capture_output=True, text=True)  # noqa: S607 - wherever ps is
    pairs = [line.split() for line in listed.stdout.splitlines()[1:]]
    return [int(child) for child, parent in pairs if int(parent) == pid]


def test_a_killed_child_of_a_worker_is_made_up_for(state: JobState, listener: Person) -> None:
    """As the kernel does it when memory runs out: the parent hands the task back."""
    for name in ("worker1", "worker2"):
        for child in _children(state.processes._running[name].pid):
            os.kill(child, signal.SIGKILL)
    _assert_answered_once(listener)
    assert listener.kinds() == ["photo", "voice"]


def test_a_killed_worker_is_made_up_for_by_the_other(state: JobState, listener: Person) -> None:
    """SIGKILL while both are at work on one track: the other one finds what was lost."""
    state.processes.kill("worker1")
    _assert_answered_once(listener)
    assert listener.kinds() == ["photo", "voice"]
    state.restart("worker1")


def test_who_follows_a_killed_leader_is_answered_too(state: JobState) -> None:
    """Two send one file at once; all workers die with it, and one that comes up answers both."""
    music, people = _music(TRACK_SECONDS), [state.person() for _ in range(2)]
    for person in people:
        person.send("audio", music, file_name="long.wav")
    for person in people:
        person.wait(lambda message: "listening" in message.shown)
    for name in ("worker1", "worker2"):
        state.processes.kill(name)
    for name in ("worker1", "worker2"):
        state.restart(name)
    for person in people:
        _assert_answered_once(person)
    assert state.heard(people) == 1


def test_the_death_of_all_workers_is_made_up_for_by_a_new_one(
    state: JobState, listener: Person
) -> None:
    """Nobody is left to notice; the first worker that comes up does."""
    state.processes.kill("worker1")
    state.processes.kill("worker2")
    state.restart("worker1")
    state.restart("worker2")
    _assert_answered_once(listener)
    assert listener.kinds() == ["photo", "voice"]


def test_a_killed_bot_loses_no_track_and_answers_none_twice(
    state: JobState, listener: Person
) -> None:
    """Verdicts arrive without it; what it was just told, or not yet, waits for its return."""
    early = [state.person() for _ in range(3)]
    for person in early:
        person.send("audio", _short(), file_name="short.wav")
        time.sleep(0.03)
    state.processes.kill("bot")
    late = state.person()
    late.send("audio", _short(), file_name="short.wav")
    _assert_answered_once(listener)
    assert late.kinds() == []
    state.restart("bot")
    for person in (*early, late):
        _assert_answered_once(person)
    assert listener.kinds() == ["photo", "voice"]


def test_a_queue_that_restarts_keeps_everything(state: JobState, listener: Person) -> None:
    """Valkey is stopped while a track is being heard and another one comes in."""
    state.valkey.stop()
    meanwhile = state.person()
    meanwhile.send("audio", _short(), file_name="short.wav")
    time.sleep(AWAY_S)
    state.valkey.start()
    _assert_answered_once(meanwhile)
    _assert_answered_once(listener)


def test_an_idle_stack_is_idle(state: JobState) -> None:
    """After all of that no task is under way and every process lives."""
    _eventually(lambda: not state.busy())
    assert state.processes.ended() is None


def _eventually(condition: Callable[[], bool], limit_s: float = 15.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.1)
