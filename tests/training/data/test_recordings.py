"""Tracks as the model learns from them."""

from pathlib import Path

import numpy as np
import pytest

from shared.domain.genres import GENRES
from shared.music.model.aggregation import (
    AGGREGATE_NAMES,
    N_TAG_COLUMNS,
    aggregate,
    aggregate_features,
)
from tests import sounds
from tests.training.conftest import CHUNKS, PATCHES, name_of, recording, write_taggrams
from training.data.gtzan import DataError, load_table
from training.data.recordings import PATCH_HOP_S, Recording, load_recordings


def test_table_and_taggram_meet_by_track(data_dir: Path) -> None:
    """Each track has its rows of the table and its patches, in the order of names."""
    wanted = ["rock.00003", "blues.00009", "jazz.00011"]
    found = load_recordings(data_dir, wanted)
    assert [(own.track, own.genre) for own in found] == [
        ("blues.00009", "blues"),
        ("jazz.00011", "jazz"),
        ("rock.00003", "rock"),
    ]
    table = load_table(data_dir)
    with np.load(data_dir / "musicnn_taggrams_train.npz") as packed:
        tags = packed["X"][packed["track"] == "rock.00003"]
    np.testing.assert_array_equal(found[2].features, table.of({"rock.00003"}).features)
    np.testing.assert_array_equal(found[2].tags, tags)
    assert [len(own.tags) for own in found] == [PATCHES, 0, PATCHES]
    assert [own.tagged for own in found] == [True, False, True], "there is no taggram of the test"
    assert {own.source for own in found} == {"table"}


def test_taggrams_of_the_test_list_are_read(data_dir: Path) -> None:
    """They are left out of the folder on purpose, and used where they are put there."""
    write_taggrams(data_dir, "test", ["jazz.00011"])
    [own] = load_recordings(data_dir, ["jazz.00011"])
    assert own.tagged


def test_chunks_stand_in_their_order(data_dir: Path) -> None:
    """Rows of a table in any order; a chunk that is not there leaves a gap in the places."""
    path = data_dir / "features_3_sec.csv"
    head, *rows = path.read_text().splitlines()
    kept = [row for row in rows if not row.startswith("pop.00000.1.")]
    before = load_table(data_dir).of({"pop.00000"}).features
    path.write_text("\n".join([head, *reversed(kept)]))
    [own] = load_recordings(data_dir, ["pop.00000"])
    assert own.places.tolist() == [0, 2]
    np.testing.assert_array_equal(own.features, before[[0, 2]])


def test_a_chunk_gets_the_tags_heard_nearest() -> None:
    """Chunks begin every three seconds, patches nearly every one."""
    own = recording("jazz.00000", chunks=10)
    nearest = [min(round(3 * place / PATCH_HOP_S), PATCHES - 1) for place in range(10)]
    assert nearest[:4] == [0, 3, 6, 9]
    np.testing.assert_array_equal(own.chunk_tags(), own.tags[nearest])


def test_a_track_is_described_in_two_ways() -> None:
    """By all patches, for steadiness; and as the bot will see it, by one for each chunk."""
    own = recording("jazz.00000")
    steady, seen = own.rows()
    np.testing.assert_array_equal(steady, aggregate(own.features, own.tags))
    np.testing.assert_array_equal(seen, aggregate(own.features, own.chunk_tags()))
    np.testing.assert_array_equal(seen, own.row())
    assert not np.array_equal(steady, seen)


def test_audio_is_described_in_one_way() -> None:
    """With no more tags than chunks there is nothing steadier."""
    plain = recording("jazz.00000")
    own = Recording(
        plain.track,
        plain.genre,
        plain.features,
        plain.places,
        plain.tags[:CHUNKS],
        np.arange(CHUNKS) * 3.0,
        "audio",
    )
    [row] = own.rows()
    np.testing.assert_array_equal(row, aggregate(own.features, own.tags))


def test_without_tags_only_features_are_told() -> None:
    """The columns that are about tags are not numbers, so that no model takes them for some."""
    row = recording("jazz.00000", tagged=False).row()
    assert row.shape == (len(AGGREGATE_NAMES),)
    assert np.isnan(row[:N_TAG_COLUMNS]).all()
    features = recording("jazz.00000").features
    np.testing.assert_array_equal(row[N_TAG_COLUMNS:], aggregate_features(features))


def test_audio_goes_through_our_own_chain(data_dir: Path) -> None:
    """Silent chunks are left out; what cannot be decoded is left out; progress ends at 1."""
    folder = data_dir / "genres_original" / "rock"
    folder.mkdir(parents=True)
    samples = np.concatenate((sounds.tune(3), sounds.silence(3), sounds.tune(3.5, 1)))
    (folder / "rock.00000.wav").write_bytes(sounds.encode(samples, "wav"))
    (folder / "rock.00001.wav").write_bytes(b"just words\n" * 500)
    (folder / "rock.00002.wav").write_bytes(b"must not be opened")
    shares: list[float] = []
    wanted = ["rock.00000", "rock.00001"]
    [own] = load_recordings(data_dir, wanted, "audio", shares.append)
    assert (own.track, own.genre, own.source) == ("rock.00000", "rock", "audio")
    assert own.features.shape == (2, 57)
    assert own.places.tolist() == [0, 2]
    assert own.moments.tolist() == [0, 6]
    assert own.tags.shape == (2, 50)
    np.testing.assert_array_equal(own.chunk_tags(), own.tags)
    assert shares == [0.5, 1.0]


def test_tables_tell_their_progress(data_dir: Path) -> None:
    """By tracks."""
    shares: list[float] = []
    load_recordings(data_dir, [name_of(genre, 0) for genre in GENRES[:4]], progress=shares.append)
    assert shares == [0.25, 0.5, 0.75, 1.0]


def test_none_of_the_tracks_is_there(data_dir: Path) -> None:
    """An empty list would be taken for success."""
    with pytest.raises(DataError, match="None of the 1 tracks"):
        load_recordings(data_dir, ["polka.00000"])


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"Y": np.zeros((2, 50)), "track": ["a.0", "a.0"]}, "arrays X and track"),
        ({"X": np.zeros((2, 50))}, "arrays X and track"),
        ({"X": np.zeros((2, 49)), "track": ["a.0", "a.0"]}, "50 tags for each patch"),
        ({"X": np.zeros((2, 50)), "track": ["a.0"]}, "50 tags for each patch"),
        ({"X": np.full((1, 50), np.nan), "track": ["a.0"]}, "50 tags for each patch"),
    ],
)
def test_taggrams_of_another_make_are_refused(
    data_dir: Path, arrays: dict[str, object], words: str
) -> None:
    """The file is named, with what is wrong with it."""
    np.savez(data_dir / "musicnn_taggrams_valid.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=rf"taggrams_valid\.npz .*{words}"):
        load_recordings(data_dir, ["jazz.00000"])


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_a_taggram_that_is_none_is_refused(data_dir: Path, part: float) -> None:
    """Neither junk nor half a file is read, and no pickle is opened."""
    path = data_dir / "musicnn_taggrams_train.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))] or b"just words\n" * 50)
    with pytest.raises(DataError, match=r"taggrams_train\.npz"):
        load_recordings(data_dir, ["jazz.00000"])


def test_rows_that_are_not_named_as_chunks_are_refused(data_dir: Path) -> None:
    """A table of whole tracks has no chunk's place in its names."""
    path = data_dir / "features_3_sec.csv"
    path.write_text(path.read_text().replace("pop.00000.1.wav", "pop.00000.one.wav"))
    with pytest.raises(DataError, match="not named like"):
        load_recordings(data_dir, ["pop.00000"])
