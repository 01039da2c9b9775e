"""The lag of the event loop."""

import asyncio
import time

import pytest

from services.bot.liveness.loop_lag import LagMonitor


async def test_a_blocked_loop_is_measured_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Blocking twice for 120 ms shows as lag of about that, with one warning for both."""
    monitor = LagMonitor(period_s=0.005)
    task = asyncio.create_task(monitor.run())
    await asyncio.sleep(0.02)
    for _ in range(2):
        time.sleep(0.12)  # noqa: ASYNC251 - this is what is to be detected
        await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert monitor.max_s >= 0.1
    assert monitor.p99_s >= 0.1
    assert monitor.quantile(0.0) < monitor.max_s
    assert caplog.text.count("was blocked for") == 1
    p99_s, max_s = monitor.recent(60)
    assert max_s == monitor.max_s >= p99_s >= 0.1
    assert monitor.recent(0.005)[1] < 0.1, "only what is recent counts"
    monitor.reset()
    assert monitor.recent(60) == (0.0, 0.0)
    assert (monitor.max_s, monitor.count, monitor.p99_s) == (0.0, 0, 0.0)


def test_quantiles_are_measurements() -> None:
    """Of 1 to 100 the 0.99 quantile is 99, by the nearest rank."""
    monitor = LagMonitor()
    monitor._lags.extend(float(k) for k in range(100, 0, -1))
    assert monitor.p99_s == 99.0
    assert monitor.quantile(1.0) == 100.0
    assert monitor.quantile(0.0) == 1.0
