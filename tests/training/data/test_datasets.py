"""Which tracks may be learned from, and which are held back."""

import shutil
from pathlib import Path

import pytest

from shared.domain.genres import GENRES
from tests import sounds
from tests.training.conftest import PARTS, name_of, write_taggrams
from training.data.datasets import load_test_tracks, load_training_tracks, read_disjoint_split
from training.data.gtzan import DataError


def _test_list() -> set[str]:
    return {name_of(genre, n) for genre in GENRES for n in PARTS["test"]}


def test_train_and_valid_are_learned_from(data_dir: Path) -> None:
    """All of both, and nothing of the test list."""
    stages: list[tuple[str, float]] = []
    found = load_training_tracks(data_dir, progress=lambda *step: stages.append(step))
    assert {own.track for own in found} == {name_of(g, n) for g in GENRES for n in range(10)}
    assert stages[-1] == ("reading tracks", 1.0)


def test_what_a_test_artist_made_is_left_out(data_dir: Path) -> None:
    """Also where it stands in the train list."""
    index = data_dir / "artists.csv"
    index.write_text(index.read_text().replace("jazz.00000,jazz 0", "jazz.00000,Jazz  5"))
    assert "jazz.00000" not in read_disjoint_split(data_dir).train
    assert "jazz.00000" not in {own.track for own in load_training_tracks(data_dir)}


def test_further_tracks_are_learned_from(data_dir: Path) -> None:
    """Those of the test list that the published taggrams of further tracks name."""
    further = ["rock.00010", "rock.00011", "jazz.00010"]
    write_taggrams(data_dir, "more", [*further, "jazz.00077"])
    index = data_dir / "artists.csv"
    index.write_text(index.read_text().replace("jazz.00010,jazz 5", "jazz.00010,jazz 6"))
    expected = {name_of(g, n) for g in GENRES for n in range(10)} | set(further)
    assert {own.track for own in load_training_tracks(data_dir)} == expected
    held_back = read_disjoint_split(data_dir)
    assert not (held_back.train | held_back.valid) & set(further)


def test_further_tracks_of_test_artists_are_left_out(data_dir: Path) -> None:
    """What remains of the test list shares no artist with the training tracks."""
    write_taggrams(data_dir, "more", ["rock.00010"])
    assert "rock.00010" not in {own.track for own in load_training_tracks(data_dir)}


def test_what_has_no_tags_is_left_out(data_dir: Path) -> None:
    """A part without taggrams costs its tracks."""
    (data_dir / "musicnn_taggrams_valid.npz").unlink()
    assert {int(own.track[-5:]) for own in load_training_tracks(data_dir)} == set(PARTS["train"])


def test_no_tags_at_all_is_an_error(data_dir: Path) -> None:
    """It says what is missing, and what else would do."""
    for path in data_dir.glob("*.npz"):
        path.unlink()
    with pytest.raises(DataError, match=r"no taggrams beside the tables.*audio"):
        load_training_tracks(data_dir)


def test_no_split_is_an_error(data_dir: Path) -> None:
    """Without the lists there is no telling what was held back."""
    shutil.rmtree(data_dir / "splits")
    with pytest.raises(DataError, match="no splits/"):
        load_training_tracks(data_dir)


def test_audio_comes_before_tables(data_dir: Path) -> None:
    """Each test track is there once, from the best source that there is."""
    write_taggrams(data_dir, "test", ["rock.00010", "rock.00011"])
    folder = data_dir / "genres_original" / "rock"
    folder.mkdir(parents=True)
    (folder / "rock.00010.wav").write_bytes(sounds.encode(sounds.tune(3.2), "wav"))
    found = {own.track: own for own in load_test_tracks(data_dir, read_disjoint_split(data_dir))}
    assert set(found) == _test_list()
    assert (found["rock.00010"].source, found["rock.00010"].tagged) == ("audio", True)
    assert (found["rock.00011"].source, found["rock.00011"].tagged) == ("table", True)
    assert (found["jazz.00011"].source, found["jazz.00011"].tagged) == ("table", False)


def test_audio_alone_will_do(data_dir: Path) -> None:
    """No table is asked for, and audio of other lists stays shut."""
    (data_dir / "features_3_sec.csv").unlink()
    folder = data_dir / "genres_original" / "rock"
    folder.mkdir(parents=True)
    (folder / "rock.00010.wav").write_bytes(sounds.encode(sounds.tune(3.2), "wav"))
    (folder / "rock.00000.wav").write_bytes(b"must not be opened")
    assert [own.track for own in load_test_tracks(data_dir, read_disjoint_split(data_dir))] == [
        "rock.00010"
    ]


def test_audio_of_other_tracks_is_no_error(data_dir: Path) -> None:
    """The folder may hold recordings, but none of the test list."""
    folder = data_dir / "genres_original" / "rock"
    folder.mkdir(parents=True)
    (folder / "rock.00000.wav").write_bytes(b"must not be opened")
    assert {own.source for own in load_test_tracks(data_dir, read_disjoint_split(data_dir))} == {
        "table"
    }


def test_nothing_of_the_test_list_is_an_error(data_dir: Path) -> None:
    """Neither tables nor audio."""
    (data_dir / "features_3_sec.csv").unlink()
    with pytest.raises(DataError, match="Nothing of the test list"):
        load_test_tracks(data_dir, read_disjoint_split(data_dir))
