"""Measures one file: arguments ``verdict|plain|decode PATH``; prints JSON."""

import os

# One thread each, as in a worker; before numpy is imported.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import json  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402
from statistics import median  # noqa: E402
from typing import Final  # noqa: E402

from devtools.bench.report.machine import peak_mb  # noqa: E402
from shared.music.constants import CHUNK_SAMPLES, SAMPLE_RATE  # noqa: E402
from shared.music.decoding.decoder import decode  # noqa: E402

SAMPLED: Final = 20
"""Chunks on which the loop of librosa calls is timed."""
VERDICTS: Final = 3
LONGEST_S: Final = 1e6


def verdict(path: Path) -> dict[str, float]:
    """Classify a file once."""
    # Imported here so that a process that only decodes does not load them.
    from shared.music.features import fast  # noqa: PLC0415
    from shared.music.model.classifier import GenreModel  # noqa: PLC0415
    from shared.music.pipeline import analyse  # noqa: PLC0415
    from shared.music.tagging import chunk_tags  # noqa: PLC0415
    from shared.music.tagging.tagger import Tagger  # noqa: PLC0415

    model, tagger = GenreModel.load(), Tagger.load()
    fast.warm_up()
    chunk_tags.warm_up(tagger)
    wall, cpu = time.perf_counter(), time.process_time()
    found = analyse(path, model, tagger, max_duration_s=LONGEST_S).verdict
    return {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "duration_s": found.duration_s,
        "peak_mb": peak_mb(),
    }


def plain(path: Path) -> dict[str, float]:
    """Classify a file, and run the loop of librosa calls on some of its chunks before and after."""
    from shared.music.chunking import chunks  # noqa: PLC0415 - likewise
    from shared.music.features import reference  # noqa: PLC0415

    loaded = [samples[:CHUNK_SAMPLES] for samples, _, _ in chunks(decode(path, max_duration_s=1e6))]
    sample = loaded[:: max(1, len(loaded) // SAMPLED)]
    reference.warm_up()
    wall = cpu = 0.0
    taken: list[dict[str, float]] = []
    for part in (sample[::2], sample[1::2]):
        started, cpu_started = time.perf_counter(), time.process_time()
        for samples in part:
            reference.analyse_chunk(samples)
        wall += time.perf_counter() - started
        cpu += time.process_time() - cpu_started
        taken = taken or [verdict(path) for _ in range(VERDICTS)]
    whole = len(loaded) / len(sample)
    return {
        "wall_s": median(once["wall_s"] for once in taken),
        "cpu_s": median(once["cpu_s"] for once in taken),
        "plain_s": wall * whole,
        "plain_cpu_s": cpu * whole,
        "sampled": len(sample),
        "chunks": len(loaded),
    }


def decoded(path: Path) -> dict[str, float]:
    """Decode a file without keeping it."""
    started = time.process_time()
    samples = sum(block.size for block in decode(path, max_duration_s=LONGEST_S))
    return {
        "duration_s": samples / SAMPLE_RATE,
        "cpu_s": time.process_time() - started,
        "peak_mb": peak_mb(),
    }


if __name__ == "__main__":
    _job = {"verdict": verdict, "plain": plain, "decode": decoded}[sys.argv[1]]
    print(json.dumps(_job(Path(sys.argv[2]))))  # noqa: T201 - read by the parent
