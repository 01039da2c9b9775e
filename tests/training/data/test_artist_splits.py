"""Who may be learned from, and who must not."""

import csv
from pathlib import Path

import pytest

from training.data.artist_splits import Split, read_artists, read_split
from training.data.gtzan import DataError


def split(train: set[str], valid: set[str], test: set[str]) -> Split:
    """Name three sets."""
    return Split(frozenset(train), frozenset(valid), frozenset(test))


def test_reads_the_published_split(data_dir: Path) -> None:
    """Three files become three parts."""
    found = read_split(data_dir)
    assert found
    assert (len(found.train), len(found.valid), len(found.test)) == (80, 20, 20)
    assert "rock.00011" in found.test


def test_reads_paths_as_well_as_names(data_dir: Path) -> None:
    """Some editions of the split write paths of wav files."""
    (data_dir / "splits/valid_filtered.txt").write_text("blues/blues.00006.wav\n")
    found = read_split(data_dir)
    assert found
    assert found.valid == {"blues.00006"}


def test_no_split_is_no_error(tmp_path: Path) -> None:
    """The public distribution comes without one."""
    assert read_split(tmp_path) is None
    assert read_artists(tmp_path) == {}


@pytest.mark.parametrize("spoil", ["missing", "empty"])
def test_part_of_a_split_is_an_error(data_dir: Path, spoil: str) -> None:
    """A split without its test part would let its tracks in."""
    path = data_dir / "splits/test_filtered.txt"
    path.write_text("")
    if spoil == "missing":
        path.unlink()
    with pytest.raises(DataError, match=r"test_filtered\.txt"):
        read_split(data_dir)


def test_tracks_of_test_artists_are_left_out() -> None:
    """Whatever shares an artist with a test track is neither learned from nor scored on."""
    artists = {"a": "queen", "b": "queen", "c": "abba", "e": "queen"}
    kept = split({"a", "c", "d"}, {"b", "f"}, {"e"}).without_test_artists(artists)
    assert [sorted(part) for part in (kept.train, kept.valid, kept.test)] == [
        ["c", "d"],
        ["f"],
        ["e"],
    ]


@pytest.mark.parametrize(
    "parts", [({"a"}, {"a"}, {"b"}), ({"a"}, {"b"}, {"a"}), ({"a"}, {"b"}, {"b"})]
)
def test_parts_that_overlap_are_refused(parts: tuple[set[str], set[str], set[str]]) -> None:
    """A track in two parts is an error, not a choice."""
    with pytest.raises(DataError, match="in two of them"):
        split(*parts).without_test_artists({})


def test_artists_are_compared_in_one_spelling(tmp_path: Path) -> None:
    """Case and spaces make no other artist; an empty field is no artist at all."""
    with (tmp_path / "artists.csv").open("w", newline="") as file:
        rows = [("track", "artist"), ("a", " Bob  Marley"), ("b", "BOB MARLEY"), ("c", " ")]
        csv.writer(file).writerows(rows)
    assert read_artists(tmp_path) == {"a": "bob marley", "b": "bob marley"}


def test_index_without_artists_is_refused(tmp_path: Path) -> None:
    """A file of other columns would silently know no artist."""
    (tmp_path / "artists.csv").write_text("track,singer\na,b\n")
    with pytest.raises(DataError, match="lacks the columns"):
        read_artists(tmp_path)
