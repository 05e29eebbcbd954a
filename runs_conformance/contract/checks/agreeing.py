"""What is shown more than once agrees: within a stream, between two answers, between a run and its steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from runs_conformance.contract.checks.common import collapse, dicts, inner, whole
from runs_conformance.contract.checks.event_objects import calls
from runs_conformance.contract.checks.refusals import unsettled
from runs_conformance.contract.checks.runs import SETTINGS
from runs_conformance.contract.checks.steps import required_calls
from runs_conformance.contract.compare import difference, same, unchanged
from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import brief, pointer
from runs_conformance.contract.judge import Context, on_exchange, on_trace
from runs_conformance.contract.model import Exchange, Snapshot, Trace
from runs_conformance.contract.operations import CREATE, STREAMABLE
from runs_conformance.contract.timeline import Sighting, Span, Story, spans, stories
from runs_conformance.contract.traces import by_id, of_kind

RUN_ROW: Final = "event.run-constant"
PARTS_ROW: Final = "event.parts-constant"
_ACTS: Final = ("cancelRun", "submitToolOutputs")
_PARTS: Final = ("thread.message", "thread.run.step")


def _events(exchange: Exchange, kind: str) -> list[Snapshot]:
    return [shown for shown in of_kind(exchange, kind) if shown.event is not None]


@on_exchange(RUN_ROW, operations=STREAMABLE)
def run_events(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """What was settled when the run was made is the same in all its events (recordings: every stream)."""
    yield from collapse(_against_first(exchange, SETTINGS[3:]))


@on_trace(RUN_ROW)
def run_events_metadata(trace: Trace, _: Context) -> Iterator[Finding]:
    """The same of metadata, which a client may modify meanwhile."""
    if not trace.of("modifyRun"):
        yield from collapse(
            one for exchange in trace if exchange.streamed for one in _against_first(exchange, ("metadata",))
        )


def _against_first(exchange: Exchange, names: tuple[str, ...]) -> Iterator[Finding]:
    """Ids are another row's business: an event of another run is not compared."""
    events = _events(exchange, "thread.run")
    for later in events[1:]:
        first = events[0]
        if later.value.get("id") == first.value.get("id"):
            yield from _compared(RUN_ROW, first, later, names)


def _compared(row: str, first: Snapshot, later: Snapshot, names: tuple[str, ...]) -> Iterator[Finding]:
    origin = first.where if first.exchange is later.exchange else f"{first.exchange.id} {first.where}"
    shown = [name for name in names if name in first.value and name in later.value]
    changed = [name for name in shown if not unchanged(name, first.value[name], later.value[name])]
    if shown and not changed:
        yield passed(row, later.exchange, later.where)
    for name in changed:
        path, wanted, found = difference(first.value[name], later.value[name], same)
        yield failed(
            row, later.exchange, where=f"{later.where} {pointer((name, *path))}",
            expected=f"{wanted}, as in {origin}", actual=found,
        )


@on_exchange(PARTS_ROW, operations=STREAMABLE)
def part_events(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Messages and steps are the run's assistant's, and stay what they were when they were announced."""
    yield from collapse(_parts(exchange))


def _parts(exchange: Exchange) -> Iterator[Finding]:
    runs = _events(exchange, "thread.run")
    assistant = runs[0].value.get("assistant_id") if runs else None
    announced: dict[str, Snapshot] = {}
    for shown in (one for kind in _PARTS for one in _events(exchange, kind)):
        identity = shown.value.get("id")
        first = announced.setdefault(identity, shown) if isinstance(identity, str) else shown
        if isinstance(assistant, str) and "assistant_id" in shown.value:
            yield _of_assistant(shown, assistant)
        if first is not shown:
            yield from _compared(PARTS_ROW, first, shown, ("created_at", "type", "role"))


@on_trace(PARTS_ROW)
def listed_steps(trace: Trace, _: Context) -> Iterator[Finding]:
    """A step that is listed or retrieved is the work of its run's assistant too; null says nothing."""
    whose = {story.id: story.sightings[0].run.get("assistant_id") for story in stories(trace)}
    shown = (one for one in of_kind(trace, "thread.run.step") if one.event is None)
    yield from collapse(
        _of_assistant(one, assistant)
        for one in shown if one.value.get("assistant_id") is not None
        and isinstance(assistant := whose.get(str(one.value.get("run_id"))), str)
    )


def _of_assistant(shown: Snapshot, assistant: str) -> Finding:
    return verdict(
        PARTS_ROW, shown.value["assistant_id"] == assistant, shown.exchange,
        where=f"{shown.where} /assistant_id", expected=f"{assistant}, the run's",
        actual=brief(shown.value["assistant_id"]),
    )


_ENDS: Final = {"completed": "completed_at", "failed": "failed_at", "cancelled": "cancelled_at"}
_TIMES: Final = (*_ENDS.values(), "incomplete_at")


@on_exchange("response.timestamp.parts")
def part_times(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """When a step or a message ended: told for a step that did, and never before it was made."""
    yield from collapse(one for kind in _PARTS for shown in of_kind(exchange, kind) for one in _times(shown))


def _times(shown: Snapshot) -> Iterator[Finding]:
    value, row = shown.value, "response.timestamp.parts"
    end = _ENDS.get(str(value.get("status"))) if value.get("object") == "thread.run.step" else None
    if end is not None and end in value:
        yield verdict(
            row, value[end] is not None, shown.exchange, where=f"{shown.where} /{end}",
            expected=f"an integer, for the step is {value['status']}", actual=brief(value[end]),
        )
    made = value.get("created_at")
    for name in _TIMES:
        when = value.get(name)
        if whole(made) and whole(when):
            yield verdict(
                row, when >= made, shown.exchange, where=f"{shown.where} /{name}",
                expected=f"not before created_at ({made})", actual=when,
            )


FINAL_ROW: Final = "lifecycle.final-unchanged"
_KEPT: Final = ("completed_at", "failed_at", "cancelled_at", "last_error", "incomplete_details", "usage")


@on_trace(FINAL_ROW)
def final_objects(trace: Trace, _: Context) -> Iterator[Finding]:
    """A completed run or step, read again, says the same of its end; other ends may still be counted up."""
    steps = [_completed(shown) for shown in by_id(of_kind(trace, "thread.run.step")).values()]
    for seen in (*map(_since, stories(trace)), *steps):
        for later in seen[1:]:
            yield from collapse((*_compared(FINAL_ROW, seen[0], later, _KEPT), *_content(seen[0], later)))
    for story in stories(trace):
        yield from collapse(_left_open(story, _steps(trace).get(story.id, ())))


def _left_open(story: Story, steps: Sequence[tuple[Span, Snapshot]]) -> Iterator[Finding]:
    """A step is in progress though its run was completed before."""
    ended = next((one.span for one in story.sightings if one.status == "completed"), None)
    for span, step in steps:
        if ended is not None and ended.before(span):
            yield verdict(
                FINAL_ROW, step.value.get("status") != "in_progress", step.exchange,
                where=f"{step.where} /status", expected="a step that has ended, as its run has",
                actual="in_progress",
            )


def _steps(trace: Trace) -> dict[str, list[tuple[Span, Snapshot]]]:
    """The steps by their run, each with when it was shown; grouped once, for a thread's runs can be many."""
    if "steps by run" not in trace.derived:
        found: dict[str, list[tuple[Span, Snapshot]]] = {}
        for span in spans(trace):
            for step in of_kind(span.exchange, "thread.run.step"):
                found.setdefault(str(step.value.get("run_id")), []).append((span, step))
        trace.derived["steps by run"] = found
    known: dict[str, list[tuple[Span, Snapshot]]] = trace.derived["steps by run"]
    return known


def _since(story: Story) -> list[Snapshot]:
    """The run as first seen completed, then as seen in exchanges that surely came later."""
    ended = [one for one in story.sightings if one.status == "completed"]
    return [one.snapshot for one in ended[:1]] + [
        one.snapshot for one in ended[1:] if ended[0].span.before(one.span)
    ]


def _completed(steps: list[Snapshot]) -> list[Snapshot]:
    return [one for one in steps if one.value.get("status") == "completed"]


def _content(first: Snapshot, later: Snapshot) -> Iterator[Finding]:
    """The message or the calls that a step holds."""
    one, two = _held_by(first.value), _held_by(later.value)
    if one != two and one is not None and two is not None:
        yield failed(
            FINAL_ROW, later.exchange, where=f"{later.where} /step_details",
            expected=f"{brief(one)}, as in {first.exchange.id}", actual=brief(two),
        )


def _held_by(value: dict[str, Any]) -> Any:
    kind = inner(value, "step_details", "type")
    if kind == "message_creation":
        return inner(value, "step_details", "message_creation", "message_id")
    return sorted(str(one.get("id")) for one in calls(value)) if kind == "tool_calls" else None


@on_trace("lifecycle.settings-kept")
def settings_kept(trace: Trace, _: Context) -> Iterator[Finding]:
    """What cancel and tool outputs are answered with is the run that was created."""
    names = SETTINGS[2:] if trace.of("modifyRun") else (*SETTINGS[2:], "metadata")
    for seen in by_id(of_kind(trace, "thread.run")).values():
        first = next((one for one in seen if one.exchange.operation.name in CREATE), None)
        if first is None:
            continue
        acts = {one.exchange.id: one for one in reversed(seen) if one.exchange.operation.name in _ACTS}
        for later in acts.values():
            yield from collapse(_compared("lifecycle.settings-kept", first, later, names))


@on_trace("response.step.calls-agree")
def step_calls(trace: Trace, _: Context) -> Iterator[Finding]:
    """A call that the run asked for stands in its steps by the same id, name and arguments."""
    told, lists = _steps(trace), _step_lists(trace)
    for story in stories(trace):
        asked = _asked(story)
        if asked:
            steps, listed = told.get(story.id, ()), lists.get(story.id, ())
            yield from collapse((
                *(one for _, step in steps for one in _same_calls(step, asked)),
                *(one for span in listed for one in _all_there(span, asked)),
            ))


Asked = dict[str, tuple[Sighting, dict[str, Any]]]


def _asked(story: Story) -> Asked:
    """The calls that the run waited for, by id, each as it was first seen."""
    found: Asked = {}
    for sighting in story.sightings:
        for call in required_calls(sighting.run):
            if isinstance(call.get("id"), str):
                found.setdefault(call["id"], (sighting, call))
    return found


def _step_lists(trace: Trace) -> dict[str | None, list[Span]]:
    """The lists of all steps of a run, from the first to the last, by run."""
    found: dict[str | None, list[Span]] = {}
    for span in spans(trace):
        exchange, run = span.exchange, span.exchange.operation.id("run")
        paged = {key for key, _ in exchange.request.query} & {"after", "before"}
        if exchange.operation.name == "listRunSteps" and exchange.ok and not paged:
            data = inner(exchange.answer, "data")
            own = all(one.get("run_id") == run for one in dicts(data))
            if inner(exchange.answer, "has_more") is False and isinstance(data, list) and own:
                found.setdefault(run, []).append(span)
    return found


def _same_calls(step: Snapshot, asked: Asked) -> Iterator[Finding]:
    for call in calls(step.value):
        name = call.get("id")
        _, wanted = asked.get(name, (None, {})) if isinstance(name, str) else (None, {})
        for member in ("name", "arguments"):
            one, two = inner(wanted, "function", member), inner(call, "function", member)
            # An answer while the run still writes its calls shows them half.
            if isinstance(one, str) and isinstance(two, str) and step.value.get("status") == "completed":
                _, told, seen = difference(one, two)
                yield verdict(
                    "response.step.calls-agree", one == two, step.exchange,
                    where=f"{step.where} /step_details/tool_calls ({name})/function/{member}",
                    expected=f"{told}, as in required_action", actual=seen,
                )


def _all_there(listing: Span, asked: Asked) -> Iterator[Finding]:
    """A list of all steps, fetched after the run asked, holds every call."""
    wanted = [name for name, (seen, _) in asked.items() if seen.span.before(listing)]
    steps = dicts(inner(listing.exchange.answer, "data"))
    shown = {str(call.get("id")) for step in steps for call in calls(step)}
    missing = [name for name in wanted if name not in shown]
    if wanted:
        yield verdict(
            "response.step.calls-agree", not missing, listing.exchange,
            where="response /data/*/step_details/tool_calls",
            expected=f"the calls that the run asked for: {brief(wanted)}", actual=f"without {brief(missing)}",
        )


@on_trace("response.echo.thread")
def new_thread(trace: Trace, context: Context) -> Iterator[Finding]:
    """What was given for the thread of a createThreadAndRun, wherever that thread is shown afterwards.

    What becomes of one that breaks the contract, and is accepted, is not written down.
    """
    made = next((one for one in trace.of("createThreadAndRun") if one.ok), None)
    given = made.request.object.get("thread") if made is not None else None
    if made is None or not isinstance(given, dict) or trace.of("modifyThread"):
        return
    if "thread" in unsettled(made, context):
        return
    for shown in of_kind(trace, "thread"):
        if shown.value.get("id") == trace.thread_id and shown.exchange.operation.name != "createThread":
            yield from _thread(shown, given)


Path = tuple[str, ...]
_RESOURCES: Final[tuple[Path, ...]] = (
    ("tool_resources", "code_interpreter", "file_ids"), ("tool_resources", "file_search", "vector_store_ids"),
)


def _thread(shown: Snapshot, given: dict[str, Any]) -> Iterator[Finding]:
    wanted: list[tuple[Path, Any]] = [(("metadata",), given.get("metadata") or {})]
    wanted += [(path, sent) for path in _RESOURCES if (sent := inner(given, *path))]
    for path, sent in wanted:
        seen = inner(shown.value, *path)
        if path[0] in shown.value and (seen is not None or sent):
            kept, (below, wants, has) = same(sent, seen), difference(sent, seen, same)
            if path[0] == "tool_resources":
                # Files of messages' attachments are added to the thread's.
                kept, below, wants, has = _held(sent) <= _held(seen), (), brief(sent), brief(seen)
            yield verdict(
                "response.echo.thread", kept, shown.exchange,
                where=f"{shown.where} {pointer((*path, *below))}", expected=wants, actual=has,
            )


def _held(ids: Any) -> set[str]:
    """A file that is named twice is one file."""
    return {str(one) for one in ids} if isinstance(ids, list) else set()
