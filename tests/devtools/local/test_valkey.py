"""The embedded server: real, alone in its folder, and ours to stop."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from devtools.local import valkey
from devtools.local.valkey import (
    ValkeyInUseError,
    ValkeyServer,
    ValkeyStartError,
    embedded_valkey,
)

pytestmark = pytest.mark.processes


def test_it_serves_and_is_gone_afterwards() -> None:
    """It refuses to throw anything away behind our back."""
    with embedded_valkey() as url, Redis.from_url(url) as client:
        assert client.set("a", "b")
        policy = client.config_get("maxmemory-policy")
        assert policy == {"maxmemory-policy": "noeviction"}
    with Redis.from_url(url) as client, pytest.raises(RedisConnectionError):
        client.ping()


def test_what_is_written_to_a_folder_is_there_the_next_time(tmp_path: Path) -> None:
    """Lists too, which the queue is made of; the folder is made where it is missing."""
    folder = tmp_path / "deep" / "folder"
    with embedded_valkey(folder) as url, Redis.from_url(url) as client:
        client.rpush("queue", "one", "two")
    with embedded_valkey(folder) as url, Redis.from_url(url) as client:
        assert client.lrange("queue", 0, -1) == [b"one", b"two"]


def test_without_a_folder_nothing_is_kept() -> None:
    """Each one starts empty."""
    for _ in range(2):
        with embedded_valkey() as url, Redis.from_url(url) as client:
            assert client.dbsize() == 0
            client.set("a", "b")


def test_a_folder_has_one_server(tmp_path: Path) -> None:
    """Two would append to one file; the second is refused, and the first does not notice."""
    with embedded_valkey(tmp_path) as url:
        with pytest.raises(ValkeyInUseError, match="in use"), embedded_valkey(tmp_path):
            pytest.fail("two servers share a folder")
        with Redis.from_url(url) as client:
            assert client.ping()


def test_many_start_at_once(tmp_path: Path) -> None:
    """None takes another one's port."""

    def ping(number: int) -> str:
        with embedded_valkey(tmp_path / str(number)) as url, Redis.from_url(url) as client:
            client.set("a", number)
            assert client.get("a") == str(number).encode()
        return url

    with ThreadPoolExecutor(4) as pool:
        urls = list(pool.map(ping, range(8)))
    assert len(urls) == 8


def test_a_port_that_was_taken_meanwhile_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between finding a port and using it somebody else may be quicker."""
    with embedded_valkey() as url:
        taken = int(url.rpartition(":")[2].partition("/")[0])
        ports = iter([taken, taken, valkey.free_port()])
        monkeypatch.setattr(valkey, "free_port", lambda: next(ports))
        with embedded_valkey() as other:
            assert other != url


def test_a_port_that_stays_taken_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries come to an end."""
    with embedded_valkey() as url:
        taken = int(url.rpartition(":")[2].partition("/")[0])
        monkeypatch.setattr(valkey, "free_port", lambda: taken)
        with pytest.raises(ValkeyStartError, match="in use"), embedded_valkey():
            pytest.fail("two servers share a port")


def test_the_terminals_interrupt_does_not_reach_the_server() -> None:
    """Ctrl-C goes to the whole group; the workers still have to write to the server."""
    with embedded_valkey() as url, Redis.from_url(url) as client:
        server = client.info("server")["process_id"]
        assert os.getpgid(server) == os.getsid(server) == server


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    """Blanks, quotes and other alphabets."""
    folder = tmp_path / "my 'own' \"folder\" für Größe\\"
    with embedded_valkey(folder) as url, Redis.from_url(url) as client:
        assert client.config_get("dir") == {"dir": str(folder)}
        client.set("a", "b")
    with embedded_valkey(folder) as url, Redis.from_url(url) as client:
        assert client.get("a") == b"b"


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    """In its own words, and nothing is left of it."""
    server = ValkeyServer(tmp_path, valkey.free_port(), {"no-such-setting": "1"})
    with pytest.raises(ValkeyStartError, match="Bad directive"):
        server.start()
    server.stop()


def test_a_server_that_does_not_end_is_killed_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A stopped process hears nothing."""
    monkeypatch.setattr(valkey, "STOP_GRACE_S", 0.1)
    with ValkeyServer(tmp_path, valkey.free_port(), {}) as server:
        with Redis.from_url(server.url) as client:
            pid = client.info("server")["process_id"]
        os.kill(pid, signal.SIGSTOP)
    assert f"killed Valkey (process {pid}): it had not ended 0.1 s" in capfd.readouterr().err
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
