"""The choice between the two implementations of the features.

``fast`` is the default. ``librosa`` is the definition: slower, and to be compared with a manual.
"""

import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from shared.music.features import fast
from shared.music.features.table import ChunkAnalysis

EngineName = Literal["fast", "librosa"]
ENGINES: Final[tuple[EngineName, ...]] = get_args(EngineName)

AnalyseChunk = Callable[[NDArray[np.float32]], ChunkAnalysis]
"""An engine: samples of a chunk to its features and mel spectrogram."""


def feature_engine(name: EngineName = "fast") -> AnalyseChunk:
    """Return an engine.

    ``librosa`` takes a few seconds to load, and about half a minute where numba's cache is empty
    or cannot be written (see ``NUMBA_CACHE_DIR``).

    Raises:
        ModuleNotFoundError: librosa is not installed; it is an extra of this package.

    """
    if name == "fast":
        return fast.analyse_chunk
    if find_spec("librosa") is None:
        raise ModuleNotFoundError("the engine librosa needs the package librosa", name="librosa")
    compile_librosa()
    # Imported here, because only those who choose it should wait for it.
    from shared.music.features import reference  # noqa: PLC0415

    reference.warm_up()
    return reference.analyse_chunk


def compile_librosa() -> None:
    """Have numba compile librosa's functions into its cache, in a process of its own.

    With numba 0.68 a process that compiles them may crash, the more so if it has loaded other
    libraries. What was compiled before a crash stays in the cache.
    """
    module = f"{__package__}.reference"  # whatever name this package is installed under
    subprocess.run([sys.executable, "-m", module], check=False)  # noqa: S603 - our own module
