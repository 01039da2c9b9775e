"""Serves the emulator: on an event loop, in a thread, or as a process."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from aiohttp import web

from devtools.emulator.client import EmulatorClient
from devtools.emulator.config import DEFAULT_TOKEN, EmulatorConfig
from devtools.emulator.http.app import build_app
from devtools.emulator.state.emulator_state import EmulatorState

_Result = TypeVar("_Result")
_SHUTDOWN_S: Final = 1.0
_THREAD_START_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator.

    Attributes:
        base_url: such as "http://127.0.0.1:34567", for ``TelegramAPIServer.from_base``.
        state: its state, to be used on its own loop only.

    """

    base_url: str
    state: EmulatorState

    @property
    def token(self) -> str:
        """The accepted token."""
        return self.state.config.token

    def client(self) -> EmulatorClient:
        """Return a client of its control routes, for use with ``async with``."""
        return EmulatorClient(self.base_url)


@asynccontextmanager
async def running_emulator(
    *, host: str = "127.0.0.1", port: int = 0, config: EmulatorConfig | None = None
) -> AsyncIterator[Emulator]:
    """Serve on the running loop while the body runs.

    Args:
        host: address to listen on.
        port: port to listen on; 0 picks a free one.
        config: token and limits.

    Raises:
        OSError: the port is taken.

    """
    state = EmulatorState(config)
    runner = web.AppRunner(build_app(state), access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        actual_port = runner.addresses[0][1]
        reachable = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared
        yield Emulator(f"http://{reachable}:{actual_port}", state)
    finally:
        await runner.cleanup()


class EmulatorThread:
    """A running emulator with its event loop in a thread."""

    def __init__(self, emulator: Emulator, loop: asyncio.AbstractEventLoop) -> None:
        self._emulator = emulator
        self._loop = loop

    @property
    def base_url(self) -> str:
        """The base URL."""
        return self._emulator.base_url

    @property
    def token(self) -> str:
        """The accepted token."""
        return self._emulator.token

    def call(self, function: Callable[[EmulatorState], _Result]) -> _Result:
        """Call a function with the state, on the emulator's loop, and return its result."""

        async def on_loop(state: EmulatorState) -> _Result:
            return function(state)

        return self.run(on_loop)

    def run(self, function: Callable[[EmulatorState], Coroutine[Any, Any, _Result]]) -> _Result:
        """Run a coroutine function such as ``lambda state: state.wait_for(...)``."""
        return asyncio.run_coroutine_threadsafe(function(self._emulator.state), self._loop).result()


@contextmanager
def emulator_thread(
    *, host: str = "127.0.0.1", port: int = 0, config: EmulatorConfig | None = None
) -> Iterator[EmulatorThread]:
    """Serve from a thread while the body runs, for callers without a loop.

    Raises:
        OSError: the port is taken.

    """
    started: Future[EmulatorThread] = Future()
    stop = asyncio.Event()

    async def serve_until_stopped() -> None:
        async with running_emulator(host=host, port=port, config=config) as emulator:
            started.set_result(EmulatorThread(emulator, asyncio.get_running_loop()))
            await stop.wait()

    def run_loop() -> None:
        try:
            asyncio.run(serve_until_stopped())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=run_loop, name="telegram-emulator")
    thread.start()
    try:
        emulator = started.result(_THREAD_START_S)
        try:
            yield emulator
        finally:
            emulator._loop.call_soon_threadsafe(stop.set)  # noqa: SLF001 - its own maker
    finally:
        thread.join()


def serve(
    host: str = "127.0.0.1",
    port: int = 8081,
    token: str = DEFAULT_TOKEN,
    *,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        host: address to listen on.
        port: port to listen on; 0 picks a free one.
        token: the accepted token.
        announce: called with the base URL once the port is open.

    Raises:
        OSError: the port is taken.
        ValueError: the token is malformed.

    """
    asyncio.run(_serve(host, port, EmulatorConfig(token=token), announce))


async def _serve(
    host: str, port: int, config: EmulatorConfig, announce: Callable[[str], None] | None
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running_emulator(host=host, port=port, config=config) as emulator:
        if announce:
            announce(emulator.base_url)
        await stop.wait()
