"""Loads the Lua scripts that change several keys at once.

Each script is a file ``lua/<name>.lua`` beside the module that runs it, and starts with a legend
of its KEYS and ARGV and of what it returns. A line ``-- include: <name>`` is replaced by

* ``job_fields``: a table ``F`` of the fields of a job's hash, such as ``F.STATE``;
* ``keys``: a table ``K`` of keys, such as ``K.ACTIVE_JOBS``, functions that name keys, such as
  ``job_key(id)``, and a table ``B`` of the fields of a backlog's hash;
* any other name: the file of that name in the same folder, else in ``shared/store/lua``.

Fields and key names so stand in ``store.keys`` only. Scripts compute the names of some of the
keys that they touch, so they need a single server and not a Redis Cluster.
"""

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

from shared.store import keys
from shared.store.keys import BacklogField, JobField

_INCLUDE: Final = re.compile(r"^-- include: (\w+)\n", re.MULTILINE)

_KEYS: Final = (
    "ACTIVE_JOBS",
    "WAITING_JOBS",
    "BACKLOG",
    "CHANGED_JOBS",
    "CHANGE_NUMBER",
    "FORGOTTEN_CHANGES",
    "ENDED_JOBS",
)
_KEY_FUNCTIONS: Final[tuple[Callable[[str], str], ...]] = (
    keys.job_key,
    keys.completed_segments_key,
    keys.followers_key,
    keys.user_in_work_key,
    keys.user_line_key,
    keys.user_backlog_key,
    keys.user_jobs_key,
    keys.blob_index_key,
)


@cache
def load_script(package: str, name: str) -> str:
    """Return the source of a script with everything that it includes, each thing once.

    Args:
        package: whose folder ``lua`` holds it; a module passes its ``__package__``.
        name: of the file, without its ending.

    Raises:
        FileNotFoundError: there is no such script, or it includes one that there is not.

    """
    return _resolve(_read(package, name), package, set())


def _resolve(source: str, package: str, included: set[str]) -> str:
    def include(found: re.Match[str]) -> str:
        name = found[1]
        if name in included:
            return ""
        included.add(name)
        return _resolve(_included(package, name), package, included)

    return _INCLUDE.sub(include, source)


def _included(package: str, name: str) -> str:
    if name == "job_fields":
        return _table("F", {field.name: field.value for field in JobField})
    if name == "keys":
        return _keys()
    try:
        return _read(package, name)
    except FileNotFoundError:
        return _read(__package__, name)


def _read(package: str, name: str) -> str:
    return files(package).joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")


def _keys() -> str:
    functions = (
        f"local function {function.__name__}(id) return string.format('{function('%s')}', id) end\n"
        for function in _KEY_FUNCTIONS
    )
    constants = {name: str(getattr(keys, name)) for name in _KEYS}
    fields = {field.name: field.value for field in BacklogField}
    return _table("K", constants) + _table("B", fields) + "".join(functions)


def _table(name: str, entries: dict[str, str]) -> str:
    pairs = ", ".join(f"{key} = '{value}'" for key, value in entries.items())
    return f"local {name} = {{{pairs}}}\n"
