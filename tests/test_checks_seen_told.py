"""What a trace shows of one run: its request, steps and messages, and whether that is all of them.

Found missing by mutation testing.
"""

from typing import Any

import pytest
from broken_streams import good
from broken_streams.good import ASSISTANT, RUN, USAGE, message, run, step
from stories import RUNS, answer_message, call, client_message, create, get, listing, submit

from runs_conformance.contract.checks.seen import (
    all_steps,
    created_run,
    from_start,
    last_of,
    messages_of,
    request_of,
    setting_of,
    steps_of,
    texts_of,
)
from runs_conformance.contract.model import Exchange, Failure, Trace
from runs_conformance.contract.timeline import Story, stories

SAYS = {"type": "message_creation", "message_creation": {"message_id": "msg_1"}}
ASKED = {"assistant_id": ASSISTANT, "temperature": 0.5, "top_p": None}
DONE = get("completed")


def story(*exchanges: Exchange, run_id: str = RUN) -> Story:
    return next(one for one in stories(Trace(exchanges)) if one.id == run_id)


def streamed(*blocks: Any, operation: str = "createRun", failure: Failure | None = None) -> Exchange:
    return good.exchange(good.to_body(list(blocks)), operation, failure=failure)


BOTH = call("POST", "/threads/runs", run("queued"), ASKED)
OTHER = call("POST", RUNS, run("queued", id="run_2"), {**ASKED, "temperature": 1.5})


def test_the_request_is_the_one_that_made_the_run() -> None:
    for made in (BOTH, call("POST", RUNS, run("queued"), ASKED)):
        assert request_of(story(OTHER, get("queued"), made, DONE)) == ASKED
    assert request_of(story(OTHER, get("queued"), DONE)) == {}
    assert request_of(story(submit("call_1"))) == {}
    told = story(OTHER, BOTH, get("queued"))
    assert [created_run(span, RUN) for span in told.spans] == [False, True, False]


def test_a_setting_is_what_was_asked_for_else_what_the_run_showed_first() -> None:
    told = story(BOTH, get("completed", temperature=0.25, top_p=0.125))
    assert (setting_of(told, "temperature"), setting_of(told, "top_p")) == (0.5, 1.0)
    assert setting_of(told, "model") == "gpt-4o"
    assert setting_of(told, "seed") is None
    assert setting_of(story(get("queued"), get("completed", top_p=0.125)), "top_p") == 1.0
    assert last_of(told).status == "completed"


def test_each_step_is_shown_as_it_was_last() -> None:
    began, ended = step("s", SAYS), step("s", SAYS, "completed")
    others = [step("t", SAYS, run_id="run_2"), step("u", SAYS, id=7)]
    second = listing("steps", [*others, ended, step("v", SAYS)])
    shown = steps_of(story(listing("steps", [began]), second, DONE))
    assert {name: one.where for name, one in shown.items()} == {
        "s": "response /data/2",
        "v": "response /data/3",
    }
    assert shown["s"].value["usage"] == USAGE
    assert steps_of(story(streamed(*good.text())))["step_1"].value["status"] == "completed"


def test_the_messages_are_the_assistants_of_this_run() -> None:
    listed = listing(
        "messages",
        [
            answer_message("m", "old"),
            answer_message("n", "a", run_id="run_2"),
            answer_message("o", "a", role="user"),
            client_message("p", "a"),
            {**answer_message("q", "a"), "object": "message"},
        ],
    )
    assert list(messages_of(story(DONE, listed))) == ["m"]
    later = listing("messages", [answer_message("m", "new"), answer_message("r", "a")])
    shown = messages_of(story(listed, DONE, later))
    assert list(shown) == ["m", "r"]
    assert texts_of(shown["m"].value) == ["new"]


def test_of_a_stream_only_whole_messages_count() -> None:
    text = messages_of(story(streamed(*good.text())))
    assert [one.value["status"] for one in text.values()] == ["completed"]
    cut = [*good.cut(), *good.end("incomplete")]
    assert messages_of(story(streamed(*cut))) == {}
    begun = [*good.HEAD, ("thread.message.created", message("m", text="a"))]
    assert messages_of(story(streamed(*begun))) == {}


STEPS = listing("steps", [step("s", SAYS, "completed")])


@pytest.mark.parametrize(
    "listed",
    [
        STEPS,
        listing("steps", []),
        listing("steps", [], ("limit", "100"), ("order", "asc")),
    ],
)
def test_a_whole_list_after_the_end_shows_all_steps(listed: Exchange) -> None:
    assert all_steps(story(create(), DONE, listed))
    assert all_steps(story(create(), DONE, listing("steps", [], has_more=True), listed))
    assert from_start(story(create(), DONE, listed))


REFUSED = call("GET", f"{RUNS}/{RUN}/steps", {"has_more": False}, status=400)
PARTLY: dict[str, tuple[Exchange, ...]] = {
    "before the end": (create(), STEPS, DONE),
    "one page of more": (create(), DONE, listing("steps", [], has_more=True)),
    "not said whether there are more": (create(), DONE, listing("steps", [], has_more=None)),
    "from a step on": (create(), DONE, listing("steps", [], ("after", "s"))),
    "up to a step": (create(), DONE, listing("steps", [], ("limit", "5"), ("before", "s"))),
    "refused": (create(), DONE, REFUSED),
    "another list": (create(), DONE, listing("runs", [run("completed")])),
    "another run's": (create(), DONE, call("GET", f"{RUNS}/run_2/steps", STEPS.answer)),
    "nothing streamed": (create(), DONE),
    "no creation": (DONE,),
}


@pytest.mark.parametrize("exchanges", PARTLY.values(), ids=PARTLY)
def test_steps_that_may_not_be_all(exchanges: tuple[Exchange, ...]) -> None:
    assert not all_steps(story(*exchanges))
    assert not from_start(story(*exchanges))


WAITING, ANSWERED = streamed(*good.waiting()), streamed(*good.answered(), operation="submitToolOutputs")
BROKE = Failure("disconnected", "it ended early")
BOTH_STREAMED = streamed(*good.with_thread(), operation="createThreadAndRun")


@pytest.mark.parametrize(
    ("exchanges", "whole"),
    [
        ((streamed(*good.text()),), True),
        ((BOTH_STREAMED,), True),
        ((streamed(*good.text()), DONE), True),
        ((WAITING, ANSWERED), True),
        ((WAITING, submit("call_1"), DONE), False),
        ((create(), get("requires_action"), ANSWERED), False),
        ((ANSWERED,), False),
        ((get("requires_action"), ANSWERED), False),
        ((streamed(*good.waiting(), failure=BROKE), ANSWERED), False),
        ((streamed(*good.text(), failure=BROKE),), False),
        ((streamed(*good.text(), failure=BROKE), DONE), False),
    ],
)
def test_what_was_streamed_from_the_creation_to_the_end_is_all(
    exchanges: tuple[Exchange, ...], whole: bool
) -> None:
    assert all_steps(story(*exchanges)) is whole


def test_another_runs_stream_shows_none_of_its_steps() -> None:
    told = story(streamed(*good.text()), get("completed", id="run_2"), run_id="run_2")
    assert not all_steps(told)
    assert not from_start(told)


def test_a_run_is_seen_from_its_start_if_its_creation_was_streamed() -> None:
    for made in (WAITING, BOTH_STREAMED, streamed(*good.HEAD, failure=BROKE)):
        assert from_start(story(made))
    assert from_start(story(WAITING, submit("call_1"), DONE))
    assert not from_start(story(get("queued"), STEPS))
    assert not from_start(story(ANSWERED))
    assert not from_start(story(DONE, STEPS, get("in_progress")))
    assert from_start(story(DONE, STEPS))


def test_the_texts_of_a_message() -> None:
    parts: list[Any] = [{"text": {"value": "a"}}, {"type": "image_file"}, 7, {"text": "b"}]
    parts += [{"text": {"value": None}}, {"text": {"value": ""}}, {"text": {"value": "c"}}]
    assert texts_of({"content": parts}) == ["a", "", "c"]
    assert texts_of({}) == []
