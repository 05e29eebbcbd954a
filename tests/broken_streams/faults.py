"""Broken streams: one fault each, the requirement meant for it, and what else it truly breaks."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from broken_streams import good
from broken_streams.good import Blocks, block, call_piece, message, piece, run, step, to_body

from runs_conformance.contract.model import Exchange, Failure, Headers


@dataclass(frozen=True)
class Broken:
    name: str
    requirement: str
    exchange: Exchange
    also: frozenset[str] = frozenset()


CATALOGUE: list[Broken] = []
Edit = Callable[[Blocks], Blocks | bytes | None]


def broken(
    requirement: str,
    stream: Callable[[], Blocks] = good.text,
    operation: str = "createRun",
    also: tuple[str, ...] = (),
    **other: Any,
) -> Callable[[Edit], Edit]:
    """Register an edit: it changes the blocks, or gives others, or the raw bytes."""

    def register(edit: Edit) -> Edit:
        blocks = copy.deepcopy(stream())
        result = edit(blocks)
        body = result if isinstance(result, bytes) else to_body(blocks if result is None else result)
        made = good.exchange(body, operation, **other)
        CATALOGUE.append(Broken(edit.__name__, requirement, made, frozenset(also)))
        return edit

    return register


def at(blocks: Blocks, name: str, nth: int = 0) -> int:
    return [place for place, (one, _) in enumerate(blocks) if one == f"thread.{name}"][nth]


def of(blocks: Blocks, name: str, nth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = blocks[at(blocks, name, nth)][1]
    return found


def drop(blocks: Blocks, name: str, nth: int = 0) -> tuple[str, Any]:
    return blocks.pop(at(blocks, name, nth))


def swap(blocks: Blocks, one: int) -> None:
    blocks[one], blocks[one + 1] = blocks[one + 1], blocks[one]


# --- bytes


def typed(content_type: str) -> Headers:
    return Headers.of({"content-type": content_type, "x-request-id": "req_1"})


@broken("headers.stream-content-type", headers=typed("text/plain; charset=utf-8"))
def plain_text(_: Blocks) -> None:
    """The media type is not that of an event stream."""


@broken("headers.stream-charset", headers=typed("text/event-stream"))
def no_charset(_: Blocks) -> None:
    """The charset is left out."""


@broken("event.framing")
def no_event_line(blocks: Blocks) -> bytes:
    return to_body(blocks).replace(b"event: thread.message.in_progress\n", b"")


@broken("event.framing")
def no_event_lines_at_all(blocks: Blocks) -> bytes:
    """LiteLLM's streams, with their end marker kept."""
    return b"".join(to_body([one]).partition(b"\n")[2] for one in blocks[:-1]) + block("done", "[DONE]")


@broken("event.framing")
def two_event_lines(blocks: Blocks) -> bytes:
    return to_body(blocks).replace(b"event: thread.run.queued\n", b"event: x\nevent: thread.run.queued\n")


@broken("event.framing")
def data_on_two_lines(blocks: Blocks) -> bytes:
    return to_body(blocks).replace(b'"thread.message.delta",', b'"thread.message.delta",\ndata: ', 1)


@broken("event.framing")
def no_data_line(blocks: Blocks) -> bytes:
    return to_body(blocks[:5]) + b"event: ping\n\n" + to_body(blocks[5:])


@broken("event.framing")
def no_final_blank_line(blocks: Blocks) -> bytes:
    return to_body(blocks)[:-1]


@broken("event.data-json")
def a_brace_too_many(blocks: Blocks) -> bytes:
    whole = to_body(blocks)
    place = whole.index(b"\n\nevent: thread.run.step.created")
    return whole[:place] + b"}" + whole[place:]


@broken("event.data-json")
def data_is_a_list(blocks: Blocks) -> None:
    blocks.insert(4, ("vendor.news", [1, 2]))


@broken("event.data-json")
def not_utf8(blocks: Blocks) -> bytes:
    before, found, after = to_body(blocks).rpartition(b'"model":')
    return before + b'"note":"\xff",' + found + after


@broken("event.data-json", good.text)
def key_twice(blocks: Blocks) -> bytes:
    return to_body(blocks).replace(b'"metadata":{}', b'"metadata":{},"metadata":{}', 1)


@broken("event.done")
def done_in_quotes(blocks: Blocks) -> None:
    blocks[-1] = ("done", '"[DONE]"')


@broken("event.done")
def done_without_a_name(blocks: Blocks) -> bytes:
    return to_body(blocks[:-1]) + b"data: [DONE]\n\n"


@broken("event.done")
def done_under_another_name(blocks: Blocks) -> None:
    blocks[-1] = ("end", "[DONE]")


@broken("event.done")
def done_with_an_object(blocks: Blocks) -> None:
    blocks[-1] = ("done", {})


# --- names and objects


@broken("event.names")
def short_name(blocks: Blocks) -> None:
    place = at(blocks, "message.delta", 1)
    blocks[place] = ("message.delta", blocks[place][1])


@broken("event.names")
def misspelt_name(blocks: Blocks) -> None:
    blocks[at(blocks, "run.completed")] = ("thread.run.complete", run("completed"))


@broken("event.thread-created", good.with_thread, "createThreadAndRun")
def thread_created_with_the_run(blocks: Blocks) -> None:
    blocks[0] = ("thread.created", run("queued"))


@broken("event.run-created")
def run_created_in_progress(blocks: Blocks) -> None:
    of(blocks, "run.created").update(run("in_progress"))


@broken("event.run-status")
def completed_run_in_progress(blocks: Blocks) -> None:
    blocks[at(blocks, "run.completed")] = ("thread.run.completed", run("in_progress"))


@broken("event.run-status", lambda: [*good.cut(), *good.end("completed")])
def incomplete_in_completed(blocks: Blocks) -> None:
    """The old way, recorded in 2024-04; an event of its own since 2024-05-28."""
    blocks[-2] = ("thread.run.completed", run("incomplete", **good.UNTOLD))


@broken("event.step-created")
def step_created_completed(blocks: Blocks) -> None:
    of(blocks, "run.step.created").update(
        status="completed", usage=good.USAGE, completed_at=good.T0 + 2
    )


@broken("event.step-status")
def step_completed_in_progress(blocks: Blocks) -> None:
    of(blocks, "run.step.completed").update(status="in_progress", usage=None)


@broken("event.message-status")
def message_completed_in_progress(blocks: Blocks) -> None:
    of(blocks, "message.completed")["status"] = "in_progress"


@broken("event.deltas")
def whole_message_as_delta(blocks: Blocks) -> None:
    place = at(blocks, "message.completed")
    blocks.insert(place, ("thread.message.delta", message("msg_1", text="Hello there")))


@broken("event.error", lambda: [*good.HEAD, *good.writes(1)[:5]])
def error_of_one_word(blocks: Blocks) -> None:
    blocks.append(("error", {"message": "boom"}))


@broken("event.message-delta")
def part_without_index(blocks: Blocks) -> None:
    name, delta = piece("msg_1", "")
    del delta["delta"]["content"][0]["index"]
    blocks.insert(at(blocks, "message.completed"), (name, delta))


@broken("event.step-delta", good.hosted)
def call_without_type(blocks: Blocks) -> None:
    blocks.insert(at(blocks, "run.step.completed"), call_piece("step_1", code_interpreter={"input": ""}))


@broken("event.tool-delta.first", good.waiting)
def call_named_late(blocks: Blocks) -> None:
    del of(blocks, "run.step.delta")["delta"]["step_details"]["tool_calls"][0]["id"]


@broken("event.tool-delta.first", good.waiting)
def call_named_twice(blocks: Blocks) -> None:
    of(blocks, "run.step.delta", 1)["delta"]["step_details"]["tool_calls"][0]["id"] = "call_1"


@broken("event.delta-indexes", also=("event.fold.message-text",))
def index_from_one(blocks: Blocks) -> None:
    for nth in (0, 1):
        of(blocks, "message.delta", nth)["delta"]["content"][0]["index"] = 1


@broken("event.message-opening")
def opened_as_user(blocks: Blocks) -> None:
    for name in ("message.created", "message.in_progress", "message.completed"):
        of(blocks, name)["role"] = "user"


@broken("event.opening-pairs")
def opened_twice_differently(blocks: Blocks) -> None:
    of(blocks, "run.queued")["note"] = "queued"


@broken("event.message-status-fields")
def no_incomplete_at(blocks: Blocks) -> None:
    del of(blocks, "message.completed")["incomplete_at"]


@broken("event.message-completed")
def completed_at_no_time(blocks: Blocks) -> None:
    of(blocks, "message.completed")["completed_at"] = None


@broken("event.message-incomplete", good.too_long)
def cut_for_no_reason(blocks: Blocks) -> None:
    of(blocks, "message.incomplete")["incomplete_details"] = None


@broken("event.step-fields")
def step_without_assistant(blocks: Blocks) -> None:
    del of(blocks, "run.step.completed")["assistant_id"]


@broken("event.step-details")
def details_of_another_type(blocks: Blocks) -> None:
    of(blocks, "run.step.completed")["step_details"]["type"] = "tool_calls"


@broken("event.step-usage")
def completed_step_without_usage(blocks: Blocks) -> None:
    of(blocks, "run.step.completed")["usage"] = None


@broken("event.step-output", good.answered, "submitToolOutputs")
def another_output(blocks: Blocks) -> None:
    of(blocks, "run.step.completed")["step_details"]["tool_calls"][0]["function"]["output"] = "rainy"


@broken("event.step-search-content", good.hosted)
def content_nobody_asked_for(blocks: Blocks) -> None:
    found = {
        "file_id": "file-1",
        "file_name": "a.txt",
        "score": 0.5,
        "content": [{"type": "text", "text": "x"}],
    }
    calls = of(blocks, "run.step.completed")["step_details"]["tool_calls"]
    calls.append({"id": "call_9", "type": "file_search", "file_search": {"results": [found]}})


@broken("event.ids-constant")
def run_id_changes(blocks: Blocks) -> None:
    of(blocks, "run.completed")["id"] = "run_B2"


@broken("event.ids-constant")
def step_of_another_run(blocks: Blocks) -> None:
    of(blocks, "run.step.completed")["run_id"] = "run_B2"


@broken("event.ids-constant")
def message_of_another_thread(blocks: Blocks) -> None:
    of(blocks, "message.completed")["thread_id"] = "thread_B2"


@broken("event.thread-fields", good.with_thread, "createThreadAndRun")
def thread_without_metadata(blocks: Blocks) -> None:
    del of(blocks, "created")["metadata"]


# --- meaning


@broken("event.fold.message-text")
def lost_delta(blocks: Blocks) -> None:
    drop(blocks, "message.delta", 1)


@broken("event.fold.message-text")
def repeated_delta(blocks: Blocks) -> None:
    blocks.insert(at(blocks, "message.completed"), blocks[at(blocks, "message.delta", 1)])


@broken("event.fold.message-text")
def deltas_swapped(blocks: Blocks) -> None:
    swap(blocks, at(blocks, "message.delta"))


@broken("event.fold.message-text")
def broken_surrogate_pair(blocks: Blocks) -> None:
    """A character beyond the basic plane, cut in two."""
    of(blocks, "message.delta", 1)["delta"]["content"][0]["text"]["value"] = " there\ufffd"
    of(blocks, "message.completed")["content"][0]["text"]["value"] = "Hello there\U0001f600"


@broken("event.fold.tool-arguments", good.waiting)
def lost_arguments(blocks: Blocks) -> None:
    drop(blocks, "run.step.delta", 2)


@broken("event.fold.tool-arguments", good.hosted)
def lost_code(blocks: Blocks) -> None:
    drop(blocks, "run.step.delta", 2)


@broken("lifecycle.usage-completed")
def completed_run_without_usage(blocks: Blocks) -> None:
    of(blocks, "run.completed")["usage"] = None


@broken("response.usage.steps-sum", good.two_texts)
def usage_of_the_last_step_only(blocks: Blocks) -> None:
    of(blocks, "run.completed")["usage"] = good.USAGE


@broken("lifecycle.required-action-iff", good.waiting)
def nothing_required(blocks: Blocks) -> None:
    of(blocks, "run.requires_action")["required_action"] = None


@broken("lifecycle.status-values", also=("event.run-status",))
def unknown_status(blocks: Blocks) -> None:
    of(blocks, "run.in_progress")["status"] = "running"


# --- order


@broken("order.create-run-start")
def no_run_created(blocks: Blocks) -> None:
    drop(blocks, "run.created")


@broken("order.create-run-start")
def thread_created_too(blocks: Blocks) -> None:
    blocks.insert(0, ("thread.created", good.THREAD_OBJECT))


@broken("order.create-thread-and-run-start", good.with_thread, "createThreadAndRun")
def no_thread_created(blocks: Blocks) -> None:
    del blocks[0]


@broken("order.create-thread-and-run-start", good.with_thread, "createThreadAndRun")
def run_before_thread(blocks: Blocks) -> None:
    swap(blocks, 0)


@broken("order.run-head")
def no_queued(blocks: Blocks) -> None:
    drop(blocks, "run.queued")


@broken("order.run-head")
def no_in_progress(blocks: Blocks) -> None:
    drop(blocks, "run.in_progress")


@broken("order.run-head")
def queued_after_in_progress(blocks: Blocks) -> None:
    swap(blocks, 1)


@broken("order.run-head")
def in_progress_after_a_step(blocks: Blocks) -> None:
    blocks.insert(5, drop(blocks, "run.in_progress"))


@broken("order.run-created-once")
def run_created_twice(blocks: Blocks) -> None:
    blocks.insert(1, blocks[0])


@broken("order.run-created-once", good.answered, "submitToolOutputs")
def run_created_on_submission(blocks: Blocks) -> None:
    blocks.insert(1, ("thread.run.created", of(blocks, "run.queued")))


@broken("order.step-bracket")
def no_step_created(blocks: Blocks) -> None:
    drop(blocks, "run.step.created")


@broken("order.step-bracket")
def step_completed_twice(blocks: Blocks) -> None:
    blocks.insert(-2, blocks[at(blocks, "run.step.completed")])


@broken("order.step-bracket")
def step_never_closed(blocks: Blocks) -> None:
    drop(blocks, "run.step.completed")


@broken("order.step-bracket", good.hosted)
def step_delta_after_close(blocks: Blocks) -> None:
    late = call_piece("step_1", type="code_interpreter", code_interpreter={"input": ""})
    blocks.insert(at(blocks, "run.step.completed") + 1, late)


@broken("order.step-in-progress")
def no_step_in_progress(blocks: Blocks) -> None:
    drop(blocks, "run.step.in_progress")


@broken("order.step-in-progress")
def step_in_progress_late(blocks: Blocks) -> None:
    swap(blocks, at(blocks, "run.step.in_progress"))


@broken("order.message-bracket")
def no_message_in_progress(blocks: Blocks) -> None:
    drop(blocks, "message.in_progress")


@broken("order.message-bracket")
def message_never_closed(blocks: Blocks) -> None:
    drop(blocks, "message.completed")


@broken("order.message-bracket")
def message_without_a_delta(blocks: Blocks) -> None:
    drop(blocks, "message.delta")
    drop(blocks, "message.delta")


@broken("order.message-bracket")
def delta_after_completed(blocks: Blocks) -> None:
    blocks.insert(at(blocks, "message.completed") + 1, piece("msg_1", ""))


@broken("order.delta-after-created")
def delta_before_message(blocks: Blocks) -> None:
    blocks.insert(at(blocks, "message.created"), drop(blocks, "message.delta"))


@broken("order.delta-after-created", good.hosted)
def delta_before_step(blocks: Blocks) -> None:
    blocks.insert(at(blocks, "run.step.created"), drop(blocks, "run.step.delta"))


@broken("order.delta-after-created")
def delta_of_nobody(blocks: Blocks) -> None:
    blocks.insert(at(blocks, "message.completed"), piece("msg_9", "?"))


@broken("order.message-in-step")
def message_before_its_step(blocks: Blocks) -> None:
    place = at(blocks, "message.created")
    blocks[place - 2 : place + 1] = [blocks[place], *blocks[place - 2 : place]]


@broken("order.message-in-step")
def step_names_another_message(blocks: Blocks) -> None:
    for name in ("created", "in_progress", "completed"):
        of(blocks, f"run.step.{name}")["step_details"]["message_creation"]["message_id"] = "msg_9"


@broken("order.message-in-step")
def step_closes_first(blocks: Blocks) -> None:
    swap(blocks, at(blocks, "message.completed"))


@broken("order.one-message-open", good.two_texts)
def second_message_early(blocks: Blocks) -> None:
    closing = [drop(blocks, "message.completed"), drop(blocks, "run.step.completed")]
    place = at(blocks, "message.created", 1) + 1
    blocks[place:place] = closing


@broken("order.run-close-last")
def step_after_the_end(blocks: Blocks) -> None:
    swap(blocks, at(blocks, "run.step.completed"))


@broken("order.run-close-last")
def no_run_end(blocks: Blocks) -> None:
    drop(blocks, "run.completed")


@broken("order.run-close-last")
def two_run_ends(blocks: Blocks) -> None:
    blocks.insert(-1, blocks[-2])


@broken("order.requires-action-last", good.waiting)
def goes_on_without_outputs(blocks: Blocks) -> None:
    blocks.insert(-1, good.HEAD[2])


@broken("order.done-last")
def no_done(blocks: Blocks) -> None:
    blocks.pop()


@broken("order.done-last")
def two_dones(blocks: Blocks) -> None:
    blocks.append(blocks[-1])


@broken("order.done-last")
def event_after_done(blocks: Blocks) -> None:
    blocks.append(("vendor.news", {"object": "news"}))


@broken("order.done-last", failure=Failure("disconnected", "the connection broke off after 900 bytes"))
def broken_off(blocks: Blocks) -> bytes:
    return to_body(blocks)[:-400]


@broken("order.done-last", failure=Failure("idle", "no byte for 30 s"))
def falls_silent(blocks: Blocks) -> None:
    del blocks[8:]


@broken("order.open-tool-step", good.waiting)
def function_step_closed(blocks: Blocks) -> None:
    call = {"id": "call_1", "type": "function", "function": {**good.FUNCTION, "output": None}}
    closing = step("step_1", {"type": "tool_calls", "tool_calls": [call]}, "completed")
    blocks.insert(at(blocks, "run.requires_action"), ("thread.run.step.completed", closing))


@broken("order.submit-start", good.answered, "submitToolOutputs")
def waiting_step_not_closed(blocks: Blocks) -> None:
    del blocks[0]


@broken("order.submit-start", good.answered, "submitToolOutputs")
def queued_first(blocks: Blocks) -> None:
    swap(blocks, 0)


@broken("order.hosted-step-closed", good.hosted)
def tool_step_closed_late(blocks: Blocks) -> None:
    closing = drop(blocks, "run.step.completed")
    blocks.insert(at(blocks, "run.step.in_progress", 1) + 1, closing)


@broken("order.status-forward")
def queued_again(blocks: Blocks) -> None:
    blocks.insert(4, ("thread.run.queued", run("queued", started_at=None)))


@broken("order.error-last", lambda: [*good.HEAD, *good.writes(1)])
def goes_on_after_an_error(blocks: Blocks) -> None:
    trouble = {"error": {"message": "boom", "type": "server_error", "param": None, "code": None}}
    blocks.insert(-1, ("error", trouble))


@broken("lifecycle.message-ends-with-run", lambda: [*good.HEAD, *good.writes(1)[:5], *good.end("failed")])
def message_left_open(_: Blocks) -> None:
    """The run fails in the middle of its message."""


@broken("lifecycle.message-ends-with-run", lambda: [*good.cut("run_expired"), *good.end("failed")])
def cut_for_another_reason(_: Blocks) -> None:
    """run_expired, for a run that failed."""
