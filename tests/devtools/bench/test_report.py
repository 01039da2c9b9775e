"""Tables, records and the page: a missed target is seen in each of them."""

import json
from pathlib import Path

import pytest

from devtools.bench.report.figures import Figure
from devtools.bench.report.page import page
from devtools.bench.report.record import (
    PartResult,
    keep,
    kept,
    missed,
    number,
    summary,
    table,
    target,
)

HELD = Figure("57 features", 11.2, "ms", 18.0)
LATE = Figure("first verdict", 8.43, "s", 6.0, note="cold | empty cache")
PLAIN = Figure("a start", 0.2, "s")
MACHINE = {
    "cpu": "Some Chip",
    "cores": 2,
    "memory_gib": 23.5,
    "system": "Linux x86_64",
    "python": "3.11.7",
    "versions": {"numpy": "2.4.6", "valkey": "9.1.2"},
}
WHOLE = PartResult("chunk", "2026-01-31 12:34 UTC", 14.2, 0.1, (HELD,))
STARTS = PartResult("start", "2026-01-31 12:36 UTC", 40.0, 1.5, (PLAIN, LATE))
BROKEN = PartResult("queue", "2026-01-31 12:37 UTC", 3.0, 1.0, (), "BrokenError: no worker")


def test_missed_targets_are_named_in_table_and_summary() -> None:
    """Held figures are marked held, the others stand out and are named once more."""
    shown = table(STARTS)
    assert "MISSED" in next(line for line in shown.splitlines() if "first verdict" in line)
    assert "held" not in shown
    assert "held" in table(WHOLE)
    told = summary([WHOLE, STARTS, BROKEN])
    assert told.startswith("1 of 2 targets held")
    assert "MISSED  start: first verdict: 8.43 s, ≤ 6 s" in told
    assert "NOT MEASURED  queue: BrokenError: no worker" in told
    assert missed([WHOLE, STARTS]) == [("start", LATE)]


def test_the_page_tells_machine_date_and_every_figure() -> None:
    """What was missed stands at the top and in its part; the explanation is there."""
    text = page(MACHINE, [WHOLE, STARTS, BROKEN], {"chunk": "By CPU time."})
    assert "Some Chip, 2 cores" in text
    assert "numpy 2.4.6, valkey 9.1.2" in text
    assert "2026-01-31 12:34 UTC" in text
    assert "By CPU time." in text
    assert "1 of 2 are held" in text
    assert "| start | first verdict | 8.43 s | ≤ 6 s |" in text
    assert "| first verdict (cold \\| empty cache) | 8.43 s | ≤ 6 s | **missed** |" in text
    assert "| 57 features | 11.2 ms | ≤ 18 ms | held |" in text
    assert "| a start | 0.2 s |  |  |" in text
    assert "Not measured to the end: BrokenError: no worker" in text
    assert text.endswith("\n")
    assert "\n\n\n" not in text.replace("\n\n\n|", "")


def test_a_page_without_misses_has_no_table_of_them() -> None:
    """Nothing is said of what did not happen."""
    text = page(MACHINE, [WHOLE], {})
    assert "1 of 1 are held" in text
    assert "missed" not in text


def test_the_latest_result_of_each_part_on_this_machine_is_found(tmp_path: Path) -> None:
    """Records of another machine, of an earlier run, or of another format do not get in."""
    keep(tmp_path, "1", MACHINE, [PartResult("chunk", "before", 1.0, 0.0, (LATE,)), STARTS])
    keep(tmp_path, "2", MACHINE, [WHOLE, BROKEN])
    keep(tmp_path, "3", MACHINE | {"cpu": "Another"}, [BROKEN])
    (tmp_path / "4.json").write_text(json.dumps({"machine": MACHINE, "figures": []}))
    assert kept(tmp_path, MACHINE) == {"chunk": WHOLE, "start": STARTS, "queue": BROKEN}


@pytest.mark.parametrize(
    ("value", "shown"), [(11.234, "11.2"), (8.8e-7, "8.8e-07"), (12_345.6, "12346"), (0.0, "0")]
)
def test_numbers_are_short(value: float, shown: str) -> None:
    """Three digits say what a measurement can say."""
    assert number(value) == shown


def test_a_target_says_which_side_is_good() -> None:
    """At most and at least look different."""
    assert target(HELD) == "≤ 18 ms"
    assert target(Figure("speed", 1.0, "times", 11.0, "at least")) == "≥ 11 times"
    assert not target(PLAIN)
