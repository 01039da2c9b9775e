"""librosa, in a process that has loaded nothing else."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, Protocol

import pytest

from shared.music.features.engine import compile_librosa


class RunLibrosa(Protocol):
    """Calls a function in the other process."""

    def __call__(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Return what the function returns."""


@pytest.fixture(scope="session")
def run_librosa() -> Iterator[RunLibrosa]:
    """Call functions that numba compiles, away from the other libraries of the tests.

    With numba 0.68 a process that compiles them may crash, so the cache is filled first.
    """
    compile_librosa()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield lambda function, /, *args, **kwargs: pool.submit(function, *args, **kwargs).result()
