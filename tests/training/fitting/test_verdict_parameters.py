"""Fitting discriminants, tag statistics and sections."""

import numpy as np
import pytest

from shared.domain.genres import GENRES
from shared.music.constants import N_TAGS
from shared.music.model.aggregation import AGGREGATE_NAMES, N_TAG_COLUMNS, TAG_PREFIX
from shared.music.model.discriminants import Discriminants
from shared.music.model.sections import SECTION_COLUMNS, Segmenter
from shared.music.model.styles import UNUSUAL_FROM
from tests.training.conftest import recording
from training.data.gtzan import DataError
from training.fitting.verdict_parameters import (
    TOLD_LIKELIHOOD,
    fit_discriminants,
    fit_sections,
    tag_statistics,
    verdict_parameters,
)

TRACKS = [recording(f"{genre}.{number:05}") for genre in GENRES for number in range(4)]


def test_discriminants_separate_genres() -> None:
    """Rows that differ in the mean of one tag per genre get the genre's highest score."""
    rng = np.random.default_rng(1)
    genres = np.repeat(np.arange(len(GENRES)), 20)
    rows = rng.normal(0, 1, (len(genres), len(AGGREGATE_NAMES)))
    rows[np.arange(len(genres)), genres] += 8
    fitted = fit_discriminants(rows, genres, share=0.25)
    assert fitted.share == 0.25
    assert not {"tempo:mean", "harmony_mean:mean"} & set(fitted.columns)
    assert all(name.endswith(":mean") for name in fitted.columns)
    found = Discriminants(fitted).scores(rows).argmax(axis=1)
    assert (found == genres).mean() > 0.95


def test_discriminants_of_features_alone() -> None:
    """They take rows whose tags are not numbers."""
    rng = np.random.default_rng(1)
    genres = np.repeat(np.arange(len(GENRES)), 20)
    rows = rng.normal(0, 1, (len(genres), len(AGGREGATE_NAMES)))
    with_tags = fit_discriminants(rows, genres).columns
    rows[:, :N_TAG_COLUMNS] = np.nan
    fitted = fit_discriminants(rows, genres, features_only=True)
    assert fitted.columns == tuple(n for n in with_tags if not n.startswith(TAG_PREFIX))
    assert np.isfinite(Discriminants(fitted).scores(rows)).all()


def test_discriminants_need_tracks_that_differ() -> None:
    """Copies of one track for each genre cannot be fitted."""
    genres = np.repeat(np.arange(len(GENRES)), 2)
    rows = np.repeat(np.eye(len(GENRES), len(AGGREGATE_NAMES)), 2, axis=0)
    with pytest.raises(DataError, match="differ within"):
        fit_discriminants(rows, genres)


def test_tag_statistics_by_hand() -> None:
    """Means and deviations, by genre too; a threshold is not below a likelihood."""
    rng = np.random.default_rng(2)
    genres = np.repeat(np.arange(len(GENRES)), 10)
    odds = rng.normal(genres[:, None], 1, (len(genres), N_TAGS))
    odds[:, 3] -= 30
    found = tag_statistics(odds, genres)
    np.testing.assert_allclose(found.means, odds.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(found.genre_means[4], odds[genres == 4].mean(axis=0), rtol=1e-4)
    assert found.told_from[0] == pytest.approx(np.quantile(odds[:, 0], 0.9), rel=1e-4)
    assert 1 / (1 + np.exp(-found.told_from[3])) == pytest.approx(TOLD_LIKELIHOOD)
    assert UNUSUAL_FROM * min(map(min, found.genre_deviations)) > 1


def test_sections_are_cut_between_tracks() -> None:
    """A join of chunks of two tracks that differ is found."""
    parameters = fit_sections(TRACKS)
    assert len(parameters.projection) == SECTION_COLUMNS
    one, other = TRACKS[0], TRACKS[-1]
    features = np.concatenate([one.features, other.features])
    tags = np.concatenate([one.chunk_tags(), other.chunk_tags()])
    segmenter = Segmenter(parameters.model_copy(update={"min_chunks": 1, "boundary_cost": 1.0}))
    cuts = segmenter.sections(features, tags)
    assert len(one.features) in [end for _, end in cuts]


def test_all_fields_of_the_metadata() -> None:
    """A mean for each column, among others."""
    found = verdict_parameters(TRACKS)
    assert set(found) == {"tags", "sections", "column_means"}
    assert len(found["column_means"]) == len(AGGREGATE_NAMES)
