"""A message, said piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runs_conformance.reference import effects
from runs_conformance.reference.records import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runs_conformance.reference.records import Json, Message, Run, Step
    from runs_conformance.reference.script import Prompt, Say
    from runs_conformance.reference.world import World

    Events = Iterator[Event | None]

MARK = "【4:0†reference.txt】"


def say(world: World, run: Run, action: Say, prompt: Prompt) -> Events:
    message = effects.open_message(world, run)
    step = effects.open_step(world, run, "message_creation", prompt, message)
    yield from effects.opened(world, step)
    shown = action.pieces[: len(action.pieces) // 2 + 1] if action.fails else action.pieces
    for piece in shown:
        yield _grow(world, step, message, piece, refusal=action.refusal)
        if step.completion_tokens == 1:
            yield None
    if action.fails:
        yield from _break(world, run) if action.fails == "error" else effects.end(world, run, "failed")
        return
    if action.cites:
        yield _cite(world, message)
    yield from _finish(world, run, step, message, cut=action.cut)


def _grow(world: World, step: Step, message: Message, piece: str, *, refusal: bool) -> Event:
    """One delta; the first of a text part brings the (empty) annotations."""
    step.completion_tokens += 1
    part: Json
    if refusal:
        part = {"type": "refusal", "refusal": piece}
    else:
        part = {
            "type": "text",
            "text": {"value": piece} if message.content else {"value": piece, "annotations": []},
        }
    if not message.content:
        message.content.append({"type": "refusal", "refusal": ""} if refusal else _text_part())
    whole: Any = message.content[0] if refusal else message.content[0]["text"]
    whole["refusal" if refusal else "value"] += piece
    return Event("thread.message.delta", world.behaviour.shape_message_delta(message, {"index": 0, **part}))


def _text_part() -> Json:
    return {"type": "text", "text": {"value": "", "annotations": []}}


def _cite(world: World, message: Message) -> Event:
    text = message.content[0]["text"]
    start = len(text["value"])
    cited: Json = {
        "type": "file_citation",
        "text": MARK,
        "start_index": start,
        "end_index": start + len(MARK),
        "file_citation": {"file_id": effects.FOUND_FILE},
    }
    text["value"] += MARK
    text["annotations"].append(cited)
    part = {"index": 0, "type": "text", "text": {"value": MARK, "annotations": [{"index": 0, **cited}]}}
    return Event("thread.message.delta", world.behaviour.shape_message_delta(message, part))


def _finish(world: World, run: Run, step: Step, message: Message, *, cut: bool) -> Events:
    now = world.now(run.thread)
    effects.close_message(message, now, "max_tokens" if cut else None)
    yield effects.message_event(world, message, message.status)
    effects.close_step(step, "completed", now)
    yield effects.step_event(world, step, "completed")
    yield from (
        effects.end(world, run, "incomplete", "max_completion_tokens")
        if cut
        else effects.end(world, run, "completed")
    )


def _break(world: World, run: Run) -> Events:
    """The run fails, and an `error` event alone says so, in the form that both SDKs raise on (D25)."""
    for _ in effects.end(world, run, "failed"):
        pass
    error = {"message": effects.SERVER_ERROR["message"], "type": "server_error", "param": None, "code": None}
    yield Event("error", {"error": error})
