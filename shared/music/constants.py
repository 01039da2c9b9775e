"""Every number of the signal chain, once, with its unit.

The values are those of the published GTZAN feature tables, which are librosa's defaults of 2020,
so that the features equal the published ones column by column.
"""

from typing import Final

SAMPLE_RATE: Final = 22_050
"""Sample rate of everything after the decoder, in hertz."""

PCM_FULL_SCALE: Final = 32_768
"""Full scale of 16-bit PCM, the format of GTZAN's files. Samples lie on this grid."""

CHUNK_SECONDS: Final = 3
"""Length of a chunk, on which features are computed, in seconds."""

CHUNK_HOP: Final = CHUNK_SECONDS * SAMPLE_RATE
"""Distance between the starts of two chunks, in samples (66150)."""

CHUNK_SAMPLES: Final = CHUNK_HOP - 1
"""Samples of a chunk that enter its features (66149): the published chunks lack the last one."""

MIN_TRACK_SECONDS: Final = 1
"""Shortest track that is accepted, in seconds. Below the length of a chunk it is repeated."""

SILENCE_DBFS: Final = -60.0
"""RMS level below which sound counts as silence, in dB full scale."""

N_FFT: Final = 2048
"""Length of an analysis frame, in samples."""

HOP_LENGTH: Final = 512
"""Distance between two analysis frames, in samples."""

N_FRAMES: Final = 1 + CHUNK_SAMPLES // HOP_LENGTH
"""Centred analysis frames in a chunk (130)."""

N_MELS: Final = 128
"""Mel bands of the spectrogram behind MFCC, onset strength and the picture."""

N_MFCC: Final = 20
"""Number of mel-frequency cepstral coefficients."""

HPSS_KERNEL: Final = 31
"""Length of the median filters of harmonic-percussive separation, in bins and in frames."""

N_CHROMA: Final = 12
"""Number of pitch classes."""

N_BINS: Final = 1 + N_FFT // 2
"""Frequency bins of an analysis frame (1025)."""

MEL_POWER_FLOOR: Final = 1e-10
"""Lower limit of a mel band's power before it is converted to decibels (-100 dB)."""

MEL_RANGE_DB: Final = 80.0
"""Largest distance from the peak of the dB mel spectrogram, in decibels (``top_db``)."""

ROLLOFF_SHARE: Final = 0.85
"""Share of a frame's summed magnitude below its spectral rolloff (``roll_percent``)."""

ZERO_CROSSING_FLOOR: Final = 1e-10
"""Samples of at most this absolute value count as zero, and zero counts as positive."""

TUNING_RANGE_HZ: Final = (150.0, 4000.0)
"""Range of the spectral peaks that determine the tuning, in hertz, upper end excluded."""

TUNING_PEAK_SHARE: Final = 0.1
"""Share of a frame's largest power that such a peak has to exceed."""

TUNING_STEPS: Final = 100
"""Resolution of the tuning in steps per semitone (cents)."""

TEMPO_WINDOW_SECONDS: Final = 8.0
"""Length of the windows that the tempo's autocorrelation is computed on, in seconds."""

TEMPO_PRIOR_BPM: Final = 120.0
"""Centre of the log-normal tempo prior, in beats per minute; its deviation is one octave."""

TEMPO_MAX_BPM: Final = 320.0
"""Tempos from here on are not considered, in beats per minute."""

TAGGER_SAMPLE_RATE: Final = 16_000
"""Sample rate of the tagger's input, in hertz. This and all below as in the musicnn package."""

TAGGER_N_FFT: Final = 512
"""Length of the tagger's analysis frame, in samples at its sample rate (32 ms)."""

TAGGER_HOP: Final = 256
"""Distance between two of the tagger's analysis frames, in samples at its sample rate (16 ms)."""

TAGGER_N_MELS: Final = 96
"""Mel bands of the tagger's spectrogram."""

TAGGER_COMPRESSION: Final = 10_000
"""The tagger's input is log10(1 + this times the power of a mel band)."""

PATCH_FRAMES: Final = 187
"""Frames of a patch, the part of the spectrogram that the tagger takes at once (3 s)."""

N_TAGS: Final = 50
"""Number of tags."""

TAGGER_LEVEL_DBFS: Final = -15.0
"""RMS level that every chunk is brought to before it is tagged, in dB full scale."""

WINDOW_CHUNKS: Final = 10
"""Chunks of a window, which is aggregated into one row for the classifier (30 s)."""
