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

N_CHROMA: Final = 12
"""Pitch classes."""

N_BINS: Final = 1 + N_FFT // 2
"""Frequency bins of an analysis frame (1025)."""

MEL_POWER_FLOOR: Final = 1e-10
"""Mel band power below which decibels are not counted (-100 dB)."""

MEL_RANGE_DB: Final = 80.0
"""Range of the dB mel spectrogram under its peak, in decibels."""

ROLLOFF_SHARE: Final = 0.85
"""Share of a frame's summed magnitude that lies below its spectral rolloff."""

ZERO_CROSSING_FLOOR: Final = 1e-10
"""Samples of at most this absolute value count as zero, and zero counts as positive."""

TUNING_RANGE_HZ: Final = (150.0, 4000.0)
"""Where the peaks lie that tell a chunk's tuning, in hertz; the upper end is left out."""

TUNING_PEAK_SHARE: Final = 0.1
"""Share of a frame's largest power that such a peak has to exceed."""

TUNING_STEPS: Final = 100
"""Steps per semitone in which the tuning is told (each a cent)."""

TEMPO_WINDOW_SECONDS: Final = 8.0
"""Length of the windows whose autocorrelation shows the beat, in seconds."""

TEMPO_PRIOR_BPM: Final = 120.0
"""Tempo expected before anything is heard, in beats per minute; its spread is one octave."""

TEMPO_MAX_BPM: Final = 320.0
"""Tempos from here on are not considered, in beats per minute."""

TAGGER_SAMPLE_RATE: Final = 16_000
"""Sample rate that the tagger was trained at, in hertz; it and what follows are its package's."""

TAGGER_N_FFT: Final = 512
"""Length of the tagger's analysis frame, in samples at its own rate (32 ms)."""

TAGGER_HOP: Final = 256
"""Distance between two of the tagger's analysis frames, in samples at its own rate (16 ms)."""

TAGGER_N_MELS: Final = 96
"""Mel bands of the tagger's spectrogram."""

TAGGER_COMPRESSION: Final = 10_000
"""The tagger hears log10(1 + this times the power of a mel band)."""

PATCH_FRAMES: Final = 187
"""Frames of the spectrogram that the tagger hears at once (3 s)."""

N_TAGS: Final = 50
"""Tags that the tagger knows."""

TAGGER_LEVEL_DBFS: Final = -15.0
"""RMS level that every chunk is brought to before it is tagged, in dB full scale."""

WINDOW_CHUNKS: Final = 10
"""Chunks that are described together to the model: half a minute, as it was trained on."""
