"""Sound to genre, for notebooks and scripts: ``from genrebot.music import analyse``."""

from shared.errors import AudioError, ErrorCode, ModelError
from shared.music.decoding.decoder import TrackInfo, decode, probe
from shared.music.features.table import FEATURE_NAMES, analyse_chunk
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
    "make_clip",
    "probe",
    "strongest_span",
]
