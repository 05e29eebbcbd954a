"""Exchanges and findings as lines of a results file: secrets out, bodies and streams cut."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.findings import Outcome as FindingOutcome
from runs_conformance.report.curl import KEY, curl
from runs_conformance.report.records import Record, event_number, severity
from runs_conformance.report.redact import PLAIN, Redactor
from runs_conformance.report.summary import TEXT
from runs_conformance.report.text import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runs_conformance.contract.model import Event, Exchange, Failure, Headers, Request, Response
    from runs_conformance.contract.register import Register
    from runs_conformance.report.writer import ResultsWriter

BODY: Final = 16_384
DATA: Final = 4_096
# Characters of all events of one stream; those beyond keep their beginning, but for the one in question.
STREAM: Final = 65_536
BEGINNING: Final = 120
FIRST_EVENTS: Final = 200
LAST_EVENTS: Final = 50
AROUND: Final = 5


@dataclass(frozen=True)
class Recorder:
    """Makes the lines about findings: pure, plain JSON, so that a pytest-xdist worker can send them on.

    `key` is the environment variable that a curl line takes the key from.
    """

    register: Register
    strict: bool = False
    hide: Redactor = PLAIN
    key: str = KEY
    lines: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def records(self, finding: Finding, exchange: Exchange | None = None) -> Iterator[Record]:
        """The finding's line and, unless it passed, the line of the exchange that it was seen on."""
        yield self.finding(finding, exchange)
        if exchange is not None and finding.outcome is not FindingOutcome.PASSED:
            yield self.exchange(exchange, finding.where)

    def tell(self, finding: Finding, exchange: Exchange, writer: ResultsWriter) -> Record | None:
        """Write both lines, as far as they are to stand; the finding's, None if it does not.

        A long stream may break the same row at each event: its own line is made only where it is wanted.
        """
        record = self.finding(finding, exchange)
        stands = writer.write(record)
        if stands and writer.wants(exchange.id):
            writer.write(self.exchange(exchange, finding.where))
        return record if stands else None

    def finding(self, finding: Finding, exchange: Exchange | None = None) -> Record:
        row = self.register[finding.requirement]
        told = exchange is not None and finding.outcome is not FindingOutcome.PASSED
        optional = {
            "rq": row.rq,
            "case": self._text(finding.case),
            "where": self._text(finding.where),
            "expected": [self._text(one) for one in finding.expected],
            "actual": self._text(finding.actual),
            "exchange": finding.exchange,
            "curl": self._curl(exchange) if told and exchange is not None else "",
            "blocked_by": self._text(finding.blocked_by),
            "generated": finding.generated,
        }
        event = event_number(finding.where)
        return {
            "kind": "finding",
            "requirement": row.id,
            "level": row.level,
            "severity": severity(row.level, self.strict),
            "outcome": str(finding.outcome),
            **{name: value for name, value in optional.items() if value},
            **({} if event is None else {"event": event}),
        }

    def _curl(self, exchange: Exchange) -> str:
        """The last one is kept: a stream may have a finding an event."""
        if exchange.id not in self.lines:
            self.lines.clear()
            self.lines[exchange.id] = curl(exchange, self.hide, key=self.key)
        return self.lines[exchange.id]

    def exchange(self, exchange: Exchange, where: str = "") -> Record:
        """The line of an exchange; a long stream is kept around the event that `where` names ("event 12")."""
        case = exchange.case
        record: Record = {
            "kind": "exchange",
            "id": exchange.id,
            "operation": exchange.operation.name,
            "source": exchange.source,
            "base_url": self.hide.url(exchange.base_url),
            "started_at": exchange.started_at,
            "seconds": exchange.seconds,
            "throttled": exchange.throttled,
            "request": self._request(exchange.request),
            "response": None if exchange.response is None else self._response(exchange.response, where),
            "failure": self._failure(exchange.failure),
        }
        return record if case is None else {**record, "case": _listed(asdict(case))}

    def _request(self, request: Request) -> Record:
        return {
            "method": request.method,
            "path": self.hide.text(request.path),
            "query": _listed(self.hide.pairs(request.query)),
            "headers": self._headers(request.headers),
            "body": None if request.body is None else self._body(request.body),
        }

    def _response(self, response: Response, where: str) -> Record:
        record = {
            "status": response.status,
            "headers": self._headers(response.headers),
            "body": self._body(response.body),
            "failure": self._failure(response.failure),
        }
        if response.events is None:
            return record
        return {
            **record,
            "events": list(self._events(response.events, where)),
            "events_total": len(response.events),
        }

    def _events(self, events: tuple[Event, ...], where: str) -> Iterator[Record]:
        middle, room = event_number(where), STREAM
        for event in _kept(events, where):
            near = middle is not None and abs(event.index - middle) <= AROUND
            record = self._event(event, DATA if near or room > 0 else BEGINNING)
            room -= 0 if near else len(record["data"] or "")
            yield record

    def _event(self, event: Event, limit: int) -> Record:
        return {
            "index": event.index,
            "name": None if event.name is None else self._text(event.name),
            "data": None if event.data is None else self.hide.text(event.data)[:limit],
            "cut": event.data is not None and len(event.data) > limit,
            "at": event.at,
            "start": event.start,
            "end": event.end,
            "ended": event.ended,
        }

    def _headers(self, headers: Headers) -> Any:
        return _listed(
            tuple((name, value[:DATA]) for name, value in self.hide.pairs(headers.lines[:FIRST_EVENTS]))
        )

    def _body(self, data: bytes) -> Record:
        record: Record = {"size": len(data), "cut": len(data) > BODY}
        try:
            data.decode()
        except UnicodeDecodeError:
            return {**record, "base64": base64.b64encode(self.hide.raw_head(data, BODY)).decode()}
        return {**record, "text": self.hide.head(data, BODY)}

    def _failure(self, failure: Failure | None) -> Record | None:
        return None if failure is None else {"kind": failure.kind, "text": self._text(failure.text)}

    def _text(self, text: str) -> str:
        return shorten(self.hide.text(text), TEXT)


def _kept(events: tuple[Event, ...], where: str) -> Iterator[Event]:
    """The first and the last events of a stream, and those around the one that `where` names."""
    middle = event_number(where) or 0
    last = len(events) - LAST_EVENTS
    for position, event in enumerate(events):
        if position < FIRST_EVENTS or position >= last or abs(event.index - middle) <= AROUND:
            yield event


def _listed(value: Any) -> Any:
    """Tuples as lists, as JSON would give them back."""
    if isinstance(value, tuple | list):
        return [_listed(one) for one in value]
    return {name: _listed(one) for name, one in value.items()} if isinstance(value, dict) else value
