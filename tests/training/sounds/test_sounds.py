"""Sounds of our making."""

import subprocess
import sys

import numpy as np
import pytest

from shared.errors import AudioError
from shared.music.chunking import chunks
from shared.music.constants import CHUNK_HOP, PCM_FULL_SCALE, SAMPLE_RATE
from tests.sounds import tone
from training.sounds.clips import FAMILIES, LEVELS_DBFS, clips
from training.sounds.noise import NOISES
from training.sounds.recording_conditions import recorded, telephoned
from training.sounds.signals import PEAK, at_level, band, coloured
from training.sounds.speech_texts import TEXTS
from training.sounds.synthetic_music import MUSIC
from training.sounds.tones import TONES

SYNTHESIZED = {**NOISES, **TONES, **MUSIC}
SHORT = 2 * SAMPLE_RATE


def octaves_db(samples: np.ndarray, lower_hz: float, upper_hz: float) -> float:
    """Power in the octave above ``upper_hz`` over that above ``lower_hz``, in decibels."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    bins = np.fft.rfftfreq(samples.size, 1 / SAMPLE_RATE)
    low, high = (power[(bins >= hz) & (bins < 2 * hz)].sum() for hz in (lower_hz, upper_hz))
    return float(10 * np.log10(high / low))


@pytest.mark.parametrize("kind", SYNTHESIZED)
def test_every_kind_sounds(kind: str) -> None:
    """Whatever the seed, a kind is as long as asked for, finite, and not silent."""
    for seed in range(4):
        wave = SYNTHESIZED[kind](np.random.default_rng(seed), SHORT)
        assert wave.shape == (SHORT,)
        assert np.isfinite(wave).all()
        assert np.abs(wave).max() > 0


@pytest.mark.parametrize("kind", SYNTHESIZED)
def test_kinds_follow_from_the_seed(kind: str) -> None:
    """The same seed gives the same sound, another seed another."""
    first, again, other = (
        SYNTHESIZED[kind](np.random.default_rng(seed), SHORT) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_names_stand_for_one_kind() -> None:
    """No two kinds share a name."""
    names = [name for kinds in FAMILIES.values() for name in kinds]
    assert len(names) == len(set(names))


def test_clips_are_what_a_decoder_gives() -> None:
    """Clips lie on the grid of 16 bits, below full scale and not above the levels promised."""
    for clip in clips(1, {"noise": 1, "tone": 1, "music": 1}, 1):
        assert clip.samples.shape == (1, CHUNK_HOP)
        assert clip.samples.dtype == np.float32
        grid = clip.samples * PCM_FULL_SCALE
        np.testing.assert_array_equal(grid, np.round(grid))
        assert np.abs(clip.samples).max() <= PEAK + 1 / PCM_FULL_SCALE
        level = 10 * np.log10(np.mean(np.square(clip.samples, dtype=np.float64)))
        assert level <= LEVELS_DBFS[1] + 0.1


def test_a_kind_does_not_depend_on_the_others() -> None:
    """Leaving kinds out leaves the others as they were."""
    (alone,) = clips(1, {"tone": 1}, 1, kinds={"alarm"})
    among = next(clip for clip in clips(1, {"tone": 1}, 1) if clip.kind == "alarm")
    np.testing.assert_array_equal(alone.samples, among.samples)


@pytest.mark.parametrize(("exponent", "slope_db"), [(0, 0), (1, -3), (2, -6), (-1, 3)])
def test_colours_have_their_slopes(exponent: float, slope_db: float) -> None:
    """White, pink, brown and blue noise fall by what they are named for, in dB a hertz."""
    noise = coloured(np.random.default_rng(0), 20 * SAMPLE_RATE, exponent)
    # An octave is twice as wide as the one below it, which adds 3 dB.
    assert octaves_db(noise, 1000, 2000) == pytest.approx(slope_db + 3, abs=0.5)


def test_band_keeps_what_lies_between() -> None:
    """A tone within a band passes, one far outside does not."""
    inside, outside = (band(tone(1, hz).astype(float), 300, 3000) for hz in (1000, 30))
    assert np.abs(inside).max() == pytest.approx(0.5, rel=0.05)
    assert np.abs(outside).max() < 0.001


def test_telephone_cuts_treble() -> None:
    """Above 3400 Hz a telephone passes next to nothing."""
    noise = coloured(np.random.default_rng(0), SHORT, 0)
    assert octaves_db(telephoned(noise), 1000, 5000) < -25


def test_placed_speech_has_no_digital_silence() -> None:
    """A pause in a recording holds the noise of its room."""
    dry = np.concatenate((tone(1), np.zeros(SAMPLE_RATE))).astype(float)
    for seed in range(5):
        pause = recorded(np.random.default_rng(seed), dry)[-SAMPLE_RATE // 4 :]
        assert np.sqrt(np.mean(pause**2)) > 1e-4


def test_silence_stays_silence() -> None:
    """Silence has no level to be brought to, and a track of it is refused by name."""
    silence = at_level(np.zeros(CHUNK_HOP), -20)
    assert not silence.any()
    with pytest.raises(AudioError, match="silent"):
        list(chunks(iter([silence])))


def test_texts_are_read_aloud() -> None:
    """Every language is spoken, for seconds, and unlike the others."""
    pytest.importorskip("espeakng_loader")
    from training.sounds.speech import Voice, speak  # noqa: PLC0415 - skipped without

    spoken = {language: speak(text, Voice(language)) for language, text in TEXTS.items()}
    for language, samples in spoken.items():
        assert samples.size > 4 * SAMPLE_RATE, language
        assert 0.05 < np.abs(samples).max() <= 1, language
    assert len({samples.size for samples in spoken.values()}) > len(spoken) // 2


def test_speech_follows_from_the_seed() -> None:
    """Two processes that make the same speech make it sample for sample."""
    pytest.importorskip("espeakng_loader")
    program = (
        "import hashlib\n"
        "from training.sounds.clips import clips\n"
        "made = clips(4, {'speech': 2}, 1, kinds={'de', 'hi'})\n"
        "print(*(hashlib.sha256(clip.samples.tobytes()).hexdigest() for clip in made))\n"
    )
    first, second = (
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
        ).stdout.split()
        for _ in range(2)
    )
    assert first == second
    assert len(set(first)) == 4


def test_voices_differ() -> None:
    """Faster speech is shorter, and another voice gives other samples."""
    pytest.importorskip("espeakng_loader")
    from training.sounds.speech import Voice, speak  # noqa: PLC0415 - skipped without

    usual, quick, woman = (
        speak(TEXTS["en"], voice)
        for voice in (Voice("en"), Voice("en", words_per_minute=300), Voice("en", "f2"))
    )
    assert quick.size < 0.8 * usual.size
    assert not np.array_equal(woman[:SAMPLE_RATE], usual[:SAMPLE_RATE])


def test_unknown_voice_is_named() -> None:
    """Asking for a voice that there is not says which."""
    pytest.importorskip("espeakng_loader")
    from training.sounds.speech import (  # noqa: PLC0415 - skipped without
        SpeechError,
        Voice,
        speak,
    )

    with pytest.raises(SpeechError, match="xx-none"):
        speak("Hello.", Voice("xx-none"))
