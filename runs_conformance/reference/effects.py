"""What happens to a run, a step or a message, and the events that tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runs_conformance.reference.records import Event, Message, Run, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runs_conformance.reference.script import Prompt
    from runs_conformance.reference.world import World

SERVER_ERROR = {"code": "server_error", "message": "Sorry, something went wrong."}
MESSAGE_REASONS = {"cancelled": "run_cancelled", "expired": "run_expired", "failed": "run_failed"}
FOUND_FILE = "file-ReferenceTargetFile0001"
"""The only file that file_search ever finds."""


def run_event(world: World, run: Run, name: str | None = None) -> Event:
    return Event(f"thread.run.{name or run.status}", world.behaviour.shape_run(run, sse=True))


def step_event(world: World, step: Step, name: str) -> Event:
    shaped = world.behaviour.shape_step(step, sse=True, content=step.run.include_content)
    return Event(f"thread.run.step.{name}", shaped)


def message_event(world: World, message: Message, name: str) -> Event:
    return Event(f"thread.message.{name}", world.behaviour.shape_message(message, sse=True))


def move(run: Run, status: str, now: int, reason: str | None) -> None:
    """Enter a status and stamp what belongs to it; `started_at` is written at every start (1.16)."""
    run.status = status
    if status == "in_progress":
        run.started_at = now
    elif status in {"completed", "incomplete"}:
        run.completed_at = now
        run.incomplete_reason = reason
    elif status == "failed":
        run.failed_at, run.last_error = now, dict(SERVER_ERROR)
    elif status == "cancelled":
        run.cancelled_at = now


def end(world: World, run: Run, status: str, reason: str | None = None) -> Iterator[Event | None]:
    """Close what is open with the run's fate, then the run."""
    now, step = world.now(run.thread), run.open_step
    if step is not None:
        if step.message is not None and step.message.status == "in_progress":
            close_message(step.message, now, MESSAGE_REASONS.get(status, "run_failed"))
            if step.message.announced:
                yield message_event(world, step.message, "incomplete")
        close_step(step, status, now)
        yield step_event(world, step, step.status)
    world.behaviour.move(run, status, now, reason)
    yield run_event(world, run)


def cancelling(world: World, run: Run) -> Iterator[Event | None]:
    yield run_event(world, run)
    yield from end(world, run, "cancelled")


def close_step(step: Step, status: str, now: int) -> None:
    step.status = status
    if status == "failed":
        step.failed_at, step.last_error = now, dict(SERVER_ERROR)
    elif status == "cancelled":
        step.cancelled_at = now
    elif status == "completed":
        step.completed_at = now


def close_message(message: Message, now: int, reason: str | None = None) -> None:
    message.status = "incomplete" if reason else "completed"
    message.incomplete_reason = reason
    message.incomplete_at, message.completed_at = (now, None) if reason else (None, now)


def open_step(world: World, run: Run, kind: str, prompt: Prompt, message: Message | None = None) -> Step:
    step = Step(
        world.new_id("step_"),
        world.now(run.thread),
        run,
        kind,
        run.expires_at,
        message=message,
        prompt_tokens=prompt.tokens,
    )
    run.steps.append(step)
    return step


def open_message(world: World, run: Run) -> Message:
    message = Message(
        world.new_id("msg_"),
        world.now(run.thread),
        run.thread.id,
        "assistant",
        [],
        assistant_id=run.assistant_id,
        run_id=run.id,
        status="in_progress",
    )
    run.thread.messages[message.id] = message
    return message


def opened(world: World, step: Step) -> Iterator[Event | None]:
    yield step_event(world, step, "created")
    yield step_event(world, step, "in_progress")
    if step.message is not None:
        step.message.announced = True
        yield message_event(world, step.message, "created")
        yield message_event(world, step.message, "in_progress")
