"""Runs demo and tests under each condition, and prints what came of it.

``python -m tests.machine.strangers [CONDITION ...]``; ends with 0 if nothing has failed.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.machine.conditions import CONDITIONS, Machine, SkipError

LOGS = Path("build/strangers-machine")
DEMO = ("make", "demo", "OUT={logs}/demo-{name}")
TESTS = ("make", "test", "PYTEST=-q -m processes -p no:cacheprovider")
PASSED, FAILED = "passed", "FAILED"


def main(names: list[str]) -> int:
    """Print a line for each condition; 1 if anything has failed."""
    LOGS.mkdir(parents=True, exist_ok=True)
    print(f"{'condition':24} {'demo':8} {'tests':8} {'seconds':>7}  result")  # noqa: T201
    failed = 0
    for name in names or CONDITIONS:
        begin = time.monotonic()
        # Anybody may look into it: one condition is another user.
        with tempfile.TemporaryDirectory(prefix="genrebot-machine-") as folder:
            Path(folder).chmod(0o755)
            demo, tests, words = _tried(name, Path(folder).resolve())
        took = time.monotonic() - begin
        failed += FAILED in {demo, tests}
        print(f"{name:24} {demo:8} {tests:8} {took:7.0f}  {words}", flush=True)  # noqa: T201
    print(f"{failed} failed; logs in {LOGS}")  # noqa: T201 - what it is for
    return 1 if failed else 0


def _tried(name: str, folder: Path) -> tuple[str, str, str]:
    """What became of demo and tests, and the last words of the latter."""
    try:
        with CONDITIONS[name](folder) as machine:
            demo = _run(machine, machine.checkout, DEMO, f"{name}-demo")
            others = [_start(machine, machine.twin, TESTS, f"{name}-twin")] if machine.twin else []
            tests = _run(machine, machine.checkout, TESTS, f"{name}-tests")
            codes = [other.wait() for other in others]
    except SkipError as error:
        return "-", "-", str(error)
    except subprocess.CalledProcessError as error:
        (LOGS / f"{name}-tests.log").write_bytes(error.stdout + error.stderr)
        return FAILED, FAILED, "cannot be set up"
    log = (LOGS / f"{name}-tests.log").read_text(errors="replace")
    words = log.rstrip().rpartition("\n")[2].strip("= ")
    return _word(demo), _word(tests, *codes), words


def _word(*codes: int) -> str:
    return FAILED if any(codes) else PASSED


def _run(machine: Machine, checkout: Path, command: tuple[str, ...], log: str) -> int:
    return _start(machine, checkout, command, log).wait()


def _start(
    machine: Machine, checkout: Path, command: tuple[str, ...], log: str
) -> "subprocess.Popen[bytes]":
    out = checkout / "build" / "machine"
    words = [word.format(logs=out, name=log) for word in command]
    with (LOGS / f"{log}.log").open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own commands
            [*machine.prefix, *words],
            cwd=checkout,
            env=machine.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
