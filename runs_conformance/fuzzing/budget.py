"""How much a fuzz run may send: requests, seconds, runs; each phase gets a share, so that none is starved."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from runs_conformance.contract.model import Exchange
from runs_conformance.target.client import Client
from runs_conformance.target.journal import BudgetSpent
from runs_conformance.target.profile import Profile


class PhaseSpent(BudgetSpent):
    """The phase's share, or the whole budget, is spent; the text says of what."""


@dataclass
class Budget:
    """Limits of a run; None is none. `seconds` counts from `start`."""

    requests: int | None = None
    seconds: float | None = None
    start: float = field(default_factory=time.monotonic)
    used: int = 0
    _most: float = float("inf")
    _end: float = float("inf")

    @contextmanager
    def share(self, part: float) -> Iterator[None]:
        """Within the block at most `part` (0 to 1) of what is left may be spent."""
        now = time.monotonic()
        if self.requests is not None:
            self._most = self.used + max(0.0, self.requests - self.used) * part
        if self.seconds is not None:
            self._end = now + max(0.0, self.start + self.seconds - now) * part
        try:
            yield
        finally:
            self._most = self._end = float("inf")

    def spend(self, count: int = 1) -> None:
        """Before `count` requests are sent: PhaseSpent if they may not be."""
        if self.requests is not None and self.used + count > min(self._most, self.requests):
            raise PhaseSpent(f"its share of the {self.requests} requests of --max-requests is spent")
        if self.seconds is not None and time.monotonic() > min(self._end, self.start + self.seconds):
            raise PhaseSpent(f"its share of the {self.seconds:g} seconds of --max-time is spent")
        self.used += count


class BudgetedClient(Client):
    """A client that asks the budget before it sends.

    Requests that the setup needs count too; only the cleanup at the end is free.
    """

    def __init__(self, profile: Profile, base_url: str, budget: Budget) -> None:
        super().__init__(profile, base_url)
        self.budget = budget

    def send(self, method: str, path: str, **more: Any) -> Exchange:
        self.budget.spend()
        return super().send(method, path, **more)

    def send_together(self, calls: Iterable[Mapping[str, Any]]) -> tuple[Exchange, ...]:
        listed = list(calls)
        if not all(getattr(each.get("case"), "name", "") == "cleanup" for each in listed):
            self.budget.spend(len(listed))
        return super().send_together(listed)
