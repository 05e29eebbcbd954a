"""What lies inside what: messages in steps, steps in the run, and what is closed when the run closes."""

from collections.abc import Iterator
from typing import Any, Final

from runs_conformance.contract import grammar
from runs_conformance.contract.checks.common import dicts, inner
from runs_conformance.contract.checks.steps import call_ids
from runs_conformance.contract.checks.streamview import Fault, View, last

# The end of a run that cuts its open message off, and the reason that the message then gives.
REASONS: Final = {
    "thread.run.cancelled": "run_cancelled",
    "thread.run.expired": "run_expired",
    "thread.run.failed": "run_failed",
}


def nesting(view: View) -> Iterator[Fault]:
    yield from _one_open(view)
    yield from late_hosted(view)
    yield from _in_steps(view)
    yield from _ends(view)


def _in_steps(view: View) -> Iterator[Fault]:
    """Each created message in the step that names it; undecided if steps can't be told apart."""
    if not view.steps and any(name in grammar.STEP_EVENTS for _, name in view.sound):
        return
    path = ("step_details", "message_creation", "message_id")
    holders = {str(inner(value, *path)): identity for identity, value in view.objects.items()}
    for identity in view.opened:
        yield from _in_step(view, identity, holders.get(identity, ""))


def _in_step(view: View, message: str, step: str) -> Iterator[Fault]:
    row, created = "order.message-in-step", last(view.messages[message], ("thread.message.created",))
    closed = last(view.messages[message], grammar.MESSAGE_CLOSINGS)
    begin = view.steps[step][0][0] if step in view.steps else len(view.events)
    end = last(view.steps.get(step, []), grammar.STEP_CLOSINGS)
    if created is not None and (begin > created or (end is not None and end < created)):
        yield Fault(row, created, (f"an open message_creation step that names {message}",))
    elif end is not None and closed is not None and end < closed:
        yield Fault(row, end, (f"the closing of message {message} before its step closes",))


def _one_open(view: View) -> Iterator[Fault]:
    """A message that never closes is told by its own automaton."""
    for name, events in view.opened.items():
        end = last(events, grammar.MESSAGE_CLOSINGS)
        for other in view.opened.values():
            begin = other[0][0]
            if end is not None and events[0][0] < begin < end:
                yield Fault("order.one-message-open", begin, (f"the closing of message {name} first",))


def late_hosted(view: View) -> Iterator[Fault]:
    for identity in view.hosted & view.steps.keys():
        begin, end = view.steps[identity][0][0], last(view.steps[identity], grammar.STEP_CLOSINGS)
        others = [events[0][0] for other, events in view.steps.items() if other != identity]
        after = min((at for at in others if at > begin), default=None)
        if after is not None and (end is None or end > after):
            yield Fault("order.hosted-step-closed", after, (f"the closing of step {identity} first",))


def _ends(view: View) -> Iterator[Fault]:
    """What must be closed when the run closes, and what stays open while it waits."""
    if view.close is None:
        return
    at, name = view.close
    if name == "thread.run.requires_action":
        yield from _waiting_steps(view, call_ids(view.events[at].object))
    if name == "thread.run.completed" and view.events[at].object.get("status") == "completed":
        yield from _open_steps(view, at)
    yield from _open_messages(view, at, name)


def _open_steps(view: View, at: int) -> Iterator[Fault]:
    told = view.hosted if any(late_hosted(view)) else set[str]()
    for identity, events in view.steps.items():
        if last(events, grammar.STEP_CLOSINGS) is None and identity not in told:
            yield Fault("order.step-bracket", at, (f"the closing of step {identity} first",))


def _open_messages(view: View, at: int, name: str) -> Iterator[Fault]:
    reason = REASONS.get(name)
    for identity, events in view.opened.items():
        closing = last(events, grammar.MESSAGE_CLOSINGS)
        if closing is None and reason is None:
            yield Fault("order.message-bracket", at, (f"the closing of message {identity} first",))
        elif reason is not None and _cut_badly(view, closing, reason):
            wanted = f"thread.message.incomplete of {identity} with reason {reason} first"
            yield Fault("lifecycle.message-ends-with-run", at if closing is None else closing, (wanted,))


def _cut_badly(view: View, closing: int | None, reason: str) -> bool:
    """Not closed, or closed as cut off by another end of the run than the one that came."""
    given = None if closing is None else inner(view.events[closing].object, "incomplete_details", "reason")
    return closing is None or (given in REASONS.values() and given != reason)


def _waiting_steps(view: View, needed: frozenset[str]) -> Iterator[Fault]:
    for identity in asking_steps(view, needed):
        end = last(view.steps.get(identity, []), grammar.STEP_CLOSINGS)
        if end is not None:
            wanted = f"step {identity} stays open until the outputs are submitted"
            yield Fault("order.open-tool-step", end, (wanted,))


def asking_steps(view: View, needed: frozenset[str]) -> list[str]:
    """The steps that hold one of these calls; if only deltas show calls, the last step of tool calls."""
    holding = [identity for identity, value in view.objects.items() if needed & _call_ids(value)]
    calling = [identity for identity, value in view.objects.items() if value.get("type") == "tool_calls"]
    return holding or calling[-1:]


def _call_ids(step: dict[str, Any]) -> frozenset[str]:
    return frozenset(str(call.get("id")) for call in dicts(inner(step, "step_details", "tool_calls")))
