"""``genrebot evaluate``: how good the model is on artists it has not heard."""

import json
from pathlib import Path

import pytest

from shared.domain.genres import GENRES, genre_name
from tests.services.cli.conftest import Genrebot
from tests.training.conftest import write_folder, write_taggrams


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as GTZAN's, with nothing real in it; of the test list it has tables."""
    return write_folder(tmp_path_factory.mktemp("data") / "gtzan")


def test_artist_grouped_is_what_is_asked_first(genrebot: Genrebot, data: Path) -> None:
    """All figures, their intervals, every genre, and what was told against what was right."""
    result = genrebot("evaluate", "--data", data, "--iterations", 5)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("artist-grouped")
    assert lines[1] == "tracks          100 (100 by table and taggram)"
    words = {line.split()[0] for line in lines if line.strip()}
    assert {"track_accuracy", "macro_f1", "calibration", "without", "told"} <= words
    assert {genre_name(genre).split()[0] for genre in GENRES} <= words
    assert all(" to " in line for line in lines if line.startswith(("track_accuracy", "macro_f1")))
    assert max(map(len, lines)) <= 90


def test_json_is_one_object(genrebot: Genrebot, data: Path) -> None:
    """The same as figures, with nothing else on the output."""
    result = genrebot("evaluate", "--json", "--seed", 5, "--iterations", 5, GENREBOT_DATA=str(data))
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert (record["protocol"], record["seed"], record["tracks"]) == ("artist-grouped", 5, 100)
    low, high = record["track_accuracy_interval"]
    assert 0 < low <= record["track_accuracy"] <= high
    assert list(record["genres"]) == list(GENRES)
    assert record["genres"]["jazz"]["tracks"] == 10
    assert sum(own["tracks"] for own in record["reliability"]) == 400
    assert record["sources"] == {"table and taggram": 100}
    assert 0 <= record["answered"] <= 1


def test_the_test_list_is_scored_by_what_there_is(genrebot: Genrebot, tmp_path: Path) -> None:
    """Taggrams that are put there are used; the rest is judged by features alone."""
    folder = write_folder(tmp_path / "gtzan")
    write_taggrams(folder, "test", ["rock.00010", "pop.00011"])
    arguments = ("evaluate", "--data", folder, "--protocol", "fault-filtered", "--iterations", 5)
    result = genrebot(*arguments, "--json")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert (record["protocol"], record["split"]) == ("fault-filtered", "test_filtered")
    assert record["tracks"] == 20
    assert record["sources"] == {"table and taggram": 2, "table alone": 18}
    told = genrebot(*arguments)
    assert told.exit_code == 0, told.output
    assert "20 (18 by table alone, 2 by table and taggram)" in told.stdout or (
        "20 (2 by table and taggram, 18 by table alone)" in told.stdout
    )


@pytest.mark.parametrize("protocol", ["artist-grouped", "fault-filtered"])
def test_a_folder_without_lists_is_refused(
    genrebot: Genrebot, tmp_path: Path, protocol: str
) -> None:
    """What is missing is named, without a traceback."""
    result = genrebot("evaluate", "--data", tmp_path, "--protocol", protocol)
    assert result.exit_code == 1
    assert "splits/" in result.output
    assert isinstance(result.exception, SystemExit)


def test_wrong_usage(genrebot: Genrebot, data: Path) -> None:
    """No folder, a protocol that there is not, no trees."""
    assert genrebot("evaluate").exit_code == 2
    assert genrebot("evaluate", "--data", data, "--protocol", "random").exit_code == 2
    assert genrebot("evaluate", "--data", data, "--iterations", 0).exit_code == 2
