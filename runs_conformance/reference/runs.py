"""Operations on runs and their steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runs_conformance.reference import driving, effects, execution
from runs_conformance.reference.calls import Answer
from runs_conformance.reference.objects import make_thread, put_message, thread_of
from runs_conformance.reference.records import Event, Run, Thread

if TYPE_CHECKING:
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Assistant, Settings
    from runs_conformance.reference.world import World


def create_run(world: World, call: Call) -> Answer:
    """All that can be refused is refused before anything is made."""
    content = world.behaviour.includes_content(call)
    world.behaviour.check_id("thread_id", call.ids["thread_id"], "thread")
    world.behaviour.check_id("assistant_id", call.body["assistant_id"], "asst")
    thread = thread_of(world, call)
    assistant, settings = _settings(world, call)
    world.behaviour.check_run_lock(thread)
    added = call.body.get("additional_messages") or []
    world.behaviour.check_prompt(thread, added, settings)
    for one in added:
        put_message(world, thread, one)
    return _start(world, call, thread, assistant, settings, content=content)


def create_thread_and_run(world: World, call: Call) -> Answer:
    world.behaviour.check_overlap(call.body)
    world.behaviour.check_id("assistant_id", call.body["assistant_id"], "asst")
    assistant, settings = _settings(world, call)
    body = call.body.get("thread") or {}
    world.behaviour.check_prompt(Thread("", 0, {}, {}), body.get("messages") or [], settings)
    thread = make_thread(world, call, body)
    created = Event("thread.created", world.behaviour.shape_thread(thread, sse=True))
    return _start(world, call, thread, assistant, settings, before=(created,))


def _settings(world: World, call: Call) -> tuple[Assistant, Settings]:
    assistant = world.behaviour.find_assistant(call.project, call.body["assistant_id"])
    settings = world.behaviour.settings(call.body, assistant)
    world.behaviour.check_settings(settings)
    return assistant, settings


def _start(
    world: World,
    call: Call,
    thread: Thread,
    assistant: Assistant,
    settings: Settings,
    *,
    content: bool = False,
    before: tuple[Event, ...] = (),
) -> Answer:
    run = _make_run(world, call, thread, assistant, settings)
    run.include_content = content
    if not call.streamed:
        return Answer(world.behaviour.shape_run(run), run)
    run.streaming = True
    head = [*before, effects.run_event(world, run, "created"), effects.run_event(world, run)]
    return Answer(None, run, driving.stream(world, run, head))


def _make_run(world: World, call: Call, thread: Thread, assistant: Assistant, settings: Settings) -> Run:
    now = world.now(thread)
    run = Run(
        world.new_id("run_"),
        now,
        now + world.options.lifetime,
        assistant.id,
        thread,
        settings,
        call.body.get("metadata") or {},
        call.body,
        call.operation,
    )
    run.script = execution.turn(world, run)
    thread.runs[run.id] = run
    return run


def get_run(world: World, call: Call) -> Answer:
    run = _run(world, call)
    driving.advance(world, run)
    return Answer(world.behaviour.shape_run(run), run)


def list_runs(world: World, call: Call) -> Answer:
    thread, wanted = thread_of(world, call), world.behaviour.page_request(call)
    for run in thread.runs.values():
        driving.advance(world, run)
    items = [world.behaviour.shape_run(run) for run in thread.runs.values()]
    return Answer(world.behaviour.make_page(items, wanted, "run"))


def modify_run(world: World, call: Call) -> Answer:
    run = _run(world, call)
    if "metadata" in call.body:
        run.metadata = call.body["metadata"] or {}
    return Answer(world.behaviour.shape_run(run), run)


def cancel_run(world: World, call: Call) -> Answer:
    run = _run(world, call)
    driving.cancel(world, run)
    return Answer(world.behaviour.shape_run(run), run)


def submit_tool_outputs(world: World, call: Call) -> Answer:
    run = _run(world, call)
    head = driving.submit(world, run, call.body["tool_outputs"])
    if not call.streamed:
        return Answer(world.behaviour.shape_run(run), run)
    run.streaming = True
    return Answer(None, run, driving.stream(world, run, head))


def list_steps(world: World, call: Call) -> Answer:
    run, content, wanted = (
        _run(world, call),
        world.behaviour.includes_content(call),
        world.behaviour.page_request(call),
    )
    items = [world.behaviour.shape_step(step, content=content) for step in run.steps]
    return Answer(world.behaviour.make_page(items, wanted, "run step"))


def get_step(world: World, call: Call) -> Answer:
    run, content = _run(world, call), world.behaviour.includes_content(call)
    step = world.behaviour.find_step(run, call.ids["step_id"])
    return Answer(world.behaviour.shape_step(step, content=content))


def _run(world: World, call: Call) -> Run:
    return world.behaviour.find_run(thread_of(world, call), call.ids["run_id"])
