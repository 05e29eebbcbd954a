"""Chapter refusal: each body has one fault, so a refusal has one cause; nothing may be left of it.

The faults are derived from the request schemas; the few that no schema keyword says are written here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from runs_conformance.contract.jsontext import pointer
from runs_conformance.contract.model import Case, to_bytes
from runs_conformance.exploring import explore_violating
from runs_conformance.live import ENOUGH, WRONG_KEY, Bench, Live
from runs_conformance.scenes import not_refused
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN, OPERATIONS, function
from runs_conformance.stimuli.outside import density, outside
from runs_conformance.suite import operations, param, parametrize

NOBODY: Final = "0123456789abcdefABCDEF00"
INCLUDE: Final = (("include[]", "step_details.tool_calls[*].unknown"),)
Change = Callable[[Live, dict[str, Any]], dict[str, Any]]
_OVERLAP: Final = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 401}}


def _store(_: Live, body: dict[str, Any]) -> dict[str, Any]:
    thread = {
        **body["thread"],
        "tool_resources": {"file_search": {"vector_stores": [{"chunking_strategy": _OVERLAP}]}},
    }
    return {"body": {**body, "thread": thread}}


def _absent_tool(_: Live, body: dict[str, Any]) -> dict[str, Any]:
    choice = {"type": "function", "function": {"name": "not_there"}}
    return {"body": {**body, "tools": [function("there")], "tool_choice": choice}}


def _bad_message(_: Live, body: dict[str, Any]) -> dict[str, Any]:
    bad = {"role": "user", "content": "Hello.", "metadata": {"key": "v" * 513}}
    if "thread" in body:
        return {"body": {**body, "thread": {"messages": [*body["thread"]["messages"], bad]}}}
    return {"body": {**body, "additional_messages": [*body["additional_messages"], bad]}}


# What no schema keyword says: name, row, operations, and what is sent instead of the plain body.
BY_HAND: Final[tuple[tuple[str, str, tuple[str, ...], Change], ...]] = (
    (
        "an assistant that does not exist", "refuse.assistant-id.unknown", OPERATIONS,
        lambda _, body: {"body": {**body, "assistant_id": f"asst_{NOBODY}"}},
    ),
    (
        "an assistant_id without its prefix", "refuse.assistant-id.prefix", OPERATIONS,
        lambda _, body: {"body": {**body, "assistant_id": "wf_123"}},
    ),
    (
        "a thread that does not exist", "refuse.thread-id.unknown", (CREATE_RUN,),
        lambda _, body: {"body": body, "thread": f"thread_{NOBODY}"},
    ),
    (
        "a thread_id without its prefix", "refuse.thread-id.prefix", (CREATE_RUN,),
        lambda _, body: {"body": body, "thread": "undefined"},
    ),
    (
        "a tool_choice that names no tool of the run", "refuse.tool-choice.tool-absent", OPERATIONS,
        _absent_tool,
    ),
    (
        "an unknown include[]", "refuse.include.value", (CREATE_RUN,),
        lambda _, body: {"body": body, "query": INCLUDE},
    ),
    ("an overlap above half the chunk", "refuse.chunking.overlap", (CREATE_BOTH,), _store),
    ("a good and a bad message", "refuse.message.fails-whole-call", OPERATIONS, _bad_message),
    ("no body", "refuse.body.form", OPERATIONS, lambda *_: {"body": b""}),
    ("half a JSON object", "refuse.body.form", OPERATIONS, lambda *_: {"body": b'{"assistant_id": "asst_'}),
    (
        "a valid body as a JSON string", "refuse.body.form", OPERATIONS,
        lambda _, body: {"body": to_bytes(to_bytes(body).decode())},
    ),
    ("a valid body in an array", "refuse.body.form", OPERATIONS, lambda _, body: {"body": [body]}),
    ("text that is not JSON", "refuse.body.form", OPERATIONS, lambda *_: {"body": b"assistant_id=asst_1"}),
    (
        "bytes that are not UTF-8", "refuse.body.form", OPERATIONS,
        lambda *_: {"body": b'{"assistant_id": "\xff\xfe"}'},
    ),
    (
        "no OpenAI-Beta header", "refuse.beta-header.missing", OPERATIONS,
        lambda _, body: {"body": body, "drop_headers": ["OpenAI-Beta"]},
    ),
    (
        "OpenAI-Beta: assistants=v1", "refuse.beta-header.v1", OPERATIONS,
        lambda _, body: {"body": body, "headers": {"OpenAI-Beta": "assistants=v1"}},
    ),
    (
        "no key", "refuse.key.invalid", OPERATIONS,
        lambda live, body: {"body": body, "drop_headers": [_auth(live)]},
    ),
    (
        "a wrong key", "refuse.key.invalid", OPERATIONS,
        lambda live, body: {"body": body, "headers": _wrong_key(live)},
    ),
)


def _auth(live: Live) -> str:
    return "api-key" if live.profile.auth_header == "api-key" else "Authorization"


def _wrong_key(live: Live) -> dict[str, str]:
    return {_auth(live): WRONG_KEY if live.profile.auth_header == "api-key" else f"Bearer {WRONG_KEY}"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    parametrize(metafunc, "operation,requirement", _derived)
    parametrize(metafunc, "by_hand", _by_hand)
    parametrize(metafunc, "explored", _explored)


def _derived(options: Any) -> Iterator[Any]:
    asked: set[str] = set()
    for operation in operations(options):
        cases = density(outside(operation, options.profile.edition), options.effort)
        for requirement in dict.fromkeys(case.requirement for case in cases):
            if options.effort == "smoke" and requirement in asked:
                continue  # by the other operation
            asked.add(requirement)
            count = sum(case.requirement == requirement for case in cases)
            yield param(
                operation, requirement, requirements=[requirement], name=f"{operation}-{requirement}",
                requests=count + 3,
            )


def _by_hand(options: Any) -> Iterator[Any]:
    for name, row, kinds, change in BY_HAND:
        offered = [one for one in kinds if one in operations(options)]
        for operation in offered[:1] if options.effort == "smoke" else offered:
            if options.register[row].applies(options.profile.edition):
                yield param((name, row, operation, change), requirements=[row], name=f"{operation}-{name}")


def _explored(options: Any) -> Iterator[Any]:
    for operation in operations(options):
        rows = {case.requirement for case in outside(operation, options.profile.edition)}
        yield param(operation, requirements=sorted(rows), name=operation, requests=25)


def test_derived_faults(bench: Bench, operation: str, requirement: str) -> None:
    """All faults of one row, on a thread of their own.

    Afterwards the thread shows whether one left something.
    """
    live = bench.live
    cases = density(outside(operation, live.edition), live.effort)
    not_refused(live, operation)
    thread = thread_for(live, operation)
    taken = 0
    for case in (one for one in cases if one.requirement == requirement):
        body = case.body(live.stage.assistant(), live.text())
        sent = Case(case.name, (requirement,), "refused", pointer(case.path))
        exchange = live.create(operation, body, thread=thread, case=sent)
        if exchange.ok:
            taken += 1
            live.wrongly_taken += 1
            thread = thread_for(live, operation, fresh=True)
        if taken >= (1 if live.wrongly_taken > live.patience else ENOUGH):
            break
    if thread is not None and live.effort != "smoke":
        look(live, thread)


def thread_for(live: Live, operation: str, *, fresh: bool = False) -> str | None:
    """The thread of a createRun that must be refused.

    Smoke has one for all of them, until a body was taken and a run may lock it.
    """
    if operation != CREATE_RUN:
        return None
    if live.effort != "smoke":
        return live.stage.thread()
    held: dict[str, str] = live.shared("thread of refusals", dict)
    if fresh or not held:
        held["id"] = live.stage.thread()
    return held["id"]


def look(live: Live, thread: str) -> None:
    """Read what is on a thread; the checks compare it with what was refused there."""
    if live.profile.lacks("messages.list") is None:
        live.send("listMessages", thread=thread)
    if live.profile.lacks("runs.list") is None:
        live.send("listRuns", thread=thread)


WHOLE_CALL: Final = "refuse.message.fails-whole-call"
"""What is most likely to leave something: smoke looks after it alone."""
# Refused before the thread is looked at, or sent to one that is not there.
_OUTSIDE: Final = ("refuse.thread-id.unknown", "refuse.thread-id.prefix", "refuse.body.form")


def test_faults_by_hand(bench: Bench, by_hand: tuple[str, str, str, Change]) -> None:
    live = bench.live
    name, row, operation, change = by_hand
    if row == "refuse.key.invalid" and live.profile.auth_header == "none":
        bench.excuse([row], "--no-key: the target takes none")
        return
    not_refused(live, operation)
    sent = {
        "thread": thread_for(live, operation),
        **change(live, live.plain(operation)),
    }
    body = sent.pop("body")
    answered = live.create(operation, body, case=Case(name, (row,), "refused"), **sent)
    if row == "refuse.tool-choice.tool-absent":
        live.finish(answered)
    if answered.ok and live.effort == "smoke":
        thread_for(live, operation, fresh=True)
    if sent["thread"] and row not in _OUTSIDE and (live.effort != "smoke" or row == WHOLE_CALL):
        look(live, sent["thread"])


def test_any_body_with_one_fault(bench: Bench, explored: str) -> None:
    explore_violating(bench, explored)
