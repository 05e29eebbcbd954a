"""What a session did, in order, and what it spent."""

from __future__ import annotations

import threading

from runs_conformance.contract.model import Case, Exchange, weight
from runs_conformance.contract.operations import CREATE

OVERRUN = 2


class BudgetSpent(RuntimeError):  # noqa: N818 - not an error of anybody: a limit that the user set
    """No run may be started any more; the text says how many were allowed."""


class Journal:
    """Exchanges in the order in which they were started, counters, and the budget of runs. Thread-safe."""

    def __init__(self, max_runs: int | None, session_bytes: int) -> None:
        self._lock = threading.Lock()
        self._exchanges: list[Exchange] = []
        self._numbers = 0
        self._reserved = 0
        self._max_runs = max_runs
        self._room = session_bytes
        self.requests = 0
        self.runs_started = 0

    def number(self) -> int:
        """The number of the next exchange."""
        with self._lock:
            self._numbers += 1
            return self._numbers

    def reserve(self, operation: str, case: Case | None) -> bool:
        """Before a create is sent: BudgetSpent if no run is left, True if one is reserved until `settle`.

        A case that must be refused starts no run on a sound target and is let through, up to twice the
        budget: past that the target is one that refuses nothing, and each such case costs money.
        """
        if operation not in CREATE:
            return False
        with self._lock:
            refusal = case is not None and case.expect == "refused"
            allowed = None if self._max_runs is None else self._max_runs * (OVERRUN if refusal else 1)
            if allowed is not None and self.runs_started + (0 if refusal else self._reserved) >= allowed:
                raise BudgetSpent(self._spent(refusal))
            self._reserved += not refusal
            return not refusal

    def settle(self, operation: str, exchange: Exchange | None, reserved: bool) -> None:
        """A create has ended; one that was answered 2xx counts as a run."""
        with self._lock:
            self._reserved -= reserved
            if operation in CREATE and exchange is not None and exchange.response and exchange.response.ok:
                self.runs_started += 1

    def add(self, exchange: Exchange, requests: int = 1) -> None:
        with self._lock:
            self._exchanges.append(exchange)
            self.requests += requests
            if exchange.response:
                self._room -= weight(exchange.response)

    @property
    def room(self) -> int:
        """Bytes that may still be kept in this session."""
        return self._room

    def mark(self) -> int:
        with self._lock:
            return len(self._exchanges)

    def since(self, mark: int) -> tuple[Exchange, ...]:
        """What ended after `mark`, in the order in which it was started."""
        with self._lock:
            return tuple(sorted(self._exchanges[mark:], key=lambda one: int(one.id[1:])))

    def _spent(self, refusal: bool) -> str:
        if not refusal:
            return f"the {self._max_runs} runs of --max-runs are spent"
        return (
            f"{self.runs_started} runs were started, twice --max-runs: the target accepts what it must refuse"
        )
