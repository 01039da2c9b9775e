"""Tones that are not music: test signals, telephones, alarms, metronomes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from shared.music.constants import SAMPLE_RATE
from training.sounds.signals import Synthesizer, Wave, chance, coloured, seconds, unit

_DTMF_ROWS: Final = (697, 770, 852, 941)
_DTMF_COLUMNS: Final = (1209, 1336, 1477, 1633)
_DIAL_TONES: Final = ((350, 440), (425,), (425, 400), (440, 480))
"""North America, most of Europe, Japan and others nearly so, North America's ringing; in Hz."""

_LINE_RHYTHMS: Final = ((1e9, 1.0), (0.5, 0.5), (1.0, 4.0), (2.0, 4.0), (0.25, 0.25))
"""How long a telephone's tones last, and the pauses between them, in seconds."""


def _floor(rng: np.random.Generator, wave: Wave) -> Wave:
    """Add the noise of a quiet line, in half of the cases."""
    noise = coloured(rng, wave.size, rng.uniform(0, 1.5))
    return unit(wave) + chance(rng, 0.5) * 10 ** (rng.uniform(-70, -30) / 20) * noise


def _pitch(rng: np.random.Generator, low_hz: float = 60, high_hz: float = 6000) -> float:
    return float(np.exp(rng.uniform(np.log(low_hz), np.log(high_hz))))


def _gates(n: int, on_s: float, off_s: float, start_s: float = 0.0) -> Wave:
    """Return 1 while a repeated signal sounds and 0 between, with edges of 2 ms."""
    position = (seconds(n) + start_s) % (on_s + off_s)
    edge = 0.002
    return np.clip(np.minimum(position, on_s - position) / edge, 0, 1)


def _chord(pitches: Wave, n: int) -> Wave:
    """Sum sines of one strength; pitches in hertz."""
    return np.asarray(np.sin(2 * np.pi * pitches[:, None] * seconds(n)).sum(axis=0))


def _sine(rng: np.random.Generator, n: int) -> Wave:
    return _floor(rng, np.sin(2 * np.pi * _pitch(rng) * seconds(n) + rng.uniform(0, 6)))


def _sines(rng: np.random.Generator, n: int) -> Wave:
    pitches = np.array([_pitch(rng, 100, 4000) for _ in range(rng.integers(2, 5))])
    return _floor(rng, _chord(pitches, n))


def _sweep(rng: np.random.Generator, n: int) -> Wave:
    ends = [np.log(_pitch(rng, 80, 8000)) for _ in range(2)]
    period = rng.uniform(0.8, 6)
    course = np.abs((seconds(n) / period + rng.uniform()) % 2 - 1)
    course = course if chance(rng, 0.5) else (seconds(n) / period) % 1
    hz = np.exp(ends[0] + (ends[1] - ends[0]) * course)
    return _floor(rng, np.sin(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE))


def _drone(rng: np.random.Generator, n: int) -> Wave:
    """Sum a square's or a saw's harmonics below half the sample rate."""
    hz = _pitch(rng, 40, 900)
    partials = np.arange(1, int(SAMPLE_RATE / 2 / hz), rng.integers(1, 3))
    angles = 2 * np.pi * hz * seconds(n)
    return _floor(rng, np.asarray(sum(np.sin(k * angles) / k for k in partials)))


def _beeps(rng: np.random.Generator, n: int) -> Wave:
    gates = _gates(n, rng.uniform(0.05, 0.6), rng.uniform(0.05, 1.2), rng.uniform(0, 2))
    return _floor(rng, np.sin(2 * np.pi * _pitch(rng, 300, 4000) * seconds(n)) * gates)


def _alarm(rng: np.random.Generator, n: int) -> Wave:
    """Alternate two pitches, or wail between them, with a horn's harmonics."""
    low = _pitch(rng, 350, 1500)
    high = low * rng.uniform(1.15, 2)
    cycle = (seconds(n) / rng.uniform(0.2, 2.5) + rng.uniform()) % 1
    course = np.round(cycle) if chance(rng, 0.5) else np.abs(2 * cycle - 1)
    phase = 2 * np.pi * np.cumsum(low + (high - low) * course) / SAMPLE_RATE
    harmonics = rng.integers(1, 6)
    return _floor(rng, np.asarray(sum(np.sin(k * phase) / k for k in range(1, harmonics + 1))))


def _dtmf(rng: np.random.Generator, n: int) -> Wave:
    on_s, off_s = rng.uniform(0.06, 0.3), rng.uniform(0.04, 0.3)
    key = (seconds(n) // (on_s + off_s)).astype(int)
    keys = key.max() + 1
    rows = rng.choice(_DTMF_ROWS, keys)[key]
    columns = rng.choice(_DTMF_COLUMNS, keys)[key]
    both = np.sin(2 * np.pi * rows * seconds(n)) + np.sin(2 * np.pi * columns * seconds(n))
    return _floor(rng, both * _gates(n, on_s, off_s))


def _line(rng: np.random.Generator, n: int) -> Wave:
    """Make a dial tone, a ringing tone or a busy tone."""
    pitches = _DIAL_TONES[rng.integers(len(_DIAL_TONES))]
    on_s, off_s = _LINE_RHYTHMS[rng.integers(len(_LINE_RHYTHMS))]
    gates = _gates(n, on_s, off_s, rng.uniform(0, 0.2))
    return _floor(rng, _chord(np.array(pitches), n) * gates)


def _metronome(rng: np.random.Generator, n: int) -> Wave:
    period, decay = 60 / rng.uniform(40, 208), rng.uniform(0.002, 0.03)
    since = (seconds(n) + rng.uniform(0, period)) % period
    accent = np.where(((seconds(n) / period).astype(int) % 4) == 0, rng.uniform(1, 2), 1)
    ring = np.sin(2 * np.pi * _pitch(rng, 600, 4000) * since * accent)
    return _floor(rng, ring * np.exp(-since / decay))


TONES: Final[Mapping[str, Synthesizer]] = MappingProxyType(
    {
        "sine": _sine,
        "sines": _sines,
        "sweep": _sweep,
        "drone": _drone,
        "beeps": _beeps,
        "alarm": _alarm,
        "dtmf": _dtmf,
        "line": _line,
        "metronome": _metronome,
    }
)
"""Every kind of tone by its name."""
