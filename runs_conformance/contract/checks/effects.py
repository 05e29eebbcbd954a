"""What a run's settings and its end bring about, as far as steps, messages and usage show it."""

import re
from collections.abc import Iterator
from typing import Any, Final

from referencing import Registry
from referencing.exceptions import Unresolvable

from runs_conformance.contract.checks.common import collapse, dicts, inner, whole
from runs_conformance.contract.checks.steps import required_calls
from runs_conformance.contract.compare import same
from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import MISSING, brief, decode
from runs_conformance.contract.judge import Context, on_trace
from runs_conformance.contract.model import Exchange, Snapshot, Trace
from runs_conformance.contract.operations import CREATE
from runs_conformance.contract.timeline import Sighting, Span, Story, stories
from runs_conformance.contract.traces import answer_run, objects, of_kind
from runs_conformance.contract.violations import exact_validator

_JSON_FORMATS: Final = ("json_object", "json_schema")
_COUNTS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")


def _last(story: Story) -> Sighting:
    return story.sightings[-1]


def _request(story: Story) -> dict[str, Any]:
    """The body that created the run; empty if the trace does not show it."""
    for span in story.spans:
        if span.exchange.operation.name in CREATE and answer_run(span.exchange).get("id") == story.id:
            return span.exchange.request.object
    return {}


def _setting(story: Story, name: str) -> Any:
    asked = _request(story).get(name)
    return asked if asked is not None else story.sightings[0].run.get(name)


def _steps(story: Story) -> dict[str, Snapshot]:
    """The run's steps, each as it was seen last."""
    found: dict[str, Snapshot] = {}
    for span in story.spans:
        for shown in of_kind(span.exchange, "thread.run.step"):
            if shown.value.get("run_id") == story.id and isinstance(shown.value.get("id"), str):
                found[shown.value["id"]] = shown
    return found


def _messages(story: Story) -> dict[str, Snapshot]:
    found: dict[str, Snapshot] = {}
    for span in story.spans:
        for shown in objects(span.exchange):
            whole = shown.event is None or shown.event.name == "thread.message.completed"
            mine = shown.value.get("object") == "thread.message" and shown.value.get("run_id") == story.id
            if mine and whole and shown.value.get("role") == "assistant":
                found[str(shown.value.get("id"))] = shown
    return found


@on_trace("lifecycle.token-limit-incomplete")
def token_limits(trace: Trace, _: Context) -> Iterator[Finding]:
    """Incomplete names a limit that the run has; completed stayed within both."""
    for story in stories(trace):
        run, exchange = _last(story).run, _last(story).snapshot.exchange
        limits = {
            name: run[name]
            for name in ("max_prompt_tokens", "max_completion_tokens")
            if isinstance(run.get(name), int)
        }
        reason = inner(run, "incomplete_details", "reason")
        if run.get("status") == "incomplete" and isinstance(reason, str):
            yield verdict(
                "lifecycle.token-limit-incomplete",
                reason in limits,
                exchange,
                where="/incomplete_details/reason",
                expected=f"a limit that the run has: {brief(limits)}",
                actual=reason,
            )
        elif run.get("status") == "completed" and limits:
            used = {name: inner(run, "usage", name.removeprefix("max_")) for name in limits}
            over = [name for name, count in used.items() if isinstance(count, int) and count > limits[name]]
            yield verdict(
                "lifecycle.token-limit-incomplete",
                not over,
                exchange,
                where="/usage",
                actual=brief(run.get("usage")),
                expected=f"incomplete, or usage within {brief(limits)}",
            )


@on_trace("lifecycle.tool-choice.none", "lifecycle.tool-choice.forced")
def tool_choice(trace: Trace, _: Context) -> Iterator[Finding]:
    for story in stories(trace):
        choice = _setting(story, "tool_choice")
        if choice == "none":
            yield from _no_tools(story)
        elif choice == "required" or isinstance(choice, dict):
            yield from _forced(story, choice)


def _no_tools(story: Story) -> Iterator[Finding]:
    row, exchange = "lifecycle.tool-choice.none", _last(story).snapshot.exchange
    steps = list(_steps(story).values())
    called = [shown for shown in steps if shown.value.get("type") == "tool_calls"]
    waited = [one for one in story.sightings if one.status == "requires_action"]
    if called or waited:
        told = called[0].exchange if called else waited[0].snapshot.exchange
        yield failed(
            row, told, expected="no tool_calls step with tool_choice none", actual="the run called a tool"
        )
    elif steps and _last(story).status == "completed":
        yield passed(row, exchange)


def _forced(story: Story, choice: Any) -> Iterator[Finding]:
    """A call in required_action or a tool step first; a message first breaks it. No steps shown: not decided."""
    row = "lifecycle.tool-choice.forced"
    calls = [call for one in story.sightings for call in required_calls(one.run)]
    steps = sorted(
        _steps(story).values(), key=lambda one: (_created(one), one.value.get("type") != "tool_calls")
    )
    exchange = steps[0].exchange if steps else _last(story).snapshot.exchange
    complete = _from_start(story)
    if complete and steps and steps[0].value.get("type") == "message_creation":
        yield failed(
            row,
            exchange,
            expected="a tool call before the message",
            actual=f"first step {brief(steps[0].value)}",
        )
        return
    calls += [call for one in steps for call in dicts(inner(one.value, "step_details", "tool_calls"))]
    fine = bool(calls) and (choice == "required" or any(_named(call, choice) for call in calls))
    if fine or (complete and calls):
        yield verdict(row, fine, exchange, expected=f"a call of {brief(choice)}", actual=calls)


def _from_start(story: Story) -> bool:
    """The run's first steps were seen: its creation was streamed, or all steps were listed after its end."""
    first = story.sightings[0].span.exchange
    streamed = first.streamed and first.operation.name in CREATE
    return streamed or (_last(story).final and _all_steps(story))


def _created(shown: Snapshot) -> int:
    created = shown.value.get("created_at")
    return created if isinstance(created, int) else 0


def _named(call: dict[str, Any], choice: dict[str, Any]) -> bool:
    name = inner(choice, "function", "name")
    return call.get("type") == choice.get("type") and name in (None, inner(call, "function", "name"))


@on_trace("lifecycle.json-mode", "lifecycle.json-schema-strict")
def json_answers(trace: Trace, context: Context) -> Iterator[Finding]:
    """The texts of a completed run's messages, parsed, and held against a strict schema that was asked for."""
    yield from collapse(
        finding
        for story in stories(trace)
        if _last(story).status == "completed"
        and inner(_setting(story, "response_format"), "type") in _JSON_FORMATS
        for shown in _messages(story).values()
        for text in _texts(shown.value)
        for finding in _json_text(shown.exchange, shown.where, text, _setting(story, "response_format"))
    )


def _texts(message: dict[str, Any]) -> list[str]:
    texts = [inner(part, "text", "value") for part in dicts(message.get("content"))]
    return [text for text in texts if isinstance(text, str)]


def _json_text(exchange: Exchange, where: str, text: str, wanted: dict[str, Any]) -> Iterator[Finding]:
    decoded = decode(text.encode("utf-8", "surrogatepass"))
    parsed = decoded.value is not MISSING
    yield verdict(
        "lifecycle.json-mode",
        parsed,
        exchange,
        where=where,
        expected="a text that is JSON",
        actual=brief(text),
    )
    schema = inner(wanted, "json_schema", "schema")
    if parsed and inner(wanted, "json_schema", "strict") is True and isinstance(schema, dict):
        problem = _misfit(schema, decoded.value)
        if problem is not None:
            yield verdict(
                "lifecycle.json-schema-strict",
                not problem,
                exchange,
                where=where,
                expected=f"a text that fits the schema: {problem}",
                actual=brief(text),
            )


def _misfit(schema: dict[str, Any], value: Any) -> str | None:
    """The first breach, "" for none; None for a schema that can't be used (malformed, or pointing elsewhere).

    The empty registry keeps the validator from fetching what a schema points to.
    """
    try:
        error = next(iter(exact_validator(schema, Registry()).iter_errors(value)), None)
    except (Unresolvable, re.error, TypeError, ValueError, AttributeError, RecursionError):
        return None
    return "" if error is None else error.message[:200]


@on_trace("lifecycle.steps-end-with-run")
def steps_end(trace: Trace, _: Context) -> Iterator[Finding]:
    """Steps read after the run was seen cancelled, failed or expired."""
    for story in stories(trace):
        ended = next(
            (one for one in story.sightings if one.status in ("cancelled", "failed", "expired")), None
        )
        for span in story.spans if ended is not None else ():
            assert ended is not None
            if ended.span.before(span) and span.exchange.operation.name in ("listRunSteps", "getRunStep"):
                mine = [
                    one
                    for one in of_kind(span.exchange, "thread.run.step")
                    if one.value.get("run_id") == story.id
                ]
                left = [one.value.get("id") for one in mine if one.value.get("status") == "in_progress"]
                if mine:
                    yield verdict(
                        "lifecycle.steps-end-with-run",
                        not left,
                        span.exchange,
                        actual=f"in_progress: {brief(left)}",
                        expected=f"no step in_progress once the run is {ended.status}",
                    )


@on_trace("lifecycle.run-messages", "lifecycle.additional-messages-first")
def thread_messages(trace: Trace, _: Context) -> Iterator[Finding]:
    """Whole lists of the thread's messages, read after the run had completed."""
    for story in stories(trace):
        done = next((one for one in story.sightings if one.status == "completed"), None)
        if done is None or trace.of("deleteMessage"):
            continue
        lists = [span for span in story.spans if done.span.before(span) and whole_list(span)]
        for span in lists[:1]:
            yield from _run_messages(story, span)
            yield from _additional(story, span)


def whole_list(span: Span) -> bool:
    """A list of all messages of the thread, of any run."""
    exchange = span.exchange
    asked = {key for key, _ in exchange.request.query}
    body = exchange.response.object if exchange.response else {}
    plain = exchange.operation.name == "listMessages" and exchange.ok and isinstance(body.get("data"), list)
    return plain and not asked & {"after", "before", "run_id"} and body.get("has_more") is False


def _listed(span: Span) -> list[dict[str, Any]]:
    """Oldest first."""
    data = dicts(inner(span.exchange.answer, "data"))
    oldest_first = data if ("order", "asc") in span.exchange.request.query else data[::-1]
    return sorted(oldest_first, key=lambda one: one["created_at"] if whole(one.get("created_at")) else 0)


def _run_messages(story: Story, span: Span) -> Iterator[Finding]:
    """The messages that the run's steps or events name are on the thread and name the run."""
    wrote = {
        inner(one.value, "step_details", "message_creation", "message_id") for one in _steps(story).values()
    }
    wrote |= set(_messages(story))
    listed = {one.get("id"): one for one in _listed(span)}
    for name in sorted(str(one) for one in wrote - {None}):
        shown = {key: listed.get(name, {}).get(key) for key in ("role", "run_id", "assistant_id")}
        wanted = {
            "role": "assistant",
            "run_id": story.id,
            "assistant_id": _last(story).run.get("assistant_id"),
        }
        yield verdict(
            "lifecycle.run-messages",
            shown == wanted,
            span.exchange,
            where=f"message {name}",
            expected=brief(wanted, 200),
            actual=brief(shown, 200) if name in listed else "not on the thread",
        )


def _additional(story: Story, span: Span) -> Iterator[Finding]:
    given = [_sent_text(one) for one in dicts(_request(story).get("additional_messages"))]
    listed = _listed(span)
    own = next((at for at, one in enumerate(listed) if one.get("run_id") == story.id), len(listed))
    if not given or None in given:
        return
    shown = [
        text
        for one in listed[:own]
        if one.get("run_id") is None
        for text in ["".join(_texts(one))]
        if text in given
    ]
    fine = shown[-len(given) :] == given
    yield verdict(
        "lifecycle.additional-messages-first",
        fine,
        span.exchange,
        expected=f"{brief(given)} before the run's own messages",
        actual=f"before them stand {brief(shown)}",
    )


def _sent_text(message: dict[str, Any]) -> str | None:
    """The text of a message that was sent; None if it has parts that are not text."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = [part.get("text") for part in dicts(content)]
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts) if texts and len(texts) == len(parts) else None


@on_trace("response.usage.steps-sum")
def usage_sum(trace: Trace, _: Context) -> Iterator[Finding]:
    """Decided if all steps were seen: a whole list read after the end, or nothing but streams from the start on."""
    for story in stories(trace):
        usage = _last(story).run.get("usage")
        steps = list(_steps(story).values())
        if (
            _last(story).status != "completed"
            or not isinstance(usage, dict)
            or not _all_steps(story)
            or not steps
        ):
            continue
        counts = [one.value.get("usage") for one in steps]
        if all(isinstance(count, dict) for count in counts):
            total = {
                name: sum(found for one in counts if whole(found := inner(one, name))) for name in _COUNTS
            }
            given = {name: usage.get(name) for name in _COUNTS}
            yield verdict(
                "response.usage.steps-sum",
                given == total,
                _last(story).snapshot.exchange,
                where="/usage",
                expected=f"the sum of its {len(steps)} steps, {brief(total)}",
                actual=given,
            )


def _all_steps(story: Story) -> bool:
    ended = next(one for one in story.sightings if one.final)
    for span in story.spans:
        exchange = span.exchange
        plain = not {key for key, _ in exchange.request.query} & {"after", "before"}
        listed = (
            exchange.operation.name == "listRunSteps"
            and exchange.operation.id("run") == story.id
            and exchange.ok
        )
        if listed and plain and ended.span.before(span) and inner(exchange.answer, "has_more") is False:
            return True
    made = [one for one in story.spans if answer_run(one.exchange).get("id") == story.id]
    made = [
        one
        for one in made
        if one.exchange.operation.name in (*CREATE, "submitToolOutputs") and one.exchange.ok
    ]
    return (
        bool(made)
        and made[0].exchange.operation.name in CREATE
        and all(one.exchange.streamed for one in made)
    )


@on_trace("isolation.streamed-equals-polled")
def streamed_equals_polled(trace: Trace, _: Context) -> Iterator[Finding]:
    """Two createRun calls of one thread whose bodies differ in `stream` only: the same keys, the same settings asked for."""
    calls = [one for one in trace.of("createRun") if answer_run(one)]
    for one in calls:
        for two in calls:
            alike = _plain(one) == _plain(two) and one.request.query == two.request.query
            if alike and one.streamed and not two.streamed:
                yield _same_runs(one, two)


def _plain(exchange: Exchange) -> dict[str, Any]:
    return {key: value for key, value in exchange.request.object.items() if key != "stream"}


def _same_runs(one: Exchange, two: Exchange) -> Finding:
    left, right = answer_run(one), answer_run(two)
    asked = [name for name in _plain(one) if name in left and name in right]
    differ = sorted(
        {*(left.keys() ^ right.keys()), *(name for name in asked if not same(left[name], right[name]))}
    )
    return verdict(
        "isolation.streamed-equals-polled",
        not differ,
        one,
        expected=f"the keys and settings of {two.id}",
        actual=f"other {brief(differ)}",
    )
