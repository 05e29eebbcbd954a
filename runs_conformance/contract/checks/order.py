"""The order of events: the automata of `grammar` run over a stream, with the rules of `nesting`.

Each rule speaks for itself, so that one fault is one finding. After an error event nothing else is asked of a
stream, and of one that broke off only why it has no end. Unknown names are passed over. If an event has no
name, the order can't be told; if one lacks its step's or message's id, nothing is said about those.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from runs_conformance.contract import grammar
from runs_conformance.contract.checks.common import (
    around,
    at,
    broke_off,
    collapse,
    cut_by_client,
    name_of,
    stream,
)
from runs_conformance.contract.checks.nesting import REASONS, asking_steps, nesting
from runs_conformance.contract.checks.steps import call_ids
from runs_conformance.contract.checks.streamview import Fault, Placed, View, last
from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import brief
from runs_conformance.contract.judge import Context, on_exchange, on_trace
from runs_conformance.contract.model import Exchange, Trace
from runs_conformance.contract.operations import STREAMABLE
from runs_conformance.contract.traces import answer_run

_ROWS: Final = (
    "order.create-run-start",
    "order.create-thread-and-run-start",
    "order.run-head",
    "order.run-created-once",
    "order.status-forward",
    "order.run-close-last",
    "order.requires-action-last",
    "order.error-last",
    "order.submit-start",
    "order.step-bracket",
    "order.step-in-progress",
    "order.message-bracket",
    "order.delta-after-created",
    "order.message-in-step",
    "order.one-message-open",
    "order.hosted-step-closed",
    "order.open-tool-step",
    "lifecycle.message-ends-with-run",
)
_STARTS: Final = {
    "createRun": "order.create-run-start",
    "createThreadAndRun": "order.create-thread-and-run-start",
    "submitToolOutputs": "order.submit-start",
}


@on_exchange(*_ROWS, operations=STREAMABLE)
def order(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Every order rule that the stream decides."""
    events = stream(exchange)
    if not events or any(event.name is None and not event.is_done for event in events):
        return
    view = View(exchange.operation.name, events)
    faults = [*_run(view), *_steps(view), *_messages(view), *nesting(view)]
    told = sorted(faults, key=lambda fault: fault.position)
    yield from collapse(_finding(fault, view, exchange) for fault in told)
    broken = {fault.row for fault in faults}
    yield from (passed(row, exchange) for row in _exercised(view) if row not in broken)


def _finding(fault: Fault, view: View, exchange: Exchange) -> Finding:
    where = at(view.events[fault.position])
    seen = around(view.events, fault.position)
    return failed(fault.row, exchange, where=where, expected=fault.expected, actual=seen)


def _run(view: View) -> Iterator[Fault]:
    """The stream's own automaton; what comes after done is `done_last`'s."""
    automaton = grammar.STREAMS[view.operation]
    state, seen, owed = automaton.start, set[str](), set[str]()
    for position, name in view.known:
        symbol = grammar.SYMBOLS[name]
        after, row = automaton.move(state, symbol)
        if row is not None and symbol in owed:
            row, after = None, state
        if row is not None:
            owed |= set(automaton.head) - seen
        if row is not None and row != "order.done-last":
            yield Fault(row, position, grammar.names_of(automaton.legal(state)))
        seen.add(symbol)
        owed.discard(symbol)
        state = after


def _walk(
    automaton: grammar.Automaton, start: str, events: Placed, words: Mapping[str, str]
) -> Iterator[Fault]:
    """One step's or message's automaton over its events."""
    state = start
    for position, name in events:
        after, row = automaton.move(state, words[name])
        if row is not None:
            legal = grammar.names_of(automaton.legal(state), words, words)
            yield Fault(row, position, legal or ("no further event of this object",))
        state = after


def _steps(view: View) -> Iterator[Fault]:
    following = {one: view.known[place + 1] for place, (one, _) in enumerate(view.known[:-1])}
    for identity, events in view.steps.items():
        first = next((one for one, name in events if name == "thread.run.step.created"), None)
        waiting = view.operation == "submitToolOutputs" and first is None
        start = "waiting" if waiting else grammar.STEP.start
        yield from _walk(grammar.STEP, start, events, grammar.STEP_WORDS)
        if first in following:
            yield from _followed(view, identity, *following[first])


def _followed(view: View, identity: str, position: int, name: str) -> Iterator[Fault]:
    """The event after a step's created is its in_progress; an end of the run there is documented nowhere."""
    own = name == "thread.run.step.in_progress" and view.events[position].object.get("id") == identity
    if name in (*grammar.STEP_EVENTS, *grammar.MESSAGE_EVENTS) and not own:
        yield Fault("order.step-in-progress", position, (f"thread.run.step.in_progress of {identity}",))


def _messages(view: View) -> Iterator[Fault]:
    for events in view.messages.values():
        yield from _walk(grammar.MESSAGE, grammar.MESSAGE.start, events, grammar.MESSAGE_WORDS)


def _exercised(view: View) -> Iterator[str]:
    """The rules that the stream gave an occasion to break."""
    names = {name for _, name in view.known}
    symbols = {grammar.SYMBOLS[name] for name in names}
    submit = view.operation == "submitToolOutputs"
    occasions = {
        _STARTS[view.operation]: True,
        "order.run-created-once": submit or "created" in symbols,
        "order.run-head": not submit and "in_progress" in symbols,
        "order.status-forward": len(names & set(grammar.RUN_EVENTS)) > 1,
        "order.run-close-last": bool({"finish", "abort"} & symbols) and "done" in symbols,
        "order.requires-action-last": {"wait", "done"} <= symbols,
        "order.error-last": "error" in symbols,
        "order.step-bracket": bool(view.steps),
        "order.step-in-progress": bool(view.steps) and "thread.run.step.created" in names,
        "order.message-bracket": bool(view.messages),
        "order.message-in-step": bool(view.opened),
        "order.one-message-open": bool(view.opened),
        "order.delta-after-created": bool(names & {"thread.message.delta", "thread.run.step.delta"}),
        "order.hosted-step-closed": bool(view.hosted & view.steps.keys()),
    }
    yield from (row for row, there in occasions.items() if there)
    yield from _exercised_at_close(view)


def _exercised_at_close(view: View) -> Iterator[str]:
    if view.close is None:
        return
    position, name = view.close
    if name == "thread.run.requires_action" and asking_steps(view, call_ids(view.events[position].object)):
        yield "order.open-tool-step"
    cut = (last(events, ("thread.message.incomplete",)) for events in view.opened.values())
    if name in REASONS and any(one is not None for one in cut):
        yield "lifecycle.message-ends-with-run"


@on_exchange("order.done-last", operations=STREAMABLE)
def done_last(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Exactly one end marker and nothing after it; a stream that broke off is told here, and why."""
    events, response = stream(exchange), exchange.response
    if response is None or response.events is None or not response.ok:
        return
    ends = [place for place, event in enumerate(events) if name_of(event) == "done"]
    if ends:
        yield _nothing_after(exchange, ends[0])
    elif not cut_by_client(exchange) and not any(name_of(event) == "error" for event in events):
        reason = f"; {response.failure.text}" if response.failure is not None else ""
        yield failed(
            "order.done-last",
            exchange,
            where="end of the stream",
            expected="one done event with the data [DONE], last",
            actual=f"{around(events, len(events))}{reason}",
        )


def _nothing_after(exchange: Exchange, done: int) -> Finding:
    events = stream(exchange)
    cut = len(events) - 1 if broke_off(exchange) and not events[-1].ended else len(events)
    later = next((place for place in range(done + 1, cut)), None)
    if later is None:
        return passed("order.done-last", exchange)
    return failed(
        "order.done-last",
        exchange,
        where=at(events[later]),
        expected="nothing after done",
        actual=around(events, later),
    )


@on_trace("order.submit-start")
def waiting_step(trace: Trace, _: Context) -> Iterator[Finding]:
    """The step that the stream of the outputs closes first is one that the stream before left open."""
    waiting: dict[str, list[str]] = {}
    for exchange in trace:
        if exchange.operation.name not in STREAMABLE or not stream(exchange):
            # Outputs that are taken without a stream close the step unseen.
            if exchange.operation.name == "submitToolOutputs" and not exchange.refused:
                waiting.pop(str(exchange.operation.id("run")), None)
            continue
        view, run = View(exchange.operation.name, stream(exchange)), str(answer_run(exchange).get("id"))
        first = view.sound[:1]
        if waiting.get(run) and first and first[0][1] in grammar.STEP_CLOSINGS:
            shown = view.events[first[0][0]]
            yield verdict(
                "order.submit-start",
                shown.object.get("id") in waiting[run],
                exchange,
                where=at(shown, "/id"),
                expected=f"the closing of {brief(waiting[run])}",
                actual=brief(shown.object.get("id")),
            )
        at_close = view.events[view.close[0]].object if view.close is not None else {}
        waiting[run] = asking_steps(view, call_ids(at_close))
