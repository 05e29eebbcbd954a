"""One exchange as it passed the proxy: raw, before anything is decoded, understood or hidden.

It holds the key. It lives in memory only and goes to the judge through a pipe; what the judge makes of it
holds no key any more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

# Bytes of one request's body, and of one answer's, that are kept for the judge.
MOST_BODY: Final = 8 * 1024 * 1024
# What an exchange weighs beside its bodies.
_WEIGHT: Final = 2_000
Lines = list[tuple[str, str]]


@dataclass(slots=True)
class Capture:
    """`target` is path and query as the client wrote them, `body` None where it was larger than MOST_BODY.

    `pieces` are the answer's bytes as they arrived, before content decoding, with the seconds since the
    request began; `left_out` counts those that were not kept. `ended`: the answer came to its end as HTTP
    says. `failure` is one of the model's kinds with a sentence. `started_at` is Unix time.
    """

    number: int
    method: str
    target: bytes
    headers: Lines
    started_at: float
    body: bytes | None = b""
    status: int | None = None
    answered: Lines = field(default_factory=list)
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    left_out: int = 0
    ended: bool = False
    failure: tuple[str, str] | None = None
    seconds: float = 0.0
    _kept: int = 0

    def piece(self, data: bytes, at: float) -> None:
        """Bytes of the answer; beyond MOST_BODY they are only counted."""
        if self._kept + len(data) > MOST_BODY:
            self.left_out += len(data)
        else:
            self._kept += len(data)
            self.pieces.append((at, data))

    @property
    def weight(self) -> int:
        """Bytes that it takes, about."""
        return _WEIGHT + len(self.body or b"") + self._kept + 120 * len(self.pieces)
