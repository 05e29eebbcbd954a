"""Small registers, findings and exchanges that the tests of reports share."""

from __future__ import annotations

from typing import Any

from runs_conformance.contract.findings import Finding, Outcome
from runs_conformance.contract.model import Case, Event, Exchange, Headers, Request, Response, to_bytes
from runs_conformance.contract.register import NEWEST, Register, Requirement
from runs_conformance.report.records import Cost, Header
from runs_conformance.report.summary import Summary, summarise

SECRET = "sk-test-0123456789abcdef"
COST = Cost(requests=212, runs=31, seconds=4.25)
BODY = {"assistant_id": "asst_1", "temperature": 2.01}


def row(name: str, level: str = "MUST", **fields: Any) -> Requirement:
    chapter = {"accept": "acceptance", "refuse": "refusal", "stream": "events", "error": "errors"}[
        name.partition(".")[0]
    ]
    made = {
        "subject": chapter,
        "statement": f"The sentence of {name}.",
        "source": "a document",
        "evidence": "documented",
    }
    return Requirement(id=name, level=level, chapter=chapter, **{**made, **fields})


def register(*rows: Requirement) -> Register:
    return Register({each.id: each for each in rows})


ROWS = register(
    row("accept.minimal", rq="RQ-001"),
    row("accept.tools.twenty", rq="RQ-020"),
    row("accept.null", "SHOULD", rq="RQ-005"),
    row(
        "refuse.temperature.range",
        rq="RQ-072",
        statement="A temperature outside 0 to 2 is refused with a 400.",
    ),
    row("refuse.unknown-field", "SHOULD", rq="RQ-080"),
    row("refuse.duplicate-key", "MAY", rq="RQ-081"),
    row("error.envelope", rq="RQ-150"),
    row("error.retry-after", since="2026-08-14"),
    row("stream.first-event", capability="streams", observable="stream"),
    row("stream.never", observable="no", excluded="nobody can see it"),
)


def header(**fields: Any) -> Header:
    return Header(
        **{
            "tool": "runs-conformance 0.1.0",
            "started_at": "2026-01-02T03:04:05+00:00",
            "target": "http://127.0.0.1:8080/v1",
            "edition": NEWEST,
            "seed": 7,
            "python": "3.11.9",
            "libraries": {"httpx2": "2.16.2"},
            "planned": {"requirements": 9, "requests": 212, "runs": 31},
            **fields,
        }
    )


def exchange(name: str = "x1", body: Any = BODY, **fields: Any) -> Exchange:
    lines = (
        ("Authorization", f"Bearer {SECRET}"),
        ("Content-Type", "application/json"),
        ("Host", "127.0.0.1"),
    )
    data = body if isinstance(body, bytes | None) else to_bytes(body)
    request = Request("POST", "/threads/thread_1/runs", (), Headers(lines), data)
    answer = Response(
        200, Headers((("content-type", "application/json"), ("set-cookie", "a=b"))), b'{"id":"run_1"}'
    )
    made = {
        "request": request,
        "response": answer,
        "base_url": "http://127.0.0.1:8080/v1",
        "case": Case("one case"),
    }
    return Exchange(id=name, **{**made, **fields})


def events(count: int) -> tuple[Event, ...]:
    return tuple(
        Event(n, "thread.message.delta", f'{{"n":{n}}}', n * 10, n * 10 + 9, n / 10) for n in range(count)
    )


def passed(name: str, case: str = "", seen: str = "") -> Finding:
    return Finding(name, Outcome.PASSED, case=case, exchange=seen)


def failed(name: str, case: str = "", seen: str = "", **fields: Any) -> Finding:
    made = {
        "expected": ("400 with the error body", "422"),
        "actual": "200 and a run",
        "where": "request /temperature",
    }
    return Finding(name, Outcome.FAILED, case=case, exchange=seen, **{**made, **fields})


def stuck(name: str, by: str, reason: str = "") -> Finding:
    return Finding(name, Outcome.UNTESTABLE, actual=reason, blocked_by=by)


def summary(
    *findings: Finding, rows: Register = ROWS, selected: Any = None, edition: str = NEWEST, **more: Any
) -> Summary:
    return summarise(rows, edition, selected, findings, **more)
