"""Everything that people send as music gets a verdict, a picture and a clip."""

from collections.abc import Callable
from typing import Any

import pytest

from devtools.emulator.state.records import MediaKind
from shared.domain.genres import GENRES, genre_name
from shared.music.decoding.decoder import probe
from tests.e2e.people import Person
from tests.sounds import FORMATS, encode, flac_with_cover, mp3_with_cover, tune

pytestmark = pytest.mark.processes

SECONDS = 7
PNG = b"\x89PNG\r\n\x1a\n"
VIDEOS = {"mp4", "mkv", "webm"}

Sending = tuple[MediaKind, bytes, dict[str, Any]]


def _sendings() -> dict[str, Sending]:
    sound = tune(SECONDS)
    sendings: dict[str, Sending] = {
        suffix: (
            "video" if suffix in VIDEOS else "audio",
            encode(sound, suffix, channels=2 if suffix == "m4a" else 1),
            {"file_name": f"a tune.{suffix}"},
        )
        for suffix in FORMATS
    }
    return sendings | {
        "voice message": ("voice", encode(sound, "opus"), {"mime_type": "audio/ogg"}),
        "document by its name": ("document", encode(sound, "wma"), {"file_name": "A TUNE.WMA"}),
        "document by its type": ("document", encode(sound, "mp3"), {"mime_type": "audio/mpeg"}),
        "nameless": ("audio", encode(sound, "wav"), {}),
        "wrong suffix": ("audio", encode(sound, "flac"), {"file_name": "a tune.mp3"}),
        "mp3 with a cover": ("audio", mp3_with_cover(sound), {"file_name": "cover.mp3"}),
        "flac with a cover": ("audio", flac_with_cover(sound), {"file_name": "cover.flac"}),
        "hostile name": (
            "audio",
            encode(sound, "mp3"),
            {"file_name": "../../etc/<b>passwd</b>&\u202e$x^2_$.mp3"},
        ),
    }


CASES = (
    *FORMATS,
    "voice message",
    "document by its name",
    "document by its type",
    "nameless",
    "wrong suffix",
    "mp3 with a cover",
    "flac with a cover",
    "hostile name",
)


@pytest.fixture(scope="module")
def people(meet: Callable[[], Person]) -> dict[str, Person]:
    """All of them send at once; each test then waits for its own answer."""
    senders = {}
    for case, (kind, data, options) in _sendings().items():
        senders[case] = meet()
        senders[case].send(kind, data, **options)
    return senders


@pytest.mark.parametrize("case", CASES)
def test_music_gets_a_verdict_a_picture_and_a_clip(people: dict[str, Person], case: str) -> None:
    """One message with the picture and the words, one with what sounds most like it."""
    person = people[case]
    answer, clip = person.verdict(), person.clip()
    assert any(genre_name(genre).lower() in answer.shown.lower() for genre in GENRES), answer.shown
    assert f"heard 0:0{SECONDS} in all" in answer.shown
    assert person.content(answer).startswith(PNG)
    assert answer.message_id < clip.message_id
    assert person.kinds() == ["photo", "voice"]


def test_the_clip_is_an_ogg_file_with_opus(
    people: dict[str, Person], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What Telegram plays as a voice message, as long as it says."""
    person = people["wav"]
    clip = person.clip()
    path = tmp_path_factory.mktemp("clip") / "clip"
    path.write_bytes(person.content(clip))
    info = probe(path)
    assert (info.container, info.codec, info.channels) == ("ogg", "opus", 1)
    assert clip.media is not None
    assert info.duration_s == pytest.approx(clip.media.duration, abs=0.1)


def test_a_hostile_name_is_shown_as_it_is(people: dict[str, Person]) -> None:
    """Its tags are letters, and nobody's path."""
    answer = people["hostile name"].verdict()
    assert "../../etc/<b>passwd</b>&" in answer.shown
