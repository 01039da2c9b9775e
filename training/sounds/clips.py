"""Clips of every kind of sound, drawn by a seed."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import CHUNK_HOP
from shared.music.model.music_detector import Family
from training.sounds.noise import NOISES
from training.sounds.recording_conditions import recorded
from training.sounds.signals import Synthesizer, at_level
from training.sounds.speech import SPEECHES
from training.sounds.synthetic_music import MUSIC
from training.sounds.tones import TONES

FAMILIES: Final[Mapping[Family, Mapping[str, Synthesizer]]] = MappingProxyType(
    {"music": MUSIC, "speech": SPEECHES, "noise": NOISES, "tone": TONES}
)
"""Synthesizers by family and kind; names of kinds are unique."""

LEVELS_DBFS: Final = (-35.0, -12.0)
"""Lowest and highest RMS level of a clip, in dB full scale."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A sound with its family and kind; ``samples`` are float32 of shape (chunks, CHUNK_HOP)."""

    family: Family
    kind: str
    samples: NDArray[np.float32]


def clips(
    seed: int, numbers: Mapping[Family, int], chunks: int, kinds: Collection[str] | None = None
) -> Iterator[Clip]:
    """Synthesize clips.

    Every other clip of music is degraded like speech, by room, microphone and telephone.

    Args:
        seed: seed of the clips. A kind's clips do not depend on the other kinds asked for.
        numbers: number of clips of each kind, by family.
        chunks: length of a clip in chunks, at least 1.
        kinds: the kinds to make; all by default.

    Raises:
        SpeechError: speech is asked for and espeak-ng is not installed.

    """
    for family, makers in FAMILIES.items():
        for kind, make in makers.items():
            if kinds is not None and kind not in kinds:
                continue
            for number in range(numbers.get(family, 0)):
                rng = np.random.default_rng([seed, number, *kind.encode()])
                wave = make(rng, chunks * CHUNK_HOP)
                # Otherwise the detector would take the sound of a telephone for speech.
                if family == "music" and number % 2:
                    wave = recorded(rng, wave)
                samples = at_level(wave, rng.uniform(*LEVELS_DBFS))
                yield Clip(family, kind, samples.reshape(chunks, CHUNK_HOP))
