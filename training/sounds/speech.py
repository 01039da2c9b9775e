"""Speech: texts read by espeak-ng, which the package espeakng-loader contains.

Its voices are formant synthesis, without recordings. Each clip is degraded like a recording: by
room, microphone and background noise.
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
from training.sounds.recording_conditions import recorded
from training.sounds.signals import Synthesizer, Wave
from training.sounds.speech_texts import TEXTS

VARIANTS: Final = (
    *("", "f1", "f2", "f3", "f4", "m1", "m3", "m4", "m7", "Alicia", "Andrea", "Gene"),
    *("Michael", "klatt2", "klatt4", "grandma", "grandpa", "linda", "steph", "travis"),
)
"""Voice variants for any language, by espeak-ng's names; empty for the default."""

_SYNCHRONOUS: Final = 2  # AUDIO_OUTPUT_SYNCHRONOUS: samples go to the callback, within the call
_UTF8: Final = 1  # espeakCHARS_UTF8
_RATE, _PITCH, _RANGE = 1, 3, 4  # espeak_PARAMETER


class SpeechError(Exception):
    """espeak-ng is not installed or returned an error."""


@dataclass(frozen=True)
class Voice:
    """A voice: its language, variant, speed and pitch.

    ``words_per_minute`` is 80 to 450; ``pitch`` and ``range`` go from 0 to 99, 50 is usual.
    """

    language: str
    variant: str = ""
    words_per_minute: int = 175
    pitch: int = 50
    range: int = 50


def speak(text: str, voice: Voice) -> Wave:
    """Read a text aloud.

    Returns:
        float64 of shape (n,) at ``SAMPLE_RATE``, full scale 1. A process that reads the
        same texts in the same order gets the same samples; after other texts they differ a
        little, since espeak-ng keeps the state of its voice's flutter.

    Raises:
        SpeechError: espeakng-loader is not installed, or there is no such voice.

    """
    library, blocks, _ = _library()
    name = f"{voice.language}+{voice.variant}" if voice.variant else voice.language
    if library.espeak_SetVoiceByName(name.encode()):
        raise SpeechError(f"espeak-ng has no voice {name}.")
    library.espeak_ng_SetRandSeed(1)
    for parameter, value in (
        (_RATE, voice.words_per_minute),
        (_PITCH, voice.pitch),
        (_RANGE, voice.range),
    ):
        library.espeak_SetParameter(parameter, value, 0)
    blocks.clear()
    content = text.encode()
    if library.espeak_Synth(content, len(content) + 1, 0, 0, 0, _UTF8, None, None):
        raise SpeechError(f"espeak-ng could not read the text as {name}.")
    return np.concatenate([np.zeros(0), *blocks]) / 32768


def _clip(rng: np.random.Generator, n: int, language: str) -> Wave:
    """Read from a random position in the text, by a random voice."""
    voice = Voice(
        language,
        VARIANTS[rng.integers(len(VARIANTS))],
        int(rng.integers(120, 240)),
        int(rng.integers(20, 80)),
        int(rng.integers(25, 90)),
    )
    # Resampling shifts all formants together, as a longer or shorter vocal tract does.
    shift = rng.uniform(0.88, 1.15)
    spoken = speak(TEXTS[language], voice)
    spoken = np.asarray(soxr.resample(spoken, SAMPLE_RATE, SAMPLE_RATE * shift))
    repeated = np.resize(np.roll(spoken, -int(rng.integers(spoken.size))), n)
    return recorded(rng, repeated)


@lru_cache(maxsize=1)
def _library() -> tuple[Any, list[NDArray[np.int16]], Any]:
    """Start espeak-ng once per process, with a callback that appends samples to the list."""
    try:
        loader = importlib.import_module("espeakng_loader")
    except ImportError as error:
        raise SpeechError(
            "Speech needs the package espeakng-loader, which is not installed."
        ) from error
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
    return library, blocks, callback  # kept alive as long as the library


SPEECHES: Final[Mapping[str, Synthesizer]] = MappingProxyType(
    {language: partial(_clip, language=language) for language in TEXTS}
)
"""Speech by its language, in espeak-ng's names."""
