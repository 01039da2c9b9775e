"""Counting changed genres: what flips is counted, what does not is not."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.music.chunking import chunks
from shared.music.decoding.decoder import Source, decode
from shared.music.decoding.level import dbfs
from shared.music.model.classifier import GenreModel
from shared.music.pipeline import analyse
from shared.music.tagging.tagger import Tagger
from tests.sounds import encode, tune
from training.data.gtzan import DataError
from training.robustness.classifiers import extract_features, shipped
from training.robustness.conditions import CONDITIONS, Condition
from training.robustness.flips import measure
from training.robustness.report import Outcome, Report

Levels = NDArray[np.float64]
QUIETER: Final = Condition("quieter", "12 dB quieter", gain_db=-12)
SAME: Final = Condition("same", "as it was")
EXTRA: Final = Condition("extra", "much quieter", gain_db=-20, counts=False)


def levels(source: Source) -> Levels:
    """Level of each chunk in dB full scale, shape (n,); refuses silence as the chain does."""
    cut = chunks(decode(source, max_duration_s=60))
    return np.array([dbfs(samples) for samples, _, _ in cut])


def by_level(_track: str, rows: Levels) -> Outcome:
    """Take loud music for rock, and be sure of what is very loud."""
    loud = float(rows.mean()) > -30
    return Outcome(genre="rock" if loud else "jazz", probability=0.9 if loud else 0.6, sure=loud)


def deaf(_track: str, _rows: Levels) -> Outcome:
    """Hear no difference."""
    return Outcome(genre="pop", probability=0.5)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Two loud tracks and a quiet one, laid out as GTZAN is."""
    made = {}
    for genre, gain in (("rock", 1.0), ("metal", 0.9), ("jazz", 0.1)):
        path = tmp_path / "genres_original" / genre / f"{genre}.00000.wav"
        path.parent.mkdir(parents=True)
        path.write_bytes(encode(np.float32(gain) * tune(3.2), "wav"))
        made[path.stem] = path
    return made


def _one(
    files: dict[str, Path], classify: Callable[[str, Levels], Outcome], *conditions: Condition
) -> Report:
    return measure(files, levels, {"it": classify}, conditions)["it"]


def test_a_judge_that_goes_by_level_is_caught(files: dict[str, Path]) -> None:
    """The two loud tracks flip, from and to what is said; the quiet one does not."""
    report = _one(files, by_level, SAME, QUIETER)
    same, quieter = report.tallies
    assert (same.flips, same.rate, same.held) == ([], 0, True)
    assert [(f.track, f.before, f.after) for f in quieter.flips] == [
        ("rock.00000", "rock", "jazz"),
        ("metal.00000", "rock", "jazz"),
    ]
    assert {(f.sure_before, f.sure_after) for f in quieter.flips} == {(True, False)}
    assert quieter.rate == pytest.approx(2 / 3)
    assert not quieter.held
    assert quieter.mean_shift == pytest.approx(2 / 3 * 0.3)
    assert (report.tracks, report.held, report.held_together) == (3, False, False)
    assert report.changed == ["metal.00000", "rock.00000"]


def test_a_judge_that_does_not_is_not(files: dict[str, Path]) -> None:
    """No flips, no shift, the target held."""
    report = _one(files, deaf, *CONDITIONS)
    assert [tally.condition for tally in report.tallies] == [c.name for c in CONDITIONS]
    assert all(not t.flips and t.mean_shift == 0 and t.tracks == 3 for t in report.tallies)
    assert report.held
    assert report.held_together
    assert report.changed == []


def test_what_does_not_count_leaves_the_target_alone(files: dict[str, Path]) -> None:
    """The extra is missed, and said to be, but the target is held."""
    report = _one(files, by_level, SAME, EXTRA)
    assert not report.tallies[1].held
    assert not report.tallies[1].counts
    assert report.held
    assert report.held_together
    assert report.changed == []


@pytest.mark.parametrize("quiet_is_sure", [True, False])
def test_sure_and_unsure_are_counted_apart_from_genres(
    files: dict[str, Path], *, quiet_is_sure: bool
) -> None:
    """A track may become sure or unsure and keep its genre."""

    def wavering(_track: str, rows: Levels) -> Outcome:
        quiet = float(rows.mean()) < -30
        return Outcome(genre="pop", probability=0.5, sure=quiet is quiet_is_sure)

    (tally,) = _one(files, wavering, QUIETER).tallies
    loud = ["rock.00000", "metal.00000"]
    assert tally.flips == []
    assert (tally.to_sure, tally.to_unsure) == ((loud, []) if quiet_is_sure else ([], loud))


def test_a_refused_file_counts_as_changed(files: dict[str, Path]) -> None:
    """So quiet that the chain takes it for silence: a verdict before, none after."""
    quiet = Condition("quiet", "next to silence", gain_db=-50)
    report = _one({"jazz.00000": files["jazz.00000"]}, deaf, quiet)
    (tally,) = report.tallies
    assert [(f.before, f.after, f.sure_after) for f in tally.flips] == [("pop", None, None)]
    assert tally.mean_shift is None
    assert tally.rate == 1


def test_what_cannot_be_decoded_is_named_and_left_out(
    files: dict[str, Path], tmp_path: Path
) -> None:
    """The others are measured; the reason is told."""
    junk = tmp_path / "jazz.00054.wav"
    junk.write_bytes(b"just words\n" * 500)
    report = _one({"jazz.00054": junk, **files, "gone": tmp_path / "gone.wav"}, deaf, SAME)
    assert report.tracks == 3
    assert list(report.left_out) == ["jazz.00054", "gone"]
    assert "not a sound file" in report.left_out["jazz.00054"]
    with pytest.raises(DataError, match="None of the 1 files"):
        _one({"jazz.00054": junk}, deaf, SAME)


def test_judges_share_one_pass(files: dict[str, Path]) -> None:
    """Rows are computed once for each file, and each classify has a report of its own."""
    calls: list[Source] = []
    shares: list[float] = []

    def counted(source: Source) -> Levels:
        calls.append(source)
        return levels(source)

    models = {"by level": by_level, "deaf": deaf}
    reports = measure(files, counted, models, [SAME, QUIETER], progress=shares.append)
    assert len(calls) == len(files) * 3
    assert [(name, report.model) for name, report in reports.items()] == [(n, n) for n in models]
    assert [len(report.changed) for report in reports.values()] == [2, 0]
    assert shares == pytest.approx([1 / 3, 2 / 3, 1])


def test_a_judge_learns_whose_track_it_is(files: dict[str, Path]) -> None:
    """So that a model that has not extract_features it can be asked."""
    asked: list[str] = []

    def curious(track: str, rows: Levels) -> Outcome:
        asked.append(track)
        return deaf(track, rows)

    _one(files, curious, SAME)
    assert asked == [track for track in files for _ in range(2)]


def test_two_processes_find_the_same_by_the_whole_chain(files: dict[str, Path]) -> None:
    """Spawned ones, which share nothing with this one and load the tagger themselves."""
    models = {"it": shipped(None)}
    alone, together = (
        measure(files, extract_features, models, [SAME, QUIETER], jobs=jobs)["it"]
        for jobs in (1, 2)
    )
    assert together == alone
    assert together.tracks == 3


def test_the_chain_tells_what_the_bot_tells(files: dict[str, Path]) -> None:
    """Genre, probability and whether it is sure are those of the verdict."""
    told = shipped(None)("rock.00000", extract_features(files["rock.00000"]))
    found = analyse(files["rock.00000"], GenreModel.load(), Tagger.load(), max_duration_s=60)
    verdict = found.verdict
    assert (told.genre, told.probability) == (verdict.genre, verdict.confidence)
    assert told.sure == verdict.sure


def test_volume_flips_nothing(files: dict[str, Path]) -> None:
    """The shipped model gives the same genre at 12 dB less.

    Its probability stays too, except for a track that is quiet already: 12 dB less of that is
    changed by rounding to 16 bits (0.05, where the loud tracks change by 0.006).
    """
    classify = {"it": shipped(None)}
    assert measure(files, extract_features, classify, [QUIETER])["it"].changed == []
    loud = {name: path for name, path in files.items() if name != "jazz.00000"}
    tally = measure(loud, extract_features, classify, [QUIETER])["it"].tallies[0]
    assert tally.mean_shift == pytest.approx(0, abs=0.01)
