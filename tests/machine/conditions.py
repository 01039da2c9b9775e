"""What may be unlike on a stranger's machine."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.machine.copies import ROOT, copied, interpreter
from tests.machine.load import busy_loops, cores
from tests.processes import as_in_the_background

NOBODY = 65534
"""Id of the ordinary user, and of their group."""
PATH_LENGTH = 200


@dataclass
class Machine:
    """Where and how commands run.

    Attributes:
        checkout: folder of the project.
        environment: all variables.
        prefix: words before each command.
        twin: a second checkout, to be tested at the same time.

    """

    checkout: Path = ROOT
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    prefix: Sequence[str] = ()
    twin: Path | None = None


Condition = Callable[[Path], AbstractContextManager[Machine]]
"""Makes a machine, given an empty folder to use."""


class SkipError(Exception):
    """This machine cannot be made so; the reason stands in the message."""


def _shell(line: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", f'{line}\nexec "$@"', "sh")


def _prefixed(*words: str) -> Condition:
    @contextmanager
    def condition(_: Path) -> Iterator[Machine]:
        if shutil.which(words[0]) is None:
            raise SkipError(f"there is no {words[0]}")
        yield Machine(prefix=words)

    return condition


def _with_variables(**variables: str | None) -> Condition:
    @contextmanager
    def condition(_: Path) -> Iterator[Machine]:
        machine = Machine()
        for name, value in variables.items():
            machine.environment.pop(name, None)
            if value is not None:
                machine.environment[name] = value
        yield machine

    return condition


@contextmanager
def _home_not_writable(folder: Path) -> Iterator[Machine]:
    home = Path("/proc")  # nobody can write there, not even root
    if not home.is_dir():
        home = folder / "home"
        home.mkdir(mode=0o500)
    environment = {n: v for n, v in os.environ.items() if not n.startswith("XDG_")}
    yield Machine(environment=environment | {"HOME": str(home)})


@contextmanager
def _long_temporary_folder(folder: Path) -> Iterator[Machine]:
    path = folder / "temporary files"
    while len(str(path)) < PATH_LENGTH - 40:
        path /= "of a machine with long names"
    path /= "x" * (PATH_LENGTH - len(str(path)) - 1)
    path.mkdir(parents=True)
    yield Machine(environment={**os.environ, "TMPDIR": str(path)})


@contextmanager
def _root(_: Path) -> Iterator[Machine]:
    if os.geteuid() != 0:
        raise SkipError("not root here")
    yield Machine()


@contextmanager
def _ordinary_user(folder: Path) -> Iterator[Machine]:
    if os.geteuid() != 0:
        yield Machine()
        return
    python = next((p for p in ("/usr/bin/python3", "/usr/local/bin/python3") if _usable(p)), None)
    if python is None or shutil.which("setpriv") is None:
        raise SkipError("there is no setpriv, or no Python outside root's home")
    checkout, home = copied(folder / "genrebot", os.environ, python), folder / "home"
    home.mkdir()
    for path in (folder, home, *checkout.iterdir()):
        if path.name != ".venv":
            _give(path)
    _give(checkout, deep=False)
    for parent in folder.parents:
        if not parent.stat().st_mode & 0o001:
            raise SkipError(f"{parent} is closed to other users")
    prefix = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    yield Machine(checkout, {**os.environ, "HOME": str(home), "TMPDIR": str(home)}, prefix)


def _usable(python: str) -> bool:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return Path(python).exists() and version in os.path.realpath(python)


def _give(path: Path, *, deep: bool = True) -> None:
    os.chown(path, NOBODY, NOBODY)
    if deep and path.is_dir():
        for inner in path.rglob("*"):
            os.chown(inner, NOBODY, NOBODY, follow_symlinks=False)


@contextmanager
def _no_ipv6(_: Path) -> Iterator[Machine]:
    if os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("ip")):
        raise SkipError("needs root, unshare and ip")
    off = "ip link set lo up; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 || exit 1"
    yield Machine(prefix=("unshare", "--net", *_shell(off)))


@contextmanager
def _busy(_: Path) -> Iterator[Machine]:
    with busy_loops(2 * cores()):
        yield Machine()


@contextmanager
def _odd_path(folder: Path) -> Iterator[Machine]:
    yield Machine(copied(folder / "Größe, meine Musik" / "genre bot", os.environ))


@contextmanager
def _two_checkouts(folder: Path) -> Iterator[Machine]:
    yield Machine(twin=copied(folder / "genrebot", os.environ))


def _python(version: str) -> Condition:
    @contextmanager
    def condition(folder: Path) -> Iterator[Machine]:
        found = interpreter(version)
        if found is None:
            raise SkipError(f"there is no Python {version}")
        yield Machine(copied(folder / "genrebot", os.environ, found))

    return condition


@contextmanager
def _no_terminal(_: Path) -> Iterator[Machine]:
    if shutil.which("setsid") is None:
        raise SkipError("there is no setsid")
    yield Machine(prefix=("setsid", "--wait", *_shell("exec <&-")))


CONDITIONS: dict[str, Condition] = {
    "as-it-is": _with_variables(),
    "signals-ignored": _prefixed(*as_in_the_background([])),
    "no-terminal": _no_terminal,
    "no-variables": _with_variables(TERM=None, LANG=None, HOME=None, LC_ALL=None),
    "c-locale": _with_variables(LANG="C", LC_ALL="C"),
    "home-not-writable": _home_not_writable,
    "long-temporary-folder": _long_temporary_folder,
    "umask-077": _prefixed(*_shell("umask 077")),
    "root": _root,
    "ordinary-user": _ordinary_user,
    "256-files": _prefixed(*_shell("ulimit -n 256")),
    "no-ipv6": _no_ipv6,
    "one-core": _prefixed("taskset", "-c", "0"),
    "busy": _busy,
    "odd-path": _odd_path,
    "two-checkouts": _two_checkouts,
    "python-3.11": _python("3.11"),
    "python-3.12": _python("3.12"),
    "python-3.13": _python("3.13"),
}
