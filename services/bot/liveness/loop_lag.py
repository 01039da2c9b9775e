"""Measures how late the event loop runs what is due."""

import asyncio
import logging
import math
from collections import deque
from itertools import islice, takewhile
from typing import Final

logger = logging.getLogger(__name__)

PERIOD_S: Final = 0.02
WARN_ABOVE_S: Final = 0.05
WARN_EVERY_S: Final = 10.0
"""Seconds between two warnings, so that a busy minute logs six lines and not thousands."""
MAX_MEASUREMENTS: Final = 15_000
"""Measurements that are kept: five minutes of them."""


class LagMonitor:
    """Sleeps for a short time again and again, and measures how late it wakes up.

    Args:
        period_s: Length of one sleep, in seconds.
        warn_above_s: Lag above which a warning is logged, in seconds.

    """

    def __init__(self, *, period_s: float = PERIOD_S, warn_above_s: float = WARN_ABOVE_S) -> None:
        self._period_s = period_s
        self._warn_above_s = warn_above_s
        self._lags: deque[float] = deque(maxlen=MAX_MEASUREMENTS)
        self._times: deque[float] = deque(maxlen=MAX_MEASUREMENTS)
        self.max_s = 0.0
        """Largest lag since the last ``reset``, in seconds."""

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        last_warning = -math.inf
        while True:
            started = loop.time()
            await asyncio.sleep(self._period_s)
            now = loop.time()
            lag_s = max(0.0, now - started - self._period_s)
            self._lags.append(lag_s)
            self._times.append(now)
            self.max_s = max(self.max_s, lag_s)
            if lag_s > self._warn_above_s and now - last_warning > WARN_EVERY_S:
                last_warning = now
                logger.warning("The event loop was blocked for %.0f ms", lag_s * 1000)

    def quantile(self, share: float) -> float:
        """Return the lag, in seconds, that this share of the measurements does not exceed."""
        return _quantile(sorted(self._lags), share) if self._lags else 0.0

    def recent(self, window_s: float) -> tuple[float, float]:
        """Return 99th percentile and maximum of the last ``window_s`` seconds, in seconds."""
        if not self._times:
            return 0.0, 0.0
        start = self._times[-1] - window_s
        count = sum(1 for _ in takewhile(lambda at: at >= start, reversed(self._times)))
        ranked = sorted(islice(self._lags, len(self._lags) - count, None))
        return _quantile(ranked, 0.99), ranked[-1]

    @property
    def p99_s(self) -> float:
        """The 99th percentile of the lag, in seconds."""
        return self.quantile(0.99)

    @property
    def count(self) -> int:
        """Number of measurements kept."""
        return len(self._lags)

    def reset(self) -> None:
        """Discard all measurements."""
        self._lags.clear()
        self._times.clear()
        self.max_s = 0.0


def _quantile(ranked: list[float], share: float) -> float:
    """Return the nearest rank: the value that a share of the values does not exceed."""
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]
