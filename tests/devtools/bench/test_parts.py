"""The parts themselves, measured on next to nothing."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from devtools.bench import sample_tracks
from devtools.bench.deployment import deployed
from devtools.bench.parts import chunk, crowd, files, latency, queue, start
from devtools.bench.programs.trivial_tasks import TrivialTasks
from devtools.bench.scale import Scale
from shared.music.constants import CHUNK_SAMPLES, SAMPLE_RATE
from shared.music.decoding.decoder import decode, probe
from shared.music.features import reference
from shared.music.features.table import FEATURE_NAMES
from tests.shared.music.golden import golden


@pytest.mark.parametrize("kind", ["mp3", "m4a", "opus"])
def test_tracks_have_the_length_that_was_asked_for(kind: sample_tracks.Kind) -> None:
    """In every format, by the file's own word and by decoding it."""
    data = sample_tracks.track(5, kind)
    declared = probe(io.BytesIO(data)).duration_s
    decoded = sum(block.size for block in decode(io.BytesIO(data), max_duration_s=60))
    assert declared == pytest.approx(5, abs=0.1)
    assert decoded / SAMPLE_RATE == pytest.approx(5, abs=0.1)


def test_copies_of_a_track_are_unlike() -> None:
    """An answer that was kept is not what is measured."""
    data = b"frames"
    assert len({sample_tracks.unique_copy(data) for _ in range(5)}) == 5


def test_a_deviation_from_plain_librosa_is_seen_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """One published standard deviation in one feature of one chunk of two is the worst."""
    _, published_sd, _ = golden()
    exact = np.zeros(len(FEATURE_NAMES))
    off = exact.copy()
    off[9] = published_sd[9]
    pieces = [np.zeros(CHUNK_SAMPLES, np.float32), np.ones(CHUNK_SAMPLES, np.float32)]
    monkeypatch.setattr(chunk, "analyse_chunk", lambda _: SimpleNamespace(features=exact))
    monkeypatch.setattr(
        reference,
        "analyse_chunk",
        lambda piece: SimpleNamespace(features=off if piece[0] else exact),
    )
    figure = chunk._worst_deviation(pieces)
    assert figure.value == pytest.approx(1)
    assert figure.held is False
    assert FEATURE_NAMES[9] in figure.note


def test_steps_of_a_chunk_are_timed_in_turn() -> None:
    """Every step of every round gives one time, after a round that counts for nothing."""
    calls: list[str] = []
    rounds: list[dict[str, Callable[[], object]]] = [
        {name: partial(calls.append, f"{name}{number}") for name in ("a", "b")} for number in (1, 2)
    ]
    times = chunk._times(rounds)
    assert calls == ["a1", "b1", "a1", "b1", "a2", "b2"]
    assert [len(values) for values in times.values()] == [2, 2]


@pytest.mark.parametrize("part", [chunk, crowd, files, start, queue, latency])
def test_parts_say_how_their_figures_are_taken(part: ModuleType) -> None:
    """The page needs a paragraph for each."""
    assert len(part.ABOUT) > 200
    assert "\n\n" not in part.ABOUT


def test_a_file_is_decoded_in_a_process_of_its_own(tmp_path: Path) -> None:
    """What the child has measured comes back, and its memory is not that of the parent."""
    path = tmp_path / "track.mp3"
    path.write_bytes(sample_tracks.track(5))
    taken = files._child("decode", path)
    assert taken["duration_s"] == pytest.approx(5, abs=0.1)
    assert taken["cpu_s"] > 0
    assert 20 < taken["peak_mb"] < 200


@pytest.mark.processes
def test_the_broker_is_measured_with_one_process() -> None:
    """TrivialTasks tasks go through a real worker, which is gone afterwards."""
    with deployed(concurrency=1) as running, TrivialTasks(running) as trivial:
        (worker,) = running.processes._running.values()
        course = trivial.run()
        assert course.sent < course.started <= course.ended
        figures = queue._overhead(trivial, Scale(messages=2).messages)
    assert all(figure.value > 0 for figure in figures)
    assert worker.poll() is not None


def test_accepting_is_measured_beside_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accepted and refused tracks, each with the ratio of the largest crowd to the smallest."""
    monkeypatch.setattr(crowd, "SIZES", (2, 4))
    figures = crowd._submissions(3)
    assert [figure.unit for figure in figures] == ["ms", "ms", "times"] * 2
    assert all(figure.value > 0 for figure in figures)
