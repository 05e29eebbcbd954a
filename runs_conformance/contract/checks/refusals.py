"""Bodies that the contract forbids must be refused, and a refusal must leave nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import pointer
from runs_conformance.contract.judge import Context, on_exchange, on_trace
from runs_conformance.contract.model import MISSING, Exchange, Trace
from runs_conformance.contract.operations import BODIES, CREATE
from runs_conformance.contract.register import load
from runs_conformance.contract.schemas import Violation, violations
from runs_conformance.contract.shapes import place
from runs_conformance.contract.traces import answer_run

_JUDGED = CREATE | {"submitToolOutputs", "modifyRun"}
_ROWS = tuple(row.id for row in load() if row.chapter in ("refusal", "recorded") or row.request)


def breaches(exchange: Exchange, context: Context) -> list[tuple[str, Violation]]:
    """The violations of an exchange's body with the row of each; those that no row covers are left out."""
    schema = BODIES.get(exchange.operation.name)
    if schema is None or exchange.operation.name not in _JUDGED or exchange.request.json is MISSING:
        return []
    body = exchange.request.json
    found = violations(schema, body, variant="documented", edition=context.edition)
    found = tuple(error for error in found if not undecided(error, body))
    rows = [(context.register.for_request(schema, place(error), error.keyword, error.value), error) for error in found]
    return [(row, error) for row, error in rows if row is not None]


def undecided(error: Violation, body: Any) -> bool:
    """Null in a nested field that could be left out: clients send it, and the vendor's documents contradict themselves (D11)."""
    if error.keyword != "type" or error.value is not None or len(error.path) < 2 or isinstance(error.path[-1], int):
        return False
    parent: Any = body
    for part in error.path[:-1]:
        parent = parent[part]
    return not _needed(error.path, parent)


# The nested fields that their object can't do without: null is no way of leaving them out.
_NEEDED: Final = frozenset({"role", "content", "type", "text", "image_url", "image_file", "url", "file_id", "name", "json_schema", "score_threshold"})


def _needed(path: tuple[str | int, ...], parent: Any) -> bool:
    return path[-1] in _NEEDED or (path[-1] == "function" and isinstance(parent, dict) and parent.get("type") == "function")


@on_exchange(*_ROWS)
def refused(exchange: Exchange, context: Context) -> Iterator[Finding]:
    """A body with a documented violation, or a request whose case says so, is answered with a 4xx.

    A refusal proves a row only when the body breaks no other row; an acceptance disproves every row that it breaks.
    """
    if exchange.throttled:
        return
    broken = {row: _said(error) for row, error in breaches(exchange, context) if row in _ROWS}
    meant = exchange.case.requirements if exchange.case is not None and exchange.case.expect == "refused" else ()
    rows = {**{row: exchange.case.name for row in meant if row in _ROWS and exchange.case}, **broken}
    got = _outcome(exchange)
    if got is None:
        yield from (passed(row, exchange) for row in rows if row in meant or len(broken) == 1)
        return
    for row, said in rows.items():
        yield failed(row, exchange, where=f"request {said}", expected="a 4xx refusal with the error body, and nothing created", actual=got)


def _said(error: Violation) -> str:
    return f"{pointer(error.path) or '/'} ({error.message})"


def _outcome(exchange: Exchange) -> str | None:
    """None for a clean refusal, else what came instead."""
    response = exchange.response
    if response is None:
        return f"no answer: {exchange.failure.text if exchange.failure else 'nothing came'}"
    if response.refused:
        return None
    if response.ok:
        run = answer_run(exchange)
        return f"status {response.status}" + (f", run {run.get('id')} {run.get('status')}" if run else "")
    return f"status {response.status}"


@on_trace("isolation.refused-run-no-trace")
def nothing_left(trace: Trace, context: Context) -> Iterator[Finding]:
    """After a refused createRun the thread shows neither its additional_messages nor a run that nobody was told of."""
    refused_calls: list[Exchange] = []
    known: set[str] = set()
    accepted_texts: set[str] = set()
    whole = any(one.operation.name in ("createThread", "createThreadAndRun") and one.ok for one in trace)
    for exchange in trace:
        name = exchange.operation.name
        if name in CREATE and exchange.response is not None:
            if exchange.response.refused:
                refused_calls.append(exchange)
            else:
                known.add(str(answer_run(exchange).get("id")))
                accepted_texts |= _texts(exchange)
        elif name == "createMessage":
            accepted_texts |= {text for text in _strings(exchange.request.object.get("content"))}
        elif name == "listMessages" and exchange.ok and refused_calls:
            yield _no_message(exchange, refused_calls, accepted_texts)
        elif name == "listRuns" and exchange.ok and refused_calls and whole:
            yield _no_run(exchange, known)


def _texts(exchange: Exchange) -> set[str]:
    body = exchange.request.object
    thread = body.get("thread")
    lists = [body.get("additional_messages"), thread.get("messages") if isinstance(thread, dict) else None]
    messages = [one for group in lists if isinstance(group, list) for one in group if isinstance(one, dict)]
    return {text for message in messages for text in _strings(message.get("content"))}


def _strings(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    plain = [text.get("value") if isinstance(text, dict) else text for text in texts]
    return [text for text in plain if isinstance(text, str)]


def _listed(exchange: Exchange) -> list[dict[str, Any]]:
    data = exchange.response.object.get("data") if exchange.response else None
    return [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []


def _no_message(exchange: Exchange, refused_calls: list[Exchange], accepted: set[str]) -> Finding:
    sent = {text: call for call in refused_calls for text in _texts(call) - accepted}
    for entry in _listed(exchange):
        for text in _strings(entry.get("content")):
            if text in sent:
                return failed(
                    "isolation.refused-run-no-trace", sent[text], where=f"message {entry.get('id')}",
                    expected="no message of a refused call on the thread", actual=f"the refused call's message {text[:60]!r} is on the thread",
                )
    return verdict("isolation.refused-run-no-trace", True, exchange, expected="", actual="")


def _no_run(exchange: Exchange, known: set[str]) -> Finding:
    strange = [entry.get("id") for entry in _listed(exchange) if str(entry.get("id")) not in known]
    return verdict(
        "isolation.refused-run-no-trace", not strange, exchange, where="response /data",
        expected="only runs of accepted calls", actual=f"a run that no accepted call made: {strange[:3]}",
    )
