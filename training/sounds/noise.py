"""Noise of machines, weather, crowds and bad recordings, made of filtered noise."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import numpy as np

from shared.music.constants import SAMPLE_RATE
from training.sounds.signals import (
    Synthesizer,
    Wave,
    band,
    coloured,
    overlaid,
    random_gain,
    seconds,
    unit,
)


def _coloured(rng: np.random.Generator, n: int, exponent: float) -> Wave:
    return coloured(rng, n, exponent + rng.uniform(-0.2, 0.2))


def _banded(rng: np.random.Generator, n: int) -> Wave:
    low = float(np.exp(rng.uniform(np.log(80), np.log(4000))))
    return band(rng.standard_normal(n), low, low * rng.uniform(1.2, 6))


def _wind(rng: np.random.Generator, n: int) -> Wave:
    low, high = (band(coloured(rng, n, e), 40, f) for e, f in ((1.5, 500), (0.5, 2500)))
    gusts = random_gain(rng, n, rng.uniform(0.5, 3), 14)
    return unit(low) * gusts + 0.3 * unit(high) * gusts**2


def _burst(rng: np.random.Generator, decay_s: float, low_hz: float, high_hz: float) -> Wave:
    n = round(SAMPLE_RATE * decay_s * 5)
    envelope = np.exp(-seconds(n) / decay_s)
    return unit(band(rng.standard_normal(n), low_hz, high_hz)) * envelope * rng.lognormal(0, 0.7)


def _rain(rng: np.random.Generator, n: int) -> Wave:
    drops = overlaid(
        rng,
        n,
        round(n / SAMPLE_RATE * rng.uniform(60, 400)),
        lambda: _burst(rng, rng.uniform(0.001, 0.006), rng.uniform(800, 3000), 9000),
    )
    bed = unit(band(coloured(rng, n, 0.3), 400, 9000))
    return bed * rng.uniform(0.3, 1.2) + unit(drops)


def _crackle(rng: np.random.Generator, n: int) -> Wave:
    pops = overlaid(
        rng,
        n,
        round(n / SAMPLE_RATE * rng.uniform(8, 60)),
        lambda: _burst(rng, rng.uniform(0.0004, 0.003), 300, 8000),
    )
    return unit(pops) + 10 ** (rng.uniform(-35, -12) / 20) * coloured(rng, n, 1)


def _applause(rng: np.random.Generator, n: int) -> Wave:
    claps = overlaid(
        rng,
        n,
        round(n / SAMPLE_RATE * rng.uniform(40, 250)),
        lambda: _burst(rng, rng.uniform(0.004, 0.015), rng.uniform(500, 1200), 4500),
    )
    return unit(claps) * random_gain(rng, n, 1, 4) + 0.05 * coloured(rng, n, 1)


def _hum(rng: np.random.Generator, n: int) -> Wave:
    mains = rng.choice([50.0, 60.0]) * rng.uniform(0.998, 1.002)
    partials = np.arange(1, rng.integers(4, 30))
    strengths = partials ** -rng.uniform(0.3, 1.8) * rng.lognormal(0, 0.6, partials.size)
    phases = rng.uniform(0, 2 * np.pi, partials.size)
    angles = 2 * np.pi * mains * partials[:, None] * seconds(n) + phases[:, None]
    tone = (strengths[:, None] * np.sin(angles)).sum(axis=0)
    return unit(tone) + 10 ** (rng.uniform(-40, -8) / 20) * coloured(rng, n, rng.uniform(0, 2))


def _clicks(rng: np.random.Generator, n: int) -> Wave:
    clicks = overlaid(
        rng,
        n,
        max(2, round(n / SAMPLE_RATE * rng.uniform(1, 12))),
        lambda: _burst(rng, rng.uniform(0.0003, 0.008), rng.uniform(200, 2000), 9000),
    )
    return unit(clicks) + 10 ** (rng.uniform(-60, -25) / 20) * coloured(rng, n, 1)


def _engine(rng: np.random.Generator, n: int) -> Wave:
    revolutions = rng.uniform(15, 90) * random_gain(rng, n, 0.7, 2)
    phase = np.cumsum(revolutions) / SAMPLE_RATE
    strokes = np.exp(-((phase % 1) * rng.uniform(4, 10)))
    rough = unit(strokes - strokes.mean()) + 0.6 * coloured(rng, n, 1) * (0.5 + strokes)
    return band(rough, 30, rng.uniform(600, 4000), order=2)


def _surf(rng: np.random.Generator, n: int) -> Wave:
    waves = 0.3 + (0.5 + 0.5 * np.sin(2 * np.pi * (seconds(n) * 0.2 + rng.uniform()))) ** 3
    return band(coloured(rng, n, 0.8), 80, 7000, order=2) * waves


def _handling(rng: np.random.Generator, n: int) -> Wave:
    knocks = overlaid(
        rng,
        n,
        round(n / SAMPLE_RATE * rng.uniform(2, 9)),
        lambda: _burst(rng, rng.uniform(0.02, 0.15), 30, rng.uniform(200, 1500)),
    )
    rustle = band(coloured(rng, n, 0), 1500, 8000) * random_gain(rng, n, 8, 20)
    return unit(knocks) + rng.uniform(0, 0.6) * unit(rustle)


NOISES: Final[Mapping[str, Synthesizer]] = MappingProxyType(
    {
        "white": partial(_coloured, exponent=0.0),
        "pink": partial(_coloured, exponent=1.0),
        "brown": partial(_coloured, exponent=2.0),
        "blue": partial(_coloured, exponent=-1.0),
        "band": _banded,
        "wind": _wind,
        "rain": _rain,
        "crackle": _crackle,
        "applause": _applause,
        "hum": _hum,
        "clicks": _clicks,
        "engine": _engine,
        "surf": _surf,
        "handling": _handling,
    }
)
"""Every kind of noise by its name."""
