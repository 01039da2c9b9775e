"""One stack for all tests of a process: starting it takes longer than most of them."""

from collections.abc import Callable, Iterator

import pytest

from devtools.emulator.serving import EmulatorThread, emulator_thread
from devtools.local.stack import running_stack
from devtools.local.valkey import embedded_valkey
from tests.e2e.people import Person


@pytest.fixture(scope="session")
def queue_url() -> Iterator[str]:
    """Address of the stack's Valkey."""
    with embedded_valkey() as url:
        yield url


@pytest.fixture(scope="session")
def telegram(tmp_path_factory: pytest.TempPathFactory, queue_url: str) -> Iterator[EmulatorThread]:
    """An emulated Telegram with a bot and a worker behind it."""
    log = tmp_path_factory.mktemp("stack") / "stack.log"
    with (
        emulator_thread() as emulator,
        running_stack(
            api_url=emulator.base_url,
            token=emulator.token,
            redis_url=queue_url,
            concurrency=2,
            log=log,
        ) as processes,
    ):
        yield emulator
        assert processes.ended() is None
    assert "Traceback" not in log.read_text(), "something in the stack was at fault"
    assert emulator.token.partition(":")[2] not in log.read_text()


@pytest.fixture(scope="session")
def meet(telegram: EmulatorThread) -> Callable[[], Person]:
    """Make the acquaintance of somebody new."""
    return lambda: Person(telegram)


@pytest.fixture
def person(meet: Callable[[], Person]) -> Person:
    """Somebody new."""
    return meet()
