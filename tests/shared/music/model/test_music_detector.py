"""The music detector."""

import numpy as np
import pytest
from pydantic import ValidationError

from shared.music.features.fast import analyse_chunk
from shared.music.features.table import FEATURE_NAMES
from shared.music.model.music_detector import (
    COLUMN_NAMES,
    FAMILIES,
    MusicDetector,
    MusicDetectorParameters,
    columns_of,
)
from shared.music.tagging.tagger import TAG_NAMES
from tests.sounds import tune

N_FEATURES, N_TAGS = len(FEATURE_NAMES), len(TAG_NAMES)
COLUMNS = ("rms_var", "spectral_centroid_mean", "mfcc1_mean", "harmony_var", "tag:rock")


def parameters(**changes: object) -> MusicDetectorParameters:
    """Return a detector of five columns, with changes."""
    fields: dict[str, object] = {
        "columns": COLUMNS,
        "means": (-3.0, 2000.0, 100.0, -1.0, 0.0),
        "scales": (1.0, 500.0, 50.0, 1.0, 2.0),
        "bound": 3.0,
        "weights": ((0.0,) * 5, (1.0,) * 5, (-1.0,) * 5, (0.5, -0.5, 0.5, -0.5, 0.5)),
        "bias": (1.0, 0.0, 0.0, 0.0),
        **changes,
    }
    return MusicDetectorParameters.model_validate(fields)


def some_chunks(chunks: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Return features and tags of a few chunks."""
    rng = np.random.default_rng(3)
    features = np.abs(rng.normal(1, 0.3, (chunks, N_FEATURES)))
    return features, rng.uniform(0.01, 0.9, (chunks, N_TAGS)).astype(np.float32)


def test_probabilities_sum_to_one() -> None:
    """There is a probability for each family."""
    shares = MusicDetector(parameters()).probabilities(*some_chunks())
    assert shares.shape == (len(FAMILIES),)
    assert (shares > 0).all()
    assert shares.sum() == pytest.approx(1)


def test_logistic_regression_by_hand() -> None:
    """The probabilities are those of the formula, computed column by column."""
    features, tags = some_chunks(2)
    table = columns_of(features, tags)
    own = parameters()
    scores = np.array(own.bias)
    for place, name in enumerate(COLUMNS):
        column = table[:, COLUMN_NAMES.index(name)]
        off = ((column - own.means[place]) / own.scales[place]).clip(-3, 3).mean()
        scores = scores + off * np.array([row[place] for row in own.weights])
    expected = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose(
        MusicDetector(own).probabilities(features, tags), expected, rtol=1e-12
    )


def test_log_odds_of_tags_are_limited() -> None:
    """Likelihoods of 0 and 1 are accepted."""
    features, tags = some_chunks(1)
    tags[0, :3] = 0, 1, 0.5
    odds = columns_of(features, tags)[0, len(COLUMN_NAMES) - N_TAGS :]
    np.testing.assert_allclose(odds[:3], [-9.21, 9.21, 0], atol=0.01)


def test_volume_does_not_matter() -> None:
    """Sound at half the volume has the same probabilities."""
    samples = tune(3)
    _, tags = some_chunks(1)
    loud, quiet = (
        MusicDetector(parameters()).probabilities(
            analyse_chunk(gain * samples).features[None], tags
        )
        for gain in (np.float32(1), np.float32(0.5))
    )
    np.testing.assert_allclose(quiet, loud, rtol=1e-4)


def test_silent_chunks_are_left_out() -> None:
    """A chunk without tags does not change the result, whatever its features."""
    features, tags = some_chunks(4)
    detector = MusicDetector(parameters())
    heard = detector.probabilities(features[:3], tags[:3])
    features[3], tags[3] = 0, np.nan
    np.testing.assert_array_equal(detector.probabilities(features, tags), heard)


def test_silence_alone_is_refused() -> None:
    """A track needs a chunk with tags."""
    features, tags = some_chunks(2)
    with pytest.raises(ValueError, match="not silent"):
        MusicDetector(parameters()).probabilities(features, np.full_like(tags, np.nan))


def test_standardized_values_are_clipped() -> None:
    """No column of a chunk counts for more than the bound."""
    detector = MusicDetector(parameters())
    features, tags = some_chunks(1)
    features[0, FEATURE_NAMES.index("spectral_centroid_mean")] = 1e9
    place = COLUMNS.index("spectral_centroid_mean")
    assert detector.standardized(features, tags)[0, place] == 3.0


def test_strangeness_is_in_deviations_of_music() -> None:
    """A track k deviations off in every column has the strangeness k, up to the bound."""
    features, tags = some_chunks(3)
    features[2], tags[2] = 1e9, np.nan
    (row,) = columns_of(features[:1], tags[:1])
    features[1], tags[1] = features[0], tags[0]
    own = np.array([row[COLUMN_NAMES.index(name)] for name in COLUMNS])
    for off, strange in ((0.5, 0.5), (-2.0, 2.0), (9.0, 3.0)):
        scales = np.array(parameters().scales)
        detector = MusicDetector(parameters(means=tuple(own - off * scales)))
        assert detector.strangeness(features, tags) == pytest.approx(strange)


def test_softmax_of_several_rows() -> None:
    """Each row has the probabilities that it would have alone."""
    detector = MusicDetector(parameters())
    standardized = detector.standardized(*some_chunks(5))
    together = detector.softmax(standardized)
    assert together.shape == (5, len(FAMILIES))
    np.testing.assert_allclose(together[2], detector.softmax(standardized[2]))


@pytest.mark.parametrize(
    ("features", "tags"),
    [((2, N_FEATURES - 1), (2, N_TAGS)), ((2, N_FEATURES), (2, 3)), ((2, N_FEATURES), (3, N_TAGS))],
)
def test_other_shapes_are_refused(features: tuple[int, int], tags: tuple[int, int]) -> None:
    """Tables that do not fit raise an error."""
    with pytest.raises(ValueError, match="features and tags are"):
        columns_of(np.ones(features), np.full(tags, 0.5))


def test_parameters_survive_json() -> None:
    """Parameters read from JSON equal those that were written."""
    own = parameters()
    assert MusicDetectorParameters.model_validate_json(own.model_dump_json()) == own


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"columns": (*COLUMNS[:4], "loudness")}, "loudness"),
        ({"classes": FAMILIES[::-1]}, "classes"),
        ({"means": (0.0,) * 4}, "5 columns"),
        ({"weights": ((0.0,) * 5,) * 3}, "each class"),
        ({"bias": (0.0,) * 3}, "each class"),
        ({"scales": (1.0, 1.0, 0.0, 1.0, 1.0)}, "greater than 0"),
        ({"bias": (0.0, 0.0, 0.0, float("nan"))}, "finite"),
    ],
)
def test_parameters_that_do_not_fit(changes: dict[str, object], complaint: str) -> None:
    """Parameters of another shape, order or release are refused."""
    with pytest.raises(ValidationError, match=complaint):
        parameters(**changes)
