"""Fit of the music detector."""

import numpy as np
import pytest

import training.fitting.music_detector as trainer
from shared.music.features.fast import analyse_chunk
from shared.music.features.table import FEATURE_NAMES
from shared.music.model.music_detector import (
    COLUMN_NAMES,
    FAMILIES,
    Family,
    MusicDetector,
    MusicDetectorParameters,
)
from shared.music.tagging.tagger import TAG_NAMES, Tagger
from tests.sounds import tune
from training.data.gtzan import DataError
from training.fitting.music_detector import Sounds, fit_music_detector, synthesize_sounds

CENTRES = {"music": 0.0, "speech": 1.0, "noise": 2.0, "tone": 3.0}
LEAST: dict[Family, int] = {"music": 2, "speech": 1, "noise": 2, "tone": 3}


def drawn(family: str, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Chunks of made-up features and tags that lie elsewhere for each family."""
    rng = np.random.default_rng([seed, *family.encode()])
    features = np.exp(rng.normal(CENTRES[family], 0.4, (count, len(FEATURE_NAMES))))
    tags = 1 / (1 + np.exp(rng.normal(CENTRES[family], 0.4, (count, len(TAG_NAMES)))))
    return features, tags.astype(np.float32)


def made_up(families: tuple[str, ...] = FAMILIES) -> Sounds:
    """Sounds that nobody had to synthesize."""
    parts = [drawn(family, 30, 1) for family in families]
    names = np.repeat(np.array(families), 30)
    return Sounds(
        np.vstack([part[0] for part in parts]), np.vstack([part[1] for part in parts]), names, names
    )


def fitted(sounds: Sounds | None = None) -> MusicDetectorParameters:
    """A music detector fitted to made-up music and sounds."""
    features, tags = drawn("music", 60, 2)
    tracks = np.repeat([f"track {n}" for n in range(6)], 10)
    return fit_music_detector(features, tags, tracks, 1, sounds=sounds or made_up())


@pytest.mark.parametrize("family", FAMILIES)
def test_families_are_told_apart(family: str) -> None:
    """Chunks that the fit has not seen are taken for what they are, surely."""
    shares = MusicDetector(fitted()).probabilities(*drawn(family, 5, 3))
    assert shares[FAMILIES.index(family)] > 0.9


def test_offsets_and_tempo_are_not_looked_at() -> None:
    """The detector leaves out columns that describe the recording and not its content."""
    columns = fitted().columns
    assert not set(trainer.LEFT_OUT) & set(columns)
    assert len(columns) == len(COLUMN_NAMES) - len(trainer.LEFT_OUT)


def test_parameters_are_compact_and_repeatable() -> None:
    """The same material gives the same numbers, of six digits."""
    first = fitted()
    assert fitted() == first
    numbers = [*first.means, *first.scales, *first.bias, *first.weights[0]]
    assert all(number == float(f"{number:.6g}") for number in numbers)


def test_every_track_counts_the_same() -> None:
    """Ten copies of one track's chunks change nothing but the rounding of means."""
    features, tags = drawn("music", 20, 2)
    tracks = np.repeat(["first", "second"], 10)
    once = MusicDetector(fit_music_detector(features, tags, tracks, 1, sounds=made_up()))
    often = np.concatenate([np.arange(20), *[np.arange(10)] * 9])
    many = MusicDetector(
        fit_music_detector(features[often], tags[often], tracks[often], 1, sounds=made_up())
    )
    judged = drawn("speech", 3, 9)
    np.testing.assert_allclose(many.probabilities(*judged), once.probabilities(*judged), atol=0.02)


def test_music_without_tags_is_left_out() -> None:
    """Silent chunks do not spoil a fit."""
    features, tags = drawn("music", 12, 2)
    tracks = np.repeat(["first", "second"], 6)
    kept = fit_music_detector(features[:10], tags[:10], tracks[:10], 1, sounds=made_up())
    tags[10:] = np.nan
    assert fit_music_detector(features, tags, tracks, 1, sounds=made_up()) == kept


def test_missing_sounds_are_named() -> None:
    """A family that is missing is named, and so is music that has no tags."""
    with pytest.raises(DataError, match="noise, tone"):
        fitted(made_up(("music", "speech")))
    features, tags = drawn("music", 4, 2)
    with pytest.raises(DataError, match="without music"):
        fit_music_detector(
            features, np.full_like(tags, np.nan), np.array(list("abcd")), 1, sounds=made_up()
        )


def test_no_kind_asked_for() -> None:
    """Asking for no sound at all is an error."""
    with pytest.raises(DataError, match="No kind"):
        synthesize_sounds(1, kinds=())


def test_synthesized_sounds_go_through_the_chain() -> None:
    """Noise and tones come back with finite features, tags, and what they are."""
    sounds = synthesize_sounds(
        1, {"noise": 1, "tone": 1}, kinds={"white", "sine"}, tagger=Tagger.load()
    )
    assert sounds.families.tolist() == ["noise", "tone"]
    assert sounds.kinds.tolist() == ["white", "sine"]
    assert sounds.features.shape == (2, len(FEATURE_NAMES))
    assert sounds.tags.shape == (2, len(TAG_NAMES))
    assert np.isfinite(sounds.features).all()
    assert np.isfinite(sounds.tags).all()


def test_recordings_are_heard_badly() -> None:
    """Music that is handed in counts as music, but not as it was."""
    chunk = tune(3)
    heard = synthesize_sounds(1, kinds=(), recordings=[chunk, chunk], tagger=Tagger.load())
    assert heard.families.tolist() == ["music", "music"]
    well = analyse_chunk(chunk).features
    centroid = FEATURE_NAMES.index("spectral_centroid_mean")
    assert len({round(float(row[centroid])) for row in (*heard.features, well)}) == 3


def test_speech_noise_and_tones_of_another_seed() -> None:
    """A detector fitted to a few sounds, speech included, classifies others of their kinds."""
    pytest.importorskip("espeakng_loader")
    kinds = {"melody", "chords", "ensemble", "en", "de", "es", "white", "wind", "sine", "dtmf"}
    tagger = Tagger.load()
    train, test = (synthesize_sounds(seed, LEAST, kinds, tagger) for seed in (1, 2))
    music = train.families == "music"
    detector = MusicDetector(
        fit_music_detector(
            train.features[music], train.tags[music], train.kinds[music], 1, sounds=train
        )
    )
    standardized = detector.standardized(test.features, test.tags)
    for family in ("speech", "noise", "tone"):
        shares = detector.softmax(standardized[test.families == family]).mean(axis=0)
        assert FAMILIES[int(shares.argmax())] == family
        assert shares[0] < 0.35
