"""Sends shots and judges the answers: by the contract, beyond it, or by the user's own document.

The same finding in another case or phase is the same finding: it is told once, and counted. How a case was
generated says nothing on what must be refused: the body that was really sent is judged anew.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)

from runs_conformance.contract.findings import Finding, failed, passed
from runs_conformance.contract.model import MISSING, Exchange
from runs_conformance.contract.schemas import violations
from runs_conformance.contract.traces import assistants, traces
from runs_conformance.fuzzing import beyond
from runs_conformance.fuzzing.living import Living
from runs_conformance.fuzzing.shots import CONTRACT, Shot, response_of
from runs_conformance.fuzzing.store import Failure, failure_id
from runs_conformance.fuzzing.stories import story
from runs_conformance.live import Bench, Live
from runs_conformance.openapi.table import PARTIAL, REQUESTS

Tell = Callable[[Finding, Failure, str], None]
# Of one finding, this many cases are kept; the others are counted.
MOST: Final = 3
OWN: Final[dict[str, Any]] = {
    "beyond.own.media-type": content_type_conformance,
    "beyond.own.shape": response_schema_conformance,
    "beyond.own.headers": response_headers_conformance,
}


def _nowhere(_finding: Finding, _failure: Failure, _phase: str) -> None:
    pass


@dataclass
class Panel:
    """Judges what comes back; `tell` hears of each finding the first time that it is met.

    `skipped` says why cases of a phase were passed over.
    """

    bench: Bench
    living: Living
    tell: Tell = _nowhere
    strict: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    fired: int = 0
    skipped: str = ""
    _judged: set[str] = field(default_factory=set)
    _strange: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._wanted = self.live.judge.wanted

    @property
    def live(self) -> Live:
        return self.bench.live

    def fire(self, make: Callable[[], Shot]) -> tuple[Exchange, list[Finding]]:
        """Send what `make` gives and judge the answer; the findings that failed.

        A finding that may have been a bad moment of the server's counts if a second try meets it too.
        """
        exchange, shot, found = self._sent(make())
        doubtful = {one.requirement for one in found if one.failed} & beyond.ONCE_MORE
        if doubtful:
            _, _, again = self._sent(make())
            met = {one.requirement for one in again if one.failed}
            found = [one for one in found if one.requirement not in doubtful - met or not one.failed]
        return exchange, self.take(exchange, found, shot.operation, shot.phase)

    def _sent(self, shot: Shot) -> tuple[Exchange, Shot, list[Finding]]:
        exchange = self.live.client.send(**shot.arguments)
        self.fired += 1
        self.living.note(exchange)
        self.seen(exchange)
        return exchange, shot, self.verdicts(exchange, shot)

    def seen(self, exchange: Exchange) -> None:
        self.bench.exchanges[exchange.id] = exchange
        self._judged.add(exchange.id)
        self.live.shared("assistants", dict).update(assistants((exchange,)))

    def verdicts(self, exchange: Exchange, shot: Shot) -> list[Finding]:
        """All findings about one exchange, passed ones too."""
        found = list(beyond.judge(exchange, self.live.edition, odd=shot.odd))
        if shot.operation in CONTRACT and not shot.odd:
            found += self._by_contract(exchange)
        elif shot.case is not None and shot.operation not in CONTRACT:
            found += own(exchange, shot)
        return [one for one in found if one.requirement in self._wanted]

    def _by_contract(self, exchange: Exchange) -> list[Finding]:
        """The checks' findings; of a broken body that was accepted all the same, only that it was.

        What a server makes of such a body no document says. Where the target declares that it does not look
        at some faults, nothing is said of a broken body at all: what it was refused for is then unknown.
        """
        if not broken(exchange, self.live.edition):
            return self.live.judge.exchange(exchange)
        if exchange.ok:
            self._strange.add(exchange.id)
        if any(name.startswith("refusals") for name in self.live.profile.absent):
            return []
        found = self.live.judge.exchange(exchange)
        if not exchange.ok:
            return found
        return [one for one in found if self.live.register[one.requirement].chapter in _REFUSING]

    def take(
        self, exchange: Exchange, found: Iterable[Finding], operation: str, phase: str, *before: Exchange
    ) -> list[Finding]:
        """Keep findings; gives those that failed and weigh something. `before` belongs to the story too."""
        bad: list[Finding] = []
        for finding in found:
            if not finding.failed:
                self.bench.add(finding)
                continue
            if self.live.register[finding.requirement].level == "MAY":
                continue
            bad.append(finding)
            name = self.name(finding, operation)
            self.counts[name] += 1
            if self.counts[name] <= MOST:
                self.bench.add(finding)
            if self.counts[name] == 1:
                self.tell(finding, self._failure(name, finding, operation, exchange, before), phase)
        return bad

    def known(self, finding: Finding, operation: str) -> bool:
        return self.counts[self.name(finding, operation)] > 0

    def name(self, finding: Finding, operation: str) -> str:
        return failure_id(finding.requirement, operation, _place(finding.where))

    def _failure(
        self, name: str, finding: Finding, operation: str, exchange: Exchange, before: tuple[Exchange, ...]
    ) -> Failure:
        headers = [each.name for each in (*self.live.profile.headers, *self.live.profile.query)]
        calls = story(exchange, self.live.client.journal, headers, before)
        return Failure(name, finding.requirement, operation, finding.where, finding.actual, calls)

    def judge_all(self, sent: Iterable[Exchange], phase: str) -> None:
        """Single exchanges that nobody has judged yet, sent by helpers; then the traces of all."""
        everything = tuple(sent)
        for exchange in everything:
            if exchange.id not in self._judged:
                self.seen(exchange)
                found = [*beyond.judge(exchange, self.live.edition), *self.live.judge.exchange(exchange)]
                found = [one for one in found if one.requirement not in beyond.ONCE_MORE or not one.failed]
                self.take(exchange, found, exchange.operation.name, phase)
        by_id = {one.id: one for one in everything}
        for trace in traces(everything):
            if any(one.id in self._strange for one in trace):
                continue  # a thread on which a broken body was accepted: nobody knows what stands there now
            for finding in self.live.judge.trace(trace):
                exchange = by_id.get(finding.exchange, trace.exchanges[-1])
                self.take(exchange, [finding], exchange.operation.name, phase)


_REFUSING: Final = ("refusal", "recorded")


def broken(exchange: Exchange, edition: str) -> bool:
    """Whether a body breaks its schema; one that is no JSON has none."""
    name, body = exchange.operation.name, exchange.request.json
    if name not in REQUESTS or body is MISSING or exchange.request.body is None:
        return False
    found = violations(REQUESTS[name], body, variant="documented", edition=edition)
    inside = any(each.path or each.keyword != "required" for each in found)
    return inside or (bool(found) and name not in PARTIAL)


def own(exchange: Exchange, shot: Shot) -> list[Finding]:
    """What schemathesis' checks say of an operation of the user's document, a row a check."""
    answer = response_of(exchange, shot)
    if answer is None or shot.case is None or exchange.throttled or answer.status_code >= 500:
        return []
    return [_checked(row, check, exchange, shot) for row, check in OWN.items()]


def _checked(row: str, check: Any, exchange: Exchange, shot: Shot) -> Finding:
    answer = response_of(exchange, shot)
    assert answer is not None
    assert shot.case is not None
    try:
        shot.case.validate_response(answer, checks=[check])
    except FailureGroup as group:
        first = group.exceptions[0]
        title = getattr(first, "title", type(first).__name__)
        told = re.sub(r"\s+", " ", str(getattr(first, "message", first)))[:300]
        expected = "what the document says of this answer"
        where, seen = f"status {exchange.status}", f"{title}: {told}"
        return failed(row, exchange, where=where, expected=expected, actual=seen)
    return replace(passed(row, exchange), case=exchange.case.name if exchange.case else "")


def _place(where: str) -> str:
    """A place without what differs from case to case: numbers and quoted values."""
    return re.sub(r"\d+", "N", re.sub(r"\(.*\)", "", where))
