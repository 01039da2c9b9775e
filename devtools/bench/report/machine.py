"""The machine that a run was measured on."""

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from devtools.local.valkey import embedded_valkey
from shared.settings import RedisSettings
from shared.store.redis_client import connect

PACKAGES = (
    "numpy",
    "scipy",
    "librosa",
    "numba",
    "onnxruntime",
    "catboost",
    "av",
    "celery",
    "redis",
    "aiogram",
)
GIB = 2**30


def machine() -> dict[str, Any]:
    """Describe the machine and the installed versions."""
    return {
        "cpu": _cpu(),
        "cores": cores(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in PACKAGES} | {"valkey": _valkey()},
    }


def cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load() -> float:
    """Return the load average of the last minute, this process included."""
    return round(os.getloadavg()[0], 2)


def peak_mb() -> float:
    """Return the peak resident memory of this process, in MB (10^6 bytes).

    On Linux ``ru_maxrss`` is inherited across exec, so a small child of a large parent would
    report the parent's; VmHWM is not inherited.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    import resource  # noqa: PLC0415 - not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes on macOS


def _cpu() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _valkey() -> str:
    with embedded_valkey() as url, connect(RedisSettings(url=url), text=True) as redis:
        facts: Any = redis.info("server")
    return str(facts.get("valkey_version") or facts["redis_version"])
