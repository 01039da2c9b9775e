"""The 57 features as plain librosa calls, one per feature: slow, and easy to compare with a manual.

``features.table`` computes the same numbers from shared transforms. This file is what
it is held against: the benchmark by its speed, ``tests/music`` by its numbers. Nothing of the
product imports it.
"""

from collections.abc import Callable
from typing import Final

import librosa
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SAMPLE_RATE: Final = 22_050
# Before 0.10 librosa padded frames by reflection; the tables were made with such a version.
PAD: Final = "reflect"


def reference_features(samples: Samples) -> NDArray[np.float64]:
    """Return the 57 features of a chunk of 66149 samples, in the published order."""
    parts = [
        *(_stats(function(samples)) for function in _FRAME_FEATURES),
        *(_stats(part) for part in _harmonic_percussive(samples)),
        [_tempo(samples)],
        *(_stats(row) for row in librosa.feature.mfcc(S=reference_mel_db(samples), n_mfcc=20)),
    ]
    return np.concatenate(parts).astype(np.float64)


def reference_mel_db(samples: Samples) -> NDArray[np.float32]:
    """Return the dB mel spectrogram, shape (128, 130)."""
    mel = librosa.feature.melspectrogram(y=samples, sr=SAMPLE_RATE, pad_mode=PAD)
    db: NDArray[np.float32] = librosa.power_to_db(mel)
    return db


def reference_tuning(power: NDArray[np.float32]) -> float:
    """Return the tuning of a power spectrogram (frames, bins), in fractions of a semitone."""
    return float(librosa.estimate_tuning(S=power.T, sr=SAMPLE_RATE))


def _stats(values: NDArray[np.floating]) -> list[float]:
    return [float(np.mean(values)), float(np.var(values))]


_FRAME_FEATURES: tuple[Callable[[Samples], NDArray[np.floating]], ...] = (
    lambda y: librosa.feature.chroma_stft(y=y, sr=SAMPLE_RATE, pad_mode=PAD),
    lambda y: librosa.feature.rms(y=y, pad_mode=PAD),
    lambda y: librosa.feature.spectral_centroid(y=y, sr=SAMPLE_RATE, pad_mode=PAD),
    lambda y: librosa.feature.spectral_bandwidth(y=y, sr=SAMPLE_RATE, pad_mode=PAD),
    lambda y: librosa.feature.spectral_rolloff(y=y, sr=SAMPLE_RATE, pad_mode=PAD),
    librosa.feature.zero_crossing_rate,
)


def _harmonic_percussive(samples: Samples) -> tuple[Samples, Samples]:
    harmonic, percussive = librosa.decompose.hpss(librosa.stft(samples, pad_mode=PAD))
    return _signal(harmonic, len(samples)), _signal(percussive, len(samples))


def _signal(spectrum: NDArray[np.complex64], length: int) -> Samples:
    signal: Samples = librosa.util.fix_length(librosa.istft(spectrum), size=length)
    return signal


def _tempo(samples: Samples) -> float:
    onsets = librosa.onset.onset_strength(
        S=reference_mel_db(samples), sr=SAMPLE_RATE, aggregate=np.median
    )
    return float(librosa.feature.tempo(onset_envelope=onsets, sr=SAMPLE_RATE)[0])
