"""What all stories share: words for the model, what to make of answers, threads that are handed on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from runs_conformance.contract.checks.steps import required_calls
from runs_conformance.contract.model import Case, Exchange
from runs_conformance.contract.timeline import FINAL
from runs_conformance.contract.traces import of_kind
from runs_conformance.live import Live
from runs_conformance.scenes import followed
from runs_conformance.stimuli import awkward
from runs_conformance.stimuli.base import CREATE_RUN, function

SCHEMA: Final = {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
    "additionalProperties": False,
}
TOOL: Final = function("look_up", description="Looks a city up.", parameters=SCHEMA)
FORCED: Final[dict[str, Any]] = {
    "tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "look_up"}},
}
STOPPED: Final = frozenset({*FINAL, "requires_action"})
LONG: Final = "Write 1000 words about the sea, in plain text."


def asking(live: Live, words: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": live.text(words)}]


def calls_of(run: dict[str, Any]) -> list[str]:
    """The ids that a run waits for, in its order."""
    return [str(call["id"]) for call in required_calls(run) if "id" in call]


def last_run(exchanges: list[Exchange] | tuple[Exchange, ...]) -> dict[str, Any]:
    """The run as it was shown last."""
    shown = [snapshot.value for exchange in exchanges for snapshot in of_kind(exchange, "thread.run")]
    return shown[-1] if shown else {}


def submit(live: Live, thread: str, run: str, body: Any, case: Case | None = None) -> Exchange:
    return live.send("submitToolOutputs", thread=thread, run=run, body=body, case=case)


def outputs(calls: list[str]) -> list[dict[str, str]]:
    """An output for each call: different ones, with what careless servers change in a text."""
    return [{"tool_call_id": call, "output": f" output of {call}: {awkward.WORDS}\n"} for call in calls]


def steps(live: Live, thread: str, run: str) -> Iterator[Exchange]:
    listed = live.send("listRunSteps", thread=thread, run=run)
    yield listed
    steps = [one.value for one in of_kind(listed, "thread.run.step")]
    if steps and isinstance(steps[0].get("id"), str):
        yield live.send("getRunStep", thread=thread, run=run, step=steps[0]["id"])
    include = (("include[]", "step_details.tool_calls[*].file_search.results[*].content"), ("order", "asc"))
    yield live.send("listRunSteps", thread=thread, run=run, query=include)


def pages(live: Live, thread: str) -> Iterator[Exchange]:
    """Pages of a list: both orders, a limit, two pages after the first, the page before.

    The second page after is the last and a full one if the list has three entries: has_more is false there.
    What a list without a limit says to have left is asked for too.
    """
    for capability, operation in (("messages.list", "listMessages"), ("runs.list", "listRuns")):
        if live.profile.lacks(capability) is not None:
            continue
        whole = live.send(operation, thread=thread)
        yield whole
        if _shown(whole, "has_more") is True and (last := _shown(whole, "last_id")):
            yield live.send(operation, thread=thread, query=(("after", str(last)),))
        yield live.send(operation, thread=thread, query=(("order", "asc"),))
        yield from _one_by_one(live, operation, thread)


def _one_by_one(live: Live, operation: str, thread: str) -> Iterator[Exchange]:
    limited = (("limit", "1"), ("order", "desc"))
    first = live.send(operation, thread=thread, query=limited)
    yield first
    last = _shown(first, "last_id")
    if not isinstance(last, str):
        return
    second = live.send(operation, thread=thread, query=(("after", last), *limited))
    yield second
    next_ = _shown(second, "last_id")
    if isinstance(next_, str) and next_ != last:
        yield live.send(operation, thread=thread, query=(("after", next_), *limited))
    yield live.send(operation, thread=thread, query=(("before", last), ("order", "desc")))


def _shown(page: Exchange, name: str) -> Any:
    return page.answer.get(name) if page.ok and isinstance(page.answer, dict) else None


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


def read(live: Live, created: Exchange) -> tuple[Exchange, ...]:
    run = last_run((created,))
    return followed(live, created) if run.get("id") and run.get("thread_id") else ()
