"""Running: in a thread, as a process, and stopping while somebody waits."""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request

import pytest

from devtools.emulator import (
    DEFAULT_TOKEN,
    EmulatorConfig,
    emulator_thread,
    running_emulator,
)

CHAT = 7


def call(base_url: str, token: str, method: str) -> object:
    """Call a method without parameters, blocking."""
    with urllib.request.urlopen(f"{base_url}/bot{token}/{method}", timeout=5) as answer:  # noqa: S310 - http
        return json.load(answer)["result"]


def test_thread_for_synchronous_callers() -> None:
    """A blocking caller reaches the emulator over TCP and its state through the thread."""
    config = EmulatorConfig(token="9:x", bot_username="nine")
    with emulator_thread(config=config) as emulator:
        sent = emulator.call(lambda state: state.send_text(CHAT, "hello"))
        updates = call(emulator.base_url, "9:x", "getUpdates")
        assert isinstance(updates, list)
        assert updates[0]["message"]["message_id"] == sent.message_id
        found = emulator.run(lambda state: state.wait_for(CHAT, lambda m: m.text == "hello"))
        assert found.message_id == sent.message_id
    with pytest.raises(OSError, match="refused"):
        call(emulator.base_url, "9:x", "getMe")


async def test_taken_port_is_told() -> None:
    """Both ways of starting raise OSError when the port is taken."""
    async with running_emulator() as first:
        port = int(first.base_url.rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"):
            async with running_emulator(port=port):
                pass
        with (
            pytest.raises(OSError, match="address already in use"),
            emulator_thread(port=port),
        ):
            pass


async def test_stops_while_a_poll_waits() -> None:
    """Shutting down answers a waiting poll instead of waiting for it."""
    async with running_emulator() as emulator:
        url = f"{emulator.base_url}/bot{emulator.token}/getUpdates?timeout=30"
        poll = asyncio.create_task(asyncio.to_thread(urllib.request.urlopen, url, timeout=10))
        await asyncio.sleep(0.2)
        begun = time.monotonic()
    assert time.monotonic() - begun < 2
    with await poll as answer:
        assert json.load(answer) == {"ok": True, "result": []}


def test_malformed_token() -> None:
    """A token that aiogram would not take is refused at the start."""
    with (
        pytest.raises(ValueError, match="<digits>:<secret>"),
        emulator_thread(config=EmulatorConfig(token="secret")),
    ):
        pass


def test_process_ends_on_sigterm() -> None:
    """Served as a process, it tells its address, answers, and ends cleanly on SIGTERM."""
    code = (
        "from devtools.emulator import serve\n"
        "serve(port=0, announce=lambda url: print(url, flush=True))\n"
    )
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "error", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout
        base_url = process.stdout.readline().strip()
        me = call(base_url, DEFAULT_TOKEN, "getMe")
        process.terminate()
        _, complaints = process.communicate(timeout=10)
    assert isinstance(me, dict)
    assert me["is_bot"]
    assert (process.returncode, complaints) == (0, "")
