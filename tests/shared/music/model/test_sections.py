"""Cutting a track into sections."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.music.constants import N_TAGS
from shared.music.features.table import FEATURE_NAMES
from shared.music.model.sections import SectionParameters, Segmenter
from tests.shared.music.small import sections_of


def chunks(*levels: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return features and tags of chunks whose first tag has these log odds."""
    tags = np.full((len(levels), N_TAGS), 0.5)
    tags[:, 0] = 1 / (1 + np.exp(-np.array(levels)))
    return np.ones((len(levels), len(FEATURE_NAMES))), tags


def segmenter_of(**changes: Any) -> Segmenter:
    """Return a segmenter that looks at the first tag alone."""
    return Segmenter(SectionParameters(**sections_of(**changes)))


@pytest.mark.parametrize(
    ("levels", "sections"),
    [
        ([0.0] * 20, [(0, 20)]),
        ([-3.0] * 8 + [3.0] * 6, [(0, 8), (8, 14)]),
        ([-3.0] * 5 + [3.0] * 5 + [-3.0] * 5, [(0, 5), (5, 10), (10, 15)]),
        ([3.0] * 3, [(0, 3)]),
        ([-3.0], [(0, 1)]),
    ],
)
def test_boundaries_are_where_the_sound_changes(
    levels: list[float], sections: list[tuple[int, int]]
) -> None:
    """Also with noise around the means of the sections."""
    noise = np.random.default_rng(1).normal(0, 0.3, len(levels))
    assert segmenter_of().sections(*chunks(*(np.array(levels) + noise))) == sections


def test_short_sections_are_not_cut_out() -> None:
    """A section has at least the given number of chunks."""
    levels = [-3.0] * 6 + [3.0] * 2 + [-3.0] * 6
    assert len(segmenter_of().sections(*chunks(*levels))) == 3
    found = segmenter_of(min_chunks=3).sections(*chunks(*levels))
    assert all(end - start >= 3 for start, end in found)


def test_a_boundary_has_a_cost() -> None:
    """A small change is cut only where boundaries are cheap."""
    levels = [-0.9] * 10 + [0.9] * 10
    assert len(segmenter_of(boundary_cost=0.5).sections(*chunks(*levels))) == 2
    assert len(segmenter_of(boundary_cost=50.0).sections(*chunks(*levels))) == 1


def test_the_best_segmentation_is_found() -> None:
    """Compared with all segmentations of a short track into at most three sections."""
    segmenter = segmenter_of(min_chunks=1, boundary_cost=1.0)
    levels = np.random.default_rng(5).normal(0, 2, 7)

    def value(bounds: tuple[int, ...]) -> float:
        total = -1.0 * (len(bounds) - 2)
        for start, end in pairwise(bounds):
            spread = 1 + 0.5 * (end - start) * 10.0
            total += (0.5 * levels[start:end].sum()) ** 2 * 10.0 / spread / 2 - np.log(spread) / 2
        return total

    found = segmenter.sections(*chunks(*levels))
    bounds = (0, *(end for _, end in found))
    others = [(0, 7), *((0, a, 7) for a in range(1, 7))]
    others += [(0, a, b, 7) for a in range(1, 7) for b in range(a + 1, 7)]
    assert value(bounds) >= max(map(value, others)) - 1e-9
