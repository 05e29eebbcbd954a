"""What a trace shows of one run: the call that made it, its steps, its messages, and whether that is all."""

from typing import Any

from runs_conformance.contract.checks.common import dicts, inner
from runs_conformance.contract.model import Snapshot
from runs_conformance.contract.operations import CREATE
from runs_conformance.contract.timeline import Sighting, Span, Story
from runs_conformance.contract.traces import answer_run, objects, of_kind


def last_of(story: Story) -> Sighting:
    return story.sightings[-1]


def request_of(story: Story) -> dict[str, Any]:
    """The body that created the run; empty if the trace does not show it."""
    made = next((span for span in story.spans if created_run(span, story.id)), None)
    return made.exchange.request.object if made is not None else {}


def created_run(span: Span, run: str) -> bool:
    """This exchange is the create call whose answer is that run."""
    return span.exchange.operation.name in CREATE and answer_run(span.exchange).get("id") == run


def setting_of(story: Story, name: str) -> Any:
    asked = request_of(story).get(name)
    return asked if asked is not None else story.sightings[0].run.get(name)


def steps_of(story: Story) -> dict[str, Snapshot]:
    """The run's steps, each as it was seen last."""
    found: dict[str, Snapshot] = {}
    for span in story.spans:
        for shown in of_kind(span.exchange, "thread.run.step"):
            if shown.value.get("run_id") == story.id and isinstance(shown.value.get("id"), str):
                found[shown.value["id"]] = shown
    return found


def messages_of(story: Story) -> dict[str, Snapshot]:
    found: dict[str, Snapshot] = {}
    for span in story.spans:
        for shown in objects(span.exchange):
            whole = shown.event is None or shown.event.name == "thread.message.completed"
            mine = shown.value.get("object") == "thread.message" and shown.value.get("run_id") == story.id
            if mine and whole and shown.value.get("role") == "assistant":
                found[str(shown.value.get("id"))] = shown
    return found


def all_steps(story: Story) -> bool:
    ended = next(one for one in story.sightings if one.final)
    for span in story.spans:
        exchange = span.exchange
        plain = not {key for key, _ in exchange.request.query} & {"after", "before"}
        listed = (
            exchange.operation.name == "listRunSteps"
            and exchange.operation.id("run") == story.id
            and exchange.ok
        )
        if listed and plain and ended.span.before(span) and inner(exchange.answer, "has_more") is False:
            return True
    made = [one for one in story.spans if answer_run(one.exchange).get("id") == story.id]
    made = [
        one
        for one in made
        if one.exchange.operation.name in (*CREATE, "submitToolOutputs") and one.exchange.ok
    ]
    return (
        bool(made)
        and made[0].exchange.operation.name in CREATE
        and all(one.exchange.streamed for one in made)
    )


def from_start(story: Story) -> bool:
    """The run's first steps were seen: its creation was streamed, or all steps were listed after its end."""
    first = story.sightings[0].span.exchange
    streamed = first.streamed and first.operation.name in CREATE
    return streamed or (last_of(story).final and all_steps(story))


def texts_of(message: dict[str, Any]) -> list[str]:
    texts = [inner(part, "text", "value") for part in dicts(message.get("content"))]
    return [text for text in texts if isinstance(text, str)]
