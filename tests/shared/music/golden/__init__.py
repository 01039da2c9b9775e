"""Synthetic chunks and the features that the published recipe gives them.

``features.csv`` holds one row per feature: its standard deviation in the published table, which
is the unit of deviations in tests, and its value for each chunk. Write it again only after a change
of the recipe: ``python -m tests.shared.music.golden``.
"""

import csv
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import CHUNK_SAMPLES, PCM_FULL_SCALE, SAMPLE_RATE

Signal = NDArray[np.float64]

GOLDEN: Final = Path(__file__).with_name("features.csv")


def chunks() -> dict[str, NDArray[np.float32]]:
    """Return chunks of CHUNK_SAMPLES on the 16-bit grid, by name: the columns of the file."""
    song = _chords() + _drums()
    half = np.arange(CHUNK_SAMPLES) < CHUNK_SAMPLES // 2
    return {
        "tones": _on_grid(0.2 * _tone(227.0) + 0.1 * _tone(1_390.0) + 0.03 * _tone(5_003.0)),
        "noise": _on_grid(_noise(1) * (0.2 + 0.2 * _tone(0.7))),
        "clicks": _on_grid(_strikes(60 / 95, 0.004) * _noise(2)),
        "song": _on_grid(song),
        "half_silent": _on_grid(song * half),
    }


def golden() -> tuple[tuple[str, ...], NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Read the file: feature names, their standard deviations, and each chunk's features."""
    with GOLDEN.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    values = np.array([row[1:] for row in rows], dtype=np.float64).T
    by_name = dict(zip(header[1:], values, strict=True))
    return tuple(row[0] for row in rows), by_name.pop("published_sd"), by_name


def _chords() -> Signal:
    """Return three chords of a tuning 23 cents above A = 440 Hz, one after the other."""
    chords = ((0, 4, 7), (5, 9, 12), (7, 11, 14))
    parts = np.array_split(np.arange(CHUNK_SAMPLES), len(chords))
    sound = np.zeros(CHUNK_SAMPLES)
    for part, chord in zip(parts, chords, strict=True):
        for semitone in chord:
            pitch = 220 * 2 ** ((semitone + 0.23) / 12)
            for overtone in (1, 2, 3):
                sound[part] += 0.08 / overtone * _tone(pitch * overtone)[part]
    return sound


def _drums() -> Signal:
    """Return a bass drum at 120 beats a minute and a hi-hat twice as fast."""
    return 0.4 * _strikes(0.5, 0.06) * _tone(62.0) + 0.1 * _strikes(0.25, 0.01) * _noise(3)


def _tone(hertz: float) -> Signal:
    sine: Signal = np.sin(2 * np.pi * hertz / SAMPLE_RATE * np.arange(CHUNK_SAMPLES))
    return sine


def _strikes(every_s: float, decay_s: float) -> Signal:
    since = np.mod(np.arange(CHUNK_SAMPLES) / SAMPLE_RATE, every_s)
    return np.exp(-since / decay_s)


def _noise(seed: int) -> Signal:
    """Return uniform noise in [-1, 1) from raw bits, which no release of numpy changes."""
    bits = np.random.PCG64(seed).random_raw(CHUNK_SAMPLES)
    return (bits >> np.uint64(48)).astype(np.float64) / PCM_FULL_SCALE - 1


def _on_grid(sound: Signal) -> NDArray[np.float32]:
    pcm = np.rint(sound * PCM_FULL_SCALE).clip(-PCM_FULL_SCALE, PCM_FULL_SCALE - 1)
    return (pcm / PCM_FULL_SCALE).astype(np.float32)
