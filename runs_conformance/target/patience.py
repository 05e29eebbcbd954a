"""How long to wait for a target that is busy or does not answer, so that a long run still ends."""

from __future__ import annotations

import email.utils
import threading
import time
from typing import Final

from runs_conformance.contract.model import Exchange, Headers

BUSY: Final = frozenset({429, 503})
BACKOFF: Final = 0.25
TIRED_AFTER: Final = 3
GIVEN_UP_AFTER: Final = 8
TRIED_AGAIN: Final = 10
SHORTEST: Final = 1.0
_SLOW: Final = frozenset({"deadline", "idle", "unreachable"})


def asked_pause(headers: Headers, now: float) -> float | None:
    """Seconds that Retry-After asks for (a number or an HTTP date, RFC 9110 section 10.2.3).

    None without a usable one.
    """
    value = (headers.get("retry-after") or "").strip()
    try:
        return max(0.0, float(value)) if value.replace(".", "", 1).isdecimal() else _date(value, now)
    except (ValueError, TypeError, OverflowError):
        return None


def _date(value: str, now: float) -> float:
    return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now)


def pause(exchange: Exchange, attempt: int) -> float | None:
    """Seconds to wait before the next try of a throttled exchange (`attempt` counts from 0).

    None if it is not throttled.
    """
    if exchange.response is None or exchange.status not in BUSY:
        return None
    asked = asked_pause(exchange.response.headers, time.time())
    return BACKOFF * 2**attempt if asked is None else asked


class Patience:
    """Remembers who kept us waiting for nothing. Thread-safe.

    Each wait is bounded, but a target that hangs on each of a thousand requests would hold a run for a day.
    After TIRED_AFTER deadlines in a row an operation's next deadline is halved each time, down to SHORTEST
    seconds, until it answers again; after GIVEN_UP_AFTER only every tenth of its requests is
    sent. A target that stayed throttled twice in a row is not waited for until it answers again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slow: dict[str, int] = {}
        self._throttled = 0

    def deadline(self, operation: str, seconds: float) -> float:
        beyond = self._slow.get(operation, 0) - TIRED_AFTER + 1
        return seconds if beyond <= 0 else min(seconds, max(SHORTEST, seconds / 2 ** min(beyond, 20)))

    def given_up(self, operation: str) -> bool:
        """Whether to spare the operation's next request: it would not be answered either."""
        beyond = self._slow.get(operation, 0) - GIVEN_UP_AFTER
        return beyond >= 0 and beyond % TRIED_AGAIN != 0

    def tries(self, most: int) -> int:
        return most if self._throttled < 2 else 1

    def note(self, operation: str, exchange: Exchange) -> None:
        """The end of an exchange, all its tries done."""
        failure = exchange.failure or (exchange.response.failure if exchange.response else None)
        with self._lock:
            slow = failure is not None and failure.kind in _SLOW
            self._slow[operation] = self._slow.get(operation, 0) + 1 if slow else 0
            self._throttled = self._throttled + 1 if exchange.throttled else 0
