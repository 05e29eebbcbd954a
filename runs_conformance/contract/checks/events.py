"""Each event of a stream: its name, the object that the name calls for, the state that it must be in."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from runs_conformance.contract import grammar
from runs_conformance.contract.checks import event_objects as event_objects  # noqa: PLC0414 - its checks register themselves
from runs_conformance.contract.checks.common import around, at, collapse, name_of, stream
from runs_conformance.contract.compare import same
from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import brief
from runs_conformance.contract.judge import Context, on_exchange
from runs_conformance.contract.model import MISSING, Event, Exchange
from runs_conformance.contract.operations import STREAMABLE
from runs_conformance.contract.schemas import events as documented
from runs_conformance.contract.schemas import violations
from runs_conformance.contract.shapes import answer_rows, judge_shape

KINDS: Final = {
    "run": "thread.run",
    "run_step": "thread.run.step",
    "run_step_delta": "thread.run.step.delta",
    "thread": "thread",
    "message": "thread.message",
    "event_message": "thread.message",
    "message_delta": "thread.message.delta",
}
_CARRIERS: Final = (
    "event.thread-created",
    "event.run-created",
    "event.run-status",
    "event.step-created",
    "event.step-status",
    "event.message-status",
    "event.deltas",
)


_OWN: Final = {
    "thread.created": "event.thread-created",
    "thread.run.created": "event.run-created",
    "thread.run.step.created": "event.step-created",
}


def carrier(name: str) -> str:
    """The row that says what the event of this name carries."""
    if name in _OWN:
        return _OWN[name]
    if name.endswith(".delta"):
        return "event.deltas"
    family = name.rsplit(".", 1)[0]
    return {"thread.run.step": "event.step-status", "thread.message": "event.message-status"}.get(
        family, "event.run-status"
    )


@on_exchange("event.names", operations=STREAMABLE)
def names(exchange: Exchange, _: Context) -> Iterator[Finding]:
    yield from collapse(_names(exchange))


def _names(exchange: Exchange) -> Iterator[Finding]:
    """A documented name passes, and one that resembles none; a misspelt one is skipped by every client."""
    events = stream(exchange)
    for place, event in enumerate(events):
        meant = name_of(event)
        if event.name is None or event.is_done:
            continue
        yield verdict(
            "event.names",
            meant in (None, event.name),
            exchange,
            where=at(event),
            expected=meant or "a documented name",
            actual=around(events, place),
        )


@on_exchange(*dict.fromkeys((*_CARRIERS, *answer_rows(*KINDS))), operations=STREAMABLE)
def objects(exchange: Exchange, context: Context) -> Iterator[Finding]:
    """The right kind of object, in the right state, and each of its members by the schema."""
    yield from collapse(_objects(exchange, context))


def _objects(exchange: Exchange, context: Context) -> Iterator[Finding]:
    table = documented(context.edition)
    for event in stream(exchange):
        entry = table.get(name_of(event) or "")
        if entry is None or not event.object or entry.name in ("error", "done"):
            continue
        kind = entry.schemas[0]
        shown = event.object.get("object")
        if isinstance(shown, str) and shown != KINDS[kind]:
            yield failed(
                carrier(entry.name),
                exchange,
                where=at(event, "/object"),
                expected=KINDS[kind],
                actual=shown,
            )
            continue
        yield _state(exchange, event, entry.name, entry.status)
        yield from judge_shape(kind, event.json, exchange, at(event), context)


def _state(exchange: Exchange, event: Event, name: str, states: tuple[str, ...]) -> Finding:
    status = event.object.get("status")
    return verdict(
        carrier(name),
        not states or status in states,
        exchange,
        where=at(event, "/status"),
        expected=states,
        actual=f"{brief(status)} in {name}",
    )


@on_exchange("event.error", operations=STREAMABLE)
def error(exchange: Exchange, context: Context) -> Iterator[Finding]:
    """message, type, param and code, bare (vendor schema) or in a member `error` (what the SDKs read)."""
    for event in stream(exchange):
        if name_of(event) != "error" or event.json is MISSING:
            continue
        schemas = documented(context.edition)["error"].schemas
        fits = any(
            not violations(one, event.json, variant="accepted", edition=context.edition) for one in schemas
        )
        yield verdict(
            "event.error",
            fits,
            exchange,
            where=at(event),
            actual=event.json,
            expected="message, type, param and code, directly or in a member named error",
        )


@on_exchange("event.ids-constant", operations=STREAMABLE)
def ids(exchange: Exchange, _: Context) -> Iterator[Finding]:
    yield from collapse(_ids(exchange))


def _ids(exchange: Exchange) -> Iterator[Finding]:
    """One run and one thread: what the first run event says (the path, for tool outputs) holds for all."""
    events = [event for event in stream(exchange) if event.object]
    runs = [event for event in events if event.object.get("object") == "thread.run"]
    if not runs:
        return
    run = exchange.operation.id("run") or runs[0].object.get("id")
    thread = exchange.operation.id("thread") or runs[0].object.get("thread_id")
    for event in events:
        for member, wanted in _references(event.object, run, thread):
            given = event.object.get(member)
            # Messages of a run name it; null is what a client's message shows.
            if given is not None or (member in event.object and member == "run_id"):
                yield verdict(
                    "event.ids-constant",
                    given == wanted,
                    exchange,
                    where=at(event, f"/{member}"),
                    expected=brief(wanted),
                    actual=f"{brief(given)} in {event.name}",
                )


def _references(value: dict[str, Any], run: Any, thread: Any) -> tuple[tuple[str, Any], ...]:
    kind = value.get("object")
    if kind == "thread.run":
        return (("id", run), ("thread_id", thread))
    if kind in ("thread.run.step", "thread.message"):
        return (("run_id", run), ("thread_id", thread))
    return (("id", thread),) if kind == "thread" else ()


_PAIRS: Final = (
    ("thread.run.created", "thread.run.queued"),
    ("thread.run.step.created", "thread.run.step.in_progress"),
    ("thread.message.created", "thread.message.in_progress"),
)


@on_exchange("event.opening-pairs", operations=STREAMABLE)
def pairs(exchange: Exchange, _: Context) -> Iterator[Finding]:
    yield from collapse(_pairs(exchange))


def _pairs(exchange: Exchange) -> Iterator[Finding]:
    """The event directly after a created shows the same object; differing statuses are told by other rows."""
    events = [event for event in stream(exchange) if name_of(event) in grammar.NAMES]
    for one, two in pairwise(events):
        if (name_of(one), name_of(two)) not in _PAIRS or one.object.get("id") != two.object.get("id"):
            continue
        changed = [
            key for key in one.object if key not in two.object or not same(one.object[key], two.object[key])
        ]
        added = [key for key in two.object if key not in one.object]
        if not changed and not added:
            yield passed("event.opening-pairs", exchange, at(two))
        elif "status" not in changed:
            yield failed(
                "event.opening-pairs",
                exchange,
                where=at(two),
                expected=f"the object of event {one.index}",
                actual=f"other values of {brief(changed + added)}",
            )
