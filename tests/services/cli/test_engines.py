"""``--engine`` and ``--compare``, in processes of their own: librosa is compiled by numba."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from shared.music.features.table import FEATURE_NAMES
from tests.services.cli.conftest import Genrebot


def _run(*arguments: object) -> str:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "genrebot", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_compare_prints_the_largest_deviation_of_each_column(song: Path) -> None:
    """With the values of both engines and the chunk that they belong to."""
    rows = list(csv.DictReader(io.StringIO(_run("features", "--compare", song))))
    assert tuple(row["feature"] for row in rows) == FEATURE_NAMES
    assert {row["filename"] for row in rows} <= {"song.0.wav", "song.1.wav"}
    for row in rows:
        deviation, fast, librosa = (
            float(row[name]) for name in ("largest_deviation", "fast", "librosa")
        )
        assert fast == pytest.approx(librosa, rel=1e-3, abs=1e-6), row["feature"]
        assert deviation == pytest.approx(abs(fast - librosa), abs=1e-6 * max(1, abs(fast)))
    assert any(float(row["largest_deviation"]) for row in rows), "two engines, not one twice"


def test_both_engines_give_the_same_verdict(song: Path) -> None:
    """Their features differ by rounding alone."""
    fast, librosa = (
        json.loads(_run("classify", "--json", "--engine", engine, song))
        for engine in ("fast", "librosa")
    )
    assert librosa["genre"] == fast["genre"]
    assert librosa["probabilities"] == pytest.approx(fast["probabilities"], abs=1e-3)


def test_compare_takes_no_engine(genrebot: Genrebot, song: Path) -> None:
    """It always uses both."""
    result = genrebot("features", "--compare", "--engine", "fast", song)
    assert result.exit_code == 2
    assert "both engines" in result.output


def test_an_unknown_engine_is_refused(genrebot: Genrebot, song: Path) -> None:
    """As an option and as a setting; the message names the engines."""
    option = genrebot("features", "--engine", "slow", song)
    assert option.exit_code == 2
    assert "'librosa'" in option.output
    setting = genrebot("features", song, GENREBOT_FEATURE_ENGINE="slow")
    assert setting.exit_code == 1
    assert "GENREBOT_FEATURE_ENGINE" in setting.output
    assert "'librosa'" in setting.output
