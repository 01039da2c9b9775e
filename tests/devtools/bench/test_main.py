"""The command: exit codes, the record, and the page, with parts that measure nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from devtools.bench import __main__
from devtools.bench.report.figures import Figure
from devtools.bench.scale import Scale

Run = Callable[..., Result]


def _fine(_scale: Scale) -> list[Figure]:
    return [Figure("speed", 12.0, "times", 11.0, "at least")]


def _late(scale: Scale) -> list[Figure]:
    return [Figure("wait", 3.0 if scale.long else 2.0, "s", 1.0)]


def _broken(_scale: Scale) -> list[Figure]:
    raise RuntimeError("the worker ended")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command with three parts of our own, in a folder of its own."""
    parts: dict[str, Any] = {
        "fine": SimpleNamespace(measure=_fine, ABOUT="All well."),
        "late": SimpleNamespace(measure=_late, ABOUT="Slow."),
        "broken": SimpleNamespace(measure=_broken, ABOUT="Never."),
    }
    monkeypatch.setattr(__main__, "MODULES", parts)
    monkeypatch.setattr(__main__, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(__main__, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(__main__, "machine", lambda: {"cpu": "x", "cores": 1} | _REST)
    # The parts' names are checked where the command is made.
    argument = next(each for each in __main__.main.params if each.name == "parts")
    monkeypatch.setattr(argument.type, "choices", tuple(parts))
    return lambda *arguments: CliRunner().invoke(__main__.main, arguments)


_REST = {"memory_gib": 1.0, "system": "s", "python": "3", "versions": {}}


def test_a_missed_target_is_told_and_ends_well_unless_strict(run: Run) -> None:
    """Measuring has worked either way."""
    relaxed, strict = run("fine", "late"), run("fine", "late", "--strict")
    assert (relaxed.exit_code, strict.exit_code) == (0, 1)
    assert "MISSED  late: wait" in relaxed.output
    assert run("fine", "--strict").exit_code == 0


def test_a_part_that_breaks_is_told_and_the_others_are_measured(run: Run) -> None:
    """It fails the command without --strict, for it is not a matter of speed."""
    done = run("broken", "fine")
    assert done.exit_code == 2
    assert "NOT MEASURED  broken: RuntimeError: the worker ended" in done.output
    assert "speed" in done.output


def test_the_record_holds_machine_and_figures(run: Run, tmp_path: Path) -> None:
    """One file for each run."""
    run("late", "--long")
    (path,) = (tmp_path / "results").glob("*.json")
    record = json.loads(path.read_text())
    assert record["machine"]["cpu"] == "x"
    (part,) = record["parts"]
    assert part["part"] == "late"
    assert part["figures"][0] | {"note": ""} == {
        "name": "wait",
        "value": 3.0,
        "unit": "s",
        "target": 1.0,
        "kind": "at most",
        "held": False,
        "note": "",
    }


def test_the_page_keeps_parts_that_this_run_left_out(run: Run, tmp_path: Path) -> None:
    """A part alone can be measured anew; the page is of all that were measured here."""
    run("late")
    assert not (tmp_path / "page.md").exists()
    run("fine", "--write-docs")
    text = (tmp_path / "page.md").read_text()
    assert text.index("## fine") < text.index("## late")
    assert "All well." in text
    assert "**missed**" in text
