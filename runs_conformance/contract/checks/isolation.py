"""What one object was given stays with it.

Metadata of thread, message and run, and ids that name one thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runs_conformance.contract.checks.common import dicts
from runs_conformance.contract.compare import same
from runs_conformance.contract.findings import Finding, verdict
from runs_conformance.contract.jsontext import brief
from runs_conformance.contract.judge import Context, on_trace
from runs_conformance.contract.model import Exchange, Trace
from runs_conformance.contract.timeline import ACTIVE, Span, Story, spans, stories
from runs_conformance.contract.traces import answer_run


@on_trace("isolation.metadata-separate")
def metadata(trace: Trace, _: Context) -> Iterator[Finding]:
    """The thread, and each message found again by its text, show the metadata given to it, not another's."""
    made = next((one for one in trace.of("createThreadAndRun") if one.ok), None)
    changed = trace.of("modifyThread", "modifyMessage")
    if made is None or changed:
        return
    thread = made.request.object.get("thread")
    given = thread if isinstance(thread, dict) else {}
    for read in trace.of("getThread"):
        if read.ok and isinstance(read.answer, dict) and read.answer.get("metadata") is not None:
            yield _kept(read, "response /metadata", given.get("metadata") or {}, read.answer["metadata"])
    sent = {entry["content"]: entry.get("metadata") or {} for entry in _plain_messages(given)}
    for listing in trace.of("listMessages"):
        yield from _listed(listing, sent)


def _plain_messages(thread: dict[str, Any]) -> list[dict[str, Any]]:
    """Messages whose text tells them apart."""
    found = [
        one
        for one in dicts(thread.get("messages")) if isinstance(one.get("content"), str)
    ]
    texts = [one["content"] for one in found]
    return [one for one in found if texts.count(one["content"]) == 1]


def _listed(listing: Exchange, sent: dict[str, Any]) -> Iterator[Finding]:
    entries = listing.answer.get("data") if listing.ok and isinstance(listing.answer, dict) else None
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        text = _text(entry)
        if text in sent and isinstance(entry, dict) and entry.get("metadata") is not None:
            yield _kept(listing, f"response /data/{index}/metadata", sent[text], entry["metadata"])


def _text(entry: Any) -> str | None:
    content = entry.get("content") if isinstance(entry, dict) else None
    if not (isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict)):
        return None
    text = content[0].get("text")
    value = text.get("value") if isinstance(text, dict) else None
    return value if isinstance(value, str) else None


def _kept(exchange: Exchange, where: str, given: Any, seen: Any) -> Finding:
    return verdict(
        "isolation.metadata-separate", same(given, seen), exchange, where=where, expected=brief(given),
        actual=brief(seen),
    )


@on_trace("response.id-unique")
def run_ids(trace: Trace, _: Context) -> Iterator[Finding]:
    """Each accepted create answers with an id of its own."""
    seen: dict[str, Exchange] = {}
    for exchange in trace.of("createRun", "createThreadAndRun"):
        name = answer_run(exchange).get("id") if exchange.ok else None
        if isinstance(name, str):
            yield verdict(
                "response.id-unique", name not in seen, exchange, where="run /id",
                expected="an id that no earlier run has", actual=name,
            )
            seen[name] = exchange


@on_trace("isolation.race-one-wins")
def race(trace: Trace, _: Context) -> Iterator[Finding]:
    """Of two creates at the same time at most one is accepted.

    A quick server may have ended one run before it took, or refused, the other: each had the thread for
    itself, and which was first nobody outside knows. So what was accepted has to be seen active after both
    were answered.
    """
    calls = [one for one in spans(trace) if _timed(one.exchange)]
    known = {story.id: story for story in stories(trace)}
    for index, one in enumerate(calls):
        for other in calls[index + 1 :]:
            both = one.exchange.ok and other.exchange.ok
            racing = one.begin < other.end and other.begin < one.end
            taken = [call for call in (one, other) if call.exchange.ok]
            if racing and taken and all(_active(call, max(one.end, other.end), known) for call in taken):
                yield verdict(
                    "isolation.race-one-wins", not both, other.exchange,
                    expected="at most one of two creates that race on a thread accepted",
                    actual=f"statuses {one.exchange.status} and {other.exchange.status}"
                    + ", both runs active afterwards" * both,
                )


def _timed(exchange: Exchange) -> bool:
    answered = exchange.response is not None
    return exchange.operation.name == "createRun" and answered and exchange.started_at > 0


def _active(call: Span, end: float, known: Mapping[str, Story]) -> bool:
    """The run of this create was seen active by a request that was sent after `end`."""
    story = known.get(str(answer_run(call.exchange).get("id")))
    later = story.sightings if story else ()
    return any(seen.span.begin >= end and seen.status in ACTIVE for seen in later)


@on_trace("error.after-start")
def after_start(trace: Trace, _: Context) -> Iterator[Finding]:
    """A run that failed says so itself; reading it is no error."""
    made = {str(answer_run(one).get("id")) for one in trace.of("createRun", "createThreadAndRun") if one.ok}
    for read in trace.of("getRun"):
        if read.operation.id("run") in made and read.response is not None:
            failed_run = read.ok and answer_run(read).get("status") == "failed"
            if failed_run or (read.response.status >= 500 and not read.throttled):
                yield verdict(
                    "error.after-start", failed_run, read,
                    expected="the run, with status failed and last_error",
                    actual=f"status {read.status}",
                )


@on_trace("lifecycle.list.complete")
def runs_listed(trace: Trace, _: Context) -> Iterator[Finding]:
    """A whole list of the thread's runs holds each run whose create had been answered before."""
    made: dict[str, Exchange] = {}
    for exchange in trace:
        name = answer_run(exchange).get("id") if exchange.ok else None
        if exchange.operation.name in ("createRun", "createThreadAndRun") and isinstance(name, str):
            made[name] = exchange
        elif exchange.operation.name == "listRuns" and exchange.ok and made:
            yield from _all_listed(exchange, made)


def _all_listed(listing: Exchange, made: dict[str, Exchange]) -> Iterator[Finding]:
    body = listing.answer if isinstance(listing.answer, dict) else {}
    data = body.get("data")
    paged = {name for name, _ in listing.request.query} & {"after", "before", "limit"}
    if paged or body.get("has_more") is not False or not isinstance(data, list):
        return
    shown = {entry.get("id") for entry in data if isinstance(entry, dict)}
    asked = listing.started_at
    known = [name for name, create in made.items() if create.started_at + create.seconds <= asked]
    lost = [name for name in known if name not in shown]
    if known:
        yield verdict(
            "lifecycle.list.complete", not lost, listing, where="response /data",
            expected="every run of the thread",
            actual=f"no {lost[0]}" if lost else "",
        )
