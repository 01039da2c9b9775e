"""The four protocols."""

from pathlib import Path

import numpy as np
import pytest

from training.data.artist_splits import read_artists, read_split
from training.study.cache import Cache
from training.study.classifiers.models import Recipe
from training.study.classifiers.prediction_cache import PredictionCache
from training.study.protocols import protocol_scores
from training.study.protocols.protocol_scores import protocol_splits, score_protocols
from training.study.published_rows import load_rows
from training.study.results import Candidate, ProtocolScores, Tuning

FAMILIES = {
    "CatBoost": Recipe("KNeighborsClassifier", {"n_neighbors": 3}),
    "CatBoost + axes": Recipe("KNeighborsClassifier", {}, "published+axes"),
    "SVC": Recipe("SVC", {"C": 3.0}),
    "SVC + axes": Recipe("SVC", {"C": 3.0}, "axes"),
    "Soft voting": Recipe("KNeighborsClassifier"),
}


@pytest.fixture
def tuning() -> Tuning:
    """A tuning that chose quick models."""
    candidates = [
        Candidate(
            family=family,
            model=family,
            parameters=recipe.inputs(),
            valid_f1=0.5,
            test_f1=0.5,
            seconds=0.0,
        )
        for family, recipe in FAMILIES.items()
    ]
    return Tuning(trials=[], candidates=candidates, chosen={f: f for f in FAMILIES}, importances={})


def _measured(
    folder: Path, tuning: Tuning, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> ProtocolScores:
    monkeypatch.setattr(
        protocol_scores,
        "DEFAULT_CLASSIFIERS",
        (Recipe("KNeighborsClassifier", {"n_neighbors": 1}), Recipe("SVC")),
    )
    predictions = PredictionCache(Cache(cache), threads=1)
    return score_protocols(folder, load_rows(folder), tuning, predictions, lambda *_: None)


def test_what_is_kept_apart_is_apart(folder: Path) -> None:
    """No fold learns from a track, or an artist, that it is judged on."""
    rows, artists = load_rows(folder), read_artists(folder)
    tracks = rows.dataset.tracks
    found = {split.name: split for split in protocol_splits(folder, rows, artists)}
    assert list(found) == ["rows", "tracks", "artists", "filtered"]
    owners = {
        "tracks": tracks,
        "artists": np.array([artists.get(track, track) for track in tracks.tolist()]),
    }
    for name, owner in owners.items():
        for learned, judged in found[name].folds:
            assert not set(owner[learned]) & set(owner[judged])
        together = np.concatenate([judged for _, judged in found[name].folds])
        assert sorted(together.tolist()) == list(range(len(tracks)))
    learned, judged = found["rows"].folds[0]
    assert not set(learned.tolist()) & set(judged.tolist())
    assert set(tracks[learned]) & set(tracks[judged])


def test_the_reserved_list_is_touched_by_nothing(folder: Path) -> None:
    """Under the fault-filtered protocol test tracks are neither learned from nor scored."""
    rows = load_rows(folder)
    filtered = protocol_splits(folder, rows, read_artists(folder))[-1]
    lists = read_split(folder)
    assert lists is not None
    ((train, test),) = filtered.folds
    assert set(rows.dataset.tracks[train].tolist()) == lists.train
    assert set(rows.dataset.tracks[test].tolist()) == lists.valid


def test_files_that_are_missing_leave_their_protocols_out(folder: Path, tmp_path: Path) -> None:
    """The public distribution comes without artists and without the filtered split."""
    (tmp_path / "features_3_sec.csv").write_bytes((folder / "features_3_sec.csv").read_bytes())
    found = protocol_splits(tmp_path, load_rows(tmp_path), read_artists(tmp_path))
    assert [split.name for split in found] == ["rows", "tracks"]


def test_two_runs_give_the_same_numbers(
    folder: Path, tuning: Tuning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left to chance: two runs from nothing agree in every digit."""
    first = _measured(folder, tuning, tmp_path / "a", monkeypatch)
    second = _measured(folder, tuning, tmp_path / "b", monkeypatch)
    assert first == second


def test_scores_fall_from_protocol_to_protocol(
    folder: Path, tuning: Tuning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What recognises recordings does well only where they were learned from."""
    found = _measured(folder, tuning, tmp_path, monkeypatch)
    by_name = {protocol.name: protocol for protocol in found.protocols}
    chunk = {name: p.scores["SVC, tuned + axes"][0].macro_f1 for name, p in by_name.items()}
    assert chunk["rows"] > chunk["tracks"] + 0.1
    assert by_name["rows"].shared_tracks > 0.9
    assert by_name["tracks"].shared_tracks == by_name["artists"].shared_tracks == 0
    assert by_name["tracks"].shared_artists > by_name["artists"].shared_artists == 0
    assert by_name["artists"].tracks == 60
    assert sum(map(sum, by_name["artists"].confusion)) == by_name["artists"].chunks == 300
    assert sum(map(sum, by_name["artists"].track_confusion)) == 60
    assert found.unknown_artists == 10
