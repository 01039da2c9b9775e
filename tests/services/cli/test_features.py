"""``genrebot features``: the published table's own rows."""

import csv
import io
import os
from pathlib import Path

import numpy as np
import pytest

from services.cli.inputs import expand
from shared.music.features.table import FEATURE_NAMES
from tests.services.cli.conftest import Genrebot
from tests.sounds import encode, tune

HEADER = [
    "filename",
    "length",
    *(
        f"{name}_{statistic}"
        for name in (
            "chroma_stft",
            "rms",
            "spectral_centroid",
            "spectral_bandwidth",
            "rolloff",
            "zero_crossing_rate",
            "harmony",
            "perceptr",
        )
        for statistic in ("mean", "var")
    ),
    "tempo",
    *(f"mfcc{n}_{statistic}" for n in range(1, 21) for statistic in ("mean", "var")),
    "label",
]
"""The first line of features_3_sec.csv as it is distributed."""
DATA = os.environ.get("GENREBOT_DATA")


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_header_is_the_published_one(genrebot: Genrebot, song: Path) -> None:
    """Sixty columns in the published order, and lines that end as Unix's do."""
    result = genrebot("features", song)
    assert result.exit_code == 0
    assert result.stdout.split("\n")[0].split(",") == HEADER
    assert "\r" not in result.stdout


def test_there_is_a_row_for_every_three_seconds(genrebot: Genrebot, song: Path) -> None:
    """Named and measured as the published ones are, with all features finite."""
    rows = _rows(genrebot("features", song).stdout)
    assert [row["filename"] for row in rows] == ["song.0.wav", "song.1.wav"]
    assert {row["length"] for row in rows} == {"66149"}
    values = np.array([[float(row[name]) for name in FEATURE_NAMES] for row in rows])
    assert np.isfinite(values).all()


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("blues.00000.wav", "blues"),
        ("hiphop.00099.flac", "hiphop"),
        ("blues.wav", ""),
        ("polka.00000.wav", ""),
        ("my blues.00000.wav", ""),
        ("rock.123.wav", ""),
    ],
)
def test_the_label_is_told_by_gtzans_names_alone(
    genrebot: Genrebot, tmp_path: Path, name: str, label: str
) -> None:
    """Anything else has none, whatever folder it lies in."""
    path = tmp_path / "jazz" / name
    path.parent.mkdir()
    path.write_bytes(encode(tune(3.5), path.suffix[1:]))
    (row,) = _rows(genrebot("features", path).stdout)
    assert row["label"] == label
    assert row["filename"] == f"{path.stem}.0.wav"


def test_several_files_make_one_table_without_the_bad_one(
    genrebot: Genrebot, song: Path, junk: Path
) -> None:
    """One header, one line on stderr, and the exit code says that something was left out."""
    result = genrebot("features", song, junk, song)
    assert result.exit_code == 1
    assert [row["filename"] for row in _rows(result.stdout)] == ["song.0.wav", "song.1.wav"] * 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{junk}: This is not a sound file")


@pytest.mark.skipif(DATA is None, reason="GENREBOT_DATA does not name the data folder")
def test_gtzans_own_recordings_get_their_published_rows(genrebot: Genrebot) -> None:
    """Three tracks of different genres: name, label, and features within 1e-4 sd."""
    assert DATA is not None
    with (Path(DATA) / "features_3_sec.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    spread = np.std([[float(row[name]) for name in FEATURE_NAMES] for row in table], axis=0)
    published = {row["filename"]: row for row in table}
    audio = sorted((Path(DATA) / "genres_original").glob("*/*"))
    picked = [path for path in audio if path.name != "jazz.00054.wav"][:: len(audio) // 3][:3]
    result = genrebot("features", *picked)
    assert result.exit_code == 0
    compared = 0
    for row in _rows(result.stdout):
        if (known := published.get(row["filename"])) is None:
            continue
        assert (row["label"], row["length"]) == (known["label"], known["length"])
        ours, theirs = ([float(r[name]) for name in FEATURE_NAMES] for r in (row, known))
        assert np.max(np.abs(np.subtract(ours, theirs)) / spread) <= 1e-4
        compared += 1
    assert compared >= 20


def test_standard_input_and_folders_are_read(
    genrebot: Genrebot, song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of standard input are named stdin."""
    (tmp_path / "copy.mp3").write_bytes(song.read_bytes())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(song.read_bytes())))
    names = [file.source for file in expand(["-"])]
    assert isinstance(names[0], io.BytesIO)
    rows = _rows(genrebot("features", tmp_path).stdout)
    assert [row["filename"] for row in rows] == ["copy.0.wav", "copy.1.wav"]
