"""Part ``start``: time until a process is ready."""

import io
import os
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from devtools.bench.deployment import deployed, start_worker
from devtools.bench.programs.trivial_tasks import TrivialTasks
from devtools.bench.report.figures import Figure, wall_s
from devtools.bench.scale import Scale
from shared.music.constants import CHUNK_HOP, PCM_FULL_SCALE, SAMPLE_RATE

FIRST_VERDICT_S: Final = 6.0
BOT_IMPORT_S: Final = 1.5
COLD_STARTS: Final = 2
LIMIT_S: Final = 120.0

ABOUT: Final = """\
Wall time of fresh processes, the median of several, with bytecode compiled as after an
installation. Cold means an empty `NUMBA_CACHE_DIR` (nothing here needs numba any more). The
worker's time is from its start to the end of a trivial task that was on the queue before; it
includes the libraries, the model, the tagger and the warm-up."""


def measure(scale: Scale) -> list[Figure]:
    """Time the command line, the bot's import and a worker up to its first task."""
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "sound.wav"
        sound.write_bytes(_wav())
        classify = ("-m", "genrebot", "classify", str(sound))
        cold = median(_cold(classify) for _ in range(min(COLD_STARTS, scale.starts)))
        warm_cache = {"NUMBA_CACHE_DIR": str(Path(folder) / "warm")}
        _seconds(classify, warm_cache)
        warm = median(_seconds(classify, warm_cache) for _ in range(scale.starts))
    greeting = median(_seconds(("-m", "genrebot", "--help")) for _ in range(scale.starts))
    bot = median(_import_s("services.bot.app") for _ in range(scale.starts))
    return [
        Figure("genrebot --help", greeting, "s"),
        Figure("genrebot classify, 3-s wav, cold", cold, "s", FIRST_VERDICT_S),
        Figure("genrebot classify, 3-s wav, warm", warm, "s"),
        Figure("import of the bot", bot, "s", BOT_IMPORT_S),
        Figure("worker, to the end of its first task", _worker_s(), "s"),
    ]


def _wav() -> bytes:
    """Return three seconds of decaying notes, mono, 16 bits."""
    t = np.arange(CHUNK_HOP) / SAMPLE_RATE
    tone = sum(np.sin(2 * np.pi * hz * t) for hz in (220.0, 277.2, 329.6))
    pcm = np.rint(0.2 * PCM_FULL_SCALE * tone * np.exp(-6 * (t % 0.5))).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(pcm.tobytes())
    return file.getvalue()


def _cold(arguments: Sequence[str]) -> float:
    with tempfile.TemporaryDirectory() as empty:
        return _seconds(arguments, {"NUMBA_CACHE_DIR": empty})


def _seconds(arguments: Sequence[str], settings: Mapping[str, str] | None = None) -> float:
    return wall_s(lambda: _output(arguments, settings))


def _import_s(module: str) -> float:
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return float(_output(("-c", code)))


def _output(arguments: Sequence[str], settings: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(  # noqa: S603 - our own programs
        [sys.executable, *arguments],
        env={**os.environ, **(settings or {})},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=LIMIT_S,
    )
    return done.stdout


def _worker_s() -> float:
    """Start a worker with a task on the queue, and time the end of that task."""
    with deployed(worker=False) as running, TrivialTasks(running) as trivial:
        started = time.time()
        start_worker(running, concurrency=1)
        return trivial.run().ended - started
