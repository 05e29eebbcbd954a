"""A run, played: an iterator of its events that changes the run, its steps and its messages as it goes.

The order is the recorded one (CONTRACT 3.3). One iterator serves both ways of watching: a stream sends each
event as it comes, a polled run throws them away. None among the events marks where a polled run may rest in
`in_progress`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runs_conformance.reference import effects, speaking, tooling
from runs_conformance.reference.script import CallFunctions, Prompt, Say, Stop, UseHosted, count
from runs_conformance.reference.settings import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runs_conformance.reference.records import Event, Message, Run, Settings
    from runs_conformance.reference.world import World


def prompt_of(run: Run) -> Prompt:
    """What the model is shown now."""
    settings = run.settings
    used = sum(step.prompt_tokens for step in run.steps)
    messages = _visible(list(run.thread.messages.values()), settings, used)
    calls = [call for step in run.steps for call in step.calls]
    functions = [call["function"] for call in calls if call["type"] == "function"]
    return Prompt(
        instructions=settings.instructions or "",
        texts=tuple(text_of(message.content) for message in messages),
        last_user=next((text_of(one.content) for one in reversed(messages) if one.role == "user"), ""),
        tools=tuple(settings.tools),
        tool_choice=settings.tool_choice,
        parallel=settings.parallel_tool_calls,
        response_format=settings.response_format,
        rounds=tuple(
            call["function"]["name"] if call["type"] == "function" else call["type"] for call in calls
        ),
        outputs=tuple(function["output"] or "" for function in functions),
        prompt_limit=settings.max_prompt_tokens,
        completion_limit=settings.max_completion_tokens,
        used_prompt=used,
        used_completion=sum(step.completion_tokens for step in run.steps),
    )


def _visible(messages: list[Message], settings: Settings, used: int) -> list[Message]:
    """The n newest; or all, less what must go from the middle so that max_prompt_tokens is kept."""
    strategy, limit = settings.truncation_strategy, settings.max_prompt_tokens
    if strategy["last_messages"]:
        messages = messages[-strategy["last_messages"] :]
    if strategy["type"] == "auto" and limit is not None:
        sizes = [count(text_of(message.content)) for message in messages]
        while len(messages) > 2 and used + sum(sizes) + count(settings.instructions or "") > limit:
            middle = len(messages) // 2
            del messages[middle], sizes[middle]
    return messages


def _stop(world: World, run: Run, action: Stop) -> Iterator[Event | None]:
    """A run is only ever cancelled by way of cancelling."""
    if action.status == "cancelled":
        world.behaviour.move(run, "cancelling", world.now(run.thread), None)
        yield from effects.cancelling(world, run)
    else:
        yield from effects.end(world, run, action.status, action.reason)


def turn(world: World, run: Run) -> Iterator[Event | None]:
    """From queued to the next stop: tool outputs wanted, or the end."""
    world.behaviour.move(run, "in_progress", world.now(run.thread), None)
    yield effects.run_event(world, run)
    while run.active:
        prompt = world.behaviour.prompt(run)
        action = world.behaviour.plan(prompt)
        if isinstance(action, UseHosted):
            yield from tooling.use_hosted(world, run, action, prompt)
            continue
        if isinstance(action, Say):
            yield from speaking.say(world, run, action, prompt)
        elif isinstance(action, CallFunctions):
            yield from tooling.call_functions(world, run, action, prompt)
        else:
            yield None
            yield from _stop(world, run, action)
        return
