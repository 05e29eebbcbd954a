"""What a person sees while traffic passes: a line an exchange, printable, without secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from runs_conformance.clients.judging import SIDES, Judged, side_of
from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.register import Register
from runs_conformance.recordings.traffic import Call
from runs_conformance.report.redact import PLAIN
from runs_conformance.report.text import escape, paint, shorten

MOST_ROWS = 4
MOST_PATH = 100
_NOT_READ = ("too-large", "encoding")
_UNANSWERED = "no answer to judge"


@dataclass(frozen=True)
class Lines:
    """`colour` paints what is wrong."""

    register: Register
    colour: bool = False

    def exchange(self, judged: Judged, path: str) -> str:
        """Number, method, path, status, seconds, and what was found, by side; `path` is without secrets."""
        capture = judged.capture
        status = "-" if capture.status is None else str(capture.status)
        shown = shorten(escape(PLAIN.url(path)), MOST_PATH)
        head = f"{capture.number:>5} {capture.method:<6} {shown}  {status}  {capture.seconds:.3f} s"
        return "  ".join([head, *self._about(judged)])

    def late(self, finding: Finding, exchange: Exchange) -> str:
        """A failure that whole threads showed, some time after its exchange."""
        side = side_of(finding.requirement, self.register)
        what = paint(f"{side}: {finding.requirement}", "bad", self.colour)
        return f"{exchange.id:>5} {'later':<6} {what}  {shorten(escape(finding.actual), MOST_PATH)}"

    def _about(self, judged: Judged) -> Iterator[str]:
        call = judged.call
        if call is not None and call.exchange.response is not None:
            events = call.exchange.response.events
            if events is not None:
                yield f"{len(events)} events"
        unread = _unread(call)
        if judged.capture.failure is not None:
            yield escape(judged.capture.failure[1])
        elif unread:
            yield escape(unread)
        nothing = _UNANSWERED if judged.capture.status is None else ""
        unjudged = "the answer was not judged" if unread else nothing
        if judged.trouble:
            yield paint("could not be judged", "bad", self.colour)
        elif call is None:
            yield "passed on, not judged"
        elif not judged.failures:
            yield unjudged or paint("ok", "good", self.colour)
        for side in SIDES:
            rows = [one for one in judged.failures if side_of(one.requirement, self.register) == side]
            if rows:
                yield paint(f"{side}: {_listed(rows)}", "bad", self.colour)


def _unread(call: Call | None) -> str:
    """Why an answer that came was not read to its end, "" if it was."""
    if call is None or call.exchange.response is None or call.exchange.response.failure is None:
        return ""
    failure = call.exchange.response.failure
    return failure.text if failure.kind in _NOT_READ or "answer" in call.lost else ""


def _listed(findings: Iterable[Finding]) -> str:
    """Ids, each once; of a single one also where."""
    found = list(findings)
    names = list(dict.fromkeys(one.requirement for one in found))
    if len(found) == 1:
        where = escape(found[0].where.removeprefix("request "))
        return f"{names[0]} ({shorten(where, 60)})" if where else names[0]
    more = f" and {len(names) - MOST_ROWS} more" if len(names) > MOST_ROWS else ""
    return ", ".join(names[:MOST_ROWS]) + more
