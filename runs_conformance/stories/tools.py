"""A run that has to call a tool, lists of a thread, and two creates that race for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runs_conformance.contract.model import Case, Exchange
from runs_conformance.contract.operations import template
from runs_conformance.contract.traces import answer_run
from runs_conformance.live import Live
from runs_conformance.scenes import accepted
from runs_conformance.stimuli.base import CREATE_RUN
from runs_conformance.stories.telling import (
    FORCED,
    LONG,
    STOPPED,
    asking,
    calls_of,
    last_run,
    leave,
    outputs,
    pages,
    steps,
    submit,
    taken_over,
)


def tool_run(live: Live) -> tuple[Exchange, ...]:
    """A forced tool call.

    The thread is locked; wrong outputs are refused, right ones taken, once; then all is open again.
    """
    live.needs("tools.function", "runs.retrieve")
    accepted(live, CREATE_RUN)
    body = {
        "assistant_id": live.stage.assistant(), **FORCED, "parallel_tool_calls": False,
        "additional_messages": asking(live, "Look up Paris."),
    }
    told = taken_over(live, body, Case("a run that has to call a tool"))
    created = told[-1]
    thread = str(answer_run(created).get("thread_id"))
    if not created.ok:
        return tuple(told)
    told += _at_once(live, thread, created)
    told += live.finish(created)
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


def _answered(live: Live, thread: str, run: str, calls: list[str]) -> Iterator[Exchange]:
    """Outputs in every wrong way, then in the right one, then again."""
    if live.profile.lacks("runs.submit") is not None:
        return
    right = outputs(calls)
    wrong: tuple[tuple[str, str, Any], ...] = (
        (
            "an unknown tool_call_id", "lifecycle.submit.unknown-call-refused",
            {"tool_outputs": [*right, *outputs(["call_unknown"])]},
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
        exchange = submit(live, thread, run, body, Case(name, (row,), "refused"))
        yield exchange
        if exchange.ok:  # taken: the run has gone on, and nothing more can be said about its outputs
            yield from live.client.poll(thread, run)
            return
    yield submit(
        live, thread, run, {"tool_outputs": right, "stream": None},
        Case("all outputs", ("lifecycle.submit.accepted",), "accepted"),
    )
    again = Case("the same outputs again", ("lifecycle.submit.wrong-status-refused",), "refused")
    yield submit(live, thread, run, {"tool_outputs": right}, again)
    yield from live.client.poll(thread, run)
    yield submit(
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
        yield from steps(live, thread, run)
    if live.profile.lacks("messages.create") is None:
        yield live.send(
            "createMessage", thread=thread,
            body={"role": "user", "content": live.text("A message afterwards.")},
        )
    yield from pages(live, thread)


def lists(live: Live) -> tuple[Exchange, ...]:
    """Lists of a thread on which nothing ran: empty runs, three messages; and ids that name nothing."""
    live.needs("threads")
    thread = live.stage.thread()
    told: list[Exchange] = []
    if live.profile.lacks("messages.create") is None:
        # Two: what a page after the first entry leaves out shows only if one more follows.
        told += [
            live.send("createMessage", thread=thread, body={"role": "user", "content": live.text(words)})
            for words in ("One more.", "And one.")
        ]
    told += pages(live, thread)
    told += _older(live)
    if live.profile.lacks("runs.retrieve") is None:
        case = Case("a run that does not exist", ("error.not-found.run",), "refused")
        told.append(live.send("getRun", thread=thread, run="run_0123456789abcdefABCDEF00", case=case))
    told.append(live.send("deleteThread", thread=thread))
    return tuple(told)


def _older(live: Live) -> Iterator[Exchange]:
    """Both orders once more, on a thread whose messages are of different seconds if there is one."""
    told: tuple[Exchange, ...] = live.shared("scene plain", tuple)
    thread = last_run(told).get("thread_id")
    if isinstance(thread, str) and live.profile.lacks("messages.create") is None:
        yield live.send(
            "createMessage", thread=thread, body={"role": "user", "content": live.text("Later.")},
        )
        if live.profile.lacks("messages.list") is None:
            yield live.send("listMessages", thread=thread, query=(("order", "asc"),))
            yield live.send("listMessages", thread=thread)


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
    taken = [answer_run(one) for one in told if one.ok]
    run = taken[0] if taken else {}
    if len(taken) > 1 and live.profile.lacks("runs.retrieve") is None:
        # That both were taken is wrong only if both are at work now.
        told += [live.send("getRun", thread=thread, run=str(one.get("id"))) for one in reversed(taken)]
    if (
        not run.get("id")
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
