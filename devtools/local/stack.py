"""A bot and its workers as processes on this machine, against an emulator."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from devtools.local.processes import Processes
from devtools.local.valkey import embedded_valkey


@contextmanager
def running_stack(  # noqa: PLR0913 - each is one knob of the machine it stands for
    *,
    api_url: str,
    token: str,
    redis_url: str | None = None,
    workers: int = 1,
    concurrency: int | None = None,
    environment: dict[str, str] | None = None,
    log: Path | None = None,
) -> Iterator[Processes]:
    """Run workers and a bot while the body runs.

    Args:
        api_url: Bot API server to talk to.
        token: bot token that it lets in.
        redis_url: server to use; None starts an embedded one.
        workers: number of worker processes, named worker1, worker2, …
        concurrency: tasks that each worker runs at once; None lets it decide.
        environment: further settings.
        log: file that takes what the processes print; None leaves it on the terminal.

    Yields:
        The processes; one that ended early shows in ``ended()``.

    """
    with ExitStack() as stack:
        url = redis_url or stack.enter_context(embedded_valkey())
        settings = {
            "REDIS_URL": url,
            "BOT_TOKEN": token,
            "GENREBOT_API_URL": api_url,
            "GENREBOT_ENV_FILE": "",  # settings for another bot may be in the folder
        }
        output = stack.enter_context(log.open("ab")) if log else None
        processes = stack.enter_context(Processes(settings | (environment or {}), output))
        for number in range(1, workers + 1):
            name = f"worker{number}"
            arguments = ["worker", "--name", f"{name}@{os.uname().nodename}"]
            if concurrency:
                arguments += ["--concurrency", str(concurrency)]
            processes.start(name, arguments)
        processes.start("bot", ["bot"])
        yield processes
