"""Faults for requirements that the others leave alone: a server that refuses the plainest things, or answers 429 badly."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import answers, around, behaviour, bodies, pages, refusing
from runs_conformance.reference.faults.record import Kind
from runs_conformance.reference.refusals import Refusal, unknown_url, wrong_method

if TYPE_CHECKING:
    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call, PageRequest
    from runs_conformance.reference.faults.record import Change, Rows
    from runs_conformance.reference.options import ReferenceOptions
    from runs_conformance.reference.records import Json

refusal = Kind("refusal")
error = Kind("error")
lifecycle = Kind("lifecycle")
BUSY = 429
ROOMY = 256


def _users(body: Json) -> list[Json]:
    given = [*(body.get("additional_messages") or []), *((body.get("thread") or {}).get("messages") or [])]
    return [one for one in given if one["role"] == "user"]


def _limits(body: Json) -> list[Any]:
    return [body.get("max_prompt_tokens"), body.get("max_completion_tokens")]


_ROWS: Rows = (
    ("instructions-refused", "A run's instructions are the assistant's: none may be sent.", lambda body: isinstance(body.get("instructions"), str), ("accept.instructions",)),
    ("additional-messages-refused", "additional_messages is not known.", lambda body: bool(body.get("additional_messages")), ("accept.instructions", "accept.message.*")),
    ("user-messages-of-parts-refused", "A user's message may not be an array of parts.", lambda body: any(isinstance(one["content"], list) for one in _users(body)), ("accept.message.role-user", "accept.message.*")),
    ("limit-256-refused", "A token limit must be above 256.", lambda body: ROOMY in _limits(body), ("accept.max-tokens.minimum",)),
    ("tool-choice-none-refused", "tool_choice none is not known.", lambda body: body.get("tool_choice") == "none", ("accept.tool-choice.none-auto",)),
    ("tool-choice-auto-refused", "tool_choice auto may not be said.", lambda body: body.get("tool_choice") == "auto", ("accept.tool-choice.none-auto",)),
)  # fmt: skip


def _when(wrong: Callable[[Json], bool], name: str) -> Callable[[Json], Refusal | None]:
    return lambda body: Refusal(f"Refused: {name}.") if wrong(body) else None


for _name, _sentence, _wrong, _breaks in _ROWS:
    refusal.add(_name, _sentence, refusing(_when(_wrong, _name)), *_breaks, rare=True)


@refusal(answers, "refuse.create-thread-and-run.include", rare=True)
def include_of_both_answers_the_thread(call: Call, payload: Any) -> Any:
    """Create thread and run with include[], which it does not know, answers a thread."""
    asked = call.operation == "create_thread_and_run" and any(key.startswith("include") for key, _ in call.query)
    return payload | {"object": "thread"} if asked and "error" not in payload else payload


def _busy_once(faithful: Behaviour) -> Behaviour:
    """The first look at a list of messages is answered 429."""
    seen: set[str] = set()

    def authorize(options: ReferenceOptions, call: Call) -> str:
        if call.operation == "list_messages" and not seen:
            seen.add("once")
            raise Refusal("Slow down.", status=BUSY, kind="rate_limit_error", code="rate_limit_exceeded")
        return faithful.authorize(options, call)

    return replace(faithful, authorize=authorize)


@error(behaviour, "error.rate-limit", rare=True)
def busy_without_envelope(faithful: Behaviour) -> Behaviour:
    """A 429 has a body of its own: {"detail": ...}, as a proxy in front writes it."""
    busy = _busy_once(faithful)

    def shape_error(call: Call, refused: Refusal) -> Json:
        shaped = faithful.shape_error(call, refused)
        return {"detail": refused.message} if refused.status == BUSY else shaped

    return replace(busy, shape_error=shape_error)


@error(behaviour, "headers.retry-after", rare=True)
def busy_for_half_a_second(faithful: Behaviour) -> Behaviour:
    """A 429 has a Retry-After of 0.5, which is no whole number of seconds."""
    busy = _busy_once(faithful)

    def headers(options: ReferenceOptions, call: Call, *, status: int, stream: bool, request_id: str) -> dict[str, str]:
        found = faithful.headers(options, call, status=status, stream=stream, request_id=request_id)
        return found | ({"retry-after": "0.5"} if status == BUSY else {})

    return replace(busy, headers=headers)


ODD = b"\\ud800"
"""Half of a pair of surrogates, escaped: no client means it."""


def _odd(call: Call) -> bool:
    return ODD in call.raw


def _reading(change: Callable[[Call], None]) -> Callable[[Behaviour], Behaviour]:
    """What happens when an odd body is read, before anything is refused."""

    def wrap(inner: Any) -> Any:
        def read(call: Call, *, needed: bool) -> Any:
            if _odd(call):
                change(call)
            return inner(call, needed=needed)

        return read

    return around("read_body")(wrap)


@error(_reading, "beyond.server-error", rare=True)
def odd_key_breaks_the_server(_call: Call) -> None:
    """A lone surrogate is answered with 500."""
    raise Refusal("The server had an error.", status=500, kind="server_error")


@error(_reading, "beyond.internals", rare=True)
def odd_key_shows_the_stack(_call: Call) -> None:
    """The refusal of a lone surrogate tells where in the source it came up."""
    place = 'File "/srv/app/handlers/runs.py", line 212, in create_run'
    raise Refusal(f"Traceback (most recent call last):\n  {place}\nUnicodeEncodeError: surrogates not allowed")


@error(behaviour, "beyond.consistent", rare=True)
def odd_key_taken_the_second_time(faithful: Behaviour) -> Behaviour:
    """A lone surrogate is refused once, and then passed over."""
    seen: list[bytes] = []

    def read_body(call: Call, *, needed: bool) -> Any:
        if not _odd(call):
            return faithful.read_body(call, needed=needed)
        seen.append(call.raw)
        if len(seen) > 1:
            call.raw = re.sub(rb',?"?\\ud800"?(:1)?', b"", call.raw)
        return faithful.read_body(call, needed=needed)

    return replace(faithful, read_body=read_body)


def _with_headers(found: Callable[[Call], dict[str, str]]) -> Callable[[Behaviour], Behaviour]:
    """More headers, or others, for an answer to an odd body."""

    def change(faithful: Behaviour) -> Behaviour:
        def headers(options: ReferenceOptions, call: Call, *, status: int, stream: bool, request_id: str) -> dict[str, str]:
            plain = faithful.headers(options, call, status=status, stream=stream, request_id=request_id)
            return plain | (found(call) if _odd(call) else {})

        return replace(faithful, headers=headers)

    return change


error.add("odd-key-half-answered", "The answer to a lone surrogate breaks off before its length is reached.", _with_headers(lambda _: {"content-length": "99999"}), "beyond.answered", rare=True)
error.add("odd-key-answered-as-text", "The refusal of a lone surrogate is called text.", _with_headers(lambda _: {"content-type": "text/plain"}), "beyond.media-type", rare=True)


@error(behaviour, "beyond.shape", rare=True)
def odd_key_without_envelope(faithful: Behaviour) -> Behaviour:
    """The refusal of a lone surrogate is {"detail": ...}."""

    def shape_error(call: Call, refused: Refusal) -> Json:
        return {"detail": refused.message} if _odd(call) else faithful.shape_error(call, refused)

    return replace(faithful, shape_error=shape_error)


@lifecycle(bodies, "lifecycle.submit.call-id-missing-refused", rare=True)
def missing_call_ids_are_guessed(call: Call, body: Any) -> Any:
    """An output without tool_call_id is taken for the call that waits."""
    if call.operation != "submit_tool_outputs" or not isinstance(body, dict) or not isinstance(body.get("tool_outputs"), list):
        return body
    runs = [run for thread in call.project.threads.values() for run in thread.runs.values()]
    waiting = [one["id"] for run in runs if run.id == call.ids.get("run_id") for one in run.asked_calls]
    given = [one for one in body["tool_outputs"] if isinstance(one, dict)]
    return body | {"tool_outputs": [{"tool_call_id": waiting[0], **one} if waiting else one for one in given]}


@lifecycle(pages, "lifecycle.list.complete", rare=True)
def lists_forget_the_first_run(items: list[Json], wanted: PageRequest, page: Json) -> Json:
    """A list of runs leaves the thread's first run out once there is another."""
    if wanted.after or wanted.before or len(items) < 2 or items[0].get("object") != "thread.run":
        return page
    data = [one for one in page["data"] if one["id"] != items[0]["id"]]
    return page | {"data": data, "first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else page


def _without(operation: str, *, method: bool) -> Change:
    """No such route: 404, or 405 where another method is served on the path."""

    def wrap(inner: Any) -> Any:
        def check(call: Call) -> None:
            if call.operation == operation:
                raise wrong_method(call.method, call.path, ()) if method else unknown_url(call.method, call.path)
            inner(call)

        return check

    return around("check_beta")(wrap)


for _operation, _method in (
    ("get_run", False), ("modify_run", True), ("list_runs", True), ("list_steps", False), ("get_step", False),
    ("list_messages", True), ("create_message", True), ("get_thread", True),
):  # fmt: skip
    lifecycle.add(
        f"no-route-{_operation.replace('_', '-')}",
        f"There is no route for {_operation}, and nobody says so beforehand.",
        _without(_operation, method=_method), "lifecycle.served", rare=True,
    )  # fmt: skip
