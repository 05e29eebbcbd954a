"""Judges what passes a proxy: exchange by exchange, and threads when they have grown old or all is over.

It is the judge of recordings (`recordings.inspecting`) on calls of which nothing is lost. Whose fault a
failure is follows from its row: rows about clients are the client's, all others the server's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from runs_conformance.clients.capture import Capture
from runs_conformance.clients.exchanges import Reader
from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.register import Register, load
from runs_conformance.recordings.inspecting import Inspector
from runs_conformance.recordings.traffic import Call

Side = Literal["client", "server"]
SIDES: Final[tuple[Side, ...]] = ("client", "server")
SESSION: Final = "watch"
Told = Callable[[Finding, Exchange], None]


def side_of(requirement: str, register: Register) -> Side:
    return "client" if register[requirement].about_clients else "server"


@dataclass(frozen=True)
class Judged:
    """One exchange and the failures that were found on it alone. `call` is None for other traffic."""

    capture: Capture
    call: Call | None
    failures: tuple[Finding, ...] = ()
    trouble: str = ""


@dataclass
class Watcher:
    """Takes captures one by one; `late` is given what is only found on whole threads.

    An error of our own is counted in `troubles` and told in the Judged; it is never raised.
    """

    base_url: str
    edition: str
    register: Register = field(default_factory=load)
    selected: frozenset[str] | None = None
    found: Told = lambda _finding, _exchange: None
    late: Told = lambda _finding, _exchange: None
    absent: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.reader = Reader(self.base_url)
        self.inspector = Inspector(
            self.register, self.edition, selected=self.selected, told=self._told, absent=self.absent
        )
        self.troubles: Counter[str] = Counter()
        self.others = 0
        self._now: Exchange | None = None
        self._failures: list[Finding] = []

    def see(self, capture: Capture) -> Judged:
        self._failures, call, trouble = [], None, ""
        try:
            self.reader.learn(capture)
            call = self.reader.call(capture)
            if call is None:
                self.others += 1
            else:
                self._now = call.exchange
                self.inspector.call(call, SESSION)
        except Exception as error:  # noqa: BLE001 - whatever it is, the traffic and the next exchange go on
            trouble = self._note(error)
        self._now = None
        return Judged(capture, call, tuple(self._failures), trouble)

    def close(self) -> str:
        """Judge the threads that still wait; the sentence of the last error of our own, if there was one."""
        trouble = ""
        while True:  # each round that fails has judged and let go of a thread
            try:
                self.inspector.close()
            except Exception as error:  # noqa: BLE001 - the report of all else is still due
                trouble = self._note(error)
            else:
                return trouble

    def _note(self, error: Exception) -> str:
        trouble = self.reader.clean(f"{type(error).__name__}: {error}"[:300])
        self.troubles[type(error).__name__] += 1
        return trouble

    def _told(self, finding: Finding, exchange: Exchange) -> None:
        self.found(finding, exchange)
        if self._now is not None and exchange.id == self._now.id:
            self._failures.append(finding)
        else:
            self.late(finding, exchange)
