"""Longer scenes.

Tool outputs, locks, cancelling, limits, expiry, and the same streamed. One run each, judged by many rows.

What a real model does can't be scripted, so each story takes the way that the contract forces (a forced tool,
a token limit) and goes on by what it sees; what did not come about is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from runs_conformance.contract.model import Case, Exchange
from runs_conformance.contract.operations import template
from runs_conformance.contract.traces import answer_run, of_kind
from runs_conformance.live import Live
from runs_conformance.scenes import SCENES, accepted, followed
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN, function

SCHEMA: Final = {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
    "additionalProperties": False,
}
TOOL: Final = function("look_up", description="Looks a city up.", parameters=SCHEMA)
FORCED: Final[dict[str, Any]] = {
    "tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "look_up"}},
}
STOPPED: Final = frozenset({"requires_action", "completed", "failed", "cancelled", "expired", "incomplete"})
LONG: Final = "Write 1000 words about the sea, in plain text."


def asking(live: Live, words: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": live.text(words)}]


def calls_of(run: dict[str, Any]) -> list[str]:
    """The ids that a run waits for."""
    action = run.get("required_action")
    inner = action.get("submit_tool_outputs") if isinstance(action, dict) else None
    calls = inner.get("tool_calls") if isinstance(inner, dict) else None
    return [str(call["id"]) for call in calls or [] if isinstance(call, dict) and "id" in call]


def last_run(exchanges: list[Exchange] | tuple[Exchange, ...]) -> dict[str, Any]:
    """The run as it was shown last."""
    shown = [snapshot.value for exchange in exchanges for snapshot in of_kind(exchange, "thread.run")]
    return shown[-1] if shown else {}


def tool_run(live: Live) -> tuple[Exchange, ...]:
    """A forced tool call.

    The thread is locked; wrong outputs are refused, right ones taken, once; then all is open again.
    """
    live.needs("tools.function", "runs.retrieve")
    accepted(live, CREATE_RUN)
    thread = live.stage.thread()
    body = {
        "assistant_id": live.stage.assistant(), **FORCED, "parallel_tool_calls": False,
        "additional_messages": asking(live, "Look up Paris."),
    }
    told = [live.create(CREATE_RUN, body, thread=thread)]
    told += _at_once(live, thread, told[0])
    told += live.finish(told[0])
    run = last_run(told)
    if run.get("status") != "requires_action":
        return tuple(told)
    told += _locked(live, thread)
    if live.profile.lacks("steps") is None:
        told.append(live.send("listRunSteps", thread=thread, run=run["id"]))
    told += _answered(live, thread, str(run["id"]), calls_of(run))
    told += _afterwards(live, thread, str(run["id"]))
    return tuple(told)


def _at_once(live: Live, thread: str, created: Exchange) -> Iterator[Exchange]:
    """Right after the create, whatever the run's state.

    It will stop for tool outputs, so it is active all along.
    """
    if answer_run(created).get("status") not in ("queued", "in_progress"):
        return
    if live.profile.lacks("messages.create") is None:
        yield live.send(
            "createMessage", thread=thread, body={"role": "user", "content": live.text("Too early.")},
        )
    if live.profile.lacks("runs.list") is None:
        yield live.send("listRuns", thread=thread)
    yield live.create(CREATE_RUN, {"assistant_id": live.stage.assistant()}, thread=thread)


def _locked(live: Live, thread: str) -> Iterator[Exchange]:
    """While the run waits: no second run, no message."""
    case = Case("a second run while one is waiting", ("refuse.thread.active-run",), "refused")
    yield live.create(CREATE_RUN, {"assistant_id": live.stage.assistant()}, thread=thread, case=case)
    if live.profile.lacks("messages.create") is None:
        yield live.send(
            "createMessage", thread=thread,
            body={"role": "user", "content": live.text("A message in between.")},
        )


def _submit(live: Live, thread: str, run: str, body: Any, case: Case | None = None) -> Exchange:
    return live.send("submitToolOutputs", thread=thread, run=run, body=body, case=case)


def _outputs(calls: list[str]) -> list[dict[str, str]]:
    return [{"tool_call_id": call, "output": f"output of {call}"} for call in calls]


def _answered(live: Live, thread: str, run: str, calls: list[str]) -> Iterator[Exchange]:
    """Outputs in every wrong way, then in the right one, then again."""
    if live.profile.lacks("runs.submit") is not None:
        return
    right = _outputs(calls)
    wrong: tuple[tuple[str, str, Any], ...] = (
        (
            "an unknown tool_call_id", "lifecycle.submit.unknown-call-refused",
            {"tool_outputs": [*right, *_outputs(["call_unknown"])]},
        ),
        ("no tool_call_id", "lifecycle.submit.call-id-missing-refused", {"tool_outputs": [{"output": "x"}]}),
        ("no outputs at all", "lifecycle.submit.partial-refused", {"tool_outputs": []}),
        ("no tool_outputs", "lifecycle.submit.form", {}),
        ("an unknown property", "lifecycle.submit.form", {"tool_outputs": right, "unknown_property": 1}),
        (
            "an output that is no string", "lifecycle.submit.form",
            {"tool_outputs": [{**one, "output": 7} for one in right]},
        ),
        ("stream that is no boolean", "lifecycle.submit.stream", {"tool_outputs": right, "stream": "yes"}),
    )
    partial = {"tool_outputs": right[:1]}
    if len(right) > 1:
        wrong = (*wrong, ("a part of the outputs", "lifecycle.submit.partial-refused", partial))
    for name, row, body in wrong:
        exchange = _submit(live, thread, run, body, Case(name, (row,), "refused"))
        yield exchange
        if exchange.ok:  # taken: the run has gone on, and nothing more can be said about its outputs
            yield from live.client.poll(thread, run)
            return
    yield _submit(
        live, thread, run, {"tool_outputs": right, "stream": None},
        Case("all outputs", ("lifecycle.submit.accepted",), "accepted"),
    )
    yield from live.client.poll(thread, run)
    yield _submit(
        live, thread, run, {"tool_outputs": right},
        Case("outputs after the end", ("lifecycle.submit.wrong-status-refused",), "refused"),
    )


def _afterwards(live: Live, thread: str, run: str) -> Iterator[Exchange]:
    """A final run stays as it is, its thread is open, its metadata can be changed."""
    if live.profile.lacks("runs.cancel") is None:
        yield live.send(
            "cancelRun", thread=thread, run=run,
            case=Case("cancel after the end", ("lifecycle.cancel.final-refused",), "refused"),
        )
    if live.profile.lacks("runs.modify") is None:
        yield live.send("modifyRun", thread=thread, run=run, body={"metadata": {"changed": "yes"}})
        for name, body in (
            ("model", {"model": "gpt-4o"}),
            ("a metadata value that is no string", {"metadata": {"changed": True}}),
        ):
            yield live.send(
                "modifyRun", thread=thread, run=run, body=body,
                case=Case(f"modify {name}", ("lifecycle.modify",), "refused"),
            )
    yield live.send("getRun", thread=thread, run=run)
    if live.profile.lacks("steps") is None:
        yield from _steps(live, thread, run)
    if live.profile.lacks("messages.create") is None:
        yield live.send(
            "createMessage", thread=thread,
            body={"role": "user", "content": live.text("A message afterwards.")},
        )
    yield from _lists(live, thread)


def _steps(live: Live, thread: str, run: str) -> Iterator[Exchange]:
    listed = live.send("listRunSteps", thread=thread, run=run)
    yield listed
    steps = [one.value for one in of_kind(listed, "thread.run.step")]
    if steps and isinstance(steps[0].get("id"), str):
        yield live.send("getRunStep", thread=thread, run=run, step=steps[0]["id"])
    include = (("include[]", "step_details.tool_calls[*].file_search.results[*].content"), ("order", "asc"))
    yield live.send("listRunSteps", thread=thread, run=run, query=include)


def _lists(live: Live, thread: str) -> Iterator[Exchange]:
    """Pages of a list: both orders, a limit, the page after, the page before."""
    for capability, operation in (("messages.list", "listMessages"), ("runs.list", "listRuns")):
        if live.profile.lacks(capability) is not None:
            continue
        whole = live.send(operation, thread=thread)
        yield whole
        yield live.send(operation, thread=thread, query=(("order", "asc"),))
        first = live.send(operation, thread=thread, query=(("limit", "1"), ("order", "desc")))
        yield first
        last = first.answer.get("last_id") if isinstance(first.answer, dict) else None
        if isinstance(last, str):
            yield live.send(
                operation, thread=thread, query=(("limit", "1"), ("after", last), ("order", "desc")),
            )
            yield live.send(operation, thread=thread, query=(("before", last), ("order", "desc")))


def lists(live: Live) -> tuple[Exchange, ...]:
    """Lists of a thread on which nothing ran: empty runs, two messages; and ids that name nothing."""
    live.needs("threads")
    thread = live.stage.thread()
    told: list[Exchange] = []
    if live.profile.lacks("messages.create") is None:
        told.append(live.send(
            "createMessage", thread=thread, body={"role": "user", "content": live.text("One more.")},
        ))
    told += _lists(live, thread)
    if live.profile.lacks("runs.retrieve") is None:
        case = Case("a run that does not exist", ("error.not-found.run",), "refused")
        told.append(live.send("getRun", thread=thread, run="run_0123456789abcdefABCDEF00", case=case))
    told.append(live.send("deleteThread", thread=thread))
    return tuple(told)


def race(live: Live) -> tuple[Exchange, ...]:
    """Two creates at the same time on one thread; the winner is cancelled while it is at work."""
    accepted(live, CREATE_RUN)
    thread = live.stage.thread()
    method, path = template(CREATE_RUN)
    bodies = [
        {"assistant_id": live.stage.assistant(), "additional_messages": asking(live, LONG)} for _ in range(2)
    ]
    told = list(live.client.send_together(
        [{"method": method, "path": path.replace("{thread}", thread), "body": body} for body in bodies]
    ))
    won = next((one for one in told if one.ok), None)
    run = answer_run(won) if won else {}
    if (
        not run
        or live.profile.lacks("runs.cancel") is not None
        or live.profile.lacks("runs.retrieve") is not None
    ):
        return tuple(told)
    told += live.client.poll(thread, run["id"], until=STOPPED | {"in_progress"})
    told.append(live.send("cancelRun", thread=thread, run=run["id"]))
    if not told[-1].ok and live.profile.lacks("messages.create") is None:
        told.append(live.send(
            "createMessage", thread=thread, body={"role": "user", "content": live.text("Still?")},
        ))
    told += live.client.poll(thread, run["id"], until=STOPPED - {"requires_action"})
    if live.profile.lacks("steps") is None:
        told.append(live.send("listRunSteps", thread=thread, run=run["id"]))
    if live.profile.lacks("messages.list") is None:
        told.append(live.send("listMessages", thread=thread))
    leave(live, thread, told)
    return tuple(told)


def leave(live: Live, thread: str, told: list[Exchange]) -> None:
    """A thread whose run is over, for the next story: it must be open again, however the run ended."""
    if live.profile.lacks("messages.create") is None:
        told.append(live.send(
            "createMessage", thread=thread, body={"role": "user", "content": live.text("Open again?")},
        ))
    if last_run(told).get("status") in STOPPED - {"requires_action"}:
        live.left.append((thread, tuple(told)))


def taken_over(live: Live, body: dict[str, Any], case: Case) -> list[Exchange]:
    """A create on a thread that another story left, with what happened there.

    On a fresh one if that is refused.
    """
    told: list[Exchange] = []
    if live.left:
        thread, before = live.left.pop()
        told = [*before, live.create(CREATE_RUN, body, thread=thread, case=case)]
        if told[-1].ok:
            return told
    return [*told, live.create(CREATE_RUN, body, thread=live.stage.thread(), case=case)]


# Settings that a streamed run has to show as a polled one does; one token limit alone.
STREAMED: Final[dict[str, Any]] = {
    "temperature": 0.3, "top_p": 0.4, "max_prompt_tokens": 5000, "instructions": "Be very brief.",
    "truncation_strategy": {"type": "last_messages", "last_messages": 4}, "metadata": {"streamed": "yes"},
}


def streamed_text(live: Live) -> tuple[Exchange, ...]:
    """A streamed run with tools that it may not call; afterwards the run, its steps and messages are read."""
    live.needs("streams")
    first = accepted(live, CREATE_RUN)
    body = {
        "assistant_id": first.request.object["assistant_id"], "stream": True, "tools": [TOOL],
        "tool_choice": "none", **STREAMED,
    }
    if live.profile.lacks("tools.function") is not None:
        body = {key: value for key, value in body.items() if key not in ("tools", "tool_choice")}
    body["additional_messages"] = asking(live, "Say hello.")
    told = taken_over(live, body, Case("a streamed run", ("accept.stream.boolean",), "accepted"))
    return (*told, *_read(live, told[-1]))


def streamed_both(live: Live) -> tuple[Exchange, ...]:
    """POST /threads/runs, streamed, with a structured answer."""
    live.needs("streams")
    accepted(live, CREATE_BOTH)
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA, "strict": True}}
    body = live.plain(CREATE_BOTH, stream=True, metadata={"of": "run"})
    body["thread"]["metadata"] = {"of": "thread"}
    body["thread"]["messages"][0]["metadata"] = {"of": "message"}
    if live.profile.lacks("json-schema") is None and live.edition >= STRUCTURED:
        body["response_format"] = form
    created = live.create(
        CREATE_BOTH, body,
        # The body asks for the stream; a client that says so in the Accept header too is no worse for it.
        headers={"Accept": "text/event-stream"},
        case=Case("a streamed thread and run", ("accept.stream.boolean",), "accepted"),
    )
    return (created, *_read(live, created))


def _read(live: Live, created: Exchange) -> tuple[Exchange, ...]:
    run = last_run((created,))
    return followed(live, created) if run.get("id") and run.get("thread_id") else ()


def streamed_tools(live: Live) -> tuple[Exchange, ...]:
    """A stream that stops for tool outputs, which are submitted in a stream too."""
    live.needs("streams", "tools.function")
    accepted(live, CREATE_RUN)
    body = {
        "assistant_id": live.stage.assistant(), **FORCED, "stream": True,
        "additional_messages": asking(live, "Call look_up and look_up in parallel: look up Paris and Rome."),
    }
    told = taken_over(live, body, Case("a streamed run that has to call a tool"))
    run = last_run(told[-1:])
    calls = calls_of(run)
    if run.get("status") != "requires_action" or not calls or live.profile.lacks("runs.submit") is not None:
        return tuple(told)
    if live.profile.lacks("runs.retrieve") is None:
        told.append(live.send("getRun", thread=run["thread_id"], run=run["id"]))
    if len(calls) > 1:
        case = Case("a part of the outputs", ("lifecycle.submit.partial-refused",), "refused")
        told.append(_submit(live, run["thread_id"], run["id"], {"tool_outputs": _outputs(calls[:1])}, case))
    told.append(_submit(live, run["thread_id"], run["id"], {"tool_outputs": _outputs(calls), "stream": True}))
    return (*told, *_read(live, told[-1]))


def streamed_limit(live: Live) -> tuple[Exchange, ...]:
    """An answer longer than the limit on completion tokens, streamed: incomplete."""
    live.needs("streams")
    accepted(live, CREATE_BOTH)
    body = {
        "assistant_id": live.stage.assistant(), "stream": True, "max_completion_tokens": 256,
        "thread": {"messages": asking(live, LONG)}, "response_format": {"type": "text"},
    }
    created = live.create(CREATE_BOTH, body)
    told = [created, *_read(live, created)]
    if last_run((created,)).get("thread_id"):
        leave(live, str(last_run((created,))["thread_id"]), told)
    return tuple(told)


def same_body(live: Live) -> dict[str, Any]:
    """The control's body, so that its run and this stream's can be compared."""
    return dict(accepted(live, CREATE_RUN).request.object)


def closed_early(live: Live) -> tuple[Exchange, ...]:
    """A stream that the client closes after its first events: the run goes on to its end."""
    live.needs("streams", "runs.retrieve")
    created = live.create(
        CREATE_RUN,
        {**same_body(live), "stream": True, "additional_messages": asking(live, "Write 300 words, slowly.")},
        thread=live.stage.thread(), close_after=6,
    )
    run = last_run((created,))
    return (
        (created, *live.client.poll(run["thread_id"], run["id"]))
        if run.get("id") and run.get("thread_id")
        else (created,)
    )


def refused_streams(live: Live) -> tuple[Exchange, ...]:
    """Bodies with a fault, asking for a stream: the refusal is plain JSON. They start no run."""
    live.needs("streams")
    told = []
    for operation in (CREATE_RUN, CREATE_BOTH):
        if live.profile.lacks("create-run" if operation == CREATE_RUN else "create-thread-and-run") is None:
            accepted(live, operation)
            told += [
                live.create(operation, {**live.plain(operation), "stream": True, **fault})
                for fault in ({"temperature": 3}, {"assistant_id": 7})
            ]
    return tuple(told)


def bare_assistant(live: Live) -> tuple[Exchange, ...]:
    """An assistant without instructions: a thread without messages is refused, one with a message is not."""
    assistant = live.stage.assistant(instructions=None)
    told = [
        live.create(
            CREATE_RUN, {"assistant_id": assistant}, thread=live.stage.thread(messages=[]), case=_EMPTY,
        )
    ]
    return tuple(told)


_EMPTY: Final = Case(
    "a run on a thread without messages, by an assistant without instructions", ("refuse.empty-thread",),
    "refused",
)


def hosted(live: Live) -> tuple[Exchange, ...]:
    """A streamed run that has to search a file store; results are read with and without their content."""
    live.needs("streams", "tools.file-search", "steps")
    body = live.plain(
        CREATE_BOTH, stream=True, tools=[{"type": "file_search"}], tool_choice={"type": "file_search"},
    )
    created = live.create(CREATE_BOTH, body)
    run = last_run((created,))
    told = [created, *_read(live, created)]
    if run.get("id"):
        told += _steps(live, run["thread_id"], run["id"])
    return tuple(told)


def failing(live: Live) -> tuple[Exchange, ...]:
    """Runs that the scripted model lets fail: polled, streamed, and by an error in the stream."""
    told: list[Exchange] = []
    for words, stream in (
        ("Please fail.", False), ("Please fail.", True), ("Please break the stream.", True),
    ):
        body = {
            "assistant_id": live.stage.assistant(), "stream": stream,
            "thread": {"messages": asking(live, words)},
        }
        created = live.create(CREATE_BOTH, body)
        told += [created, *_read(live, created)]
        thread = last_run((created,)).get("thread_id")
        if thread:  # open again, though the run failed
            again = {
                "assistant_id": live.stage.assistant(),
                "additional_messages": asking(live, "Say hello."),
            }
            told.append(live.create(CREATE_RUN, again, thread=thread))
    told += prompt_limit(live)
    return tuple(told)


def prompt_limit(live: Live) -> tuple[Exchange, ...]:
    """One message that is longer than the limit on prompt tokens: nothing can be dropped to meet it."""
    body = {
        "assistant_id": live.stage.assistant(), "max_prompt_tokens": 256,
        "thread": {"messages": asking(live, "word " * 600)},
    }
    created = live.create(CREATE_BOTH, body)
    return (created, *_read(live, created))


def expiring(live: Live) -> tuple[Exchange, ...]:
    """A run that waits for tools and one at work, both past their time."""
    live.needs("expiry", "runs.retrieve", "threads")
    told: list[Exchange] = []
    for fields, until in ((FORCED, STOPPED), ({}, STOPPED | {"in_progress"})):
        thread = live.stage.thread()
        body = {"assistant_id": live.stage.assistant(), **fields, "additional_messages": asking(live, LONG)}
        created = live.create(CREATE_RUN, body, thread=thread)
        told.append(created)
        run = answer_run(created)
        if run:
            told += live.client.poll(thread, run["id"], until=until)
            live.advance(thread, EXPIRY)
            told += live.client.poll(thread, run["id"], until=STOPPED - {"requires_action"})
            if live.profile.lacks("steps") is None:
                told.append(live.send("listRunSteps", thread=thread, run=run["id"]))
            if live.profile.lacks("messages.create") is None:
                said = {"role": "user", "content": live.text("Open?")}
                told.append(live.send("createMessage", thread=thread, body=said))
    return tuple(told)


# The edition that brought json_schema.
STRUCTURED: Final = "2024-08-06"
# Seconds: the documented ten minutes and a little.
EXPIRY: Final = 605

SCENES.update({
    "bare": bare_assistant, "hosted": hosted, "failing": failing, "expiring": expiring,
    "tools": tool_run, "lists": lists, "race": race, "stream": streamed_text, "stream-both": streamed_both,
    "stream-tools": streamed_tools, "stream-limit": streamed_limit, "closed-early": closed_early,
    "refused-streams": refused_streams,
})
