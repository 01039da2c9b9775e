"""Everything that is not music gets a sentence that says so, in place of a verdict."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest

from devtools.emulator.state.records import MediaKind, MediaOptions
from tests.e2e.people import Person
from tests.sounds import encode, picture, silence, tune, video_without_sound

pytestmark = pytest.mark.processes


def _zip() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("song.mp3", bytes(5000))
    return file.getvalue()


def _noise(size: int) -> bytes:
    return np.random.default_rng(5).bytes(size)


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


Case = tuple[MediaKind, Callable[[], bytes], dict[str, Any], str]
CASES: dict[str, Case] = {
    "text as mp3": ("audio", lambda: b"just words\n" * 400, {}, "not a sound file"),
    "playlist as mp3": (
        "audio",
        lambda: b"#EXTM3U\n#EXTINF:9,x\nfile:///etc/passwd\n",
        {},
        "not a sound file",
    ),
    "zip as ogg": ("audio", _zip, {"file_name": "song.ogg"}, "not a sound file"),
    "noise": ("audio", lambda: _noise(40_000), {}, ""),
    "noise as mp3": ("audio", lambda: b"ID3" + _noise(40_000), {}, "damaged"),
    "photo as mp3": ("audio", picture, {}, "pictures but no sound"),
    "film without sound": ("video", video_without_sound, {}, "pictures but no sound"),
    "silence": ("audio", lambda: encode(silence(8), "mp3"), {}, "silent"),
    "half a second": ("audio", lambda: encode(tune(0.5), "wav"), {}, "too short"),
    "half an m4a": ("audio", lambda: _half(encode(tune(6), "m4a")), {}, "part"),
    "protected": (
        "audio",
        lambda: b"\0\0\0\x1cftypaax \0\0\0\0" + _noise(4000),
        {"file_name": "book.m4a"},
        "copy-protected",
    ),
    "one byte": ("audio", lambda: b"\0", {}, "not a sound file"),
}


@pytest.fixture(scope="module")
def people(meet: Callable[[], Person]) -> dict[str, Person]:
    """All of them send at once; each test then waits for its own answer."""
    senders = {}
    for case, (kind, make, options, _) in CASES.items():
        senders[case] = meet()
        named: MediaOptions = {"file_name": options.get("file_name", "song.mp3")}
        senders[case].send(kind, make(), **named)
    return senders


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_heard_is_said(people: dict[str, Person], case: str) -> None:
    """One message, in words, and nothing else."""
    person = people[case]
    answer = person.wait(lambda message: "😕" in message.shown)
    assert CASES[case][-1] in answer.shown
    assert "our side" not in answer.shown
    assert person.kinds() == ["text"]


REFUSED: dict[str, Case] = {
    "too large": ("audio", lambda: b"x", {"file_size": 45_000_000}, "no more than 20 MB"),
    "too long": ("audio", lambda: b"x", {"duration": 4 * 3600}, "no more than 3:00:00"),
    "a PDF": (
        "document",
        lambda: b"%PDF-1.7",
        {"file_name": "notes.pdf", "mime_type": "application/pdf"},
        "does not look like music",
    ),
    "a photo": ("photo", picture, {}, "makes no sound"),
    "notes": ("document", lambda: b"MThd", {"mime_type": "audio/midi"}, "does not look like music"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_track_is_turned_away_at_the_door(person: Person, case: str) -> None:
    """The bot answers by itself, at once."""
    kind, make, options, sentence = REFUSED[case]
    person.send(kind, make(), **options)
    answer = person.wait(lambda _: True)
    assert sentence in answer.shown
    assert person.kinds() == ["text"]


def test_words_are_answered_with_what_to_send(person: Person) -> None:
    """A link is not followed."""
    person.write("https://example.org/song.mp3")
    assert "Send me a track" in person.wait(lambda _: True).shown
