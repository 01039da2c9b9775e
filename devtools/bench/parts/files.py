"""Part ``files``: whole files from bytes to verdict, each in a new process."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from devtools.bench import sample_tracks
from devtools.bench.report.figures import Figure
from devtools.bench.scale import Scale

LENGTHS: Final = {"30 s": 30, "4 min": 240, "60 min": 3600, "3 h": 10_800}
KINDS: Final[tuple[sample_tracks.Kind, ...]] = ("mp3", "m4a", "opus")
FASTER: Final = 8.0
GROWTH: Final = 1.15
"""Target: peak memory of decoding an hour over that of four minutes; about 10 if PCM were kept."""

ABOUT: Final = """\
`analyse` of `shared.music.pipeline` with the shipped model and tagger on composed stereo
tracks of 128 kbit/s, each file in a new process that has loaded and warmed up everything before
the clock starts. Times are wall time: tags are computed in a second thread, as in the command
line. The peak is that of the whole process, with libraries and model. For the comparison the plain
loop of librosa calls (`shared/music/features/reference.py`, without decoding) runs on 20 of the
file's 80 chunks, half of them before and half after the verdicts, in the same process, and is
scaled to 80; the verdict's time is the median of three and includes everything."""


def measure(scale: Scale) -> list[Figure]:
    """Measure 30 s and 4 min in each format, longer tracks as mp3."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        for length, kind in _files(long=scale.long):
            path = _written(Path(folder), length, kind)
            figures += _verdict_figures(f"{length} {kind}", _child("verdict", path))
        four, hour = (_written(Path(folder), length, "mp3") for length in ("4 min", "60 min"))
        figures += _plain_figures(_child("plain", four))
        figures += _decoding_figures(_child("decode", four), _child("decode", hour))
    return figures


def _files(*, long: bool) -> Iterator[tuple[str, sample_tracks.Kind]]:
    for length in ("30 s", "4 min"):
        yield from ((length, kind) for kind in KINDS)
    yield "60 min", "mp3"
    if long:
        yield "3 h", "mp3"


def _written(folder: Path, length: str, kind: sample_tracks.Kind) -> Path:
    path = folder / f"{LENGTHS[length]}.{kind}"
    if not path.exists():
        path.write_bytes(sample_tracks.track(LENGTHS[length], kind))
    return path


def _child(what: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "devtools.bench.programs.file", what, str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _verdict_figures(name: str, taken: dict[str, float]) -> list[Figure]:
    return [
        Figure(f"{name}: verdict", taken["wall_s"], "s"),
        Figure(f"{name}: over real time", taken["duration_s"] / taken["wall_s"], "times"),
        Figure(f"{name}: peak memory", taken["peak_mb"], "MB"),
    ]


def _plain_figures(taken: dict[str, float]) -> list[Figure]:
    scaled = f"scaled from {taken['sampled']:.0f} of {taken['chunks']:.0f} chunks"
    return [
        Figure("4 min mp3: plain loop alone", taken["plain_s"], "s", note=scaled),
        Figure(
            "4 min mp3: plain loop alone / verdict",
            taken["plain_s"] / taken["wall_s"],
            "times",
            FASTER,
            "at least",
        ),
        Figure("the same in CPU time", taken["plain_cpu_s"] / taken["cpu_s"], "times"),
    ]


def _decoding_figures(short: dict[str, float], long: dict[str, float]) -> list[Figure]:
    return [
        Figure("decoding an mp3, over real time", long["duration_s"] / long["cpu_s"], "times"),
        Figure("decoding 60 min: peak memory", long["peak_mb"], "MB"),
        Figure(
            "decoding: peak memory, 60 min / 4 min",
            long["peak_mb"] / short["peak_mb"],
            "times",
            GROWTH,
        ),
    ]
