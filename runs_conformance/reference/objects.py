"""Operations on assistants, threads and messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runs_conformance.reference import driving, settings
from runs_conformance.reference.calls import Answer
from runs_conformance.reference.records import Assistant, Message, Thread

if TYPE_CHECKING:
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Json
    from runs_conformance.reference.world import World


def create_assistant(world: World, call: Call) -> Answer:
    world.behaviour.check_overlap(call.body)
    assistant = Assistant(world.new_id("asst_"), world.now(), "", [])
    _fill(world, assistant, call.body)
    call.project.assistants[assistant.id] = assistant
    return Answer(world.behaviour.shape_assistant(assistant))


def get_assistant(world: World, call: Call) -> Answer:
    return Answer(world.behaviour.shape_assistant(_assistant(world, call)))


def modify_assistant(world: World, call: Call) -> Answer:
    assistant = _assistant(world, call)
    merged = {"model": assistant.model, **call.body} if isinstance(call.body, dict) else call.body
    world.behaviour.check_body("create_assistant_request", merged, world.options.edition)
    world.behaviour.check_overlap(call.body)
    _fill(world, assistant, call.body)
    return Answer(world.behaviour.shape_assistant(assistant))


def delete_assistant(world: World, call: Call) -> Answer:
    assistant = _assistant(world, call)
    del call.project.assistants[assistant.id]
    return Answer(world.behaviour.shape_deleted("assistant", assistant.id))


def list_assistants(world: World, call: Call) -> Answer:
    items = [world.behaviour.shape_assistant(one) for one in call.project.assistants.values()]
    return Answer(world.behaviour.make_page(items, world.behaviour.page_request(call), "assistant"))


def _assistant(world: World, call: Call) -> Assistant:
    return world.behaviour.find_assistant(call.project, call.ids["assistant_id"])


def _fill(world: World, assistant: Assistant, body: Json) -> None:
    for name in ("model", "name", "description", "instructions", "reasoning_effort"):
        if name in body:
            setattr(assistant, name, body[name])
    if "tools" in body:
        assistant.tools = [settings.tool(one) for one in body["tools"] or []]
    if "tool_resources" in body:
        assistant.tool_resources = settings.resources(body["tool_resources"], lambda: world.new_id("vs_"))
    if "metadata" in body:
        assistant.metadata = body["metadata"] or {}
    for name in ("temperature", "top_p"):
        if name in body:
            setattr(assistant, name, 1.0 if body[name] is None else float(body[name]))
    if "response_format" in body:
        assistant.response_format = body["response_format"] or "auto"


def create_thread(world: World, call: Call) -> Answer:
    world.behaviour.check_overlap({"thread": call.body})
    return Answer(world.behaviour.shape_thread(make_thread(world, call, call.body)))


def make_thread(world: World, call: Call, body: Json) -> Thread:
    thread = Thread(
        world.new_id("thread_"),
        world.now(),
        settings.resources(body.get("tool_resources"), lambda: world.new_id("vs_")),
        body.get("metadata") or {},
    )
    call.project.threads[thread.id] = thread
    for one in body.get("messages") or ():
        put_message(world, thread, one)
    return thread


def get_thread(world: World, call: Call) -> Answer:
    return Answer(world.behaviour.shape_thread(thread_of(world, call)))


def modify_thread(world: World, call: Call) -> Answer:
    thread = thread_of(world, call)
    if "metadata" in call.body:
        thread.metadata = call.body["metadata"] or {}
    if call.body.get("tool_resources") is not None:
        thread.tool_resources = settings.resources(call.body["tool_resources"], lambda: world.new_id("vs_"))
    return Answer(world.behaviour.shape_thread(thread))


def delete_thread(world: World, call: Call) -> Answer:
    thread = thread_of(world, call)
    del call.project.threads[thread.id]
    return Answer(world.behaviour.shape_deleted("thread", thread.id))


def thread_of(world: World, call: Call) -> Thread:
    """The thread of the path, with runs expired whose time is up."""
    identifier = call.ids["thread_id"]
    world.behaviour.check_id("thread_id", identifier, "thread")
    thread = world.behaviour.find_thread(call.project, identifier)
    driving.settle(world, thread)
    return thread


def create_message(world: World, call: Call) -> Answer:
    thread = thread_of(world, call)
    world.behaviour.check_message_lock(thread)
    return Answer(world.behaviour.shape_message(put_message(world, thread, call.body)))


def put_message(world: World, thread: Thread, body: Json) -> Message:
    now = world.now(thread)
    message = Message(
        world.new_id("msg_"),
        now,
        thread.id,
        body["role"],
        settings.content(body["content"]),
        attachments=body.get("attachments") or [],
        metadata=body.get("metadata") or {},
        completed_at=now,
    )
    thread.messages[message.id] = message
    return message


def list_messages(world: World, call: Call) -> Answer:
    thread, run_id = thread_of(world, call), call.asked("run_id")
    found = [one for one in thread.messages.values() if run_id is None or one.run_id == run_id]
    items = [world.behaviour.shape_message(one) for one in found]
    return Answer(world.behaviour.make_page(items, world.behaviour.page_request(call), "message"))


def get_message(world: World, call: Call) -> Answer:
    return Answer(world.behaviour.shape_message(_message(world, call)))


def modify_message(world: World, call: Call) -> Answer:
    message = _message(world, call)
    if "metadata" in call.body:
        message.metadata = call.body["metadata"] or {}
    return Answer(world.behaviour.shape_message(message))


def delete_message(world: World, call: Call) -> Answer:
    message = _message(world, call)
    del thread_of(world, call).messages[message.id]
    return Answer(world.behaviour.shape_deleted("thread.message", message.id))


def _message(world: World, call: Call) -> Message:
    return world.behaviour.find_message(thread_of(world, call), call.ids["message_id"])
