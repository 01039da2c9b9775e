"""How long the event loop keeps others waiting."""

import asyncio
import logging
import math
from collections import deque
from typing import Final

logger = logging.getLogger(__name__)

PERIOD_S: Final = 0.02
WARN_ABOVE_S: Final = 0.05
WARN_EVERY_S: Final = 10.0
"""Seconds between two warnings, so that a busy minute is six lines and not thousands."""
KEPT: Final = 15_000
"""Measurements looked back on: five minutes."""


class LagMonitor:
    """Measures how late a short sleep wakes up, over and over.

    Args:
        period_s: length of the sleep, in seconds.
        warn_above_s: lag that is worth a warning, in seconds.

    """

    def __init__(self, *, period_s: float = PERIOD_S, warn_above_s: float = WARN_ABOVE_S) -> None:
        self._period_s = period_s
        self._warn_above_s = warn_above_s
        self._lags: deque[float] = deque(maxlen=KEPT)
        self.max_s = 0.0
        """Worst lag since the last ``reset``, in seconds."""

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        warned = -math.inf
        while True:
            started = loop.time()
            await asyncio.sleep(self._period_s)
            woken = loop.time()
            lag_s = max(0.0, woken - started - self._period_s)
            self._lags.append(lag_s)
            self.max_s = max(self.max_s, lag_s)
            if lag_s > self._warn_above_s and woken - warned > WARN_EVERY_S:
                warned = woken
                logger.warning("The event loop was held up for %.0f ms", lag_s * 1000)

    def quantile(self, share: float) -> float:
        """Lag, in seconds, that a share of the kept measurements stays at or below."""
        if not self._lags:
            return 0.0
        ranked = sorted(self._lags)
        return ranked[max(0, math.ceil(share * len(ranked)) - 1)]

    @property
    def p99_s(self) -> float:
        """Lag, in seconds, that 99 of 100 measurements stay at or below."""
        return self.quantile(0.99)

    @property
    def count(self) -> int:
        """Measurements that ``quantile`` looks at."""
        return len(self._lags)

    def reset(self) -> None:
        """Forget all measurements."""
        self._lags.clear()
        self.max_s = 0.0
