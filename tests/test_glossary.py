"""One word for each thing: docs/glossary.md says it, and the code uses no other."""

import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).parents[1]
GLOSSARY: Final = ROOT / "docs" / "glossary.md"
FOLDERS: Final = ("devtools", "genrebot", "services", "shared", "training")

REPLACED: Final = {
    "crew": "worker pool",
    "errand": "LeasedTask",
    "gainfree": "gain_invariance",
    "intake": "JobSubmitter",
    "lane": "QueueName, or max_inflight_segments",
    "lanes": "max_inflight_segments",
    "mourn": "_log_crash",
    "opinion": "Prediction",
    "outlook": "QueueEstimator",
    "passage": "slice",
    "postman": "StatusSender",
    "prospect": "QueueEstimate",
    "prospects": "estimates",
    "pulse": "heartbeat",
    "rescue": "recovery",
    "shop": "Capacity",
    "sidecar": "model metadata",
    "spared": "reuse_or_join",
    "stretch": "window",
    "tempered": "temperature_scale",
    "turns": "user_slots",
}
"""Words that are no part of any identifier, and what is said instead."""

RENAMED: Final = {
    "Answer": "CachedResult",
    "Answers": "Outbox",
    "Board": "StatusUpdater",
    "Cuts": "SegmentProgress",
    "Done": "SegmentCompleted",
    "Flow": "Dispatcher",
    "Gate": "MusicDetector",
    "Hearing": "TrackFeatures",
    "Intake": "JobSubmitter",
    "Lane": "QueueName",
    "Leads": "SingleFlight",
    "Load": "Workload",
    "Mark": "SliceEnd",
    "Meter": "CostRecorder",
    "Once": "deduplication",
    "Pace": "RateLimiter",
    "Post": "WorkerRegistration",
    "Put": "SliceCommitted",
    "Receipt": "SendResult",
    "Resources": "WorkerContext",
    "ShortFirst": "ShortestFirst",
    "Stage": "JobState",
    "Step": "TaskName",
    "Turns": "UserSlots",
    "PATIENCE": "AGING_LIMIT",
    "hear": "extract",
    "waking": "a field of shared/store/keys.py",
    "woken": "SliceCommitted",
}
"""Whole identifiers that have been renamed; as a part of another they may mean something else."""

UNSAID: Final = {
    "errand": "task",
    "lane": "queue",
    "lanes": "in-flight segments",
    "passage": "slice",
    "sidecar": "model metadata",
    "stretch": "window",
    "stretches": "windows",
}
"""Words that no docstring, comment or text of the code uses either."""


class Words(NamedTuple):
    """Where each word of the product stands, as ``path:line``."""

    identifiers: Mapping[str, list[str]]
    """By the whole identifier."""
    parts: Mapping[str, list[str]]
    """By each word that an identifier is made of, in lower case."""
    prose: Mapping[str, list[str]]
    """By each word of comments, strings and Lua scripts, in lower case."""


@pytest.fixture(scope="module")
def words() -> Words:
    """Read all of the product once."""
    found = Words(defaultdict(list), defaultdict(list), defaultdict(list))
    for place, text, is_name in (*_python(), *_lua()):
        if is_name:
            found.identifiers[text].append(place)
            for part in _parts(text):
                found.parts[part].append(place)
        else:
            for word in re.findall(r"\w+", text):
                found.prose[word.lower()].append(place)
    return found


def _python() -> Iterator[tuple[str, str, bool]]:
    """Yield names, comments and strings: place, text, and whether it is a name."""
    prose = {tokenize.STRING, tokenize.COMMENT}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
                if token.type == tokenize.NAME or token.type in prose:
                    place = f"{path.relative_to(ROOT)}:{token.start[0]}"
                    yield place, token.string, token.type == tokenize.NAME


def _lua() -> Iterator[tuple[str, str, bool]]:
    """Yield lines of scripts; their names are short, and count as prose."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.lua")):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
                yield f"{path.relative_to(ROOT)}:{number}", line, False


def _parts(identifier: str) -> set[str]:
    """Split ``resume_lanes`` and ``SegmentProgress`` into their words."""
    return {part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)}


@pytest.mark.parametrize("word", REPLACED)
def test_no_identifier_is_made_of_an_old_word(words: Words, word: str) -> None:
    """Two words for one thing make a reader look for the difference."""
    found = words.parts.get(word, [])
    assert not found, f"say {REPLACED[word]}"


@pytest.mark.parametrize("name", RENAMED)
def test_no_old_name_comes_back(words: Words, name: str) -> None:
    """Neither for the same thing nor for another."""
    found = words.identifiers.get(name, [])
    assert not found, f"say {RENAMED[name]}"


@pytest.mark.parametrize("word", UNSAID)
def test_no_comment_or_text_uses_an_old_word(words: Words, word: str) -> None:
    """What is read beside the code speaks its language."""
    found = words.prose.get(word, [])
    assert not found, f"say {UNSAID[word]}"


def test_whose_track_it_is_is_called_a_user(words: Words) -> None:
    """But for the setting, whose name operators know; devtools play persons, who are users."""
    names = {
        name
        for name, places in words.identifiers.items()
        if "person" in _parts(name) and any(place.startswith("s") for place in places)
    }
    assert names <= {"jobs_per_person"}


def test_every_name_in_the_glossary_is_in_the_code(words: Words) -> None:
    """Names in backticks: classes, functions and constants; variables of the environment."""
    text = GLOSSARY.read_text(encoding="utf-8")
    names = set(re.findall(r"`(?:GENREBOT_)?([A-Za-z_]+)`", text)) - {"LANES"}
    assert len(names) > 40
    missing = {name for name in names if not words.identifiers.get(name)}
    assert not {name for name in missing if not words.identifiers.get(name.lower())}


def test_every_word_stands_in_the_glossary_once() -> None:
    """A word with two rows would have two meanings."""
    rows = re.findall(r"^\| ([a-z][^|]*) \|", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    said = [word for row in rows if row != "word" for word in row.split(", ")]
    assert len(said) > 60
    assert sorted(said) == sorted(set(said))
