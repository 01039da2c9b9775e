"""Every key has a place in docs/privacy.md, with a lifetime."""

import inspect

import pytest

from shared.store import keys
from shared.store.keys import KEY_PREFIX, JobField
from tests.retention import rows


def _patterns() -> set[str]:
    """Every key that ``store.keys`` can name, with its parameters in angle brackets."""
    found = set()
    for name, value in vars(keys).items():
        if name.isupper() and isinstance(value, str) and value.startswith(f"{KEY_PREFIX}:"):
            found.add(value)
        elif name.endswith("_key") and inspect.isfunction(value):
            found.add(value(*(f"<{each}>" for each in inspect.signature(value).parameters)))
    return found


def test_the_page_lists_every_key_once() -> None:
    """A key that is added here needs a row there."""
    listed = [row.pattern for row in rows()]
    assert len(listed) == len(set(listed))
    ours = [name for name in listed if not name.startswith(f"{KEY_PREFIX}:usage")]
    assert set(ours) == _patterns() | {"genrebot:result:<version>:<sha256>:names"}


@pytest.mark.parametrize("kind", [JobField])
def test_fields_are_named_alike_in_python_and_redis(kind: type[JobField]) -> None:
    """Nobody has to look a field's name up."""
    assert {field.value for field in kind} == {field.name.lower() for field in kind}
