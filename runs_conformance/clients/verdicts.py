"""Which clients can live with a target: from what was seen on the wire and what each use of a client needs.

Nothing is asserted by hand. A use works if every need of it was seen to be met, it breaks at the first that
was not, and is left open where something that it needs was not decided.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from runs_conformance.clients.dialects import Deviation, Dialect, Need, Use
from runs_conformance.clients.observing import INSIDE, Observation
from runs_conformance.contract.findings import Finding

WORKS: Final = "works"
BREAKS: Final = "breaks"
UNKNOWN: Final = "unknown"
_SEEN: Final = ("passed", "failed", "warning", "gap")


class Row(Protocol):
    """What a run says of a requirement (a verdict of its summary); `outcome` is passed, failed, ..."""

    @property
    def id(self) -> str: ...

    @property
    def outcome(self) -> str: ...

    @property
    def reason(self) -> str: ...


@dataclass(frozen=True)
class UseVerdict:
    """Whether one use of a client works; `needs` are requirements or observations, `why` a clause."""

    client: str
    use: str
    verdict: str
    why: str = ""
    needs: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """Such as `openai-node 7 runs.stream(): no, the stream has no event: lines (event.framing)`."""
        word = {WORKS: "works", BREAKS: "no", UNKNOWN: "not known"}[self.verdict]
        reason = f", {self.why} ({', '.join(self.broken or self.undecided)})" if self.why else ""
        return f"{self.client} {self.use}: {word}{reason}"


@dataclass(frozen=True, slots=True)
class _Met:
    """`state` is held, broken, or open; `on` are the requirements or observations that say so."""

    state: str
    why: str = ""
    on: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What a run has shown: its failed findings by requirement, each row's outcome, the observations."""

    failures: Mapping[str, Sequence[Finding]]
    rows: Mapping[str, Row]
    observed: Mapping[str, bool]

    @classmethod
    def of(
        cls, findings: Iterable[Finding], rows: Iterable[Row], observations: Iterable[Observation],
    ) -> Seen:
        failures: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.failed:
                failures.setdefault(finding.requirement, []).append(finding)
        held: dict[str, bool] = {}
        for one in observations:
            held[one.name] = held.get(one.name, True) and one.held
        return cls(failures, {row.id: row for row in rows}, held)

    def met(self, need: Need) -> _Met:
        if need.observed:
            held = self.observed.get(need.observed)
            if held is None:
                return _open(need, (need.observed,))
            return _Met("held") if held else _Met("broken", need.broken, (need.observed,))
        return self._by_rows(need)

    def bears(self, deviation: Deviation) -> _Met:
        """Whether the target takes what the client can't but send: the row to refuse it must not hold."""
        outcome = self._outcome(deviation.row)
        if outcome == "passed" and not self._failed(deviation.row):
            return _Met("broken", f"every request is refused for {deviation.name}", (deviation.row,))
        taken = outcome in _SEEN or outcome == "not-applicable"
        return _Met("held") if taken else _Met("open", "too little was seen", (deviation.row,))

    def _by_rows(self, need: Need) -> _Met:
        broken = tuple(row for row in need.rows if any(_fits(need, one) for one in self._failed(row)))
        if broken:
            return _Met("broken", need.broken, broken)
        absent = [row for row in need.rows if self._outcome(row) == "not-applicable"]
        if absent and not need.optional:
            reason = self.rows[absent[0]].reason
            return _Met("broken", f"{need.broken}: {reason}" if reason else need.broken, tuple(absent))
        undecided = [row for row in need.rows if self._outcome(row) not in _SEEN]
        inside = {row: self.observed.get(INSIDE + row) for row in undecided}
        wrong = tuple(row for row, held in inside.items() if held is False and not need.actual + need.where)
        if wrong:
            return _Met("broken", need.broken, wrong)
        unseen = tuple(row for row, held in inside.items() if not held)
        return _open(need, unseen) if unseen else _Met("held")

    def _failed(self, row: str) -> Sequence[Finding]:
        return self.failures.get(row, ())

    def _outcome(self, row: str) -> str:
        return str(self.rows[row].outcome) if row in self.rows else "not-tested"


def _open(need: Need, on: tuple[str, ...]) -> _Met:
    return _Met("held") if need.optional else _Met("open", "too little was seen", on)


def _fits(need: Need, finding: Finding) -> bool:
    return bool(re.search(need.actual, finding.actual) and re.search(need.where, finding.where))


def verdicts(
    dialects: Iterable[Dialect], needs: Mapping[str, Need], seen: Seen,
) -> tuple[UseVerdict, ...]:
    """A verdict for every use of every client, in the dialects' order."""
    return tuple(_of(one, use, needs, seen) for one in dialects for use in one.uses)


def _of(dialect: Dialect, use: Use, needs: Mapping[str, Need], seen: Seen) -> UseVerdict:
    always = [one for one in dialect.deviations if one.unavoidable]
    met = [*(seen.bears(one) for one in always), *(seen.met(needs[name]) for name, _ in use.needs)]
    rows = tuple(dict.fromkeys(
        [*(one.row for one in always), *(on for name, _ in use.needs for on in _on(needs[name]))]
    ))
    broken = next((one for one in met if one.state == "broken"), None)
    left = tuple(dict.fromkeys(on for one in met if one.state == "open" for on in one.on))
    if broken is not None:
        return UseVerdict(dialect.title, use.name, BREAKS, broken.why, rows, broken.on, left)
    if left:
        return UseVerdict(dialect.title, use.name, UNKNOWN, "too little was seen", rows, (), left)
    return UseVerdict(dialect.title, use.name, WORKS, "", rows)


def _on(need: Need) -> tuple[str, ...]:
    return need.rows or (need.observed,)
