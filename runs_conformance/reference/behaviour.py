"""The points at which a reference target can be made to behave otherwise.

A `Behaviour` is a record of small functions; the defaults are the faithful ones. A fault is a function from
one behaviour to another that wraps a field:

    def forgets_metadata(faithful: Behaviour) -> Behaviour:
        def shape_run(run: Run, *, sse: bool = False) -> Json:
            return faithful.shape_run(run, sse=sse) | {"metadata": {}}
        return replace(faithful, shape_run=shape_run)

State that a fault needs (every fifth request, say) lives in its closure. Everything a wrapped function may
look at is in its arguments: a run knows the request that made it, an exchange its `Call`.
"""

from __future__ import annotations

import json
import random
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from runs_conformance.reference import (
    calls,
    effects,
    execution,
    rules,
    script,
    settings,
    shapes,
    validation,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from runs_conformance.reference.calls import Call, PageRequest
    from runs_conformance.reference.options import ReferenceOptions
    from runs_conformance.reference.records import (
        Assistant,
        Event,
        Json,
        Message,
        Project,
        Run,
        Settings,
        Step,
        Thread,
    )
    from runs_conformance.reference.refusals import Refusal


class ShapeRun(Protocol):
    def __call__(self, item: Run, *, sse: bool = False) -> Json: ...


class ShapeStep(Protocol):
    def __call__(self, item: Step, *, sse: bool = False, content: bool = False) -> Json: ...


class ShapeMessage(Protocol):
    def __call__(self, item: Message, *, sse: bool = False) -> Json: ...


class ShapeThread(Protocol):
    def __call__(self, item: Thread, *, sse: bool = False) -> Json: ...


class ReadBody(Protocol):
    def __call__(self, call: Call, *, needed: bool) -> Any: ...


class MakePage(Protocol):
    def __call__(self, items: list[Json], wanted: PageRequest, kind: str) -> Json: ...


UTF8_CONTINUATION = 0x80
ALPHABET = string.ascii_letters + string.digits


def shape_error(_call: Call, refusal: Refusal) -> Json:
    return {
        "error": {
            "message": refusal.message,
            "type": refusal.kind,
            "param": refusal.param,
            "code": refusal.code,
        }
    }


def encode_json(_call: Call, payload: Any) -> bytes:
    """Two spaces, as recorded (wire fact 1.15)."""
    return json.dumps(payload, ensure_ascii=False, indent=2).encode("utf-8")


def encode_event(_call: Call, event: Event) -> bytes:
    """`event:` and `data:` lines and a blank one; JSON on one line."""
    data = event.data
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event.name}\ndata: {text}\n\n".encode()


def cut(options: ReferenceOptions, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """A stream's bytes as they are written, by `options.chunking`; their sum is always the same.

    Random pieces end inside characters of several bytes wherever they can.
    """
    if options.chunking == "event":
        yield from blocks
    elif options.chunking == "byte":
        for block in blocks:
            yield from (block[index : index + 1] for index in range(len(block)))
    else:
        yield from _at_random(random.Random(options.seed), blocks)  # noqa: S311 - repeatable, not secret


def _at_random(rng: random.Random, blocks: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for block in blocks:
        held += block
        while len(held) > (most := rng.randint(1, 90)):
            inside = (at for at in range(1, most) if held[at] & 0xC0 == UTF8_CONTINUATION)
            size = next(inside, most)
            yield held[:size]
            held = held[size:]
    if held:
        yield held


def headers(
    options: ReferenceOptions, call: Call, *, status: int, stream: bool, request_id: str
) -> dict[str, str]:
    """What the service put on every answer; openai-processing-ms is added where the time is known."""
    del status, call
    shared = {
        "content-type": "text/event-stream; charset=utf-8" if stream else "application/json",
        "openai-organization": "reference-target",
        "openai-version": "2020-10-01",
        "x-request-id": request_id,
    }
    if options.poll_after_ms is not None and not stream:
        shared["openai-poll-after-ms"] = str(options.poll_after_ms)
    return shared


class Headers(Protocol):
    def __call__(
        self, options: ReferenceOptions, call: Call, *, status: int, stream: bool, request_id: str
    ) -> dict[str, str]: ...


def whole_stream(_call: Call, _run: Run, events: Iterable[Event]) -> Iterable[Event]:
    """The events of one stream, `done` included; the iterator is pulled while the stream is written."""
    return events


def new_id(rng: random.Random, prefix: str, length: int) -> str:
    """As recorded: the prefix and letters and digits, 24 of them for objects."""
    return prefix + "".join(rng.choices(ALPHABET, k=length))


def moves_on(_run: Run) -> bool:
    """Whether a run that would move by itself (read, or left alone) does."""
    return True


@dataclass(frozen=True, slots=True)
class Behaviour:
    """In the order in which a request meets them. Functions named check_* raise `Refusal`, or do nothing."""

    # the request
    authorize: Callable[[ReferenceOptions, Call], str] = calls.authorize
    check_beta: Callable[[Call], None] = calls.check_beta
    read_body: ReadBody = calls.read_body
    check_body: Callable[[str, Any, str | None], None] = validation.check_body
    check_overlap: Callable[[Json], None] = validation.check_overlap
    check_id: Callable[[str, str, str], None] = rules.check_id
    includes_content: Callable[[Call], bool] = calls.includes_content
    page_request: Callable[[Call], PageRequest] = calls.page_request
    # the objects it is about
    new_id: Callable[[random.Random, str, int], str] = new_id
    find_assistant: Callable[[Project, str], Assistant] = rules.find_assistant
    find_thread: Callable[[Project, str], Thread] = rules.find_thread
    find_run: Callable[[Thread, str], Run] = rules.find_run
    find_step: Callable[[Run, str], Step] = rules.find_step
    find_message: Callable[[Thread, str], Message] = rules.find_message
    # what is to be done, and whether it may be
    settings: Callable[[Json, Assistant], Settings] = settings.effective
    check_settings: Callable[[Settings], None] = validation.check_tool_choice
    check_run_lock: Callable[[Thread], None] = rules.check_run_lock
    check_message_lock: Callable[[Thread], None] = rules.check_message_lock
    check_prompt: Callable[[Thread, list[Json], Settings], None] = rules.check_prompt
    check_cancel: Callable[[Run], None] = rules.check_cancel
    check_outputs: Callable[[Run, list[Json]], None] = rules.check_outputs
    # the run
    prompt: Callable[[Run], script.Prompt] = execution.prompt_of
    plan: Callable[[script.Prompt], script.Action] = script.plan
    move: Callable[[Run, str, int, str | None], None] = effects.move
    moves_on: Callable[[Run], bool] = moves_on
    # the answer
    shape_assistant: Callable[[Assistant], Json] = shapes.assistant
    shape_thread: ShapeThread = shapes.thread
    shape_message: ShapeMessage = shapes.message
    shape_run: ShapeRun = shapes.run
    shape_step: ShapeStep = shapes.step
    shape_message_delta: Callable[[Message, Json], Json] = shapes.message_delta
    shape_step_delta: Callable[[Step, Json], Json] = shapes.step_delta
    shape_deleted: Callable[[str, str], Json] = shapes.deleted
    make_page: MakePage = rules.make_page
    shape_error: Callable[[Call, Refusal], Json] = shape_error
    headers: Headers = headers
    status: Callable[[Call, int], int] = lambda _call, status: status
    encode_json: Callable[[Call, Any], bytes] = encode_json
    # the stream
    stream: Callable[[Call, Run, Iterable[Event]], Iterable[Event]] = whole_stream
    encode_event: Callable[[Call, Event], bytes] = encode_event
    cut: Callable[[ReferenceOptions, Iterable[bytes]], Iterator[bytes]] = cut
