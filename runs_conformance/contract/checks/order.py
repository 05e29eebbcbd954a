"""The order of events: the automata of `grammar` run over a stream, and the rules between objects of several kinds.

Each rule speaks for itself, so that one fault is one finding. After an error event nothing else is asked of a stream, and
of one that broke off only why it has no end. Events without a name or with an unknown one are passed over; if events that
should name a step or a message don't, what they belong to can't be told and nothing is said about steps or messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from runs_conformance.contract import grammar
from runs_conformance.contract.checks.common import (
    around, broke_off, collapse, cut_by_client, dicts, inner, name_of, stream,
)  # fmt: skip
from runs_conformance.contract.checks.steps import call_ids, is_hosted, step_objects
from runs_conformance.contract.findings import Finding, failed, passed
from runs_conformance.contract.judge import Context, on_exchange
from runs_conformance.contract.model import Event, Exchange
from runs_conformance.contract.operations import STREAMABLE

_ROWS: Final = (
    "order.create-run-start", "order.create-thread-and-run-start", "order.run-head", "order.run-created-once",
    "order.status-forward", "order.run-close-last", "order.requires-action-last", "order.error-last", "order.submit-start",
    "order.step-bracket", "order.step-in-progress", "order.message-bracket", "order.delta-after-created",
    "order.message-in-step", "order.one-message-open", "order.hosted-step-closed", "order.open-tool-step",
    "lifecycle.message-ends-with-run",
)  # fmt: skip
_REASON: Final = {
    "thread.run.cancelled": "run_cancelled", "thread.run.expired": "run_expired", "thread.run.failed": "run_failed",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """A rule broken at a position of the stream, with what could have stood there."""

    row: str
    position: int
    expected: tuple[str, ...]


@dataclass(frozen=True)
class View:
    """A stream's events up to an error event, by position, with their documented names."""

    operation: str
    events: tuple[Event, ...]

    @cached_property
    def known(self) -> list[tuple[int, str]]:
        return [(at, name) for at, event in enumerate(self.events) if (name := name_of(event)) is not None]

    @cached_property
    def sound(self) -> list[tuple[int, str]]:
        """The known events before an error, the end of the run, or the end marker."""
        over = ("error", "done")
        end = next((place for place, (_, name) in enumerate(self.known) if name in over), len(self.known))
        return self.known[:end]

    @cached_property
    def close(self) -> tuple[int, str] | None:
        """The event that ends the run or halts it for tool outputs."""
        stops = ("wait", "finish", "abort")
        return next(((at, name) for at, name in self.sound if grammar.SYMBOLS[name] in stops), None)

    def of(self, names: Sequence[str]) -> dict[str, list[tuple[int, str]]]:
        """The events with these names by the id of their object; empty if one of them has none."""
        found: dict[str, list[tuple[int, str]]] = {}
        for at, name in self.sound:
            if name in names:
                identity = self.events[at].object.get("id")
                if not isinstance(identity, str):
                    return {}
                found.setdefault(identity, []).append((at, name))
        return found

    @cached_property
    def steps(self) -> dict[str, list[tuple[int, str]]]:
        return self.of(grammar.STEP_EVENTS)

    @cached_property
    def opened(self) -> dict[str, list[tuple[int, str]]]:
        """The messages that were created."""
        first = "thread.message.created"
        return {one: events for one, events in self.messages.items() if any(name == first for _, name in events)}

    @cached_property
    def objects(self) -> dict[str, dict[str, Any]]:
        return step_objects(self.events)

    @cached_property
    def hosted(self) -> set[str]:
        return {identity for identity, value in self.objects.items() if is_hosted(value)}

    @cached_property
    def messages(self) -> dict[str, list[tuple[int, str]]]:
        return self.of(grammar.MESSAGE_EVENTS)


@on_exchange(*_ROWS, operations=STREAMABLE)
def order(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Every order rule that the stream decides."""
    events = stream(exchange)
    if not events or any(event.name is None and not event.is_done for event in events):
        return
    view = View(exchange.operation.name, events)
    faults = [*_run(view), *_steps(view), *_messages(view), *_between(view), *_ends(view)]
    yield from collapse(_finding(fault, view, exchange) for fault in sorted(faults, key=lambda fault: fault.position))
    broken = {fault.row for fault in faults}
    yield from (passed(row, exchange) for row in _exercised(view) if row not in broken)


def _finding(fault: Fault, view: View, exchange: Exchange) -> Finding:
    inside = fault.position < len(view.events)
    where = f"event {view.events[fault.position].index}" if inside else "end of the stream"
    return failed(fault.row, exchange, where=where, expected=fault.expected, actual=around(view.events, fault.position))


def _run(view: View) -> Iterator[Fault]:
    automaton = grammar.STREAMS[view.operation]
    state, seen, owed = automaton.start, set[str](), set[str]()
    for at, name in view.known:
        symbol = grammar.SYMBOLS[name]
        after, row = automaton.move(state, symbol)
        if row is not None and symbol in owed:
            row, after = None, state
        if row is not None:
            owed |= set(automaton.head) - seen
            if row != "order.done-last":
                yield Fault(row, at, grammar.names_of(automaton.legal(state)) or ("the end of the stream",))
        seen.add(symbol)
        owed.discard(symbol)
        state = after


def _walk(
    automaton: grammar.Automaton, start: str, events: Sequence[tuple[int, str]], word: Mapping[str, str]
) -> Iterator[Fault]:
    state = start
    names = tuple(dict.fromkeys((*grammar.STEP_EVENTS, *grammar.MESSAGE_EVENTS)))
    family = tuple(name for name in names if name.rsplit(".", 1)[0] == events[0][1].rsplit(".", 1)[0])
    for at, name in events:
        after, row = automaton.move(state, word[name])
        if row is not None:
            legal = grammar.names_of(automaton.legal(state), family, word)
            yield Fault(row, at, legal or ("no further event of this object",))
        state = after


def _steps(view: View) -> Iterator[Fault]:
    submit = view.operation == "submitToolOutputs"
    following = {at: view.known[place + 1] for place, (at, _) in enumerate(view.known[:-1])}
    for identity, events in view.steps.items():
        created = any(name == "thread.run.step.created" for _, name in events)
        start = "waiting" if submit and not created else grammar.STEP.start
        yield from _walk(grammar.STEP, start, events, grammar.WORD)
        first = next((at for at, name in events if name == "thread.run.step.created"), None)
        if first is not None and first in following:
            yield from _followed(view, identity, following[first])


def _followed(view: View, identity: str, following: tuple[int, str]) -> Iterator[Fault]:
    """The event after a step's created is its in_progress; an end of the run there is documented nowhere."""
    at, name = following
    own = view.events[at].object.get("id") == identity
    if name in (*grammar.STEP_EVENTS, *grammar.MESSAGE_EVENTS) and not (name.endswith("in_progress") and own):
        yield Fault("order.step-in-progress", at, (f"thread.run.step.in_progress of {identity}",))


def _messages(view: View) -> Iterator[Fault]:
    word = {name: name.rsplit(".", 1)[-1] for name in grammar.MESSAGE_EVENTS}
    for events in view.messages.values():
        yield from _walk(grammar.MESSAGE, grammar.MESSAGE.start, events, word)


def _last(events: Sequence[tuple[int, str]], names: Sequence[str]) -> int | None:
    return next((at for at, name in reversed(events) if name in names), None)


def _between(view: View) -> Iterator[Fault]:
    """What lies inside what: messages in their steps, one at a time; hosted tool steps one after the other."""
    yield from _one_open(view)
    yield from _hosted_closed(view)
    holders = {inner(value, "step_details", "message_creation", "message_id"): one for one, value in view.objects.items()}
    for identity, events in view.messages.items():
        created = next((at for at, name in events if name == "thread.message.created"), None)
        if created is not None and view.steps:
            yield from _inside(view, identity, created, _last(events, grammar.MESSAGE_CLOSINGS), holders.get(identity))
        elif created is not None and not any(name in grammar.STEP_EVENTS for _, name in view.sound):
            yield Fault("order.message-in-step", created, (f"an open message_creation step that names {identity}",))


def _inside(view: View, message: str, created: int, closed: int | None, step: str | None) -> Iterator[Fault]:
    row = "order.message-in-step"
    events = view.steps.get(step, []) if step is not None else []
    first = events[0][0] if events else len(view.events)
    end = _last(events, grammar.STEP_CLOSINGS)
    if first > created or (end is not None and end < created):
        yield Fault(row, created, (f"an open message_creation step that names {message}",))
    elif end is not None and closed is not None and end < closed:
        yield Fault(row, end, (f"the closing of message {message} before its step closes",))


def _one_open(view: View) -> Iterator[Fault]:
    spans = [(events[0][0], _last(events, grammar.MESSAGE_CLOSINGS), name) for name, events in view.opened.items()]
    for begin, end, name in spans:
        for other, _, _ in spans:
            if end is not None and begin < other < end:
                yield Fault("order.one-message-open", other, (f"the closing of message {name} first",))


def _hosted_closed(view: View) -> Iterator[Fault]:
    for identity, events in view.steps.items():
        begin, end = events[0][0], _last(events, grammar.STEP_CLOSINGS)
        others = [steps[0][0] for other, steps in view.steps.items() if other != identity]
        after = min((at for at in others if at > begin), default=None)
        if identity in view.hosted and after is not None and (end is None or end > after):
            yield Fault("order.hosted-step-closed", after, (f"the closing of step {identity} first",))


def _ends(view: View) -> Iterator[Fault]:
    """What must be closed when the run closes, and what stays open when it waits."""
    if view.close is None:
        return
    at, name = view.close
    if name == "thread.run.requires_action":
        yield from _waiting_step(view, call_ids(view.events[at].object))
    if name == "thread.run.completed" and view.events[at].object.get("status") == "completed":
        flagged = view.hosted if any(_hosted_closed(view)) else set()
        for identity, events in view.steps.items():
            if _last(events, grammar.STEP_CLOSINGS) is None and identity not in flagged:
                yield Fault("order.step-bracket", at, (f"the closing of step {identity} first",))
    yield from _open_messages(view, at, name)


def _open_messages(view: View, at: int, name: str) -> Iterator[Fault]:
    for identity, events in view.opened.items():
        closing = _last(events, grammar.MESSAGE_CLOSINGS)
        reason = _REASON.get(name)
        if closing is None and reason is None:
            yield Fault("order.message-bracket", at, (f"the closing of message {identity} first",))
        elif reason is not None and _cut_badly(view, closing, reason):
            wanted = f"thread.message.incomplete of {identity} with reason {reason} first"
            yield Fault("lifecycle.message-ends-with-run", at if closing is None else closing, (wanted,))


def _cut_badly(view: View, closing: int | None, reason: str) -> bool:
    """Not closed, or closed as cut off by another end of the run than the one that came."""
    if closing is None:
        return True
    given = inner(view.events[closing].object, "incomplete_details", "reason")
    return given in _REASON.values() and given != reason


def _waiting_step(view: View, needed: frozenset[str]) -> Iterator[Fault]:
    for identity, value in view.objects.items():
        end = _last(view.steps.get(identity, []), grammar.STEP_CLOSINGS)
        if end is not None and needed & _calls(value):
            yield Fault("order.open-tool-step", end, (f"step {identity} stays open until the outputs are submitted",))


def _calls(step: dict[str, Any]) -> frozenset[str]:
    return frozenset(str(call.get("id")) for call in dicts(inner(step, "step_details", "tool_calls")))


def _exercised(view: View) -> Iterator[str]:
    """The rules that the stream gave an occasion to break."""
    names = {name for _, name in view.known}
    symbols = {grammar.SYMBOLS[name] for name in names}
    submit = view.operation == "submitToolOutputs"
    starts = {"createRun": "order.create-run-start", "createThreadAndRun": "order.create-thread-and-run-start"}
    yield starts.get(view.operation, "order.submit-start")
    yield from ("order.run-created-once",) if submit or "created" in symbols else ()
    yield from ("order.run-head",) if not submit and "in_progress" in symbols else ()
    yield from ("order.status-forward",) if len(names & set(grammar.RUN_EVENTS)) > 1 else ()
    yield from ("order.run-close-last",) if {"finish", "abort"} & symbols and "done" in symbols else ()
    yield from ("order.requires-action-last",) if "wait" in symbols and "done" in symbols else ()
    yield from ("order.error-last",) if "error" in symbols else ()
    yield from _exercised_inside(view, names)


def _exercised_inside(view: View, names: set[str]) -> Iterator[str]:
    yield from ("order.step-bracket",) if view.steps else ()
    yield from ("order.step-in-progress",) if view.steps and "thread.run.step.created" in names else ()
    yield from ("order.message-bracket", "order.message-in-step", "order.one-message-open") if view.messages else ()
    yield from ("order.delta-after-created",) if names & {"thread.message.delta", "thread.run.step.delta"} else ()
    yield from ("order.hosted-step-closed",) if view.hosted & view.steps.keys() else ()
    if view.close is None:
        return
    at, name = view.close
    needed = call_ids(view.events[at].object)
    if name == "thread.run.requires_action" and any(needed & _calls(one) for one in view.objects.values()):
        yield "order.open-tool-step"
    closings = [_last(events, grammar.MESSAGE_CLOSINGS) for events in view.messages.values()]
    cut = [view.events[closing] for closing in closings if closing is not None]
    if name in _REASON and any(event.name == "thread.message.incomplete" for event in cut):
        yield "lifecycle.message-ends-with-run"


@on_exchange("order.done-last", operations=STREAMABLE)
def done_last(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Exactly one end marker, nothing after it; a stream that broke off before it is told here, with the reason."""
    events = stream(exchange)
    response = exchange.response
    if response is None or response.events is None or not response.ok:
        return
    ends = [at for at, event in enumerate(events) if name_of(event) == "done"]
    row = "order.done-last"
    if ends:
        later = [at for at in range(ends[0] + 1, len(events)) if events[at].data is not None or events[at].name is not None]
        if later:
            yield failed(
                row, exchange, where=f"event {events[later[0]].index}", expected="nothing after done",
                actual=around(events, later[0]),
            )  # fmt: skip
        else:
            yield passed(row, exchange)
    elif not cut_by_client(exchange) and not any(name_of(event) == "error" for event in events):
        reason = f": {response.failure.text}" if broke_off(exchange) and response.failure is not None else ""
        yield failed(
            row, exchange, where="end of the stream", expected="one done event with the data [DONE], last",
            actual=f"{around(events, len(events))}{reason}",
        )  # fmt: skip
