"""A stream as the order rules see it: which events belong to which object, and where the last one stands.

Found missing by mutation testing.
"""

from typing import Any

from broken_streams import good
from broken_streams.good import message, piece, step

from runs_conformance.contract.checks.streamview import View, last
from runs_conformance.contract.grammar import MESSAGE_EVENTS, STEP_EVENTS

SAYS = {"type": "message_creation", "message_creation": {"message_id": "msg_1"}}
CREATED, DELTA = "thread.message.created", "thread.message.delta"
NEWS = ("vendor.news", {"id": 7})


def view(*blocks: Any) -> View:
    response = good.exchange(good.to_body(list(blocks))).response
    assert response is not None
    assert response.events is not None
    return View("createRun", response.events)


def made(name: str, identity: Any = "m") -> tuple[str, Any]:
    return f"thread.message.{name}", message(identity)


def test_events_are_found_by_the_id_of_their_object() -> None:
    seen = view(NEWS, made("created"), made("created", "n"), made("in_progress"), piece("n", "a"))
    progress = "thread.message.in_progress"
    assert seen.messages == {"m": [(1, CREATED), (3, progress)], "n": [(2, CREATED), (4, DELTA)]}
    assert seen.steps == {}
    assert seen.opened == seen.messages


def test_steps_and_messages_are_apart() -> None:
    began = ("thread.run.step.created", step("s", SAYS))
    seen = view(*good.HEAD, began, made("created", "s"), made("in_progress", "t"))
    assert seen.steps == {"s": [(3, "thread.run.step.created")]}
    assert list(seen.messages) == ["s", "t"]
    assert list(seen.opened) == ["s"]


def test_with_an_event_of_no_id_nothing_is_said_of_its_kind() -> None:
    for odd in (7, None):
        seen = view(made("created"), made("in_progress", odd), ("thread.run.step.created", step("s", SAYS)))
        assert seen.messages == {}
        assert list(seen.steps) == ["s"]
    assert view(made("created"), (DELTA, {})).messages == {}


def test_nothing_counts_after_an_error_or_the_end() -> None:
    for stop in (("error", {"message": "boom"}), good.DONE):
        seen = view(made("created"), stop, made("in_progress"), made("created", None))
        assert seen.messages == {"m": [(0, CREATED)]}
        assert seen.sound == [(0, CREATED)]


def test_the_event_that_closes_a_run() -> None:
    assert view(*good.text()).close == (len(good.text()) - 2, "thread.run.completed")
    assert view(*good.waiting()).close == (len(good.waiting()) - 2, "thread.run.requires_action")
    assert view(*good.HEAD, good.DONE, *good.end("failed")).close is None


def test_the_last_event_of_some_names() -> None:
    seen = view(made("created"), piece("m", "a"), piece("m", "b"), made("completed"))
    placed = seen.messages["m"]
    assert last(placed, MESSAGE_EVENTS) == 3
    assert last(placed, (DELTA,)) == 2
    assert last(placed, (CREATED, DELTA)) == 2
    assert last(placed, (CREATED,)) == 0
    assert last(placed, STEP_EVENTS) is None
    assert last([], MESSAGE_EVENTS) is None
