"""Scores of chunks and of tracks under both rules."""

import numpy as np
import pytest

from shared.domain.genres import GENRES
from training.data.gtzan import Dataset
from training.evaluation.scores import scores


def test_scores_by_hand() -> None:
    """Three levels, counted by hand: the rules disagree on one track."""
    chunks = Dataset(np.zeros((4, 57)), np.array(list("aaab")), np.array(["jazz"] * 3 + ["rock"]))
    table = np.full((4, 10), 0.0)
    rock, jazz = GENRES.index("rock"), GENRES.index("jazz")
    table[:2, rock], table[:2, jazz] = 0.6, 0.4
    table[2, jazz] = 1.0
    table[3, rock] = 1.0
    chunk, majority, mean = scores(table, chunks, "mine")
    assert (chunk.level, majority.level, mean.level) == ("chunk", "track_majority", "track_mean")
    assert (chunk.accuracy, majority.accuracy, mean.accuracy) == (0.5, 0.5, 1.0)
    assert (mean.n_tracks, mean.n_chunks, mean.split) == (2, 4, "mine")
    # Chunks: jazz F1 = 2 * 1 / (2 + 0 + 2), rock the same; eight genres have none.
    assert chunk.macro_f1 == pytest.approx((0.5 + 0.5) / 10)
