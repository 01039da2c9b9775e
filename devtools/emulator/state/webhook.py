"""Delivery of updates to a webhook, one at a time."""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import Final

import aiohttp

from devtools.emulator.config import EmulatorConfig
from devtools.emulator.state.records import JsonObject
from devtools.emulator.state.updates import Update, UpdateQueue

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
_SUCCESS: Final = range(200, 300)


@dataclass(slots=True)
class Webhook:
    """A webhook's settings, and the last failed delivery."""

    url: str
    secret_token: str = ""
    max_connections: int = 40
    last_error_at: float | None = None
    last_error: str | None = None


class WebhookDelivery:
    """Posts updates in order, and repeats a failed one with growing pauses.

    The body of the webhook's response is ignored, so a method call in it has no effect.
    """

    def __init__(self, config: EmulatorConfig, updates: UpdateQueue) -> None:
        self._config = config
        self._updates = updates
        self._task: asyncio.Task[None] | None = None
        self.webhook: Webhook | None = None

    async def start(self, webhook: Webhook) -> None:
        """Deliver to this webhook, instead of an earlier one."""
        await self.stop()
        self.webhook = webhook
        self._task = asyncio.create_task(self._deliver_all(webhook))

    async def stop(self) -> None:
        """Stop deliveries; an update in flight may arrive and stay queued."""
        task, self._task, self.webhook = self._task, None, None
        if task:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def info(self) -> JsonObject:
        """Build the Bot API's WebhookInfo."""
        webhook = self.webhook
        built: JsonObject = {
            "url": webhook.url if webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        }
        if self._updates.allowed:
            built["allowed_updates"] = self._updates.allowed
        if webhook:
            built["max_connections"] = webhook.max_connections
        if webhook and webhook.last_error_at is not None:
            built["last_error_date"] = int(webhook.last_error_at)
            built["last_error_message"] = webhook.last_error
        return built

    async def _deliver_all(self, webhook: Webhook) -> None:
        timeout = aiohttp.ClientTimeout(total=self._config.webhook_timeout_s)
        pause = self._config.webhook_backoff_s
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                update = await self._updates.first()
                failure = await _post(session, webhook, update)
                if failure is None:
                    self._updates.confirm(update.update_id)
                    pause = self._config.webhook_backoff_s
                    continue
                webhook.last_error, webhook.last_error_at = failure, time.time()
                await asyncio.sleep(pause)
                pause = min(2 * pause, self._config.webhook_backoff_max_s)


async def _post(session: aiohttp.ClientSession, webhook: Webhook, update: Update) -> str | None:
    headers = {SECRET_HEADER: webhook.secret_token} if webhook.secret_token else {}
    try:
        async with session.post(webhook.url, json=update.object(), headers=headers) as answer:
            await answer.read()
            if answer.status in _SUCCESS:
                return None
            return f"Wrong response from the webhook: {answer.status} {answer.reason}"
    except TimeoutError:
        return "Read timeout expired"
    except aiohttp.ClientError as error:
        return f"Connection failed: {error}"
