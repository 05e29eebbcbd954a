"""Streamed runs: text, a structured answer, tools, a limit, a client that hangs up, and refusals."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Final

from runs_conformance.contract.model import Case, Exchange
from runs_conformance.contract.traces import of_kind
from runs_conformance.live import Live
from runs_conformance.scenes import accepted
from runs_conformance.stimuli import awkward
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN
from runs_conformance.stimuli.value import ASCII_TRAPS
from runs_conformance.stories.telling import (
    FORCED,
    LONG,
    SCHEMA,
    STOPPED,
    TOOL,
    asking,
    calls_of,
    last_run,
    leave,
    outputs,
    read,
    submit,
    taken_over,
)

# The edition that brought json_schema.
STRUCTURED: Final = "2024-08-06"
# Settings that a streamed run has to show as a polled one does; one token limit alone.
# What careless streams lose: leading blanks, line ends, markup, accents, what is beyond the BMP.
SPELT: Final = (
    'Hello,\n\n  "wörld" &amp; <b>all</b>\tof you!   Two  blanks.\r\n日本語 😀 e\u0301 '
    f"{awkward.WORDS} end. \n"
)
# Where a proxy that decodes what it reads piece by piece cuts, it most likely cuts a character in two.
DENSE: Final = "日本語" * 300
STREAMED: Final[dict[str, Any]] = {
    "temperature": 0.3, "top_p": 0.4, "max_prompt_tokens": 5000,
    "instructions": f"Be very brief. {ASCII_TRAPS} {DENSE} {awkward.WORDS}",
    "truncation_strategy": {"type": "last_messages", "last_messages": 4},
    "metadata": {"Streamed": f"Yes {ASCII_TRAPS}"},
}
# Longer than a short field.
LONG_MESSAGE: Final = "  Some words to be kept: " + "word " * 1_000 + "and the last. \n"


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
    body["additional_messages"] = [
        {"role": "assistant", "content": live.text("What shall I say?")},
        *asking(live, f"Repeat exactly, blanks and all: {SPELT}"),
    ]
    told = taken_over(live, body, Case("a streamed run", ("accept.stream.boolean",), "accepted"))
    return (*told, *read(live, told[-1]))


def streamed_both(live: Live) -> tuple[Exchange, ...]:
    """POST /threads/runs, streamed, with a structured answer."""
    live.needs("streams")
    accepted(live, CREATE_BOTH)
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA, "strict": True}}
    body = live.plain(CREATE_BOTH, stream=True, metadata={"of": "run"})
    body["thread"]["metadata"] = {"of": "thread"}
    body["thread"]["messages"][0]["metadata"] = {"of": "message"}
    body["thread"]["messages"].insert(0, {"role": "user", "content": LONG_MESSAGE})
    body["instructions"] = awkward.padded()  # the line of an event becomes as long
    if live.profile.lacks("json-schema") is None and live.edition >= STRUCTURED:
        body["response_format"] = form
    created = live.create(
        CREATE_BOTH, body,
        # The body asks for the stream; a client that says so in the Accept header too is no worse for it.
        headers={"Accept": "text/event-stream"},
        case=Case("a streamed thread and run", ("accept.stream.boolean",), "accepted"),
    )
    return (created, *read(live, created))


def streamed_tools(live: Live) -> tuple[Exchange, ...]:
    """A stream that stops for tool outputs, which are submitted in a stream too."""
    live.needs("streams", "tools.function")
    accepted(live, CREATE_RUN)
    body = {
        "assistant_id": live.stage.assistant(), **FORCED, "tool_choice": "required", "stream": True,
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
        told.append(submit(live, run["thread_id"], run["id"], {"tool_outputs": outputs(calls[:1])}, case))
    told.append(submit(live, run["thread_id"], run["id"], {"tool_outputs": outputs(calls), "stream": True}))
    return (*told, *read(live, told[-1]))


def streamed_limit(live: Live) -> tuple[Exchange, ...]:
    """An answer longer than the limit on completion tokens, streamed: incomplete."""
    live.needs("streams")
    accepted(live, CREATE_BOTH)
    body = {
        "assistant_id": live.stage.assistant(), "stream": True, "max_completion_tokens": 256,
        "thread": {"messages": asking(live, LONG)}, "response_format": {"type": "text"},
    }
    created = live.create(CREATE_BOTH, body)
    told = [created, *read(live, created)]
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


def cancelled(live: Live) -> tuple[Exchange, ...]:
    """A stream whose run is cancelled from elsewhere while it speaks: it closes what is open, and ends."""
    live.needs("streams", "runs.cancel", "runs.list")
    thread = live.stage.thread()
    body = {
        "assistant_id": live.stage.assistant(), "stream": True,
        "additional_messages": asking(live, "Write 300 words, slowly."),
    }
    with ThreadPoolExecutor(1) as beside:
        stream = beside.submit(live.create, CREATE_RUN, body, thread=thread)
        told = list(_cancel_when_listed(live, thread, stream))
        told.append(stream.result())
    if last_run(told[-1:]).get("id"):
        told += read(live, told[-1])
    return tuple(told)


def _cancel_when_listed(live: Live, thread: str, stream: Future[Exchange]) -> Iterator[Exchange]:
    end, pause = time.monotonic() + live.profile.timeouts.poll, live.profile.polling.first
    while not stream.done() and time.monotonic() < end:
        listed = live.send("listRuns", thread=thread)
        yield listed
        runs = [one.value for one in of_kind(listed, "thread.run")]
        if not listed.ok or any(one.get("status") in STOPPED for one in runs):
            return
        if any(one.get("status") == "in_progress" for one in runs):
            yield from _too_early(live, thread)
            yield live.send("cancelRun", thread=thread, run=str(runs[0].get("id")))
            return
        wait([stream], pause)
        pause = min(2 * pause, live.profile.polling.longest)


def _too_early(live: Live, thread: str) -> Iterator[Exchange]:
    """A streamed run that is at work locks its thread as any other; that it was, the cancellation shows."""
    if live.profile.lacks("messages.create") is None:
        yield live.send(
            "createMessage", thread=thread, body={"role": "user", "content": live.text("Beside it.")},
        )
    yield live.create(CREATE_RUN, {"assistant_id": live.stage.assistant()}, thread=thread)


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
