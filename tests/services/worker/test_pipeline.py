"""A real worker process on a real queue, and no bot: a job goes in by name, a verdict comes out."""

import json
import os
import re
import time
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from pydantic import SecretStr
from redis import Redis

from devtools.emulator.serving import EmulatorThread, emulator_thread
from devtools.emulator.state.faults import Fault
from devtools.emulator.state.records import ChatMessage
from devtools.local.processes import Processes
from devtools.local.valkey import embedded_valkey
from shared.domain.track import Track
from shared.queue.celery_config import broker_app
from shared.queue.messages import JobMessage
from shared.queue.sending import send
from shared.queue.tasks import QueueName, TaskName
from shared.settings import JobSettings, LimitSettings, RedisSettings
from shared.store.jobs import JobStore
from tests.retention import retention
from tests.services.worker.manual_worker import Sent
from tests.sounds import encode, tune

pytestmark = pytest.mark.processes

CHAT = 5
JOB_TTL_S = 24 * 3600


@dataclass
class Past:
    """What one job of a real worker left to look at."""

    job_id: str = ""
    queued: list[Sent] = field(default_factory=list)
    answers: list[ChatMessage] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    """Time to live in seconds of every key that was there after the job; -1 for none."""
    log: str = ""
    stop_s: float = 0.0
    orphaned: bool = True


def _send(telegram: EmulatorThread, redis: RedisSettings) -> str:
    """Send a track's first task by name, as the bot does; return the job's id."""
    data = encode(tune(7), "mp3")
    sent = telegram.call(lambda state: state.send_media(CHAT, "audio", data, file_name="a.mp3"))
    assert sent.media is not None
    track = Track(
        bot_id=1,
        chat_id=CHAT,
        message_id=sent.message_id,
        file_id=sent.media.file_id,
        kind="audio",
        file_name="a.mp3",
    )
    JobStore.open(redis, JobSettings()).create(track)
    message = JobMessage(job_id=track.job_id)
    with broker_app(redis, LimitSettings()) as app:
        send(app, TaskName.INGEST, message, queue=QueueName.SHORT, limit_s=120)
    return track.job_id


def _lives(group: int) -> bool:
    """Whether any process of a group is still there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """One job from the queue to the answer, with a download that fails at first."""
    log = tmp_path_factory.mktemp("pipeline") / "worker.log"
    found = Past()
    with embedded_valkey() as url, emulator_thread() as telegram, log.open("wb") as output:
        redis = RedisSettings(url=SecretStr(url))
        client = Redis.from_url(url)
        found.job_id = _send(telegram, redis)
        raw = cast("list[bytes]", client.lrange(QueueName.SHORT, 0, -1))
        found.queued = [Sent.of(QueueName.SHORT, entry) for entry in raw]
        telegram.call(lambda state: state.faults.add(Fault(kind="server_error", method="download")))
        environment = {
            "REDIS_URL": url,
            "BOT_TOKEN": telegram.token,
            "GENREBOT_API_URL": telegram.base_url,
        }
        with Processes(environment, output) as processes:
            processes.start("worker", ["worker", "--concurrency", "1", "--name", "w@here"])
            group = processes._running["worker"].pid
            telegram.run(lambda state: state.wait_for(CHAT, _is_clip, 90))
            _settle(client)
            found.keys = {
                name.decode(): cast("int", client.ttl(name)) for name in client.scan_iter("*")
            }
            started = time.monotonic()
        found.stop_s = time.monotonic() - started
        found.orphaned = _lives(group)
        found.answers = [m for m in telegram.call(lambda s: s.messages(CHAT)) if m.from_bot]
        client.close()
    found.log = log.read_text()
    return found


def _is_clip(message: ChatMessage) -> bool:
    return message.media is not None and message.media.kind == "voice"


def _settle(client: Redis) -> None:
    """Wait until the last task is acknowledged."""
    for _ in range(100):
        if not client.exists("unacked", "genrebot:leases"):
            return
        time.sleep(0.05)


def test_the_answer_is_a_picture_and_a_clip(past: Past) -> None:
    """One of each, though the first download failed."""
    assert [answer.media.kind for answer in past.answers if answer.media] == ["photo", "voice"]


def test_only_json_lies_in_the_queue(past: Past) -> None:
    """Ids and small facts, readable by anybody; nothing that could be unpickled."""
    (sent,) = past.queued
    assert sent.envelope["content-type"] == "application/json"
    assert sent.task_name is TaskName.INGEST
    assert sent.message == {"schema_version": 1, "job_id": past.job_id}
    assert len(json.dumps(sent.envelope)) < 2000


def test_no_audio_is_left_behind(past: Past) -> None:
    """Nor a lease, nor an unacknowledged task, nor a place in a queue."""
    kinds = ("genrebot:blob", "genrebot:leases", "genrebot:jobs:active", "unacked")
    assert not [name for name in past.keys if name.startswith((*kinds, *QueueName))]
    assert f"genrebot:job:{past.job_id}" in past.keys


def test_what_is_left_expires_as_the_page_on_privacy_says(past: Past) -> None:
    """Every key has a row there, and a time to live within it; Celery's own are listed apart."""
    for name, ttl in past.keys.items():
        if name.startswith("_kombu."):
            continue
        kept_s = retention(name).kept_s
        assert kept_s is None or 0 < ttl <= kept_s, name


def test_the_log_has_one_format_and_no_token(past: Past) -> None:
    """The failed download names an address that holds the token: it is blotted out."""
    lines = [line for line in past.log.splitlines() if line.startswith("20")]
    assert any("again in 2 s" in line and "/file/bot424242:***" in line for line in lines)
    assert "emulated-bot-needs-no-secret" not in past.log
    assert any("services.worker.lifecycle: warm after" in line for line in lines)
    assert not re.search(r"^\[20", past.log, re.MULTILINE), "Celery's own format"


def test_the_worker_stops_soon_and_whole(past: Past) -> None:
    """None of its children outlives it."""
    assert not past.orphaned
    assert past.stop_s < 15


def test_the_answers_facts_are_the_tracks(past: Past) -> None:
    """The caption names the file and its length."""
    caption: Any = past.answers[0].shown
    assert "a.mp3" in caption
    assert "heard 0:07 in all" in caption
