"""The same file again, and at the same moment: heard once, answered as often as it was sent."""

from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from tests.e2e.people import Person, heard_jobs
from tests.sounds import encode, tune

pytestmark = pytest.mark.processes


@pytest.fixture
def redis(queue_url: str) -> Iterator[Redis]:
    """Client of the stack's Valkey."""
    with Redis.from_url(queue_url) as client:
        yield client


def _music(seconds: float, seed: int) -> bytes:
    return encode(tune(seconds, seed, sample_rate=8000), "wav", sample_rate=8000)


def _words(text: str) -> str:
    """A caption without the line that names the track."""
    return "\n".join(line for line in text.splitlines() if ".wav" not in line)


def test_a_file_that_comes_again_is_answered_without_being_heard(
    meet: Callable[[], Person], redis: Redis
) -> None:
    """Somebody else gets the same verdict and clip, under the name that they gave the file."""
    music, people = _music(31, seed=501), [meet(), meet()]
    answers = []
    for number, person in enumerate(people):
        person.send("audio", music, file_name=f"name {number}.wav")
        answers.append(person.verdict())
        person.clip()
    assert heard_jobs(redis, people) == 1
    assert _words(answers[0].shown) == _words(answers[1].shown)
    for number, (person, answer) in enumerate(zip(people, answers, strict=True)):
        assert f"name {number}.wav" in answer.shown
        assert f"name {1 - number}.wav" not in answer.shown
        assert person.kinds() == ["photo", "voice"]
    clips = [person.content(person.clip()) for person in people]
    assert clips[0] == clips[1]
    pictures = [person.content(answer) for person, answer in zip(people, answers, strict=True)]
    assert pictures[0] != pictures[1]


def test_people_who_send_a_file_at_the_same_moment_cause_one_computation(
    meet: Callable[[], Person], redis: Redis
) -> None:
    """Three at once: all are answered, and the file is heard for one of them."""
    music, people = _music(90, seed=502), [meet() for _ in range(3)]
    for person in people:
        person.send("audio", music, file_name="hit.wav")
    for person in people:
        person.verdict()
        person.clip()
        assert person.kinds() == ["photo", "voice"]
    assert heard_jobs(redis, people) == 1


def test_one_with_many_clips_does_not_delay_others(meet: Callable[[], Person]) -> None:
    """Sixteen clips of one, then one of each of four: these are answered long before the last."""
    ada, others = meet(), [meet() for _ in range(4)]
    sent = [ada.send("audio", _music(6, seed=600 + n), file_name=f"{n}.wav") for n in range(16)]
    for number, person in enumerate(others):
        person.send("audio", _music(6, seed=700 + number), file_name="one.wav")
    ada.wait(lambda message: "waits for your own earlier ones" in message.shown)
    for person in others:
        person.verdict()
    assert ada.kinds().count("photo") <= len(sent) // 2
    for track in sent:
        ada.wait(lambda m, t=track: m.reply_to == t.message_id and m.media is not None)  # type: ignore[misc]
