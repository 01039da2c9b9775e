"""The bot's health: what its heartbeat says, and what follows from it.

Alive means that the process works, and that a restart would not help. Ready means that users are
served: updates arrive, Redis answers, and the event loop is on time.
"""

from typing import Final

from pydantic import BaseModel, ConfigDict

MAX_POLL_AGE_S: Final = 90.0
"""Seconds after which updates count as no longer arriving. One request takes up to 45 s."""
MAX_LAG_P99_MS: Final = 500.0
MAX_LAG_MS: Final = 5000.0
"""Lag of the event loop within a minute, in milliseconds, above which it counts as late."""


class BotHealth(BaseModel):
    """What the bot tells of itself. Times are in seconds since the epoch."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: float
    """When this was written."""
    polled_at: float | None = None
    """When updates were last fetched; None if that has not worked yet."""
    polling_problem: str | None = None
    """Why no updates can be fetched at the moment."""
    skipped_updates: int = 0
    """Updates that were skipped because they did not decode, since the start."""
    lag_p99_ms: float = 0.0
    lag_max_ms: float = 0.0
    """Lag of the event loop within the last minute: 99th percentile and maximum."""
    crashed: tuple[str, ...] = ()
    """Names of background tasks that have crashed."""

    def why_not_alive(self) -> str | None:
        """Say why the bot has to be restarted; None if it is alive."""
        if not self.crashed:
            return None
        return f"the {' and the '.join(self.crashed)} crashed; the bot has to be restarted"

    def why_not_ready(self, now: float) -> list[str]:
        """Say what keeps the bot from serving users; empty if it is ready.

        Args:
            now: Seconds since the epoch.

        """
        reasons = [self.why_not_alive(), self._why_no_updates(now), self._why_late()]
        return [reason for reason in reasons if reason is not None]

    def summary(self, now: float) -> str:
        """Describe a bot that is ready."""
        polled_s = max(0.0, now - (self.polled_at or now))
        skipped = f", {self.skipped_updates} updates skipped" if self.skipped_updates else ""
        return (
            f"updates were fetched {polled_s:.0f} s ago,"
            f" the event loop was at most {self.lag_max_ms:.0f} ms late{skipped}"
        )

    def _why_no_updates(self, now: float) -> str | None:
        problem = f": {self.polling_problem}" if self.polling_problem else ""
        if self.polled_at is None:
            return f"no updates have been fetched yet{problem}"
        age_s = now - self.polled_at
        if age_s <= MAX_POLL_AGE_S:
            return None
        return f"no updates have been fetched for {age_s:.0f} s{problem}"

    def _why_late(self) -> str | None:
        if self.lag_p99_ms <= MAX_LAG_P99_MS and self.lag_max_ms <= MAX_LAG_MS:
            return None
        return (
            f"the event loop is late: by up to {self.lag_max_ms:.0f} ms within the last minute,"
            f" and by {self.lag_p99_ms:.0f} ms at the 99th percentile"
        )
