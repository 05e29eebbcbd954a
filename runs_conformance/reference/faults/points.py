"""The points at which a fault is put in: each makes a change of a whole behaviour out of a small function.

What the small function is given stands in the docstring; what it gives back takes the place of the faithful value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.contract.schemas import NEWEST, Violation, violations
from runs_conformance.reference.validation import from_violation

if TYPE_CHECKING:
    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call, PageRequest
    from runs_conformance.reference.faults.record import Change, Point
    from runs_conformance.reference.options import ReferenceOptions
    from runs_conformance.reference.records import (
        Assistant,
        Event,
        Json,
        Message,
        Run,
        Settings,
        Step,
        Thread,
    )
    from runs_conformance.reference.refusals import Refusal

Small = Callable[..., Any]
CREATES = frozenset({"create_run", "create_thread_and_run"})


def around(field: str) -> Point:
    """`change(faithful function) -> function` for any field of a behaviour."""

    def point(change: Small) -> Change:
        return lambda faithful: replace(faithful, **{field: change(getattr(faithful, field))})

    return point


def behaviour(change: Small) -> Change:
    """The whole: `change(behaviour) -> behaviour`. State of the fault lives in its closure."""
    return change


def without(*fields: str) -> Change:
    """Checks that are left out."""

    def nothing(*_arguments: object) -> None:
        return

    changes: dict[str, Any] = dict.fromkeys(fields, nothing)
    return lambda faithful: replace(faithful, **changes)


def runs(change: Small) -> Change:
    """`change(run, shaped)`, wherever a run is shown."""

    def wrap(inner: Small) -> Small:
        def shape(item: Run, *, sse: bool = False) -> Json:
            return change(item, inner(item, sse=sse))  # type: ignore[no-any-return]

        return shape

    return around("shape_run")(wrap)


def polled_runs(change: Small) -> Change:
    """`change(run, shaped)` in JSON answers only."""

    def wrap(inner: Small) -> Small:
        def shape(item: Run, *, sse: bool = False) -> Json:
            shaped = inner(item, sse=sse)
            return shaped if sse else change(item, shaped)  # type: ignore[no-any-return]

        return shape

    return around("shape_run")(wrap)


def streamed_runs(change: Small) -> Change:
    """`change(run, shaped)` in events only."""

    def wrap(inner: Small) -> Small:
        def shape(item: Run, *, sse: bool = False) -> Json:
            shaped = inner(item, sse=sse)
            return change(item, shaped) if sse else shaped  # type: ignore[no-any-return]

        return shape

    return around("shape_run")(wrap)


def steps(change: Small) -> Change:
    """`change(step, shaped)`, wherever a step is shown."""

    def wrap(inner: Small) -> Small:
        def shape(item: Step, *, sse: bool = False, content: bool = False) -> Json:
            return change(item, inner(item, sse=sse, content=content))  # type: ignore[no-any-return]

        return shape

    return around("shape_step")(wrap)


def polled_steps(change: Small) -> Change:
    """`change(step, shaped)` in JSON answers only."""

    def wrap(inner: Small) -> Small:
        def shape(item: Step, *, sse: bool = False, content: bool = False) -> Json:
            shaped = inner(item, sse=sse, content=content)
            return shaped if sse else change(item, shaped)  # type: ignore[no-any-return]

        return shape

    return around("shape_step")(wrap)


def messages(change: Small) -> Change:
    """`change(message, shaped)`, wherever a message is shown."""

    def wrap(inner: Small) -> Small:
        def shape(item: Message, *, sse: bool = False) -> Json:
            return change(item, inner(item, sse=sse))  # type: ignore[no-any-return]

        return shape

    return around("shape_message")(wrap)


def threads(change: Small) -> Change:
    """`change(thread, shaped)`, wherever a thread is shown."""

    def wrap(inner: Small) -> Small:
        def shape(item: Thread, *, sse: bool = False) -> Json:
            return change(item, inner(item, sse=sse))  # type: ignore[no-any-return]

        return shape

    return around("shape_thread")(wrap)


def message_deltas(change: Small) -> Change:
    """`change(message, delta)`."""

    def wrap(inner: Small) -> Small:
        return lambda message, part: change(message, inner(message, part))

    return around("shape_message_delta")(wrap)


def step_deltas(change: Small) -> Change:
    """`change(step, delta)`."""

    def wrap(inner: Small) -> Small:
        return lambda step, call: change(step, inner(step, call))

    return around("shape_step_delta")(wrap)


def settings(change: Small) -> Change:
    """`change(body, settings)`: what a run uses, from what was sent."""

    def wrap(inner: Small) -> Small:
        def effective(body: Json, assistant: Assistant) -> Settings:
            return change(body, inner(body, assistant))  # type: ignore[no-any-return]

        return effective

    return around("settings")(wrap)


def inherited(change: Small) -> Change:
    """`change(body, assistant, settings)`: the same, with the assistant."""

    def wrap(inner: Small) -> Small:
        return lambda body, assistant: change(body, assistant, inner(body, assistant))

    return around("settings")(wrap)


def answers(change: Small) -> Change:
    """`change(call, payload)` of every JSON answer, errors included."""

    def wrap(inner: Small) -> Small:
        return lambda call, payload: inner(call, change(call, payload))

    return around("encode_json")(wrap)


def answered(*operations: str) -> Point:
    """`change(call, object)` of the JSON answers of these operations, errors left alone."""
    return lambda change: answers(_only(frozenset(operations), change))


def created(change: Small) -> Change:
    """`change(call, run)` of the JSON answer to a create call."""
    return answered(*CREATES)(change)


def retrieved(change: Small) -> Change:
    """`change(call, run)` of the answer to a retrieval of one run."""
    return answered("get_run")(change)


def listed(change: Small) -> Change:
    """`change(object)` of each entry of any list."""

    def wrap(inner: Small) -> Small:
        def page(items: list[Json], wanted: PageRequest, kind: str) -> Json:
            found: Json = inner(items, wanted, kind)
            return found | {"data": [change(dict(one)) for one in found["data"]]}

        return page

    return around("make_page")(wrap)


def pages(change: Small) -> Change:
    """`change(items, wanted, page)` of every list; items are oldest first."""

    def wrap(inner: Small) -> Small:
        return lambda items, wanted, kind: change(items, wanted, inner(items, wanted, kind))

    return around("make_page")(wrap)


def _only(operations: frozenset[str], change: Small) -> Small:
    def chosen(call: Call, payload: Any) -> Any:
        fits = call.operation in operations and isinstance(payload, dict) and "error" not in payload
        return change(call, payload) if fits else payload

    return chosen


def written(change: Small) -> Change:
    """`change(call, bytes)` of every JSON answer."""

    def wrap(inner: Small) -> Small:
        return lambda call, payload: change(call, inner(call, payload))

    return around("encode_json")(wrap)


def errors(change: Small) -> Change:
    """`change(refusal, shaped)`."""

    def wrap(inner: Small) -> Small:
        def shape(call: Call, refusal: Refusal) -> Json:
            return change(refusal, inner(call, refusal))  # type: ignore[no-any-return]

        return shape

    return around("shape_error")(wrap)


def statuses(change: Small) -> Change:
    """`change(call, status)`."""

    def wrap(inner: Small) -> Small:
        return lambda call, status: change(call, inner(call, status))

    return around("status")(wrap)


def headers(change: Small) -> Change:
    """`change(found, status, stream)`: the headers of an answer."""

    def wrap(inner: Small) -> Small:
        def made(
            options: ReferenceOptions, call: Call, *, status: int, stream: bool, request_id: str
        ) -> dict[str, str]:
            found = inner(options, call, status=status, stream=stream, request_id=request_id)
            return change(found, status, stream)  # type: ignore[no-any-return]

        return made

    return around("headers")(wrap)


def bodies(change: Small) -> Change:
    """`change(call, body)` of each JSON body read, before anything looks at it."""

    def wrap(inner: Small) -> Small:
        return lambda call, *, needed: change(call, inner(call, needed=needed))

    return around("read_body")(wrap)


def create_bodies(change: Small) -> Change:
    """`change(body)` of the object that a create call sent, before anything looks at it."""

    def fits(call: Call, body: Any) -> Any:
        path = call.path.rstrip("/")
        return change(dict(body)) if path.endswith("/runs") and isinstance(body, dict) else body

    return bodies(fits)


def streams(change: Small) -> Change:
    """`change(call, run, events)`: the events of a stream, `done` included."""

    def wrap(inner: Small) -> Small:
        return lambda call, run, events: change(call, run, inner(call, run, events))

    return around("stream")(wrap)


def events(change: Small) -> Change:
    """`change(event)` gives the event, another, a list of them, or None to leave it out."""

    def wrap(inner: Small) -> Small:
        def stream(call: Call, run: Run, found: Iterable[Event]) -> Iterator[Event]:
            for event in inner(call, run, found):
                told = change(event)
                yield from told if isinstance(told, list) else () if told is None else (told,)

        return stream

    return around("stream")(wrap)


def named(name: str) -> Point:
    """`change(event)`, as `events`, for events with that name only; a last `*` stands for any end."""

    def point(change: Small) -> Change:
        return events(lambda event: change(event) if fits(name, event.name) else event)

    return point


def data(name: str) -> Point:
    """`change(data)` of the events of that name, as `named`."""
    return lambda change: named(name)(lambda event: replace(event, data=change(event.data)))


def users_texts(change: Small) -> Change:
    """`change(text)`: the member `text` of each text part of a user's message."""

    def part(one: Json) -> Json:
        return one | {"text": change(one["text"])} if one["type"] == "text" else one

    def shape(message: Message, shaped: Json) -> Json:
        parts = [part(one) for one in shaped["content"]]
        return shaped | {"content": parts} if message.role == "user" else shaped

    return messages(shape)


def fits(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def blocks(change: Small) -> Change:
    """`change(event, bytes)`: the bytes of one event."""

    def wrap(inner: Small) -> Small:
        return lambda call, event: change(event, inner(call, event))

    return around("encode_event")(wrap)


def pieces(change: Small) -> Change:
    """`change(blocks)`: the bytes of a stream, as they are written."""

    def wrap(inner: Small) -> Small:
        return lambda options, found: change(inner(options, found))

    return around("cut")(wrap)


def accepting(matches: Callable[[str, Violation], bool]) -> Change:
    """Breaches of a request schema that are not noticed: `matches(schema, violation)`."""

    def change(faithful: Behaviour) -> Behaviour:
        def check_body(schema: str, body: Any, edition: str | None = None) -> None:
            found = violations(schema, body, variant="documented", edition=edition or NEWEST)
            for one in found:
                if not matches(schema, one):
                    raise from_violation(one)

        return replace(faithful, check_body=check_body)

    return change


def refusing(wrong: Callable[[Json], Refusal | None]) -> Change:
    """Refusals that the contract does not know: `wrong(body)` of a create call gives the refusal, or None."""

    def change(faithful: Behaviour) -> Behaviour:
        def check_body(schema: str, body: Any, edition: str | None = None) -> None:
            faithful.check_body(schema, body, edition)
            if schema.startswith("create_") and "run" in schema and (refusal := wrong(body)) is not None:
                raise refusal

        return replace(faithful, check_body=check_body)

    return change


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def dropped(shaped: Json, *names: str) -> Json:
    return {key: value for key, value in shaped.items() if key not in names}
