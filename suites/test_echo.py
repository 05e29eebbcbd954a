"""Settings in force.

The request's value, else the assistant's, else the default; and nothing of it outlives its run.

One assistant with settings of its own, four runs on one thread: all overridden, all overridden by values
that a careless server takes for "not given" (0, empty), none overridden, by nulls and by saying nothing. The
checks know what each run has to show.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from runs_conformance.contract.compare import same
from runs_conformance.contract.findings import verdict
from runs_conformance.contract.model import Case, Exchange
from runs_conformance.live import Bench, Live
from runs_conformance.scenes import SCENES, row
from runs_conformance.stimuli.base import CREATE_RUN, function
from runs_conformance.suite import marks

OWN: Final[dict[str, Any]] = {
    "instructions": "Answer as JSON, in one line.", "temperature": 0.7, "top_p": 0.8, "metadata": {
        "owner": "assistant"
    },
    "response_format": {"type": "json_object"},
}
OTHER: Final[dict[str, Any]] = {
    "instructions": "Answer as JSON, in two lines.", "temperature": 1.3, "top_p": 0.4, "metadata": {
        "owner": "run"
    },
    "max_prompt_tokens": 4000, "max_completion_tokens": 400, "truncation_strategy": {
        "type": "last_messages", "last_messages": 3,
    },
    "response_format": {"type": "text"}, "tool_choice": "none",
}
EMPTY: Final[dict[str, Any]] = {
    "temperature": 0, "top_p": 0, "metadata": {}, "instructions": "", "tools": [],
    "response_format": "auto",
}
NULLS: Final = dict.fromkeys(("instructions", "tools", "temperature", "top_p", "response_format"))
KEPT: Final = (
    "name", "model", "instructions", "tools", "temperature", "top_p", "response_format", "metadata",
)


def overrides(live: Live) -> tuple[Exchange, ...]:
    """The story; each run is followed to its end, for the thread is locked until then."""
    tools = [function("assistants_own")] if live.profile.lacks("tools.function") is None else []
    assistant = live.stage.assistant(**OWN, tools=tools, name="runs-conformance overrides")
    given = {**OTHER, **({"tools": [function("runs_own")]} if tools else {}), "model": live.other_model}
    thread = live.stage.thread()
    before = _assistant(live, assistant)
    told: list[Exchange] = list(before)
    extra = {"additional_instructions": "Add nothing."}
    for name, fields in (
        ("all overridden", {**given, **extra}), ("overridden by zero and empty values", EMPTY),
        ("nothing overridden, in nulls", NULLS), ("nothing overridden", {}),
    ):
        case = Case(name, ("accept.optional-fields-absent",), "accepted")
        created = live.create(CREATE_RUN, {"assistant_id": assistant, **fields}, thread=thread, case=case)
        told.append(created)
        # a real target may not know the second model, which is no fault
        if not created.ok and "model" in fields:
            plain = {key: value for key, value in fields.items() if key != "model"}
            created = live.create(CREATE_RUN, {"assistant_id": assistant, **plain}, thread=thread, case=case)
            told.append(created)
        told += live.finish(created)
        if live.profile.lacks("runs.retrieve") is not None:
            thread = live.stage.thread()
    if live.profile.lacks("messages.list") is None:
        told.append(live.send("listMessages", thread=thread))
    return (*told, *_assistant(live, assistant))


def _assistant(live: Live, name: str) -> tuple[Exchange, ...]:
    return () if live.profile.lacks("assistants.retrieve") else (live.send("getAssistant", assistant=name),)


SCENES["overrides"] = overrides
ROWS: Final = (
    "response.echo.model", "response.echo.instructions", "response.echo.additional-instructions",
    "response.echo.tools",
    "response.echo.function-strict", "response.echo.metadata", "response.echo.token-limits",
    "response.echo.settings",
    "response.default.temperature", "response.default.top-p", "response.default.truncation",
    "response.default.tool-choice",
    "response.default.response-format",
)


@pytest.mark.parametrize(
    "requirement", [pytest.param(name, marks=marks([name], 1, 0), id=name) for name in ROWS],
)
def test_settings_in_force(bench: Bench, requirement: str) -> None:
    row(bench, requirement, "overrides")


@pytest.mark.requirement("response.echo.instructions", "response.echo.metadata")
@pytest.mark.cost(2, 1)
def test_texts_with_nul(bench: Bench) -> None:
    """NUL is a legal character of JSON. Nobody promises to take it; who does gives all of the text back."""
    live = bench.live
    fields = {"instructions": "Before.\0After.", "metadata": {"before\0after": "before\0after"}}
    live.create(CREATE_RUN, {"assistant_id": live.stage.assistant(), **fields})


@pytest.mark.requirement("accept.model.any-string")
@pytest.mark.cost(0, 0)
def test_another_model(bench: Bench) -> None:
    """A name that the vendor's list does not hold may be unknown to a real target, which is no fault."""
    live = bench.live
    row(bench, "response.echo.model", "overrides")
    story: tuple[Exchange, ...] = live.shared("scene overrides", tuple)
    sent = next(
        (
            one
            for one in story if one.request.object.get("model") == live.other_model
            and one.operation.name == CREATE_RUN
        ),
        None,
    )
    if sent is None:
        return
    if sent.ok or live.profile.resource("other_model"):
        bench.accept(sent, ["accept.model.any-string"])
    else:
        bench.excuse(
            ["accept.model.any-string"],
            f"the target does not know the model {live.other_model}; name one with --other-model",
        )


@pytest.mark.requirement("isolation.no-leak-between-runs")
@pytest.mark.cost(15, 4)
def test_overrides_do_not_leak(bench: Bench) -> None:
    """The run without overrides shows the assistant's settings, not those of the run before it."""
    row(bench, "response.echo.settings", "overrides")
    story: tuple[Exchange, ...] = bench.live.shared("scene overrides", tuple)
    plain = next(
        (one for one in story if one.case is not None and one.case.name == "nothing overridden" and one.ok),
        None,
    )
    if plain is None or plain.response is None:
        return
    for name in (
        "instructions", "temperature", "top_p", "metadata", "tools", "response_format", "truncation_strategy",
    ):
        leaked = {**OTHER, "tools": [function("runs_own")]}.get(name)
        seen = plain.response.object.get(name)
        bench.add(verdict(
            "isolation.no-leak-between-runs", leaked is None or not same(leaked, seen), plain,
            where=f"run /{name}",
            expected="the assistant's value, or the default", actual=seen,
        ))


@pytest.mark.requirement("isolation.assistant-unchanged")
@pytest.mark.cost(0, 0)
def test_assistant_is_unchanged(bench: Bench) -> None:
    bench.live.needs("assistants.retrieve")
    row(bench, "response.echo.settings", "overrides")
    story: tuple[Exchange, ...] = bench.live.shared("scene overrides", tuple)
    reads = [
        one for one in story if one.operation.name == "getAssistant" and one.ok and one.response is not None
    ]
    if len(reads) == 2 and reads[0].response and reads[1].response:
        first, last = reads[0].response.object, reads[1].response.object
        changed = {name: last.get(name) for name in KEPT if not same(first.get(name), last.get(name))}
        bench.add(verdict(
            "isolation.assistant-unchanged", not changed, reads[1], where="assistant",
            expected="the assistant as it was before the runs", actual=changed,
        ))
