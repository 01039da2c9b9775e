"""All kinds of sounds that are made here, and a choice of clips of each."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import CHUNK_HOP
from shared.music.model.music_detector import Family
from training.sounds.noise import NOISES
from training.sounds.rooms import placed
from training.sounds.shaping import Maker, levelled
from training.sounds.speech import SPEECHES
from training.sounds.tones import TONES
from training.sounds.tunes import TUNES

FAMILIES: Final[Mapping[Family, Mapping[str, Maker]]] = MappingProxyType(
    {"music": TUNES, "speech": SPEECHES, "noise": NOISES, "tone": TONES}
)
"""Makers by family and kind; no kind's name stands in two families."""

LEVELS_DBFS: Final = (-35.0, -12.0)
"""Between which levels clips lie, in dB full scale (RMS)."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A sound and what it is; ``samples`` are float32 of shape (chunks, CHUNK_HOP)."""

    family: Family
    kind: str
    samples: NDArray[np.float32]


def clips(
    seed: int, numbers: Mapping[Family, int], chunks: int, kinds: Collection[str] | None = None
) -> Iterator[Clip]:
    """Synthesize clips.

    Every other tune is recorded as speech is, in rooms and by telephone.

    Args:
        seed: clips of another seed are others of the same kinds; a kind's clips do not
            depend on which other kinds are asked for.
        numbers: how many clips of each kind, by family.
        chunks: how many chunks a clip lasts, at least 1.
        kinds: which kinds to make; all where it is left out.

    Raises:
        SpeechError: speech is asked for and espeak-ng is not there.

    """
    for family, makers in FAMILIES.items():
        for kind, make in makers.items():
            if kinds is not None and kind not in kinds:
                continue
            for number in range(numbers.get(family, 0)):
                rng = np.random.default_rng([seed, number, *kind.encode()])
                wave = make(rng, chunks * CHUNK_HOP)
                # Else music over a telephone would be speech for the telephone's sake.
                if family == "music" and number % 2:
                    wave = placed(rng, wave)
                samples = levelled(wave, rng.uniform(*LEVELS_DBFS))
                yield Clip(family, kind, samples.reshape(chunks, CHUNK_HOP))
