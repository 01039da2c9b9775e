"""``genrebot train``: from a data folder to a model that classifies."""

import json
from pathlib import Path

import pytest

from tests.services.cli.conftest import Genrebot
from tests.training.conftest import few_sounds, write_folder
from training.sounds.speech import SpeechError


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as GTZAN's, with nothing real in it."""
    return write_folder(tmp_path_factory.mktemp("data") / "gtzan")


@pytest.fixture(autouse=True)
def _no_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use prepared sounds for the music detector instead of synthesizing them."""
    monkeypatch.setattr("training.train.synthesize_sounds", lambda _seed, **_options: few_sounds())


def test_a_trained_model_can_be_used_at_once(
    genrebot: Genrebot, data: Path, song: Path, tmp_path: Path
) -> None:
    """Scores are told, both files are there, and classify takes them."""
    out = tmp_path / "new" / "model"
    result = genrebot("train", "--data", data, "--out", out, "--iterations", 5)
    assert result.exit_code == 0, result.output
    assert "macro F1" in result.stdout
    assert "(100 tracks)" in result.stdout
    assert f"GENREBOT_MODEL={out / 'genrebot.cbm'}" in result.stdout
    metadata = json.loads((out / "genrebot.json").read_text())
    assert metadata["training"]["parameters"]["iterations"] == 5
    told = genrebot("classify", "--json", song, GENREBOT_MODEL=str(out / "genrebot.cbm"))
    assert told.exit_code == 0
    assert json.loads(told.stdout)["model"] == metadata["name"]


def test_the_data_folder_may_come_from_the_environment(
    genrebot: Genrebot, data: Path, tmp_path: Path
) -> None:
    """GENREBOT_DATA; the seed goes into the description."""
    result = genrebot(
        "train", "--out", tmp_path, "--iterations", 2, "--seed", 9, GENREBOT_DATA=str(data)
    )
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "genrebot.json").read_text())["training"]["seed"] == 9


@pytest.mark.parametrize(
    ("source", "wanted"), [("table", "features_3_sec.csv"), ("audio", "genres_original")]
)
def test_a_folder_of_another_layout_is_refused(
    genrebot: Genrebot, data: Path, tmp_path: Path, source: str, wanted: str
) -> None:
    """What was looked for is named; nothing is written."""
    folder = tmp_path / "gtzan"
    folder.mkdir()
    (folder / "splits").symlink_to(data / "splits")
    result = genrebot("train", "--data", folder, "--out", tmp_path / "m", "--source", source)
    assert result.exit_code == 1
    assert wanted in result.output
    assert not (tmp_path / "m").exists()


def test_a_folder_without_lists_is_refused(genrebot: Genrebot, tmp_path: Path) -> None:
    """Nobody could tell which tracks are for the test."""
    result = genrebot("train", "--data", tmp_path, "--out", tmp_path / "m")
    assert result.exit_code == 1
    assert "splits/" in result.output


def test_a_folder_that_is_not_there_is_wrong_usage(genrebot: Genrebot, tmp_path: Path) -> None:
    """And so is none at all."""
    assert genrebot("train", "--data", tmp_path / "none").exit_code == 2
    result = genrebot("train")
    assert result.exit_code == 2
    assert "GENREBOT_DATA" in result.output


def test_a_model_that_cannot_be_written_is_said(
    genrebot: Genrebot, data: Path, tmp_path: Path
) -> None:
    """The place is named; no traceback."""
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "model"
    result = genrebot("train", "--data", data, "--out", out, "--iterations", 2)
    assert result.exit_code == 1
    assert str(out) in result.output
    assert isinstance(result.exception, SystemExit)


def test_speech_that_cannot_be_made_is_said(
    genrebot: Genrebot, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The music detector learns speech from espeak-ng; without it there is an error message."""

    def mute(*_arguments: object, **_options: object) -> None:
        raise SpeechError("espeak-ng is not there")

    monkeypatch.setattr("training.train.synthesize_sounds", mute)
    result = genrebot("train", "--data", data, "--out", tmp_path / "m", "--iterations", 2)
    assert result.exit_code == 1
    assert "espeak-ng is not there" in result.output
    assert isinstance(result.exception, SystemExit)
