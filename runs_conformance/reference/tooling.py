"""Steps of tools: calls of functions that a client answers, and tools that run on the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runs_conformance.reference import effects
from runs_conformance.reference.records import Event
from runs_conformance.reference.script import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runs_conformance.reference.records import Json, Run, Step
    from runs_conformance.reference.script import CallFunctions, Prompt, UseHosted
    from runs_conformance.reference.world import World

    Events = Iterator[Event | None]

FRAGMENT = 7
"""Characters of arguments in a delta."""


def call_functions(world: World, run: Run, action: CallFunctions, prompt: Prompt) -> Events:
    step = effects.open_step(world, run, "tool_calls", prompt)
    yield from effects.opened(world, step)
    for index, (name, arguments) in enumerate(action.calls):
        function: Json = {"name": name, "arguments": "", "output": None}
        call: Json = {"id": world.new_id("call_"), "type": "function", "function": function}
        step.calls.append(call)
        yield _call_delta(world, step, {"index": index, **call, "function": dict(function)})
        if index == 0:
            yield None
        for piece in (arguments[at : at + FRAGMENT] for at in range(0, len(arguments), FRAGMENT)):
            step.completion_tokens += 1
            function["arguments"] += piece
            yield _call_delta(
                world, step, {"index": index, "type": "function", "function": {"arguments": piece}}
            )
    world.behaviour.move(run, "requires_action", world.now(run.thread), None)
    yield effects.run_event(world, run)


def _call_delta(world: World, step: Step, call: Json) -> Event:
    return Event("thread.run.step.delta", world.behaviour.shape_step_delta(step, call))


def use_hosted(world: World, run: Run, action: UseHosted, prompt: Prompt) -> Events:
    step = effects.open_step(world, run, "tool_calls", prompt)
    yield from effects.opened(world, step)
    identifier = world.new_id("call_")
    yield from (
        _search(world, step, identifier)
        if action.kind == "file_search"
        else _interpret(world, step, identifier)
    )
    effects.close_step(step, "completed", world.now(run.thread))
    yield effects.step_event(world, step, "completed")


def _search(world: World, step: Step, identifier: str) -> Events:
    ranking = {"ranker": "default_2024_08_21", "score_threshold": 0.0}
    found = {"file_id": effects.FOUND_FILE, "file_name": "reference.txt", "score": 0.68, "attributes": {}}
    inner: Json = {"ranking_options": ranking, "results": []}
    call: Json = {"id": identifier, "type": "file_search", "file_search": inner}
    step.calls.append(call)
    step.completion_tokens += 1
    yield _call_delta(world, step, {"index": 0, **call, "file_search": dict(inner)})
    yield None
    inner["results"] = [
        {**found, "content": [{"type": "text", "text": "The reference target keeps no files."}]}
    ]


def _interpret(world: World, step: Step, identifier: str) -> Events:
    inner: Json = {"input": "", "outputs": []}
    step.calls.append({"id": identifier, "type": "code_interpreter", "code_interpreter": inner})
    opening = {
        "index": 0,
        "id": identifier,
        "type": "code_interpreter",
        "code_interpreter": {"input": "", "outputs": []},
    }
    yield _call_delta(world, step, opening)
    yield None
    for piece in pieces("total = 1 + 1\r\ntotal"):
        step.completion_tokens += 1
        inner["input"] += piece
        delta = {"index": 0, "type": "code_interpreter", "code_interpreter": {"input": piece}}
        yield _call_delta(world, step, delta)
    inner["outputs"] = [{"type": "logs", "logs": "2"}]
    outputs = [{"index": 0, "type": "logs", "logs": "2"}]
    yield _call_delta(
        world, step, {"index": 0, "type": "code_interpreter", "code_interpreter": {"outputs": outputs}}
    )
