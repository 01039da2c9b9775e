"""Degradation by a recording: room, microphone, telephone, background noise."""

import numpy as np

from shared.music.constants import SAMPLE_RATE
from training.sounds.signals import (
    Wave,
    band,
    chance,
    coloured,
    frequencies,
    random_gain,
    seconds,
    unit,
)


def recorded(rng: np.random.Generator, dry: Wave) -> Wave:
    """Degrade a dry signal: room or none, microphone colour, background noise, band limit."""
    wet = reverberant(rng, dry) if chance(rng, 0.5) else dry
    degraded = unit(tilted(rng, wet))
    # Pauses of a synthesizer are digital silence, those of a recording are not.
    noise = unit(tilted(rng, coloured(rng, dry.size, rng.uniform(0, 2)))) * random_gain(
        rng, dry.size, 2, 3
    )
    degraded = degraded + 10 ** (rng.uniform(-60, -15) / 20) * noise
    if chance(rng, 0.25):
        return telephoned(degraded)
    if chance(rng, 0.33):  # just below half of common sample rates of speech
        return band(degraded, 50, float(rng.choice([3800.0, 5300.0, 7800.0])), order=24)
    return degraded


def telephoned(wave: Wave) -> Wave:
    """Band-pass as a telephone, 300 to 3400 Hz."""
    return band(wave, 300, 3400, order=8)


def reverberant(rng: np.random.Generator, dry: Wave) -> Wave:
    """Add reverberation: convolve with exponentially decaying noise.

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
    """Colour like a microphone: a slope of up to 3 dB per octave, and a high-pass."""
    bins = np.maximum(frequencies(wave.size), 20)
    gain = (bins / 1000) ** rng.uniform(-0.5, 0.5) / (1 + (rng.uniform(20, 120) / bins) ** 4)
    return np.fft.irfft(np.fft.rfft(wave) * gain, wave.size)
