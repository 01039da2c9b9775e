"""``genrebot classify``: verdicts for people and for programs, and one bad file among good."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.domain.genres import GENRES
from shared.music.model.classifier import GenreModel
from shared.music.model.music_detector import FAMILIES, Family
from shared.music.model.reasons import Reason
from shared.music.model.verdict import Section, Tag, Verdict
from tests.services.cli.conftest import Genrebot

PNG = b"\x89PNG\r\n\x1a\n"
KEYS = {
    "file",
    "duration_s",
    "genre",
    "confidence",
    "sure",
    "candidates",
    "family",
    "other_style",
    "tags",
    "sections",
    "reasons",
    "probabilities",
    "top",
    "majority_genre",
    "majority_share",
    "agreement",
    "chunks",
    "model",
}


def told(
    monkeypatch: pytest.MonkeyPatch,
    named: dict[str, float],
    family: Family = "music",
    **facts: Any,
) -> None:
    """Have every file judged so, whatever is in it: by two chunks, sure from 70 %."""
    row = np.full(len(GENRES), (1 - sum(named.values())) / (len(GENRES) - len(named)))
    row[[GENRES.index(genre) for genre in named]] = list(named.values())

    def judge(*_: object, **__: object) -> Verdict:
        return Verdict.of(
            np.stack((row, row)),
            [(0, 3), (3, 6)],
            duration_s=7,
            model="m",
            sure_from=0.7,
            family=family,
            **facts,
        )

    monkeypatch.setattr(GenreModel, "verdict", judge)


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"hiphop": 0.83}, "Hip-hop, 83 % sure"),
        ({"blues": 0.69, "rock": 0.2}, "hard to tell: blues (69 %) or rock (20 %)"),
        (
            {"blues": 0.4, "rock": 0.2, "hiphop": 0.1},
            "hard to tell: blues (40 %), rock (20 %) or hip-hop (10 %)",
        ),
    ],
)
def test_a_person_reads_the_genre_or_what_it_may_be(
    genrebot: Genrebot,
    song: Path,
    monkeypatch: pytest.MonkeyPatch,
    named: dict[str, float],
    words: str,
) -> None:
    """Nothing goes to stderr, where progress would be on a terminal."""
    told(monkeypatch, named)
    result = genrebot("classify", song)
    assert result.exit_code == 0
    first, *bars, last = result.stdout.splitlines()
    assert first == f"{song}: {words}"
    assert [bar.split()[0].lower().replace("-", "") for bar in bars[: len(named)]] == list(named)
    assert len(bars) == 3
    assert "2 of 2 chunks of 3 s agree" in last
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("family", "like"),
    [("speech", "somebody talking"), ("noise", "noise"), ("tone", "a single tone")],
)
def test_a_person_reads_that_it_is_no_music(
    genrebot: Genrebot, song: Path, monkeypatch: pytest.MonkeyPatch, family: Family, like: str
) -> None:
    """In one line, without shares of genres that it does not have."""
    told(monkeypatch, {"blues": 0.6, "rock": 0.3}, family)
    result = genrebot("classify", song)
    assert result.exit_code == 0
    assert result.stdout == (
        f"{song}: sounds like {like}, not like music; nearest would be blues or rock\n"
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_program_reads_how_far_to_trust_the_genre(
    genrebot: Genrebot, song: Path, monkeypatch: pytest.MonkeyPatch, family: Family
) -> None:
    """Whether it is sure, what else it may be, and whether it is music at all."""
    told(monkeypatch, {"blues": 0.8}, family)
    record = json.loads(genrebot("classify", "--json", song).stdout)
    assert record["family"] == family
    assert record["sure"] is (family == "music")
    assert record["candidates"][0] == record["genre"] == "blues"
    assert len(record["candidates"]) == (1 if family == "music" else 2)


def test_a_program_reads_one_json_object_per_line(genrebot: Genrebot, song: Path) -> None:
    """With everything that the verdict is made of."""
    result = genrebot("classify", "--json", song, song)
    assert result.exit_code == 0
    records: list[dict[str, Any]] = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(records) == 2
    for record in records:
        assert set(record) == KEYS
        assert record["file"] == str(song)
        assert record["duration_s"] == pytest.approx(7, abs=0.1)
        assert set(record["probabilities"]) == set(GENRES)
        assert sum(record["probabilities"].values()) == pytest.approx(1)
        assert record["probabilities"][record["genre"]] == record["confidence"]
        assert [set(entry) for entry in record["top"]] == [{"genre", "probability"}] * 3
        assert [(chunk["start_s"], chunk["end_s"]) for chunk in record["chunks"]] == [
            (0, 3),
            (3, 6),
        ]


def test_a_person_reads_the_sections(
    genrebot: Genrebot, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where each ends."""
    known: dict[str, Any] = {"confidence": 0.9, "sure": True, "other_style": None, "tags": []}
    sections = [
        Section(start_s=0, end_s=15, genre="classical", **known),
        Section(start_s=15, end_s=30, genre="reggae", **known),
    ]
    told(monkeypatch, {"blues": 0.6}, sections=sections)
    first, *_ = genrebot("classify", song).stdout.splitlines()
    assert first == f"{song}: classical to 0:15 · reggae to 0:30"


def test_a_person_reads_another_style(
    genrebot: Genrebot, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the nearest of the ten genres."""
    tags = [Tag("ambient", 0.6), Tag("chillout", 0.3)]
    told(monkeypatch, {"blues": 0.6, "rock": 0.3}, other_style="ambient", tags=tags)
    first, *_ = genrebot("classify", song).stdout.splitlines()
    assert first == (
        f"{song}: none of the ten genres, sounds ambient, chillout; "
        "nearest would be blues (60 %) or rock (30 %)"
    )


def test_a_person_reads_what_stands_out_and_why(
    genrebot: Genrebot, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reasons only where they are asked for."""
    reasons = [
        Reason(idea="tempo", value=2.0, text="Its beat is slow."),
        Reason(idea="harmony", value=1.0, text="Its chords are clear."),
        Reason(idea="dynamics", value=-1.0, text="Its loudness hardly varies."),
    ]
    told(monkeypatch, {"blues": 0.8}, tags=[Tag("guitar", 0.4)], reasons=reasons)
    plain = genrebot("classify", song).stdout.splitlines()
    assert "  what stands out: guitar" in plain
    assert genrebot("classify", "--why", song).stdout.splitlines() == [
        *plain,
        "  for blues: Its beat is slow. Its chords are clear.",
        "  against blues: Its loudness hardly varies.",
    ]


def test_a_program_reads_tags_sections_and_reasons(genrebot: Genrebot, song: Path) -> None:
    """Sections cover the track; each reason has an idea, a value and a sentence."""
    record = json.loads(genrebot("classify", "--json", song).stdout)
    assert len(record["tags"]) <= 4
    assert all(set(tag) == {"name", "likelihood"} for tag in record["tags"])
    [section] = record["sections"]
    assert set(section) == {
        "start_s",
        "end_s",
        "genre",
        "confidence",
        "sure",
        "other_style",
        "tags",
    }
    assert (section["start_s"], section["end_s"]) == (0, 6)
    assert 1 <= len(record["reasons"]) <= 4
    assert all(set(reason) == {"idea", "value", "text"} for reason in record["reasons"])


def test_a_bad_file_does_not_keep_the_good_ones_back(
    genrebot: Genrebot, song: Path, junk: Path
) -> None:
    """It is reported in its place, on stderr and as JSON, and in the exit code."""
    result = genrebot("classify", "--json", song, junk, song)
    assert result.exit_code == 1
    good, bad, also_good = (json.loads(line) for line in result.stdout.splitlines())
    assert set(good) == set(also_good) == KEYS
    assert set(bad) == {"file", "error"}
    assert bad["error"]["code"] == "not_audio"
    assert result.stderr == f"{junk}: {bad['error']['message']}\n"


def test_what_is_no_file_is_said(genrebot: Genrebot, tmp_path: Path) -> None:
    """In a sentence, not a traceback."""
    result = genrebot("classify", tmp_path / "none.mp3")
    assert result.exit_code == 1
    assert "no readable file" in result.stderr
    assert result.stdout == ""


def test_a_folder_is_classified_file_by_file(
    genrebot: Genrebot, song: Path, junk: Path, tmp_path: Path
) -> None:
    """By suffix; the exit code tells of the one that failed."""
    for name, source in (("a/one.mp3", song), ("b.mp3", junk), ("notes.txt", junk)):
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(source.read_bytes())
    result = genrebot("classify", "--json", tmp_path)
    assert result.exit_code == 1
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["file"] for record in records] == [
        str(tmp_path / "a" / "one.mp3"),
        str(tmp_path / "b.mp3"),
    ]
    assert ["error" in record for record in records] == [False, True]


def test_standard_input_is_classified(song: Path) -> None:
    """A pipe cannot be sought, and mp3 is not the only format."""
    done = subprocess.run(
        [sys.executable, "-m", "genrebot", "classify", "--json", "-"],
        input=song.read_bytes(),
        capture_output=True,
        check=True,
    )
    record = json.loads(done.stdout)
    assert record["file"] == "-"
    assert record["duration_s"] == pytest.approx(7, abs=0.1)


def test_no_file_at_all_is_wrong_usage(genrebot: Genrebot) -> None:
    """Click's own exit code."""
    assert genrebot("classify").exit_code == 2


def test_only_a_picture_needs_matplotlib(song: Path) -> None:
    """A fresh process answers without it: to import it would take a third of a second."""
    script = (
        "import sys; sys.modules['matplotlib'] = None; "
        "from services.cli import main; main(['classify', sys.argv[1]])"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", script, str(song)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_picture_is_saved_under_the_name_that_is_given(
    genrebot: Genrebot, song: Path, tmp_path: Path
) -> None:
    """In a folder that is made, or in one that is there."""
    named = tmp_path / "new" / "why.png"
    assert genrebot("classify", "--plot", named, song).exit_code == 0
    assert named.read_bytes().startswith(PNG)
    assert genrebot("classify", "--plot", tmp_path, song).exit_code == 0
    assert (tmp_path / "song.mp3.png").read_bytes().startswith(PNG)


def test_several_pictures_go_to_a_folder(
    genrebot: Genrebot, song: Path, junk: Path, tmp_path: Path
) -> None:
    """One for each file that has a verdict; files of one name do not share a picture."""
    twin = tmp_path / "other" / "song.mp3"
    twin.parent.mkdir()
    twin.write_bytes(song.read_bytes())
    folder = tmp_path / "pictures"
    result = genrebot("classify", "--plot", folder, song, junk, twin)
    assert result.exit_code == 1
    assert sorted(path.name for path in folder.iterdir()) == ["song.mp3.2.png", "song.mp3.png"]


def test_several_pictures_do_not_go_to_one_file(
    genrebot: Genrebot, song: Path, tmp_path: Path
) -> None:
    """Said before an hour of music is heard."""
    result = genrebot("classify", "--plot", tmp_path / "a.png", song, song)
    assert result.exit_code == 2
    assert "folder" in result.output


@pytest.mark.parametrize("place", ["file/why.png", "there"])
def test_a_picture_that_cannot_be_saved_is_said(
    genrebot: Genrebot, song: Path, tmp_path: Path, place: str
) -> None:
    """In a sentence, with the place."""
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "song.mp3.png").mkdir()
    result = genrebot("classify", "--plot", tmp_path / place, song)
    assert result.exit_code in {1, 2}
    assert str(tmp_path / place.partition("/")[0]) in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_name_in_no_encoding_is_no_obstacle(
    genrebot: Genrebot, song: Path, tmp_path: Path
) -> None:
    """Old disks hold Latin-1; the file is heard and shown as far as it can be."""
    path = os.fsencode(tmp_path) + b"/caf\xe9.mp3"
    try:
        Path(os.fsdecode(path)).write_bytes(song.read_bytes())
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    result = genrebot("classify", "--json", os.fsdecode(path))
    assert result.exit_code == 0
    assert json.loads(result.stdout)["file"].endswith("caf\N{REPLACEMENT CHARACTER}.mp3")


def test_the_limit_is_a_setting(genrebot: Genrebot, song: Path) -> None:
    """As for the bot."""
    result = genrebot("classify", song, GENREBOT_MAX_DURATION="5s")
    assert result.exit_code == 1
    assert "longer than 5 seconds" in result.stderr


@pytest.mark.parametrize("way", ["option", "setting"])
def test_a_model_that_is_not_there_is_said(genrebot: Genrebot, song: Path, way: str) -> None:
    """Whichever way it was asked for."""
    if way == "option":
        result = genrebot("classify", "--model", "none.cbm", song)
    else:
        result = genrebot("classify", song, GENREBOT_MODEL="none.cbm")
    assert result.exit_code == 1
    assert "none" in result.output
    assert isinstance(result.exception, SystemExit)
