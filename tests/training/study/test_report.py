"""The report, written from results alone."""

from pathlib import Path

import pytest

from shared.domain.genres import GENRES
from shared.music.model.model_metadata import Level, Score
from training.data.gtzan import DataError
from training.study.parts import Job, run
from training.study.report.page import write_report
from training.study.results import (
    FILE,
    Candidate,
    HoldoutScore,
    Pictures,
    Protocol,
    ProtocolScores,
    Results,
    Table,
    Trial,
    Tuning,
    VersionScore,
)

LEVELS: tuple[Level, ...] = ("chunk", "track_majority", "track_mean")
MODELS = ("SVC", "CatBoost, tuned")
FAMILIES = ("CatBoost", "SVC")
TITLES = {
    "rows": "Rows at random",
    "tracks": "Tracks kept whole",
    "artists": "Artists kept apart",
    "filtered": "Faults filtered, artists apart",
}
F1 = {"rows": 0.9234, "tracks": 0.6345, "artists": 0.5123, "filtered": 0.4456}


def _protocol(name: str, f1: float) -> Protocol:
    scores = [
        Score(split=name, level=level, n_tracks=77, n_chunks=770, macro_f1=f1, accuracy=f1)
        for level in LEVELS
    ]
    confusion = [[7 if row == column else 1 for column in range(10)] for row in range(10)]
    return Protocol(
        name=name,
        title=TITLES[name],
        tracks=77,
        chunks=770,
        folds=1,
        shared_tracks=0.97,
        shared_artists=0.5,
        scores=dict.fromkeys(MODELS, scores),
        confusion=confusion,
        track_confusion=confusion,
    )


def _score_version(name: str, f1: float, runs: int) -> VersionScore:
    return VersionScore(
        name=name,
        what=f"what {name} is",
        six_f1=[f1 + 0.01 * i for i in range(runs)],
        ten_f1=[f1 / 2] * runs,
        accuracy=[f1] * runs,
        seconds=12.0,
        confusion=[[3] * 10 for _ in GENRES],
    )


@pytest.fixture
def results() -> Results:
    """Results of every part, with figures that stand nowhere else."""
    scores_by_model = [HoldoutScore(model="SVC", valid_f1=0.7111, test_f1=0.7222, seconds=1.0)]
    trials = [
        Trial(number=i, state=state, family="CatBoost", value=0.8 + i / 100, parameters={})
        for i, state in enumerate(("COMPLETE", "PRUNED", "COMPLETE"))
    ]
    inputs = {"kind": "CatBoostClassifier", "columns": "published", "parameters": {"depth": 7}}
    candidates = [
        Candidate(
            family=family,
            model=f"{family}, trial 1",
            parameters=inputs,
            valid_f1=0.9111,
            test_f1=0.9333,
            seconds=60.0,
        )
        for family in FAMILIES
    ]
    return Results(
        table=Table(
            train=5994, valid=1998, test=1854, missing=144, scores_by_model=scores_by_model
        ),
        tune=Tuning(
            trials=trials,
            candidates=candidates,
            chosen={family: f"{family}, trial 1" for family in FAMILIES},
            importances={f"mfcc{i}_mean": float(i) for i in range(1, 30)},
        ),
        splits=ProtocolScores(
            protocols=[_protocol(name, f1) for name, f1 in F1.items()],
            unknown_artists=81,
        ),
        pictures=Pictures(
            counts=dict.fromkeys(GENRES, 60),
            folds=5,
            versions=[
                _score_version("Reference", 0.2, 2),
                _score_version("Crops", 0.8, 2),
                _score_version("Apart", 0.75, 1),
            ],
        ),
    )


def test_the_page_shows_every_part(results: Results, tmp_path: Path) -> None:
    """Figures of every part stand on the page, and each picture it names is there."""
    write_report(results, tmp_path)
    text = (tmp_path / "study.md").read_text()
    page = " ".join(text.split())
    for figure in (
        "0.722",
        "0.711",
        "0.933",
        "0.911",
        "0.923",
        "0.634",
        "0.512",
        "77 tracks",
        "0.805",
    ):
        assert figure in page
    assert "144 published rows" in page
    assert "81 tracks have no known artist" in page
    named = {line.split("](")[1].rstrip(")") for line in text.splitlines() if line.startswith("![")}
    assert named == {
        f"figures/{name}.png"
        for name in (
            "tune-history",
            "importance",
            "splits",
            "confusion",
            "genres",
            "pictures",
        )
    }
    for name in named:
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / name).stat().st_size < 150_000


def test_the_same_results_make_the_same_report(results: Results, tmp_path: Path) -> None:
    """Page and figures come out byte by byte, from the results file alone."""
    for name in ("a", "b"):
        results.write(tmp_path / name)
        job = Job(data_dir=None, cache=tmp_path / "none", out=tmp_path / name, threads=1, trials=1)
        assert run(["report"], job, lambda *_: None) == results
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 8
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert not (tmp_path / "none").exists()


def test_parts_that_were_not_computed_are_left_out(results: Results, tmp_path: Path) -> None:
    """A report on the table alone neither mentions nor draws anything else."""
    write_report(Results(table=results.table), tmp_path)
    page = (tmp_path / "study.md").read_text()
    assert "Six classifiers" in page
    assert "![" not in page
    assert "protocols" not in page


def test_no_results_make_no_report(tmp_path: Path) -> None:
    """The message says what to do first."""
    with pytest.raises(DataError, match="run another part first"):
        write_report(Results(), tmp_path)


def test_results_of_something_else_are_refused(tmp_path: Path) -> None:
    """A file that is not ours is named."""
    (tmp_path / FILE).write_text('{"table": 3}')
    with pytest.raises(DataError, match=FILE):
        Results.read(tmp_path)
