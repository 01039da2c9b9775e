"""What people are told of the time, by the whole stack."""

import pytest

from tests.e2e.people import Person
from tests.sounds import encode, tune

pytestmark = pytest.mark.processes


def _music(seconds: float, seed: int) -> bytes:
    return encode(tune(seconds, seed, sample_rate=8000), "wav", sample_rate=8000)


def test_the_time_left_is_told_while_a_track_is_under_way(person: Person) -> None:
    """The worker has announced itself, so nobody is told that it may take longer."""
    person.send("audio", _music(6, seed=807))
    person.verdict()  # by now everybody is up
    track = person.send("audio", _music(100, seed=808))
    told = person.wait(lambda m: m.reply_to == track.message_id and "to go." in m.shown)
    assert "nobody is at work" not in told.shown
    answer = person.wait(lambda m: m.message_id == told.message_id and m.media is not None)
    assert "to go." not in answer.shown
