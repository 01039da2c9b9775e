"""The whole service: does a short track wait behind a long one, does the bot's loop ever stall?"""

import asyncio
import json
import tempfile
import time
from pathlib import Path

from pydantic import SecretStr

from bench.figures import Figure
from services.emulator.client import EmulatorClient
from services.emulator.config import EmulatorConfig
from services.emulator.records import ChatMessage
from services.emulator.serving import emulator_thread
from services.local.composer import compose
from services.local.stack import running_stack
from services.local.valkey import embedded_valkey
from shared.connection import connect
from shared.pulse import BOT_PULSE
from shared.settings import RedisSettings

LONG_MINUTES = 60
LIMIT_S = 1200.0
LONG_CHAT, SHORT_CHAT, IDLE_CHAT = 1, 2, 3  # and one more after the last
LAG_LIMIT_MS = 50.0
ROOMY = 200_000_000
"""Bytes that the emulator and the workers let pass, above the cloud's 20 MB."""


def measure() -> list[Figure]:
    """Send an hour of music and, in its middle, another person's half minute."""
    with tempfile.TemporaryDirectory() as folder, embedded_valkey() as redis_url:
        config = EmulatorConfig(download_limit=ROOMY, upload_limit=ROOMY)
        with (
            emulator_thread(config=config) as emulator,
            running_stack(
                api_url=emulator.base_url,
                token=emulator.token,
                redis_url=redis_url,
                environment={"GENREBOT_MAX_FILE_SIZE": str(ROOMY)},
                log=Path(folder) / "log",
            ),
        ):
            times = asyncio.run(_talk(emulator.base_url))
            lag = _lag(redis_url)
    return [
        Figure("30 s of music, nobody else there", times["idle"], "s"),
        Figure("30 s of music, during somebody's hour", times["short"], "s"),
        Figure("an hour of music", times["long"], "s"),
        Figure("busy / idle answer to 30 s", times["short"] / times["idle"], "times"),
        Figure("short answer / long answer", times["short"] / times["long"], "times", 1.0),
        Figure("bot's event loop, longest stall", lag["lag_max_ms"], "ms", LAG_LIMIT_MS),
        Figure("bot's event loop, 99th percentile", lag["lag_p99_ms"], "ms"),
    ]


async def _talk(url: str) -> dict[str, float]:
    minute = compose()
    half = minute[: len(minute) // 2]
    async with EmulatorClient(url) as client:
        await client.send_text(IDLE_CHAT, "/start")
        await client.wait_for(IDLE_CHAT, lambda m: m.from_bot, timeout=LIMIT_S)
        await _send(client, IDLE_CHAT, half)
        await _verdict(client, IDLE_CHAT)  # the first one also waits for the warm-up
        await _send(client, IDLE_CHAT + 1, half)
        idle = await _verdict(client, IDLE_CHAT + 1)
        await _send(client, LONG_CHAT, minute * LONG_MINUTES)
        hour = asyncio.create_task(_verdict(client, LONG_CHAT))
        # While it is featurized the hour has most tasks on the queue.
        await client.wait_for(LONG_CHAT, lambda m: "listening" in m.shown, timeout=LIMIT_S)
        await _send(client, SHORT_CHAT, half)
        short = await _verdict(client, SHORT_CHAT)
        return {"idle": idle, "short": short, "long": await hour}


async def _send(client: EmulatorClient, chat_id: int, data: bytes) -> None:
    # A zero more for every chat: a file that was answered before would not be heard.
    unlike = data + bytes(chat_id)
    await client.send_audio(chat_id, unlike, file_name="track.mp3", mime_type="audio/mpeg")


async def _verdict(client: EmulatorClient, chat_id: int) -> float:
    """Wait for a verdict; the seconds that took."""
    started = time.monotonic()
    await client.wait_for(chat_id, _is_verdict, timeout=LIMIT_S)
    return time.monotonic() - started


def _is_verdict(message: ChatMessage) -> bool:
    return message.from_bot and message.media is not None and message.media.kind == "photo"


def _lag(redis_url: str) -> dict[str, float]:
    with connect(RedisSettings(url=SecretStr(redis_url)), text=True) as redis:
        figures: dict[str, float] = json.loads(str(redis.get(BOT_PULSE)))
    return figures
