"""Loads the Lua scripts that change several keys at once.

Each script is a file ``lua/<name>.lua`` beside the module that runs it, and starts with a legend
of its KEYS and ARGV and of what it returns. A line ``-- include: <name>`` is replaced by

* ``job_fields``: a table ``F`` of the fields of a job's hash, such as ``F.STATE``;
* ``keys``: functions that name keys, such as ``job_key(id)``;
* any other name: the file of that name in the same folder.

Fields and key names so stand in ``store.keys`` only. Scripts compute the names of some of the
keys that they touch, so they need a single server and not a Redis Cluster.
"""

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

from shared.store.keys import (
    JobField,
    completed_segments_key,
    followers_key,
    job_key,
    user_in_work_key,
    user_line_key,
)

_INCLUDE: Final = re.compile(r"^-- include: (\w+)\n", re.MULTILINE)

_KEY_FUNCTIONS: Final[tuple[Callable[[str], str], ...]] = (
    job_key,
    completed_segments_key,
    followers_key,
    user_in_work_key,
    user_line_key,
)


@cache
def load_script(package: str, name: str) -> str:
    """Return the source of a script with everything that it includes.

    Args:
        package: whose folder ``lua`` holds it; a module passes its ``__package__``.
        name: of the file, without its ending.

    Raises:
        FileNotFoundError: there is no such script, or it includes one that there is not.

    """
    source = files(package).joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")
    return _INCLUDE.sub(lambda found: _included(package, found[1]), source)


def _included(package: str, name: str) -> str:
    if name == "job_fields":
        fields = ", ".join(f"{field.name} = '{field.value}'" for field in JobField)
        return f"local F = {{{fields}}}\n"
    if name == "keys":
        return "".join(
            f"local function {function.__name__}(id) "
            f"return string.format('{function('%s')}', id) end\n"
            for function in _KEY_FUNCTIONS
        )
    return load_script(package, name)
