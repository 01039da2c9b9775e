"""Faults on request: which calls they affect, and how many."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

DOWNLOAD = "download"
"""Method name of file downloads."""

FaultKind = Literal[
    "retry_after", "server_error", "drop", "drop_after", "delay", "slow_download", "truncate"
]


class Fault(BaseModel):
    """A fault for the next ``times`` matching calls.

    Attributes:
        kind: ``retry_after`` answers 429; ``server_error`` answers ``status``; ``drop``
            closes the connection before the method is executed, ``drop_after`` after it;
            ``delay`` waits ``seconds`` first; ``slow_download`` sends ``bytes_per_second``;
            ``truncate`` closes the connection after ``fraction`` of the file.
        method: a Bot API method, or "download"; None for every method except getUpdates,
            which a polling bot would use the fault up with.
        chat_id: only calls about this chat.
        times: number of calls; None for all until faults are cleared.

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
        """Return whether this fault affects a call."""
        if self.chat_id is not None and self.chat_id != chat_id:
            return False
        if self.kind in {"slow_download", "truncate"}:
            return method == DOWNLOAD
        if self.method is None:
            return method not in {"getUpdates", DOWNLOAD}
        return self.method.lower() == method.lower()


class FaultQueue:
    """Faults in order; a call takes the first that affects it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Append a fault."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        self._faults.clear()

    def waiting(self) -> list[Fault]:
        """Return the remaining faults, with the remaining calls in ``times``."""
        return list(self._faults)

    def take(self, method: str, chat_id: int | None = None) -> Fault | None:
        """Return the first fault that affects a call, and count the call."""
        for index, fault in enumerate(self._faults):
            if not fault.hits(method, chat_id):
                continue
            if fault.times == 1:
                del self._faults[index]
            elif fault.times is not None:
                self._faults[index] = fault.model_copy(update={"times": fault.times - 1})
            return fault
        return None
