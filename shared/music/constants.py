"""Every number of the signal chain, once, with its unit.

The values are those of the published GTZAN feature tables (librosa's defaults of
2020), so that our features equal theirs column by column.
"""

from typing import Final

SAMPLE_RATE: Final = 22_050
"""Sample rate of everything behind the decoder, in hertz."""

PCM_FULL_SCALE: Final = 32_768
"""Full scale of 16-bit PCM, the format of GTZAN's own files; samples lie on this grid."""

CHUNK_SECONDS: Final = 3
"""Length of the piece of music that one prediction is made on, in seconds."""

CHUNK_HOP: Final = CHUNK_SECONDS * SAMPLE_RATE
"""Distance between the starts of two chunks, in samples (66150)."""

CHUNK_SAMPLES: Final = CHUNK_HOP - 1
"""Samples of a chunk that enter its features (66149): the published pieces lack the last one."""

MIN_TRACK_SECONDS: Final = 1
"""Shortest track that is accepted, in seconds; below a chunk it is repeated to fill one."""

SILENCE_DBFS: Final = -60.0
"""A track whose loudest second stays below this level is silence, in dB full scale (RMS)."""

N_FFT: Final = 2048
"""Length of an analysis frame, in samples."""

HOP_LENGTH: Final = 512
"""Distance between two analysis frames, in samples."""

N_FRAMES: Final = 1 + CHUNK_SAMPLES // HOP_LENGTH
"""Centred analysis frames in a chunk (130)."""

N_MELS: Final = 128
"""Mel bands of the spectrogram behind MFCC, onset strength and the picture."""

N_MFCC: Final = 20
"""Mel-frequency cepstral coefficients kept."""

HPSS_KERNEL: Final = 31
"""Length of the median filters of harmonic-percussive separation, in bins and in frames."""
