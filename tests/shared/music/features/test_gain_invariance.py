"""Features that do not depend on the volume."""

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.music.features.fast import analyse_chunk
from shared.music.features.gain_invariance import GAIN_FREE_NAMES, gain_free
from shared.music.features.table import FEATURE_NAMES
from tests.sounds import noise, silence, tone, tune

SOUNDS = {"tune": 0.4 * tune(3), "noise": noise(3), "mixed": noise(3) + tone(3, level=0.3)}


def _table(rows: int = 3) -> NDArray[np.float64]:
    """Return made-up features, all above 0."""
    return np.exp(np.random.default_rng(5).normal(0, 1, (rows, len(FEATURE_NAMES))))


def _louder(table: NDArray[np.float64], gain: float) -> NDArray[np.float64]:
    """Apply a gain to features, following their definitions."""
    scaled = table.copy()
    powers = {"rms_mean": 1, "harmony_mean": 1, "perceptr_mean": 1}
    powers |= {"rms_var": 2, "harmony_var": 2, "perceptr_var": 2}
    for name, power in powers.items():
        scaled[:, FEATURE_NAMES.index(name)] *= gain**power
    scaled[:, FEATURE_NAMES.index("mfcc1_mean")] += 20 * np.log10(gain) * np.sqrt(128)
    return scaled


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("gain_db", [-12.0, -6.0, 6.0])
def test_gain_free_features_of_audio_do_not_depend_on_volume(sound: str, gain_db: float) -> None:
    """The same samples have the same gain-free features at every volume."""
    samples = SOUNDS[sound].astype(np.float32)
    gain = np.float32(10 ** (gain_db / 20))
    before, after = (
        gain_free(analyse_chunk(heard).features[None])[0] for heard in (samples, gain * samples)
    )
    # Means close to 0, as of the harmony of noise, differ by rounding.
    np.testing.assert_allclose(after, before, rtol=1e-3, atol=2e-3)


def test_plain_features_do_depend_on_volume() -> None:
    """Otherwise the test above would prove nothing."""
    samples = SOUNDS["tune"].astype(np.float32)
    loud, quiet = (analyse_chunk(np.float32(g) * samples).features for g in (1.0, 0.25))
    plain = dict(zip(FEATURE_NAMES, loud / quiet, strict=True))
    assert plain["rms_mean"] == pytest.approx(4, rel=1e-3)
    assert plain["perceptr_var"] == pytest.approx(16, rel=1e-3)
    assert abs(loud - quiet)[FEATURE_NAMES.index("mfcc1_mean")] > 100


@pytest.mark.parametrize("gain_db", [-40.0, -12.0, 6.0])
def test_gain_free_features_of_a_table_do_not_depend_on_volume(gain_db: float) -> None:
    """Without audio, columns scaled by the formulas give the same result."""
    table = _table()
    louder = _louder(table, 10 ** (gain_db / 20))
    np.testing.assert_allclose(gain_free(louder), gain_free(table), rtol=1e-9, atol=1e-9)


def test_columns_by_hand() -> None:
    """One column of each kind: divided, squared, logarithmic and unchanged."""
    table = _table(1)
    free = dict(zip(GAIN_FREE_NAMES, gain_free(table)[0], strict=True))
    plain = dict(zip(FEATURE_NAMES, table[0], strict=True))
    level = plain["rms_mean"]
    assert free["harmony_mean"] == pytest.approx(plain["harmony_mean"] / level)
    assert free["rms_var"] == pytest.approx(np.log(plain["rms_var"] / level**2))
    assert free["zero_crossing_rate_mean"] == pytest.approx(
        np.log(plain["zero_crossing_rate_mean"])
    )
    assert free["mfcc1_mean"] == pytest.approx(
        plain["mfcc1_mean"] - 20 * np.log10(level) * np.sqrt(128)
    )
    assert free["tempo"] == plain["tempo"]
    assert free["mfcc7_mean"] == plain["mfcc7_mean"]


def test_only_the_level_is_removed() -> None:
    """The other columns keep their order, and the argument is not changed."""
    assert [name for name in FEATURE_NAMES if name != "rms_mean"] == list(GAIN_FREE_NAMES)
    table = _table()
    before = table.copy()
    assert gain_free(table).shape == (3, len(GAIN_FREE_NAMES))
    np.testing.assert_array_equal(table, before)


def test_silence_is_finite() -> None:
    """A level of 0 is no divisor."""
    row = analyse_chunk(silence(3)).features
    assert np.isfinite(gain_free(row[None])).all()


@pytest.mark.parametrize("shape", [(57,), (2, 56), (2, 58), (1, 2, 57)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    """Only tables of 57 columns are accepted."""
    with pytest.raises(ValueError, match="features are"):
        gain_free(np.ones(shape))
