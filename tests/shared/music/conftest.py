"""Plain librosa, in a process that has loaded nothing else."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from typing import Any, Protocol

import numpy as np
import pytest

from devtools.bench.programs.plain import reference_features


class Plainly(Protocol):
    """Calls a function in the other process."""

    def __call__(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Return what it returns."""


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


@pytest.fixture(scope="session")
def plainly() -> Iterator[Plainly]:
    """Functions of librosa that numba compiles, away from everything else.

    With numba 0.68 a process that compiles them may crash on the first call, the more so
    one that has loaded the other libraries of the tests. So one process compiles into
    numba's cache, and another one loads from there and answers.
    """
    noise = np.random.default_rng(1).standard_normal(66_149).astype(np.float32)
    # What was compiled before a crash is in the cache all the same.
    with _pool() as compiling, suppress(BrokenProcessPool):
        compiling.submit(reference_features, noise).result()
    with _pool() as pool:
        yield lambda function, /, *args, **kwargs: pool.submit(function, *args, **kwargs).result()
