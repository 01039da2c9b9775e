"""The bot with a monitor of its event loop (``python -m devtools.bench.programs.bot FILE``).

On SIGUSR1 it writes the lag of its loop since the last signal to FILE, as JSON, and the processor
time that it has used. Everything else is as in ``services.bot``.
"""

import asyncio
import gc
import json
import signal
import sys
import time
from functools import partial
from pathlib import Path

from services.bot.app import App
from services.bot.config import Config
from services.bot.liveness.loop_lag import LagMonitor
from shared import logs


async def _serve(target: Path) -> None:
    app = App.create(Config.from_env())
    gc.collect()
    gc.freeze()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, partial(_tell, app.lag, target))
    await app.run()


def _tell(lag: LagMonitor, target: Path) -> None:
    figures = {
        "p50_ms": lag.quantile(0.5) * 1000,
        "p99_ms": lag.p99_s * 1000,
        "max_ms": lag.max_s * 1000,
        "count": lag.count,
        "cpu_s": time.process_time(),
        "at": time.monotonic(),
    }
    written = target.with_suffix(".part")
    written.write_text(json.dumps(figures), encoding="utf-8")
    written.replace(target)
    lag.reset()


if __name__ == "__main__":
    logs.configure()
    asyncio.run(_serve(Path(sys.argv[1])))
