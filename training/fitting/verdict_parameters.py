"""Parameters of a verdict besides the trees: discriminants, tag statistics and sections."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from shared.domain.genres import GENRES
from shared.music.constants import N_MFCC
from shared.music.features.gain_invariance import GAIN_FREE_NAMES, gain_free
from shared.music.model.aggregation import AGGREGATE_NAMES, TAG_PREFIX, log_odds
from shared.music.model.discriminants import DiscriminantParameters
from shared.music.model.sections import SectionParameters
from shared.music.model.styles import TagStatistics, mean_log_odds
from training.data.gtzan import DataError
from training.data.recordings import Recording

BOUND: Final = 4.0
"""Standardized values are clipped at this value."""

LINEAR_SHARE: Final = 0.25
"""Weight of the discriminants' scores; cross-validation finds 0.15 to 0.5 equally good."""
LINEAR_SHRINKAGE: Final = 0.2
"""Weight of an isotropic covariance in the covariance within genres; 0.1 to 0.45 is as good."""
NOT_LINEAR: Final = frozenset(
    {"harmony_mean", "perceptr_mean", "tempo"}
    | {f"mfcc{k}_var" for k in range(1, N_MFCC + 1)}
    | {f"mfcc{k}_mean" for k in range(14, N_MFCC + 1)}
)
"""Features left out: offsets of the recording's zero line, a tempo that any noise has, and cepstral
coefficients that depend on the codec."""

TOLD_QUANTILE: Final = 0.9
"""A tag is told from this quantile of the training tracks on..."""
TOLD_LIKELIHOOD: Final = 0.05
"""...and from this likelihood on."""
MIN_GENRE_DEVIATION: Final = 0.7
"""Smallest deviation of a tag within a genre, as a share of the mean over the genres: few tracks
show less of it than there is."""

DIRECTIONS: Final = 16
"""Directions in which sections are compared."""
SECTION_SHRINKAGE: Final = 0.05
"""Weight of an isotropic covariance in the covariance within tracks."""
EVIDENCE: Final = 0.3
BOUNDARY_COST: Final = 8.0
MIN_CHUNKS: Final = 4
"""As ``SectionParameters``; found on mixes of training tracks whose boundaries are known."""

_DIGITS: Final = 6
_MIN_DEVIATION: Final = 1e-9
_MIN_VARIANCE: Final = 1e-6


def verdict_parameters(recordings: Sequence[Recording]) -> dict[str, Any]:
    """Return the fields of ``ModelMetadata`` that do not change the scores of the genres.

    Args:
        recordings: tracks with tags; every genre occurs.

    """
    genres = np.array([GENRES.index(own.genre) for own in recordings])
    rows = np.stack([own.row() for own in recordings])
    odds = np.stack([mean_log_odds(own.chunk_tags()) for own in recordings])
    return {
        "tags": tag_statistics(odds, genres),
        "sections": fit_sections(recordings),
        "column_means": _rounded(rows.mean(axis=0)),
    }


def fit_discriminants(
    rows: NDArray[np.float64],
    genres: NDArray[np.int_],
    share: float = LINEAR_SHARE,
    *,
    features_only: bool = False,
) -> DiscriminantParameters:
    """Fit linear discriminants to the means of tags and features; every row counts the same.

    Args:
        rows: shape (n, 362), columns as ``AGGREGATE_NAMES``.
        genres: indices in ``GENRES``, shape (n,); every genre occurs.
        share: weight of their scores.
        features_only: leave out the tags.

    Raises:
        DataError: all tracks of each genre are the same.

    """
    features = (name for name in GAIN_FREE_NAMES if name not in NOT_LINEAR)
    wanted = {f"{name}:mean" for name in features}
    columns = [
        name
        for name in AGGREGATE_NAMES
        if name in wanted
        or (not features_only and name.startswith(TAG_PREFIX) and name.endswith(":mean"))
    ]
    table = rows[:, [AGGREGATE_NAMES.index(name) for name in columns]]
    means, scales = table.mean(axis=0), table.std(axis=0) + _MIN_DEVIATION
    model = LinearDiscriminantAnalysis(solver="eigen", shrinkage=LINEAR_SHRINKAGE)
    try:
        model.fit((table - means) / scales, genres)
    except np.linalg.LinAlgError as error:
        raise DataError("Discriminants need tracks that differ within their genre.") from error
    return DiscriminantParameters(
        share=share,
        columns=tuple(columns),
        means=_rounded(means),
        scales=_rounded(scales),
        bound=BOUND,
        weights=tuple(map(_rounded, model.coef_)),
        bias=_rounded(model.intercept_),
    )


def tag_statistics(odds: NDArray[np.float64], genres: NDArray[np.int_]) -> TagStatistics:
    """Describe the distribution of the tags.

    Args:
        odds: mean log odds of each track's tags, shape (n, 50).
        genres: indices in ``GENRES``, shape (n,); every genre occurs.

    """
    means = np.stack([odds[genres == genre].mean(axis=0) for genre in range(len(GENRES))])
    deviations = np.stack([odds[genres == genre].std(axis=0) for genre in range(len(GENRES))])
    common = (odds - means[genres]).std(axis=0)
    deviations = np.maximum(deviations, MIN_GENRE_DEVIATION * common) + _MIN_DEVIATION
    [least] = log_odds(np.array([TOLD_LIKELIHOOD]))
    return TagStatistics(
        means=_rounded(odds.mean(axis=0)),
        deviations=_rounded(odds.std(axis=0) + _MIN_DEVIATION),
        told_from=_rounded(np.maximum(np.quantile(odds, TOLD_QUANTILE, axis=0), least)),
        genre_means=tuple(map(_rounded, means)),
        genre_deviations=tuple(map(_rounded, deviations)),
    )


def fit_sections(recordings: Sequence[Recording]) -> SectionParameters:
    """Find the directions in which tracks differ from each other but not within themselves.

    Args:
        recordings: tracks with tags, two at least, some of several chunks.

    """
    columns = np.concatenate(
        [np.hstack((gain_free(own.features), log_odds(own.chunk_tags()))) for own in recordings]
    )
    counts = np.array([len(own.features) for own in recordings])
    owner = np.repeat(np.arange(len(recordings)), counts)
    means, scales = columns.mean(axis=0), columns.std(axis=0) + _MIN_DEVIATION
    table = ((columns - means) / scales).clip(-BOUND, BOUND)
    centres = np.zeros((len(counts), table.shape[1]))
    np.add.at(centres, owner, table)
    centres /= counts[:, None]
    rest = table - centres[owner]
    within = rest.T @ rest / max(len(table) - len(counts), 1)
    even = max(np.trace(within) / len(within), _MIN_VARIANCE) * np.eye(len(within))
    within = (1 - SECTION_SHRINKAGE) * within + SECTION_SHRINKAGE * even
    whitening = np.linalg.inv(np.linalg.cholesky(within))
    values, vectors = np.linalg.eigh(whitening @ np.cov(centres.T) @ whitening.T)
    best = np.argsort(-values)[:DIRECTIONS]
    # The mean of a track's chunks scatters by 1 / chunks; that is no difference between tracks.
    between = np.maximum(values[best] - 1 / counts.mean(), 1e-3)
    return SectionParameters(
        means=_rounded(means),
        scales=_rounded(scales),
        bound=BOUND,
        projection=tuple(map(_rounded, whitening.T @ vectors[:, best])),
        between=_rounded(between),
        evidence=EVIDENCE,
        boundary_cost=BOUNDARY_COST,
        min_chunks=MIN_CHUNKS,
    )


def _rounded(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Keep six significant digits, as metadata are read by people too."""
    return tuple(float(f"{value:.{_DIGITS}g}") for value in values.tolist())
