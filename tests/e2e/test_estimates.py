"""What people are told of the time, by the whole stack."""

from tests.e2e.people import Person
from tests.sounds import encode, tune


def test_the_time_left_is_told_while_a_track_is_under_way(person: Person) -> None:
    """The worker has announced itself, so nobody is told that it may take longer."""
    music = encode(tune(100, seed=808, sample_rate=8000), "wav", sample_rate=8000)
    person.send("audio", music, file_name="a.wav", duration=100)
    told = person.wait(lambda message: "to go." in message.shown)
    assert "nobody is at work" not in told.shown
    assert "to go." not in person.verdict().shown
