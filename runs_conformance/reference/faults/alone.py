"""Faults that a single requirement can notice: small ones, in a place where nothing else looks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import (
    answers,
    around,
    behaviour,
    dropped,
    messages,
    named,
    pages,
    runs,
    steps,
    users_texts,
)
from runs_conformance.reference.faults.record import Kind
from runs_conformance.reference.records import Event

if TYPE_CHECKING:
    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call, PageRequest
    from runs_conformance.reference.records import Assistant, Json, Message, Project, Run, Step

shape = Kind("shape")
refusal = Kind("refusal")
lifecycle = Kind("lifecycle")
stream_meaning = Kind("stream-meaning")
LIMITS = ("max_prompt_tokens", "max_completion_tokens")


@shape(runs, "response.run.token-limits", rare=True)
def token_limits_that_were_not_sent_left_out(_run: Run, shaped: Json) -> Json:
    """A run has a token limit only if one was sent."""
    return dropped(shaped, *(name for name in LIMITS if shaped[name] is None))


def _twice(_one: Run | Step, shaped: Json) -> Json:
    usage = shaped["usage"]
    return shaped if usage is None else shaped | {"usage": usage | {"total_tokens": 2 * usage["total_tokens"]}}


@shape(behaviour, "response.usage.sum")
def usage_total_twice(faithful: Behaviour) -> Behaviour:
    """total_tokens counts all tokens twice, in steps as in runs."""
    return steps(_twice)(runs(_twice)(faithful))


@shape(users_texts, "response.message.content", rare=True)
def users_text_without_annotations(text: Json) -> Json:
    """The texts of a user's message have no annotations."""
    return dropped(text, "annotations")


@shape(messages, "response.message.form", rare=True)
def users_message_without_assistant_id(message: Message, shaped: Json) -> Json:
    """A user's message has no key assistant_id."""
    return dropped(shaped, "assistant_id") if message.role == "user" else shaped


@stream_meaning(named("thread.run.step.created"), "event.step-created", rare=True)
def step_created_expired(event: Event) -> Event:
    """thread.run.step.created shows a step that has expired."""
    assert isinstance(event.data, dict)
    return Event(event.name, event.data | {"status": "expired"})


@stream_meaning(named("thread.run.step.in_progress"), "event.step-status", rare=True)
def step_in_progress_failed(event: Event) -> Event:
    """thread.run.step.in_progress shows a step that has failed."""
    assert isinstance(event.data, dict)
    return Event(event.name, event.data | {"status": "failed"})


@stream_meaning(named("thread.created"), "event.thread-created", rare=True)
def thread_created_of_another_object(event: Event) -> Event:
    """thread.created holds an object that is called thread.created."""
    assert isinstance(event.data, dict)
    return Event(event.name, event.data | {"object": "thread.created"})


@stream_meaning(named("thread.run.requires_action"), "order.requires-action-last", rare=True)
def requires_action_said_twice(event: Event) -> list[Event]:
    """thread.run.requires_action is sent twice."""
    return [event, event]


@refusal(around("find_assistant"), "refuse.assistant-id.unknown", rare=True)
def unknown_assistant_made(inner: Any) -> Any:
    """An assistant that does not exist is the newest one under that id."""

    def find(project: Project, identifier: str) -> Assistant:
        known = project.assistants
        if identifier in known or not known:
            return inner(project, identifier)  # type: ignore[no-any-return]
        return replace(known[next(reversed(known))], id=identifier)

    return find


@lifecycle(pages, "lifecycle.list.after", rare=True)
def list_after_skips_one(items: list[Json], wanted: PageRequest, page: Json) -> Json:
    """A list after an entry leaves out the one that is next."""
    whole = items if wanted.order == "asc" else items[::-1]
    places = [at for at, one in enumerate(whole) if one["id"] == wanted.after]
    rest = whole[places[0] + 2 :] if places else []
    data, more = rest[: wanted.limit], len(rest) > wanted.limit
    return page | {"data": data, "first_id": data[0]["id"], "last_id": data[-1]["id"], "has_more": more} if data else page


@lifecycle(answers, "lifecycle.client-message-run-id", rare=True)
def created_message_names_a_run(call: Call, payload: Any) -> Any:
    """The answer to a message that was added has an empty run_id; lists are right."""
    made = call.method == "POST" and isinstance(payload, dict) and payload.get("object") == "thread.message"
    return payload | {"run_id": ""} if made else payload
