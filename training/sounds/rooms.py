"""Where speech and tunes are recorded: rooms, microphones, telephones, and noise around."""

import numpy as np

from shared.music.constants import SAMPLE_RATE
from training.sounds.shaping import (
    Wave,
    band,
    chance,
    coloured,
    frequencies,
    seconds,
    swell,
    unit,
)


def placed(rng: np.random.Generator, dry: Wave) -> Wave:
    """Record what is dry: in a room or close, by a good or a bad microphone, amid some noise."""
    wet = reverberant(rng, dry) if chance(rng, 0.5) else dry
    heard = unit(tilted(rng, wet))
    # A synthesizer's pauses are digital silence, which no recording has.
    noise = unit(tilted(rng, coloured(rng, dry.size, rng.uniform(0, 2)))) * swell(
        rng, dry.size, 2, 3
    )
    heard = heard + 10 ** (rng.uniform(-60, -15) / 20) * noise
    if chance(rng, 0.25):
        return telephoned(heard)
    if chance(rng, 0.33):  # just below half of the rates that speech is often kept at
        return band(heard, 50, float(rng.choice([3800.0, 5300.0, 7800.0])), order=24)
    return heard


def telephoned(wave: Wave) -> Wave:
    """Pass what a telephone passes, 300 to 3400 Hz."""
    return band(wave, 300, 3400, order=8)


def reverberant(rng: np.random.Generator, dry: Wave) -> Wave:
    """Add a room's echoes: exponentially decaying noise, darker the later.

    The reverberation time (a decay by 60 dB) is between 0.15 and 0.9 s.
    """
    decay_s = rng.uniform(0.15, 0.9)
    time = seconds(round(SAMPLE_RATE * decay_s))
    tail = coloured(rng, time.size, 0.7) * 10 ** (-3 * time / decay_s)
    response = np.zeros(dry.size)
    response[: tail.size] = unit(tail)[: dry.size] / np.sqrt(tail.size)
    echoes = np.fft.irfft(np.fft.rfft(dry) * np.fft.rfft(response), dry.size)
    return unit(dry) + 10 ** (rng.uniform(-14, 3) / 20) * unit(echoes)


def tilted(rng: np.random.Generator, wave: Wave) -> Wave:
    """Colour a sound as a microphone may: a slope of up to 3 dB an octave, and no rumble."""
    bins = np.maximum(frequencies(wave.size), 20)
    gain = (bins / 1000) ** rng.uniform(-0.5, 0.5) / (1 + (rng.uniform(20, 120) / bins) ** 4)
    return np.fft.irfft(np.fft.rfft(wave) * gain, wave.size)
