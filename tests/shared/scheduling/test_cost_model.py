"""How long a track is, judged from outside."""

from typing import Any

import pytest

from shared.scheduling.cost_model import TYPICAL_S, expected_s
from tests.shared.samples import track


@pytest.mark.parametrize(
    ("facts", "seconds"),
    [
        ({"duration_s": 180.0, "file_size": 9}, 180.0),
        ({"duration_s": 0.4}, 3.0),
        ({}, TYPICAL_S),
        ({"file_size": 4_800_000}, 200.0),
        ({"file_size": 25_000_000, "file_name": "A.FLAC"}, 200.0),
        ({"file_size": 37_500_000, "file_name": "a.mkv"}, 200.0),
        ({"file_size": 37_500_000, "kind": "video"}, 200.0),
        ({"file_size": 10}, 3.0),
    ],
)
def test_a_length_is_told_or_guessed(facts: dict[str, Any], seconds: float) -> None:
    """Telegram's word goes before the size, the size before what is typical."""
    assert expected_s(track(**facts)) == pytest.approx(seconds)


@pytest.mark.parametrize(("kbit", "within"), [(96, 2), (128, 2), (320, 2)])
def test_common_bit_rates_are_guessed_within_a_factor_of_two(kbit: int, within: float) -> None:
    """So a file of unknown length does not spoil a forecast."""
    guessed = expected_s(track(file_size=kbit * 125 * 240))
    assert 1 / within <= guessed / 240 <= within
