"""Arguments that name files: folders, standard input, and names in no encoding."""

from pathlib import Path

import click
import pytest

from services.cli.inputs import Input, expand


def _touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_a_folder_stands_for_its_media_files(tmp_path: Path) -> None:
    """Sorted, at any depth, by suffix in any case; hidden ones are left out."""
    _touch(tmp_path, "b.MP3", "a/c.flac", "a/notes.txt", ".hidden/d.mp3", "._b.mp3", "cover.jpg")
    (tmp_path / "folder.wav").mkdir()
    found = expand([str(tmp_path), "single.xyz"])
    expected = [str(tmp_path / "a" / "c.flac"), str(tmp_path / "b.MP3"), "single.xyz"]
    assert [file.argument for file in found] == expected


def test_a_hidden_folder_can_be_named(tmp_path: Path) -> None:
    """Only what is hidden inside a folder is left out."""
    _touch(tmp_path, ".music/a.ogg")
    assert [file.file_name for file in expand([str(tmp_path / ".music")])] == ["a.ogg"]


def test_a_folder_without_media_files_is_wrong_usage(tmp_path: Path) -> None:
    """It is named."""
    _touch(tmp_path, "notes.txt")
    with pytest.raises(click.UsageError, match="holds no audio or video files") as refused:
        expand([str(tmp_path)])
    assert str(tmp_path) in refused.value.message


def test_standard_input_can_be_named_once() -> None:
    """There is only one."""
    [file] = expand(["-"])
    assert (file.name, file.file_name) == ("-", "stdin")
    with pytest.raises(click.UsageError, match="only once"):
        expand(["-", "a.mp3", "-"])


def test_a_path_in_no_encoding_can_be_shown() -> None:
    """File systems keep bytes; JSON and terminals need text."""
    assert Input("caf\udce9.mp3").name == "caf\N{REPLACEMENT CHARACTER}.mp3"
    assert Input("folder/café.mp3").file_name == "café.mp3"
