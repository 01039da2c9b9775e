"""Reading GTZAN's public layout."""

import logging
from pathlib import Path

import numpy as np
import pytest

from shared.domain.genres import GENRES
from shared.music.chunking import chunks
from shared.music.decoding.decoder import decode
from shared.music.features.fast import analyse_chunk
from shared.music.features.table import FEATURE_NAMES
from tests import sounds
from tests.training.conftest import CHUNKS, TRACKS
from training.data.gtzan import DataError, load_audio, load_table


def test_table_keeps_the_order_of_the_file(data_dir: Path) -> None:
    """Rows come as they stand, with their track and genre."""
    dataset = load_table(data_dir)
    assert len(dataset) == len(GENRES) * TRACKS * CHUNKS
    assert dataset.features.dtype == np.float64
    assert dataset.tracks[: CHUNKS + 1].tolist() == ["blues.00000"] * CHUNKS + ["blues.00001"]
    assert list(dict.fromkeys(dataset.labels.tolist())) == list(GENRES)
    last = (data_dir / "features_3_sec.csv").read_text().splitlines()[-1].split(",")
    assert dataset.features[-1].tolist() == [float(value) for value in last[2:-1]]


def test_table_is_read_by_the_names_of_its_columns(data_dir: Path) -> None:
    """Columns in another order, or further ones, change nothing."""
    path = data_dir / "features_3_sec.csv"
    expected = load_table(data_dir).features
    rows = [line.split(",") for line in path.read_text().splitlines()]
    path.write_text("\n".join(",".join([*reversed(row), "more"]) for row in rows))
    np.testing.assert_array_equal(load_table(data_dir).features, expected)


def test_parts_keep_whole_tracks(data_dir: Path) -> None:
    """Choosing tracks keeps all their chunks and nothing else."""
    part = load_table(data_dir).of({"rock.00002", "blues.00001"})
    assert part.tracks.tolist() == ["blues.00001"] * CHUNKS + ["rock.00002"] * CHUNKS
    assert part.genres() == {"blues.00001": "blues", "rock.00002": "rock"}


@pytest.mark.parametrize(
    ("place", "new", "words"),
    [
        ((0, FEATURE_NAMES.index("tempo") + 2), "speed", "lacks the columns tempo"),
        ((1, -1), "techno", "not among the ten genres: techno"),
        ((1, -1), "", "not among the ten genres: nan"),
        ((1, 2), "", "not finite"),
        ((1, 2), "inf", "not finite"),
        ((1, 2), "loud", "not numbers"),
    ],
)
def test_table_that_is_not_the_published_one(
    data_dir: Path, place: tuple[int, int], new: str, words: str
) -> None:
    """Missing columns, unknown genres and what is no number are named."""
    path = data_dir / "features_3_sec.csv"
    cells = [line.split(",") for line in path.read_text().splitlines()]
    cells[place[0]][place[1]] = new
    path.write_text("\n".join(map(",".join, cells)))
    with pytest.raises(DataError, match=words):
        load_table(data_dir)


def test_file_that_is_no_table(data_dir: Path) -> None:
    """A table that is something else altogether is refused in our words."""
    (data_dir / "features_3_sec.csv").write_bytes(b"\xff\xfe\x00" * 50)
    with pytest.raises(DataError, match=r"features_3_sec\.csv"):
        load_table(data_dir)


def test_missing_layouts_say_what_was_looked_for(tmp_path: Path) -> None:
    """An empty folder names the table and the folders that should be there."""
    with pytest.raises(DataError, match=r"features_3_sec\.csv"):
        load_table(tmp_path)
    with pytest.raises(DataError, match=r"genres_original/<genre>.*\.flac"):
        load_audio(tmp_path)


@pytest.fixture
def audio_dir(tmp_path: Path) -> Path:
    """Two tracks of two genres, in two formats, and files that are no audio."""
    for genre, name, content in (
        ("blues", "blues.00000.wav", sounds.encode(sounds.tune(6.5, 1), "wav")),
        ("jazz", "jazz.00000.flac", sounds.encode(sounds.tune(4, 2), "flac")),
        ("jazz", "jazz.00054.wav", b"this is not audio"),
        ("jazz", "notes.txt", b"nor is this, and it is not asked to be"),
    ):
        folder = tmp_path / "genres_original" / genre
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return tmp_path


def test_audio_passes_through_our_own_chain(audio_dir: Path) -> None:
    """Features are those that a worker would compute of the same files."""
    seen: list[float] = []
    dataset = load_audio(audio_dir, progress=seen.append)
    assert dataset.tracks.tolist() == ["blues.00000", "blues.00000", "jazz.00000"]
    assert dataset.labels.tolist() == ["blues", "blues", "jazz"]
    blocks = decode(audio_dir / "genres_original/blues/blues.00000.wav", max_duration_s=60)
    expected = [analyse_chunk(samples).features for samples, _, _ in chunks(blocks)]
    np.testing.assert_array_equal(dataset.features[:2], expected)
    assert dataset.features.shape == (3, len(FEATURE_NAMES))
    assert seen == [1 / 3, 2 / 3, 1]


def test_broken_audio_is_named_and_left_out(
    audio_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One file that is not audio costs a warning with its name, not the run."""
    with caplog.at_level(logging.WARNING):
        dataset = load_audio(audio_dir)
    assert "jazz.00054" not in dataset.tracks
    [record] = caplog.records
    assert "genres_original/jazz/jazz.00054.wav" in record.getMessage()


def test_only_wanted_audio_is_read(audio_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Tracks that are not asked for are not even opened."""
    dataset = load_audio(audio_dir, {"jazz.00000"})
    assert set(dataset.tracks) == {"jazz.00000"}
    assert not caplog.records


def test_nothing_but_broken_audio_is_an_error(audio_dir: Path) -> None:
    """A folder of which nothing can be decoded is not an empty data set."""
    with pytest.raises(DataError, match="None of the 1 files"):
        load_audio(audio_dir, {"jazz.00054"})
