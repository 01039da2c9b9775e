"""Synthetic music: melodies, chords and drums.

Without it the detector could tell real music from other sounds by the synthesis alone, and would
take a chiptune for a telephone. Unlike the other sounds it has notes of a scale, on beats.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from shared.music.constants import SAMPLE_RATE
from training.sounds.signals import Synthesizer, Wave, band, chance, coloured, seconds, unit

_SCALES: Final = (
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 3, 5, 7, 9, 10),
    (0, 3, 5, 7, 10),
    (0, 2, 4, 7, 9),
)
"""Major, minor, Dorian, and the two pentatonic scales, in semitones."""

_OCTAVE: Final = 12


class _Instrument:
    """An instrument with random harmonics and decay, the same for a whole clip."""

    def __init__(self, rng: np.random.Generator) -> None:
        count = rng.integers(1, 14)
        self._strengths = np.arange(1, count + 1) ** -rng.uniform(0.4, 2.2)
        self._decay_s = rng.uniform(0.08, 1.5)
        self._attack_s = rng.uniform(0.002, 0.04)
        self._drive = rng.uniform(3, 15) if chance(rng, 0.25) else 0.0

    def play(self, midi: Wave, length_s: float) -> Wave:
        """Play notes together, by MIDI numbers."""
        time = seconds(round(length_s * SAMPLE_RATE))
        out = np.zeros(time.size)
        for hz in 440 * 2 ** ((midi - 69) / 12):
            for number, strength in enumerate(self._strengths, start=1):
                if number * hz < SAMPLE_RATE / 2:
                    out += strength * np.sin(2 * np.pi * number * hz * time)
        out *= np.exp(-time / self._decay_s)
        out = np.tanh(self._drive * out) if self._drive else out
        edges = np.minimum(time, time[::-1]) / self._attack_s
        return out * np.minimum(1, edges)


def _lay(track: Wave, sound: Wave, start_s: float, gain: float = 1.0) -> None:
    start = round(start_s * SAMPLE_RATE)
    part = sound[: max(0, track.size - start)]
    track[start : start + part.size] += gain * part


def _steps(rng: np.random.Generator, scale: tuple[int, ...], count: int, root: float) -> Wave:
    """Walk up and down a scale, mostly by small steps, over two octaves."""
    walk = np.cumsum(rng.choice([-2, -1, -1, 0, 1, 1, 2, 3], count))
    walk = np.abs(walk % (4 * len(scale)) - 2 * len(scale))
    degrees = np.array(scale)[walk % len(scale)] + _OCTAVE * (walk // len(scale))
    return np.asarray(root + degrees, np.float64)


def _chord(rng: np.random.Generator, scale: tuple[int, ...], root: float) -> Wave:
    first = rng.integers(len(scale))
    places = first + 2 * np.arange(rng.integers(2, 5))
    degrees = np.array(scale)[places % len(scale)] + _OCTAVE * (places // len(scale))
    return np.asarray(root + degrees, np.float64)


def _melody(rng: np.random.Generator, n: int) -> Wave:
    """Play one instrument, on the beats of a bar or between them."""
    track, beat, voice = np.zeros(n), 60 / rng.uniform(60, 180), _Instrument(rng)
    scale, root = _SCALES[rng.integers(len(_SCALES))], rng.uniform(40, 66)
    lengths = rng.choice([0.5, 0.5, 1, 1, 2], 2 + round(2 * n / SAMPLE_RATE / beat)) * beat
    starts = np.cumsum(lengths) - lengths[0]
    ring = rng.uniform(0.8, 3)
    notes = _steps(rng, scale, len(lengths), root)
    for start, length, note in zip(starts, lengths, notes, strict=True):
        _lay(track, voice.play(np.array([note]), length * ring), start)
    return track


def _chords(rng: np.random.Generator, n: int) -> Wave:
    """Play chords of a key, struck or broken, some with a bass below."""
    track, beat, voice = np.zeros(n), 60 / rng.uniform(55, 160), _Instrument(rng)
    scale, root = _SCALES[rng.integers(len(_SCALES))], rng.uniform(42, 60)
    broken, offset = chance(rng, 0.5), rng.choice([0, 0.5])
    bass = _Instrument(rng) if chance(rng, 0.6) else None
    for bar in range(1 + int(n / SAMPLE_RATE / (2 * beat))):
        chord, start = _chord(rng, scale, root), 2 * bar * beat
        for step in range(4):
            notes = chord[[step % chord.size]] if broken else chord
            if broken or not step % 2:
                _lay(track, voice.play(notes, beat * 1.2), start + (step / 2 + offset) * beat)
        if bass:
            _lay(track, bass.play(chord[:1] - _OCTAVE, 2 * beat), start, 2)
    return track


def _drum(rng: np.random.Generator, low_hz: float, hiss: float, decay_s: float) -> Wave:
    time = seconds(round(0.4 * SAMPLE_RATE))
    body = np.sin(2 * np.pi * low_hz * time * np.exp(-4 * time))
    noise = band(rng.standard_normal(time.size), 800, 9000)
    return np.asarray((body + hiss * unit(noise)) * np.exp(-time / decay_s))


def _ensemble(rng: np.random.Generator, n: int) -> Wave:
    """Mix chords and a melody with drums at a steady beat."""
    beat = 60 / rng.uniform(70, 180)
    drums = np.zeros(n)
    kick = _drum(rng, rng.uniform(45, 100), rng.uniform(0, 0.1), rng.uniform(0.05, 0.2))
    snare = _drum(rng, rng.uniform(150, 250), rng.uniform(0.4, 1), rng.uniform(0.04, 0.15))
    hat = _drum(rng, 0, rng.uniform(0.1, 0.4), rng.uniform(0.01, 0.06))
    for half in range(int(2 * n / SAMPLE_RATE / beat)):
        for drum, sounds in ((kick, not half % 4), (snare, half % 4 == 2), (hat, True)):  # noqa: PLR2004 - the third of four
            if sounds:
                _lay(drums, drum, half * beat / 2)
    notes = _chords(rng, n) + chance(rng, 0.5) * _melody(rng, n)
    mixed = unit(notes) * rng.uniform(0.4, 1.5) + unit(drums)
    return mixed + 10 ** (rng.uniform(-70, -35) / 20) * coloured(rng, n, 1)


MUSIC: Final[Mapping[str, Synthesizer]] = MappingProxyType(
    {"melody": _melody, "chords": _chords, "ensemble": _ensemble}
)
"""Every kind of synthetic music by its name."""
