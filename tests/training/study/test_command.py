"""``genrebot study`` from the shell."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli import main
from training.study.classifiers.models import Recipe
from training.study.protocols import default_classifiers
from training.study.results import FILE, Results

COMMITTED = Path(__file__).parents[3] / "docs"


def test_the_table_is_printed_and_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores come on stdout and in the results file; the data may come by environment."""
    monkeypatch.setattr(default_classifiers, "DEFAULT_CLASSIFIERS", (Recipe("SVC"),))
    monkeypatch.setenv("GENREBOT_DATA", str(folder))
    places = ["--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(main, ["study", "table", *places])
    assert done.exit_code == 0, done.output
    found = Results.read(tmp_path / "out").table
    assert found is not None
    assert f"SVC                       {found.scores_by_model[0].test_f1:.3f}" in done.stdout
    assert (found.train, found.valid, found.test, found.missing) == (180, 60, 60, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["table"], "name its folder with --data"),
        (["report"], "run another part first"),
        (["splits", "--data", "{folder}"], "run the part tune first"),
        (["tabel"], "'tabel' is not one of"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str], message: str, folder: Path, tmp_path: Path
) -> None:
    """A sentence and no traceback."""
    asked = [argument.format(folder=folder) for argument in arguments]
    places = ["--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "out")]
    done = CliRunner(env={"GENREBOT_DATA": None}).invoke(main, ["study", *asked, *places])
    assert done.exit_code in {1, 2}
    assert message in " ".join(done.stderr.split())


def test_the_committed_report_is_what_its_results_say(tmp_path: Path) -> None:
    """``report`` makes the page in the repository from the results in the repository."""
    (tmp_path / FILE).write_bytes((COMMITTED / FILE).read_bytes())
    done = CliRunner().invoke(main, ["study", "report", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "study.md").read_text() == (COMMITTED / "study.md").read_text()
