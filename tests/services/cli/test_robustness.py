"""``genrebot robustness``: flips counted, the target held or missed."""

import json
from pathlib import Path

import numpy as np
import pytest

from services.cli.actions import robustness
from shared.domain.genres import GENRES
from shared.music.decoding.decoder import Source, decode
from shared.music.decoding.track_meter import TrackMeter
from tests.services.cli.conftest import Genrebot
from tests.sounds import Samples, encode, tune
from training.robustness.classifiers import Classify
from training.robustness.conditions import CONDITIONS
from training.robustness.report import Outcome

TRACKS = {"jazz": 2, "rock": 1}


def _music(seed: int) -> Samples:
    """A tune at -23 dB full scale, of which 12 dB less is quiet for the classifier by level."""
    samples = tune(3.2, seed=seed)
    return np.float32(0.07 / np.sqrt(np.mean(samples**2))) * samples


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three tracks of two genres, and a file that is no music."""
    folder = tmp_path_factory.mktemp("gtzan")
    for genre, count in TRACKS.items():
        (folder / "genres_original" / genre).mkdir(parents=True)
        for number in range(count):
            path = folder / "genres_original" / genre / f"{genre}.{number:05}.wav"
            path.write_bytes(encode(_music(number), "wav"))
    (folder / "genres_original" / "jazz" / "jazz.00054.wav").write_bytes(b"just words\n" * 500)
    return folder


def _loudness(source: Source) -> float:
    """Level of the loudest second, in dB full scale."""
    meter = TrackMeter(decode(source, max_duration_s=60))
    list(meter)
    return meter.loudest_dbfs


def _rock_if_loud(_track: str, loudness: float) -> Outcome:
    """Take what is loud for rock and all else for jazz."""
    loud = loudness > -30
    return Outcome(genre="rock" if loud else "jazz", probability=0.8, sure=loud)


@pytest.fixture
def by_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """Classify by level in place of the chain."""
    monkeypatch.setattr(robustness, "extract_features", _loudness)
    monkeypatch.setattr(robustness, "shipped", lambda _model: _rock_if_loud)


@pytest.mark.usefixtures("by_level")
def test_a_missed_target_is_said_and_is_no_failure(genrebot: Genrebot, data: Path) -> None:
    """The table, who flipped and how, the sentence; exit code 0."""
    result = genrebot("robustness", "--data", data, "--jobs", 1)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    rows = {line.split()[0]: line.split() for line in lines if line.strip()}
    assert rows["gain-12"][1:3] == ["3", "100.0%"]
    assert rows["gain-12"][-1] == "missed"
    assert rows["gain+6"][1:3] == ["0", "0.0%"]
    assert rows["gain+6"][-1] == "held"
    assert rows["opus-16"][-1] == "(held)"
    assert "gain-12: jazz.00001 rock -> jazz (unsure)" in lines
    assert "change genre: missed under gain-12" in result.stdout
    assert "3 of 3 tracks (100.0%)" in result.stdout
    assert max(map(len, lines[: len(CONDITIONS) + 4])) <= 80


@pytest.mark.usefixtures("by_level")
def test_a_file_that_is_no_music_is_named(genrebot: Genrebot, data: Path) -> None:
    """On stderr, with its reason; the others are measured."""
    result = genrebot("robustness", "--json", "--jobs", 1, GENREBOT_DATA=str(data))
    assert result.exit_code == 0, result.output
    assert "left out genres_original/jazz/jazz.00054.wav: This is not a sound" in result.stderr
    record = json.loads(result.stdout)
    assert record["tracks"] == 3
    assert list(record["left_out"]) == ["jazz.00054"]
    assert record["held"] is False
    assert record["changed"] == ["jazz.00000", "jazz.00001", "rock.00000"]


@pytest.mark.usefixtures("by_level")
def test_a_quick_look_takes_the_first_of_each_genre(genrebot: Genrebot, data: Path) -> None:
    """One of jazz, one of rock."""
    result = genrebot("robustness", "--json", "--jobs", 1, "--limit", 1, "--data", data)
    record = json.loads(result.stdout)
    assert record["tracks"] == 2
    assert record["changed"] == ["jazz.00000", "rock.00000"]


def test_the_shipped_model_is_measured(genrebot: Genrebot, data: Path) -> None:
    """Through the whole chain, under every condition."""
    result = genrebot("robustness", "--json", "--jobs", 1, "--limit", 1, "--data", data)
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert record["judge"] == "shipped"
    assert [tally["condition"] for tally in record["tallies"]] == [c.name for c in CONDITIONS]
    assert {flip["before"] for tally in record["tallies"] for flip in tally["flips"]} <= set(GENRES)
    assert all(tally["tracks"] == 2 and tally["mean_shift"] >= 0 for tally in record["tallies"])


@pytest.mark.usefixtures("by_level")
def test_models_fitted_without_the_artist_are_measured_too(
    genrebot: Genrebot, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second report of its own, from the same hearing."""

    def deaf(data_dir: Path, model: Path | None) -> Classify:
        assert (data_dir, model) == (data, None)
        return lambda _track, _rows: Outcome(genre="pop", probability=0.5)

    monkeypatch.setattr(robustness, "held_out", deaf)
    result = genrebot("robustness", "--json", "--jobs", 1, "--held-out", "--data", data)
    assert result.exit_code == 0, result.output
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["judge"] for record in records] == ["shipped", "held out"]
    assert [record["held_together"] for record in records] == [False, True]


def test_models_fitted_without_the_artist_need_a_split(genrebot: Genrebot, data: Path) -> None:
    """Without lists nobody can tell who was learned from."""
    result = genrebot("robustness", "--jobs", 1, "--held-out", "--data", data)
    assert result.exit_code == 1
    assert "splits/" in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_folder_without_audio_is_refused(genrebot: Genrebot, tmp_path: Path) -> None:
    """What was looked for is named, without a traceback."""
    result = genrebot("robustness", "--data", tmp_path)
    assert result.exit_code == 1
    assert "genres_original" in result.output
    assert isinstance(result.exception, SystemExit)


@pytest.mark.usefixtures("by_level")
def test_a_folder_of_nothing_but_junk_is_refused(genrebot: Genrebot, tmp_path: Path) -> None:
    """Nothing measured is no success."""
    folder = tmp_path / "genres_original" / "pop"
    folder.mkdir(parents=True)
    (folder / "pop.00000.wav").write_bytes(b"just words\n" * 500)
    result = genrebot("robustness", "--data", tmp_path, "--jobs", 1)
    assert result.exit_code == 1
    assert "None of the 1 files can be decoded" in result.output


def test_a_model_that_is_not_there_is_said(genrebot: Genrebot, data: Path, tmp_path: Path) -> None:
    """Before anything is measured."""
    model = str(tmp_path / "none.cbm")
    result = genrebot("robustness", "--data", data, GENREBOT_MODEL=model)
    assert result.exit_code == 1
    assert "none" in result.output
    assert isinstance(result.exception, SystemExit)
