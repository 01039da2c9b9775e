"""When the next message may be sent, so that Telegram never has to ask for a pause.

The limits are those of Telegram's FAQ for bots ("My bot is hitting limits"): about one
message a second in a chat, 20 a minute in a group, 30 a second overall; edits count.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

CHAT_GAP_S: Final = 1.0
"""Seconds between two messages to one chat."""
GROUP_EDIT_GAP_S: Final = 3.5
"""Seconds between two edits in a group, so that edits alone never use up its limit a minute."""
GROUP_PER_MINUTE: Final = 20
OVERALL_PER_S: Final = 30
RESERVED: Final = 5
"""Part of ``OVERALL_PER_S`` that is reserved for the first messages of new jobs."""
_MINUTE_S: Final = 60.0
_SECOND_S: Final = 1.0


@dataclass
class _Chat:
    sent: deque[float] = field(default_factory=deque)
    paused_until: float = 0.0


class RateLimiter:
    """Counts the messages that are sent, and says whether one more may be.

    Args:
        clock: Returns monotonic time, in seconds.

    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._chats: dict[int, _Chat] = {}
        self._overall: deque[float] = deque()

    def take(self, chat_id: int, *, first: bool) -> bool:
        """Count one message, if it may be sent now.

        Args:
            chat_id: Where it is sent; groups have negative ids.
            first: Whether it is the first message of a job, which has priority over edits.

        Returns:
            Whether it may be sent.

        """
        now = self._clock()
        _forget(self._overall, now - _SECOND_S)
        if len(self._overall) >= OVERALL_PER_S - (0 if first else RESERVED):
            return False
        chat = self._chats.setdefault(chat_id, _Chat())
        _forget(chat.sent, now - _MINUTE_S)
        if not _allows(chat, now, group=chat_id < 0, first=first):
            return False
        chat.sent.append(now)
        self._overall.append(now)
        return True

    def pause(self, chat_id: int, seconds: float) -> None:
        """Allow no message to a chat for so many seconds."""
        chat = self._chats.setdefault(chat_id, _Chat())
        chat.paused_until = max(chat.paused_until, self._clock() + seconds)

    def prune(self) -> None:
        """Forget chats that got no message for a minute and are not paused."""
        now = self._clock()
        for chat_id, chat in list(self._chats.items()):
            _forget(chat.sent, now - _MINUTE_S)
            if not chat.sent and chat.paused_until <= now:
                del self._chats[chat_id]


def _allows(chat: _Chat, now: float, *, group: bool, first: bool) -> bool:
    if now < chat.paused_until:
        return False
    if group and len(chat.sent) >= GROUP_PER_MINUTE:
        return False
    gap_s = GROUP_EDIT_GAP_S if group and not first else CHAT_GAP_S
    return not chat.sent or now - chat.sent[-1] >= gap_s


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
