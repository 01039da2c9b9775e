"""Which chunks of a track are audible."""

import numpy as np
from numpy.typing import NDArray

from shared.errors import AudioError, ErrorCode
from shared.music.constants import N_TAGS, SILENCE_DBFS
from shared.music.features.table import FEATURE_NAMES

_MEAN = FEATURE_NAMES.index("rms_mean")
_VARIANCE = FEATURE_NAMES.index("rms_var")


def audible(features: NDArray[np.float64], tags: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Tell which chunks of a track are above ``SILENCE_DBFS``: those that have tags.

    Args:
        features: shape (n, 57), n at least 1, columns as ``FEATURE_NAMES``.
        tags: shape (n, 50), columns as ``TAG_NAMES``; rows of NaN where a chunk is silent.

    Raises:
        AudioError: ``SILENT`` where no chunk has tags. This may happen although a second of
            the track is audible: within a chunk of silence, or after the last whole chunk.
        ValueError: other shapes.

    """
    if (
        features.ndim != 2  # noqa: PLR2004 - a table
        or features.shape[1] != len(FEATURE_NAMES)
        or tags.shape != (len(features), N_TAGS)
    ):
        raise ValueError(
            f"a track has features (n, {len(FEATURE_NAMES)}) and tags (n, {N_TAGS}), "
            f"not {features.shape} and {tags.shape}"
        )
    heard: NDArray[np.bool_] = np.isfinite(tags).all(axis=1)
    if not heard.any():
        raise AudioError(
            ErrorCode.SILENT,
            "The track is next to silent from beginning to end. Send one that can be heard.",
        )
    return heard


def loud(features: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which chunks are above ``SILENCE_DBFS``, by their features alone, shape (n, 57)."""
    # The mean square of a chunk is the squared mean of its frames' RMS plus their variance.
    power = features[:, _MEAN] ** 2 + features[:, _VARIANCE]
    enough: NDArray[np.bool_] = power >= 10 ** (SILENCE_DBFS / 10)
    return enough
