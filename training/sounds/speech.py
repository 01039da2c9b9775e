"""Texts read aloud by espeak-ng, which the package espeakng-loader carries.

Its voices are synthetic: formants, not recordings. So each clip also gets what a
recording has and a synthesizer lacks: a room, a microphone, and noise around.
"""

import ctypes
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import soxr
from numpy.typing import NDArray

from shared.music.constants import SAMPLE_RATE
from training.sounds.rooms import placed
from training.sounds.shaping import Maker, Wave
from training.sounds.texts import TEXTS

VARIANTS: Final = (
    *("", "f1", "f2", "f3", "f4", "m1", "m3", "m4", "m7", "Alicia", "Andrea", "Gene"),
    *("Michael", "klatt2", "klatt4", "grandma", "grandpa", "linda", "steph", "travis"),
)
"""Voices that read any language, by espeak-ng's names; empty for a language's own."""

_SYNCHRONOUS: Final = 2  # AUDIO_OUTPUT_SYNCHRONOUS: samples go to the callback, within the call
_UTF8: Final = 1  # espeakCHARS_UTF8
_RATE, _PITCH, _RANGE = 1, 3, 4  # espeak_PARAMETER


class SpeechError(Exception):
    """espeak-ng is not there or does not do what it was asked to."""


@dataclass(frozen=True)
class Reader:
    """Who reads: a language, a variant of its voice, and how.

    ``words_per_minute`` is 80 to 450; ``pitch`` and ``range`` go from 0 to 99, 50 is usual.
    """

    language: str
    variant: str = ""
    words_per_minute: int = 175
    pitch: int = 50
    range: int = 50


def speak(text: str, reader: Reader) -> Wave:
    """Read a text aloud.

    Returns:
        float64 of shape (n,) at ``SAMPLE_RATE``, full scale 1. A process that reads the
        same texts in the same order gets the same samples; after other texts they differ
        a little, for the flutter of a voice goes on from where it was.

    Raises:
        SpeechError: espeakng-loader is not installed, or there is no such voice.

    """
    library, blocks, _ = _library()
    name = f"{reader.language}+{reader.variant}" if reader.variant else reader.language
    if library.espeak_SetVoiceByName(name.encode()):
        raise SpeechError(f"espeak-ng has no voice {name}.")
    library.espeak_ng_SetRandSeed(1)
    for parameter, value in (
        (_RATE, reader.words_per_minute),
        (_PITCH, reader.pitch),
        (_RANGE, reader.range),
    ):
        library.espeak_SetParameter(parameter, value, 0)
    blocks.clear()
    content = text.encode()
    if library.espeak_Synth(content, len(content) + 1, 0, 0, 0, _UTF8, None, None):
        raise SpeechError(f"espeak-ng could not read the text as {name}.")
    return np.concatenate([np.zeros(0), *blocks]) / 32768


def _clip(rng: np.random.Generator, n: int, language: str) -> Wave:
    """Read on from anywhere in the text, as anybody, anywhere."""
    reader = Reader(
        language,
        VARIANTS[rng.integers(len(VARIANTS))],
        int(rng.integers(120, 240)),
        int(rng.integers(20, 80)),
        int(rng.integers(25, 90)),
    )
    # A larger or smaller throat: the formants move together, as speeding up a tape does.
    stretch = rng.uniform(0.88, 1.15)
    spoken = speak(TEXTS[language], reader)
    spoken = np.asarray(soxr.resample(spoken, SAMPLE_RATE, SAMPLE_RATE * stretch))
    repeated = np.resize(np.roll(spoken, -int(rng.integers(spoken.size))), n)
    return placed(rng, repeated)


@lru_cache(maxsize=1)
def _library() -> tuple[Any, list[NDArray[np.int16]], Any]:
    """Start espeak-ng, once a process, with a callback that lays samples in the list."""
    try:
        loader = importlib.import_module("espeakng_loader")
    except ImportError as error:
        raise SpeechError("Speech needs the package espeakng-loader, which is not here.") from error
    library = ctypes.CDLL(loader.get_library_path())
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, loader.get_data_path().encode(), 0)
    if rate != SAMPLE_RATE:
        raise SpeechError(f"espeak-ng speaks at {rate} Hz, not at {SAMPLE_RATE}.")
    blocks: list[NDArray[np.int16]] = []
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
    )

    def collect(samples: Any, count: int, _events: int | None) -> int:
        if samples and count > 0:
            blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    callback = kind(collect)
    library.espeak_SetSynthCallback(callback)
    return library, blocks, callback  # which has to live as long as the library does


SPEECHES: Final[Mapping[str, Maker]] = MappingProxyType(
    {language: partial(_clip, language=language) for language in TEXTS}
)
"""Speech by its language, in espeak-ng's names."""
