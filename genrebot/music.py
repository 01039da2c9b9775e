"""From sound to genre, for notebooks and scripts.

from genrebot.music import GenreModel, Tagger, analyse

analysis = analyse("song.mp3", GenreModel.load(), Tagger.load(), max_duration_s=3600)
print(analysis.verdict.genre, analysis.verdict.confidence)
"""

from shared.errors import AudioError, ErrorCode, ModelError
from shared.music.decoding.decoder import TrackInfo, decode, probe
from shared.music.features.engine import feature_engine
from shared.music.features.fast import analyse_chunk
from shared.music.features.table import FEATURE_NAMES, ChunkAnalysis
from shared.music.model.classifier import GenreModel
from shared.music.model.verdict import Verdict
from shared.music.pipeline import Analysis, TrackFeatures, analyse, extract
from shared.music.rendering.clip import make_clip, strongest_span
from shared.music.rendering.figure import draw
from shared.music.tagging.tagger import TAG_NAMES, Tagger

__all__ = [
    "FEATURE_NAMES",
    "TAG_NAMES",
    "Analysis",
    "AudioError",
    "ChunkAnalysis",
    "ErrorCode",
    "GenreModel",
    "ModelError",
    "Tagger",
    "TrackFeatures",
    "TrackInfo",
    "Verdict",
    "analyse",
    "analyse_chunk",
    "decode",
    "draw",
    "extract",
    "feature_engine",
    "make_clip",
    "probe",
    "strongest_span",
]
