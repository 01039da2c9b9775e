"""Requests to end become interrupts, in their own time."""

import signal

import pytest

from devtools.local.interrupts import ends_as_interrupts, held_back


@pytest.fixture(autouse=True)
def _defaults() -> None:
    """These tests send signals, whatever was ignored when the test run was started."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_is_an_interrupt(number: signal.Signals) -> None:
    """Once; what comes while things are being put away is ignored, and then all is as before."""
    before = signal.getsignal(number)
    with ends_as_interrupts():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_every_ctrl_c_is_an_interrupt() -> None:
    """Who presses it a second time is in a hurry."""
    with ends_as_interrupts():
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_was_ignored_at_the_start_stays_ignored(number: signal.Signals) -> None:
    """As nohup, or a shell that starts something in the background, wants it."""
    signal.signal(number, signal.SIG_IGN)
    with ends_as_interrupts():
        signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_IGN


def test_sigterm_is_heeded_even_where_it_was_ignored() -> None:
    """Nobody would get rid of the program otherwise but by SIGKILL."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with ends_as_interrupts(), pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_request_waits_for_what_must_not_be_cut_off() -> None:
    """A process that has been started is noted before anything else happens."""
    noted = []

    def start() -> None:
        with held_back(), held_back():
            signal.raise_signal(signal.SIGTERM)
            noted.append("child")

    with ends_as_interrupts():
        with pytest.raises(KeyboardInterrupt):
            start()
        with held_back():
            noted.append("nothing is left over")
    assert noted == ["child", "nothing is left over"]
