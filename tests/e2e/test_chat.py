"""What the chat looks like while a track is under way, and what upsets it."""

import re
import time
from collections.abc import Callable
from itertools import count

import pytest

from devtools.emulator.serving import EmulatorThread
from devtools.emulator.state.api_objects import message_object
from devtools.emulator.state.faults import Fault
from tests.e2e.people import Person
from tests.sounds import encode, tune

pytestmark = pytest.mark.processes

LONG_SECONDS = 11 * 60
SETTLED_S = 2.5
"""Seconds after which a status that is going to be written over a verdict has been."""


_seeds = count()


def _tune(seconds: float) -> bytes:
    """Music that nobody has sent before, or its answer would be there already."""
    return encode(tune(seconds, next(_seeds), sample_rate=8000), "wav", sample_rate=8000)


def test_one_message_is_edited_from_the_queue_to_the_verdict(person: Person) -> None:
    """First words, then the picture; nothing is written over it, and progress only grows."""
    person.send("audio", _tune(100), file_name="a.wav")
    answer = person.verdict()
    person.clip()
    time.sleep(SETTLED_S)
    first, *_ = person.seen()
    assert first.message_id == answer.message_id
    assert person.kinds() == ["photo", "voice"]
    texts = [version.text for version in first.versions]
    assert all(texts[:-1])
    assert texts[-1] is None
    assert len(texts) >= 2
    shares = [int(share) for text in texts for share in re.findall(r"(\d+)\s?%", text or "")]
    assert shares
    assert shares == sorted(shares)


FAULTS = {
    f"{fault.kind} on {fault.method}": fault
    for fault in (
        Fault(kind="retry_after", method="sendMessage", retry_after=2),
        Fault(kind="server_error", method="sendMessage"),
        Fault(kind="retry_after", method="editMessageText", retry_after=2),
        Fault(kind="server_error", method="editMessageText"),
        Fault(kind="drop", method="editMessageText"),
        Fault(kind="drop_after", method="editMessageText"),
        Fault(kind="retry_after", method="editMessageMedia", retry_after=2),
        Fault(kind="server_error", method="editMessageMedia", times=2, status=500),
        Fault(kind="drop", method="editMessageMedia"),
        Fault(kind="drop_after", method="editMessageMedia"),
        Fault(kind="retry_after", method="sendVoice", retry_after=2),
        Fault(kind="server_error", method="download", times=2),
        Fault(kind="drop", method="download", times=2),
        Fault(kind="truncate", method="download"),
        Fault(kind="slow_download", method="download", bytes_per_second=100_000),
    )
}


@pytest.fixture(scope="module")
def troubled(meet: Callable[[], Person]) -> dict[str, Person]:
    """Everybody sends a track into trouble of their own."""
    people = {}
    for name, fault in FAULTS.items():
        people[name] = meet()
        people[name].fault(fault)
        # Long enough for a status that changes, where it is the status that is hit.
        seconds = 60 if fault.method == "editMessageText" else 13
        people[name].send("audio", _tune(seconds), file_name="a.wav")
    return people


@pytest.mark.parametrize("fault", FAULTS)
def test_the_answer_arrives_once_whatever_telegram_does(
    telegram: EmulatorThread, troubled: dict[str, Person], fault: str
) -> None:
    """429 with its pause, 5xx and lost connections, on the way in and on the way out."""
    person = troubled[fault]
    person.verdict()
    person.clip()
    assert person.kinds() == ["photo", "voice"]
    left = telegram.call(lambda state: state.faults.waiting())
    assert person.chat not in {fault.chat_id for fault in left}, "the fault hit nothing"


@pytest.mark.parametrize("kind", ["retry_after", "server_error", "drop"])
def test_the_file_is_asked_for_again(telegram: EmulatorThread, person: Person, kind: str) -> None:
    """GetFile names no chat, so these come one after the other."""
    fault = Fault.model_validate({"kind": kind, "method": "getFile"})
    telegram.call(lambda state: state.faults.add(fault))
    person.send("audio", _tune(7), file_name="a.wav")
    person.verdict()
    left = telegram.call(lambda state: state.faults.waiting())
    assert "getFile" not in {fault.method for fault in left}


def test_an_update_that_comes_again_is_one_track(telegram: EmulatorThread, person: Person) -> None:
    """Telegram repeats what was not confirmed: while the job runs, and after it."""
    sent = person.send("audio", _tune(9), file_name="a.wav")

    def again() -> None:
        telegram.call(
            lambda state: state.updates.push(
                "message", message_object(state.chats.existing(person.chat), sent)
            )
        )

    again()
    person.verdict()
    person.clip()
    again()
    time.sleep(SETTLED_S)
    assert person.kinds() == ["photo", "voice"]


def test_ten_tracks_at_once_get_ten_answers(person: Person) -> None:
    """From one person, faster than a chat may be written to."""
    sent = [person.send("audio", _tune(6.5), file_name=f"{n}.wav") for n in range(10)]
    for track in sent:
        person.wait(lambda m, t=track: m.reply_to == t.message_id and m.media is not None)  # type: ignore[misc]
    person.wait(lambda m: m.reply_to == sent[-1].message_id and m.shown.startswith("What sounds"))
    photos = [m for m in person.seen() if m.media and m.media.kind == "photo"]
    assert sorted(m.reply_to or 0 for m in photos) == [track.message_id for track in sent]


def test_a_short_clip_is_not_held_up_by_a_long_track(
    person: Person, meet: Callable[[], Person]
) -> None:
    """Somebody else's eleven minutes are being heard; seven seconds are answered meanwhile."""
    person.send("audio", _tune(LONG_SECONDS), file_name="mix.wav")
    person.wait(lambda message: "listening" in message.shown)
    other = meet()
    other.send("audio", _tune(7), file_name="clip.wav")
    other.verdict()
    assert person.kinds() == ["text"]
    assert "heard 11:00 in all" in person.verdict().shown
