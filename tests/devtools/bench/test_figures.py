"""Whether a target is held, and what is kept of a figure."""

import json
import math
import time

import pytest

from devtools.bench.report.figures import Figure, Kind, Spread, cpu_s, wall_s


@pytest.mark.parametrize(
    ("value", "target", "kind", "held"),
    [
        (17.9, 18.0, "at most", True),
        (18.0, 18.0, "at most", True),
        (18.1, 18.0, "at most", False),
        (11.1, 11.0, "at least", True),
        (11.0, 11.0, "at least", True),
        (10.9, 11.0, "at least", False),
        (math.nan, 18.0, "at most", False),
        (math.inf, 11.0, "at least", False),
        (5.0, None, "at most", None),
    ],
)
def test_a_target_is_held_or_missed(
    value: float,
    target: float | None,
    kind: Kind,
    held: bool | None,  # noqa: FBT001 - an expected value
) -> None:
    """Both kinds of limit include their end, and what is no number holds nothing."""
    assert Figure("speed", value, "ms", target, kind).held is held


def test_a_figure_comes_back_from_its_record() -> None:
    """Nothing is lost on the way through JSON, and whether it is held is not taken on trust."""
    figure = Figure("speed", 12.5, "times", 11.0, "at least", note="scaled")
    record = json.loads(json.dumps(figure.as_dict()))
    assert record["held"] is True
    assert Figure.from_dict(record | {"held": False}) == figure


def test_a_figure_without_a_number_is_valid_json_and_missed() -> None:
    """NaN is no JSON: it is kept as null and read as missing."""
    record = json.loads(json.dumps(Figure("lag", math.nan, "ms", 50.0).as_dict(), allow_nan=False))
    assert record["value"] is None
    assert Figure.from_dict(record).held is False


def test_a_spread_names_values_that_were_measured() -> None:
    """The 95th percentile is the nearest rank, not a value between two."""
    spread = Spread.of([float(n) for n in range(1, 21)])
    assert spread == Spread(median=10.5, p95=19.0, worst=20.0)
    assert Spread.of([3.0]) == Spread(3.0, 3.0, 3.0)


def test_waiting_takes_time_but_no_processor() -> None:
    """Wall time counts a sleep, CPU time does not."""
    assert wall_s(lambda: time.sleep(0.05)) >= 0.05
    assert cpu_s(lambda: time.sleep(0.05)) < 0.04
