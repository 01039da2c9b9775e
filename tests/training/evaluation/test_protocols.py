"""Both questions that a model is asked, on a folder with nothing real in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.domain.genres import GENRES
from tests import sounds
from tests.training.conftest import CHUNKS, PARTS, name_of, recording, write_taggrams
from training.data.gtzan import DataError
from training.data.recordings import Recording
from training.evaluation import protocols
from training.evaluation.cross_validation import HeldOutPredictions
from training.evaluation.protocols import artist_grouped, fault_filtered, summarize
from training.fitting.classifier import fit

QUICK = 5


def _test_list() -> list[str]:
    return [name_of(genre, n) for genre in GENRES for n in PARTS["test"]]


def test_artist_grouped(data_dir: Path) -> None:
    """Train and valid, judged by strangers, with everything that is told of them."""
    stages: list[tuple[str, float]] = []
    report, folds = artist_grouped(
        data_dir, 3, repeats=2, iterations=QUICK, progress=lambda *step: stages.append(step)
    )
    assert (report.score.n_tracks, report.score.n_chunks) == (100, 100 * CHUNKS)
    assert report.score.accuracy > 0.4, "genres differ"
    assert report.score.accuracy_interval
    assert "artist-grouped" in report.score.split
    assert list(report.genres) == list(GENRES)
    assert {own.tracks for own in report.genres.values()} == {10}
    assert report.sources == {"table and taggram": 100}
    assert sum(own.tracks for own in report.bins) == 200
    assert folds.probabilities.shape == (2, 100, 10)
    assert stages[-1] == ("cross-validating", 1.0)


def test_nothing_to_be_sure_of_is_no_error() -> None:
    """A model that is always wrong answers nothing; there is no share of no tracks."""
    tracks = [recording(name_of(genre, n)) for genre in GENRES for n in range(5)]
    genres = np.array([GENRES.index(own.genre) for own in tracks])
    probabilities = np.full((1, 50, 10), 0.05)
    probabilities[0, np.arange(50), (genres + 1) % 10] = 0.55
    report = summarize(
        HeldOutPredictions(genres, np.arange(50), probabilities, np.arange(50)[None] % 5), tracks, 1
    )
    assert (report.score.accuracy, report.answered, report.right) == (0.0, 0.0, None)


def test_the_test_list_by_features_alone(data_dir: Path) -> None:
    """No taggram and no audio of it: a model of features judges, and the report says so."""
    stages: set[str] = set()
    report = fault_filtered(
        data_dir, 3, iterations=QUICK, progress=lambda stage, _share: stages.add(stage)
    )
    assert report.score.split == "test_filtered"
    assert (report.score.n_tracks, report.score.n_chunks) == (20, 20 * CHUNKS)
    assert report.sources == {"table alone": 20}
    assert report.score.accuracy > 0.4
    assert report.answered is not None
    assert "fitting on features alone" in stages
    assert "fitting" not in stages, "there is nothing to judge by tags"


def test_each_test_track_is_judged_by_the_best_there_is(data_dir: Path) -> None:
    """Audio, then table and taggram, then the table alone."""
    write_taggrams(data_dir, "test", ["rock.00010", "rock.00011", "pop.00010"])
    folder = data_dir / "genres_original" / "rock"
    folder.mkdir(parents=True)
    (folder / "rock.00010.wav").write_bytes(sounds.encode(sounds.tune(3.2), "wav"))
    report = fault_filtered(data_dir, 3, iterations=2)
    assert report.sources == {"audio": 1, "table and taggram": 2, "table alone": 17}
    assert report.score.n_chunks == 19 * CHUNKS + 1


def test_a_taggram_of_the_test_list_is_used(data_dir: Path) -> None:
    """With tags the model of tags and features judges, and there is no other."""
    write_taggrams(data_dir, "test", _test_list())
    stages: set[str] = set()
    report = fault_filtered(
        data_dir, 3, iterations=QUICK, progress=lambda stage, _share: stages.add(stage)
    )
    assert report.sources == {"table and taggram": 20}
    assert report.score.accuracy > 0.4
    assert "fitting on features alone" not in stages


def test_the_test_list_is_learned_from_by_nothing(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a test track nor what else its artist made reaches a fit, by whatever name."""
    index = data_dir / "artists.csv"
    index.write_text(index.read_text().replace("jazz.00000,jazz 0", "jazz.00000,Jazz 5"))
    write_taggrams(data_dir, "test", _test_list()[:10])
    fits: list[set[str]] = []

    def watched(recordings: Sequence[Recording], **options: Any) -> object:
        fits.append({own.track for own in recordings})
        return fit(recordings, **{**options, "iterations": 2})

    monkeypatch.setattr(protocols, "fit", watched)
    monkeypatch.setattr("training.evaluation.cross_validation.fit", watched)
    fault_filtered(data_dir, 1)
    assert len(fits) == 5 + 2
    assert not set.union(*fits) & {*_test_list(), "jazz.00000"}
    assert fits[-1] == {name_of(g, n) for g in GENRES for n in range(10)} - {"jazz.00000"}


def test_no_taggrams_at_all_is_an_error(data_dir: Path) -> None:
    """Certainty is calibrated on tracks with tags, and there are none."""
    for path in data_dir.glob("*.npz"):
        path.unlink()
    with pytest.raises(DataError, match="no taggrams"):
        fault_filtered(data_dir, 1, iterations=2)


def test_the_same_seed_reports_the_same(data_dir: Path) -> None:
    """To the last digit."""
    one, two = (fault_filtered(data_dir, 3, iterations=2) for _ in range(2))
    assert one == two
