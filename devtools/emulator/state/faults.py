"""Faults that are asked for: which call they hit, and how often."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

DOWNLOAD = "download"
"""Name under which a fault hits file downloads."""

FaultKind = Literal[
    "retry_after", "server_error", "drop", "drop_after", "delay", "slow_download", "truncate"
]


class Fault(BaseModel):
    """A fault for the next ``times`` matching calls.

    Attributes:
        kind: ``retry_after`` answers 429; ``server_error`` answers ``status``; ``drop``
            closes the connection before the method is carried out, ``drop_after`` when it
            has been; ``delay`` waits ``seconds`` first; ``slow_download`` sends
            ``bytes_per_second``; ``truncate`` closes the connection after ``fraction`` of
            the file.
        method: a Bot API method, or "download"; None hits every method but getUpdates,
            which a waiting bot calls all the time and would use the fault up.
        chat_id: only calls about this chat.
        times: how many calls are hit; None means all until faults are cleared.

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    method: str | None = None
    chat_id: int | None = None
    times: int | None = Field(default=1, ge=1)
    retry_after: int = Field(default=1, ge=1)
    status: Literal[500, 502, 503, 504] = 502
    seconds: float = Field(default=1.0, ge=0)
    bytes_per_second: int = Field(default=65_536, ge=1)
    fraction: float = Field(default=0.5, ge=0, lt=1)

    def hits(self, method: str, chat_id: int | None) -> bool:
        """Tell whether a call is meant by this fault."""
        if self.chat_id is not None and self.chat_id != chat_id:
            return False
        if self.kind in {"slow_download", "truncate"}:
            return method == DOWNLOAD
        if self.method is None:
            return method not in {"getUpdates", DOWNLOAD}
        return self.method.lower() == method.lower()


class FaultBook:
    """Faults in the order they were asked for; a call takes the first that means it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Queue a fault behind those already waiting."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Forget every fault."""
        self._faults.clear()

    def waiting(self) -> list[Fault]:
        """List what has not been used up, with the calls left in ``times``."""
        return list(self._faults)

    def take(self, method: str, chat_id: int | None = None) -> Fault | None:
        """Use up one call of the first fault that hits, and return it."""
        for place, fault in enumerate(self._faults):
            if not fault.hits(method, chat_id):
                continue
            if fault.times == 1:
                del self._faults[place]
            elif fault.times is not None:
                self._faults[place] = fault.model_copy(update={"times": fault.times - 1})
            return fault
        return None
