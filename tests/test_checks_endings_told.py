"""What a run leaves behind: which steps, messages and sums are judged, where, and what is said of them.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from broken_streams.good import ASSISTANT, PATHS, RUN, STREAM_HEADERS, T0, THREAD, to_body
from broken_streams.good import message as written
from broken_streams.good import run as made_run
from broken_streams.good import step as made_step
from stories import RUNS, answer_message, call, client_message, create, get, listing, say

from runs_conformance.contract import sse
from runs_conformance.contract.findings import Finding
from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Exchange, Headers, Request, Response, to_bytes

STEPS, MESSAGES, FIRST = (
    "lifecycle.steps-end-with-run",
    "lifecycle.run-messages",
    "lifecycle.additional-messages-first",
)
SUM, EQUAL = "response.usage.steps-sum", "isolation.streamed-equals-polled"
Stories = dict[str, tuple[Exchange, ...]]
Told = tuple[str, str, str, str]
OTHER = "run_B2"
CALLS: dict[str, Any] = {"type": "tool_calls", "tool_calls": []}


def found(row: str, *story: Exchange) -> list[Finding]:
    named = [replace(one, id=f"x{number}") for number, one in enumerate(story, 1)]
    return Judge(Context(), frozenset({row})).everything(named)


def failed(row: str, *story: Exchange) -> list[Told]:
    """Exchange, where, expected and actual of each failure."""
    return [
        (one.exchange, one.where, " or ".join(one.expected), one.actual)
        for one in found(row, *story)
        if one.failed
    ]


def passed(row: str, *story: Exchange) -> list[tuple[str, str]]:
    return [(one.exchange, one.where) for one in found(row, *story) if not one.failed]


def step(status: str = "in_progress", identity: str = "step_1", **changes: Any) -> dict[str, Any]:
    return made_step(identity, changes.pop("details", CALLS), status, **changes)


def steps(*shown: dict[str, Any], **changes: Any) -> Exchange:
    return listing("steps", list(shown), **changes)


def one_step(shown: dict[str, Any]) -> Exchange:
    return call("GET", f"{RUNS}/{RUN}/steps/step_1", shown)


def messages(*shown: dict[str, Any], query: tuple[tuple[str, str], ...] = (), **changes: Any) -> Exchange:
    """Newest first, as a list is unless asked otherwise."""
    return listing("messages", list(shown), *query, **changes)


def streamed(*blocks: tuple[str, Any], body: dict[str, Any] | None = None, **more: Any) -> Exchange:
    sent = {"assistant_id": ASSISTANT, "stream": True, **(body or {})}
    data = to_body([*blocks, ("done", "[DONE]")])
    request = Request("POST", PATHS["createRun"], more.pop("query", ()), Headers(), to_bytes(sent))
    return Exchange("?", request, Response(200, STREAM_HEADERS, data, (), sse.read(data).events), **more)


def of_other(status: str, **fields: Any) -> Exchange:
    return call("GET", f"{RUNS}/{OTHER}", made_run(status, id=OTHER, **fields))


# Steps that are left open


@pytest.mark.parametrize("status", ["cancelled", "failed", "expired"])
@pytest.mark.parametrize("read", [steps, one_step])
def test_a_step_left_open_is_shown_with_the_runs_end(status: str, read: Any) -> None:
    story = (create(), get(status), read(step()))
    expected = f"no step in_progress once the run is {status}"
    assert failed(STEPS, *story) == [("x3", "", expected, 'in_progress: ["step_1"]')]
    assert passed(STEPS, create(), get(status), read(step(status))) == [("x3", "")]


def test_only_the_runs_own_open_steps_are_shown() -> None:
    shown = [step(), step("failed", "step_2"), step(identity="step_3", run_id=OTHER), step(identity="step_4")]
    [(*_, actual)] = failed(STEPS, get("failed"), steps(*shown))
    assert actual == 'in_progress: ["step_1", "step_4"]'


def test_each_reading_after_the_end_is_judged() -> None:
    story = (get("queued"), steps(step()), get("failed"), steps(step()), steps(step("failed")))
    assert [one[0] for one in failed(STEPS, *story)] == ["x4"]
    assert passed(STEPS, *story) == [("x5", "")]
    # a run that is not over keeps none of the others from being judged
    assert [one[0] for one in failed(STEPS, of_other("queued"), *story)] == ["x5"]


OPEN: Stories = {
    "completed": (get("completed"), steps(step())),
    "incomplete": (get("incomplete"), steps(step())),
    "read before": (steps(step()), get("failed")),
    "no steps": (get("failed"), steps()),
    "of another run": (get("failed"), steps(step(run_id=OTHER))),
    "not read, but streamed": (get("failed"), streamed(("thread.run.step.created", step()))),
}


@pytest.mark.parametrize("story", OPEN.values(), ids=OPEN)
def test_of_which_steps_nothing_is_said(story: tuple[Exchange, ...]) -> None:
    assert found(STEPS, *story) == []


# The run's own messages

WRITES = {"type": "message_creation", "message_creation": {"message_id": "msg_1"}}
NAMED = steps(step("completed", details=WRITES))
WANTED = '{"role": "assistant", "run_id": "run_A1", "assistant_id": "asst_A1"}'
HERE = answer_message("msg_1", "x")
BY_EVENT = ("thread.message.completed", written("msg_1", "completed", "x"))


@pytest.mark.parametrize(
    ("shown", "actual"),
    [
        ((), "not on the thread"),
        ((answer_message("msg_2", "x"),), "not on the thread"),
        (
            (answer_message("msg_1", "x", assistant_id="asst_9"),),
            '{"role": "assistant", "run_id": "run_A1", "assistant_id": "asst_9"}',
        ),
        (
            (answer_message("msg_1", "x", run_id=None),),
            '{"role": "assistant", "run_id": null, "assistant_id": "asst_A1"}',
        ),
        (
            (answer_message("msg_1", "x", role="user"),),
            '{"role": "user", "run_id": "run_A1", "assistant_id": "asst_A1"}',
        ),
    ],
)
def test_a_lost_message_of_the_run_is_shown(shown: tuple[dict[str, Any], ...], actual: str) -> None:
    story = (create(), get("completed"), NAMED, messages(*shown))
    assert failed(MESSAGES, *story) == [("x4", "message msg_1", WANTED, actual)]


def test_messages_of_steps_and_of_events_pass_each_by_its_name() -> None:
    story = (
        streamed(("thread.run.created", made_run("queued")), BY_EVENT),
        get("completed"),
        steps(step("completed", details={**WRITES, "message_creation": {"message_id": "msg_2"}})),
    )
    both = messages(answer_message("msg_2", "y"), HERE)
    assert passed(MESSAGES, *story, both) == [("x4", "message msg_1"), ("x4", "message msg_2")]
    lost = [one[1] for one in failed(MESSAGES, *story, messages())]
    assert lost == ["message msg_1", "message msg_2"]


def test_a_step_that_names_no_message_is_passed_over() -> None:
    odd = [step("completed", details={**WRITES, "message_creation": {"message_id": 7}})]
    story = (get("completed"), steps(*odd, step("completed", "step_2")), messages(HERE))
    assert passed(MESSAGES, *story) == [("x3", "message msg_1")]


def test_long_ids_are_cut_at_200_characters() -> None:
    name = "asst_" + "a" * 200
    story = (get("completed", assistant_id=name), NAMED, messages(answer_message("msg_1", "x", role=name)))
    [(*_, expected, actual)] = failed(MESSAGES, *story)
    assert expected == f'{{"role": "assistant", "run_id": "run_A1", "assistant_id": "{name}'[:199] + "…"
    assert actual == f'{{"role": "{name}'[:199] + "…"


def test_the_first_whole_list_after_the_end_is_judged() -> None:
    story = (get("queued"), messages(), NAMED, get("completed"), messages(has_more=True), messages(HERE))
    assert passed(MESSAGES, *story) == [("x6", "message msg_1")]
    assert len(found(MESSAGES, *story, messages(), messages())) == 1
    assert [one[0] for one in failed(MESSAGES, *story[:5], messages(), messages(HERE))] == ["x6"]


def test_of_several_runs_each_that_completed_is_judged() -> None:
    theirs = answer_message("msg_2", "y", run_id=OTHER)
    done = of_other("completed")
    for before in ([of_other("in_progress")], [of_other("failed")]):
        assert [one[0] for one in failed(MESSAGES, *before, get("completed"), NAMED, messages())] == ["x4"]
    # of the other one a message is known by this list alone
    story = (get("completed"), done, NAMED, messages(theirs))
    assert [one[:2] for one in failed(MESSAGES, *story)] == [("x4", "message msg_1")]
    assert passed(MESSAGES, *story) == [("x4", "message msg_2")]


DELETED = call("DELETE", f"/threads/{THREAD}/messages/msg_1", {"id": "msg_1", "deleted": True})
UNSEEN: Stories = {
    "not completed": (get("failed"), NAMED, messages()),
    "listed before": (NAMED, messages(), get("completed")),
    "a message deleted": (get("completed"), NAMED, DELETED, messages()),
    "after one": (get("completed"), NAMED, messages(query=(("after", "msg_9"),))),
    "before one": (get("completed"), NAMED, messages(query=(("before", "msg_9"),))),
    "of one run": (get("completed"), NAMED, messages(query=(("run_id", RUN),))),
    "a page of more": (get("completed"), NAMED, messages(has_more=True)),
    "more untold": (get("completed"), NAMED, messages(has_more=None)),
    "no list": (get("completed"), NAMED, messages(data=None)),
    "not answered": (get("completed"), NAMED, replace(messages(), response=None)),
    "refused": (
        get("completed"),
        NAMED,
        call("GET", f"/threads/{THREAD}/messages", {"data": [], "has_more": False}, status=400),
    ),
    "another list": (get("completed"), NAMED, listing("runs", [])),
}


@pytest.mark.parametrize("story", UNSEEN.values(), ids=UNSEEN)
def test_of_which_lists_nothing_is_said(story: tuple[Exchange, ...]) -> None:
    assert found(MESSAGES, *story) == []


def test_a_list_asked_for_by_size_and_order_is_whole_too() -> None:
    story = (get("completed"), NAMED, messages(query=(("limit", "100"), ("order", "asc"))))
    assert [one[0] for one in failed(MESSAGES, *story)] == ["x3"]


# Messages given with the run, before its own


def given(*sent: Any) -> Exchange:
    return create(body={"additional_messages": list(sent)})


def said(content: Any = "one", role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": content}


def shown(text: str = "one", identity: str = "msg_2", **changes: Any) -> dict[str, Any]:
    return client_message(identity, text, **changes)


def words(text: Any) -> dict[str, Any]:
    return {"type": "text", "text": text}


ONE, TWO = shown(), shown("two", "msg_3")
LATE = {"created_at": T0 + 99}
AFTER = (("order", "asc"),)
PICTURE = {"type": "image_file", "image_file": {"file_id": "f"}}
FINE: dict[str, tuple[Exchange, Exchange]] = {
    "one": (given(said()), messages(HERE, ONE)),
    "two in their order": (given(said(), said("two")), messages(HERE, TWO, ONE)),
    "oldest first": (given(said(), said("two")), messages(ONE, TWO, HERE, query=AFTER)),
    "by their times": (
        given(said(), said("two")),
        messages(shown(created_at=1), HERE, shown("two", "msg_3", created_at=2)),
    ),
    "without times": (
        given(said(), said("two")),
        messages({**HERE, "created_at": None}, {**TWO, "created_at": "x"}, {**ONE, "created_at": True}),
    ),
    "others before them": (given(said()), messages(HERE, ONE, shown("zero", "msg_0"))),
    "the assistant's": (given(said(role="assistant")), messages(HERE, shown(role="assistant"))),
    "parts of a text": (given(said([words("o"), words("ne")])), messages(HERE, ONE)),
    "the run wrote nothing": (given(said()), messages(shown("later", "msg_9"), ONE)),
    "an earlier run's answer before": (
        given(said()),
        messages(HERE, ONE, answer_message("msg_0", "zero", run_id=OTHER, created_at=1)),
    ),
    "an earlier run's answer between": (
        given(said()),
        messages(HERE, answer_message("msg_0", "zero", run_id=OTHER), ONE),
    ),
    "parts on the thread too": (
        given(said([words("o"), words("ne")])),
        messages(HERE, shown(content=[words({"value": "o"}), words({"value": "ne"})])),
    ),
    "the same text twice": (
        given(said(), said()),
        messages(HERE, ONE, shown(identity="msg_3")),
    ),
}


@pytest.mark.parametrize(("creation", "read"), FINE.values(), ids=FINE)
def test_messages_given_pass_before_the_runs_own(creation: Exchange, read: Exchange) -> None:
    assert failed(FIRST, creation, get("completed"), read) == []
    assert passed(FIRST, creation, get("completed"), read) == [("x3", "")]


ONLY = '[["user", "one"]] before the run\'s own messages'
TOGETHER = '[["user", "one"], ["user", "two"]] before the run\'s own messages'
WRONG: dict[str, tuple[Exchange, Exchange, str, str]] = {
    "late": (given(said()), messages(shown(**LATE), HERE), ONLY, "before them stand []"),
    "late, oldest first": (
        given(said()),
        messages(HERE, shown(**LATE), query=AFTER),
        ONLY,
        "before them stand []",
    ),
    "late by its place": (
        given(said()),
        messages({**ONE, "created_at": None}, {**HERE, "created_at": None}),
        ONLY,
        "before them stand []",
    ),
    "late by its place, at time 0": (
        given(said()),
        messages({**ONE, "created_at": 0}, {**HERE, "created_at": None}),
        ONLY,
        "before them stand []",
    ),
    "the other way round": (
        given(said(), said("two")),
        messages(HERE, ONE, TWO),
        TOGETHER,
        'before them stand [["user", "two"], ["user", "one"]]',
    ),
    "the other way round, no answer": (
        given(said(), said("two")),
        messages(shown("later", "msg_9"), ONE, TWO),
        TOGETHER,
        'before them stand [["user", "two"], ["user", "one"]]',
    ),
    "one of two late": (
        given(said(), said("two")),
        messages(shown("two", "msg_3", **LATE), HERE, ONE),
        TOGETHER,
        'before them stand [["user", "one"]]',
    ),
    "another between": (
        given(said()),
        messages(HERE, shown("zero", "msg_0"), ONE),
        ONLY,
        'before them stand [["user", "one"], ["user", "zero"]]',
    ),
}


@pytest.mark.parametrize(("creation", "read", "expected", "actual"), WRONG.values(), ids=WRONG)
def test_messages_out_of_their_place_are_shown(
    creation: Exchange, read: Exchange, expected: str, actual: str
) -> None:
    assert failed(FIRST, creation, get("completed"), read) == [("x3", "", expected, actual)]


WAITS, READ = get("completed"), messages(shown(**LATE), HERE)
SILENT: Stories = {
    "none given": (create(), WAITS, READ),
    "an empty list": (given(), WAITS, READ),
    "the creation unseen": (say("one"), WAITS, READ),
    "lost": (given(said("three")), WAITS, READ),
    "one of them lost": (given(said(), said("three")), WAITS, READ),
    "given twice, there once": (given(said(), said()), WAITS, READ),
    "of another role": (given(said(role="assistant")), WAITS, READ),
    "an image with it": (given(said([words("one"), PICTURE])), WAITS, READ),
    "an image among them": (given(said(), said([PICTURE])), WAITS, READ),
    "only an image": (given(said([PICTURE])), WAITS, messages(shown(content=[PICTURE], **LATE), HERE)),
    "no content": (given(said([])), WAITS, messages(shown(content=[], **LATE), HERE)),
    "a number for a text": (given(said([words(7)])), WAITS, READ),
    "a message in between": (given(said()), say("two"), WAITS, READ),
    "a run in between": (given(said()), create(id=OTHER), WAITS, READ),
    "deleted": (given(said()), WAITS, DELETED, READ),
    "not completed": (given(said()), get("failed"), READ),
}


@pytest.mark.parametrize("story", SILENT.values(), ids=SILENT)
def test_of_whose_places_nothing_is_said(story: tuple[Exchange, ...]) -> None:
    assert found(FIRST, *story) == []


@pytest.mark.parametrize(
    "between",
    [
        say("two", status=400),
        call("POST", f"/threads/{THREAD}", {"id": THREAD}, {"metadata": {}}),
        get("queued"),
    ],
)
def test_what_leaves_no_message_between_keeps_nothing_from_being_judged(between: Exchange) -> None:
    assert [one[0] for one in failed(FIRST, given(said()), between, WAITS, READ)] == ["x4"]


def test_a_message_before_the_creation_or_after_the_end_changes_nothing() -> None:
    assert [one[0] for one in failed(FIRST, say("two"), given(said()), WAITS, READ)] == ["x4"]
    assert [one[0] for one in failed(FIRST, given(said()), WAITS, say("two"), READ)] == ["x4"]


# The sum of the steps' usage

USAGE = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
TWICE = {name: 2 * count for name, count in USAGE.items()}


def used(identity: str = "step_1", usage: Any = USAGE, **changes: Any) -> dict[str, Any]:
    return step("completed", identity, usage=usage, **changes)


def total(prompt: Any, completion: Any, whole: Any) -> str:
    return f'{{"prompt_tokens": {prompt}, "completion_tokens": {completion}, "total_tokens": {whole}}}'


@pytest.mark.parametrize(
    ("usage", "of_steps", "expected", "actual"),
    [
        (USAGE, [used(), used("step_2")], f"2 steps, {total(40, 20, 60)}", total(20, 10, 30)),
        (TWICE, [used()], f"1 steps, {total(20, 10, 30)}", total(40, 20, 60)),
        (USAGE | {"prompt_tokens": 21}, [used()], f"1 steps, {total(20, 10, 30)}", total(21, 10, 30)),
        (USAGE | {"completion_tokens": 9}, [used()], f"1 steps, {total(20, 10, 30)}", total(20, 9, 30)),
        (USAGE | {"total_tokens": 31}, [used()], f"1 steps, {total(20, 10, 30)}", total(20, 10, 31)),
        ({"prompt_tokens": 20}, [used()], f"1 steps, {total(20, 10, 30)}", total(20, "null", "null")),
        (
            USAGE,
            [used(usage={**USAGE, "total_tokens": True, "prompt_tokens": 1.5})],
            f"1 steps, {total(0, 10, 0)}",
            total(20, 10, 30),
        ),
    ],
)
def test_another_sum_is_shown(usage: Any, of_steps: Any, expected: str, actual: str) -> None:
    story = (create(), get("completed", usage=usage), steps(*of_steps))
    assert failed(SUM, *story) == [("x2", "/usage", f"the sum of its {expected}", actual)]


def test_the_sum_passes_at_the_last_sighting() -> None:
    story = (create(), get("completed"), steps(used(usage={**USAGE, "more": 1})), get("completed"))
    assert passed(SUM, *story) == [("x4", "/usage")]
    twice = (create(), get("completed", usage=TWICE), steps(used(), used("step_2")))
    assert passed(SUM, *twice) == [("x2", "/usage")]
    # each run of a thread by itself
    for before in (of_other("queued"), of_other("completed", usage=None), of_other("completed")):
        assert [one[0] for one in passed(SUM, before, *story)] == ["x5"]


COUNTLESS: Stories = {
    "no usage": (create(), get("completed", usage=None), steps(used())),
    "not completed": (create(), get("failed"), steps(used(), used("step_2"))),
    "not all steps": (create(), get("completed"), steps(used(), used("step_2"), has_more=True)),
    "no steps": (create(), get("completed"), steps()),
    "a step without usage": (create(), get("completed"), steps(used(), used("step_2", None))),
}


@pytest.mark.parametrize("story", COUNTLESS.values(), ids=COUNTLESS)
def test_of_which_sums_nothing_is_said(story: tuple[Exchange, ...]) -> None:
    assert found(SUM, *story) == []


# Streamed and polled


def told_by_stream(body: dict[str, Any] | None = None, **fields: Any) -> Exchange:
    query = fields.pop("query", ())
    return streamed(("thread.run.created", made_run("queued", **fields)), body=body, query=query)


def polled(body: dict[str, Any] | None = None, **fields: Any) -> Exchange:
    query = fields.pop("query", ())
    sent = {"assistant_id": ASSISTANT, **(body or {})}
    return call("POST", RUNS, made_run("queued", id=OTHER, **fields), sent, query=query)


WARM = {"temperature": 0.5, "metadata": {"a": "1"}}
INCLUDE = (("include[]", "x"),)


def lacking(one: Exchange, *names: str) -> Exchange:
    assert one.response is not None
    left = {key: value for key, value in one.response.object.items() if key not in names}
    return replace(one, response=replace(one.response, body=to_bytes(left)))


@pytest.mark.parametrize(
    ("left", "right", "actual"),
    [
        (told_by_stream(extra=1), polled(), 'other ["extra"]'),
        (told_by_stream(), polled(extra=1), 'other ["extra"]'),
        (told_by_stream(WARM, temperature=0.5), polled(WARM), 'other ["temperature"]'),
        (told_by_stream(WARM, metadata={"a": "1"}), polled(WARM), 'other ["metadata"]'),
        (
            told_by_stream(WARM, zebra=1, ape=1),
            polled(WARM, metadata=None),
            'other ["ape", "metadata", "zebra"]',
        ),
        (told_by_stream(WARM), lacking(polled(WARM), "temperature"), 'other ["temperature"]'),
        (told_by_stream({"model": "m"}, model="m"), polled({"model": "m"}), 'other ["model"]'),
    ],
)
def test_a_difference_of_streamed_and_polled_is_shown(left: Exchange, right: Exchange, actual: str) -> None:
    assert failed(EQUAL, left, right) == [("x1", "", "the keys and settings of x2", actual)]
    assert failed(EQUAL, right, left) == [("x2", "", "the keys and settings of x1", actual)]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (told_by_stream(), polled()),
        (told_by_stream(WARM, temperature=0.5), polled({**WARM, "stream": False}, temperature=0.5)),
        (told_by_stream(created_at=T0 + 9, temperature=0.7), polled()),
        (told_by_stream(query=INCLUDE), polled(query=INCLUDE)),
        (told_by_stream(WARM, temperature=1), polled(WARM)),
    ],
)
def test_streamed_and_polled_alike_pass_at_the_stream(left: Exchange, right: Exchange) -> None:
    assert passed(EQUAL, left, right) == [("x1", "")]
    assert failed(EQUAL, left, right) == []


APART: Stories = {
    "another body": (told_by_stream(WARM), polled(temperature=0.3)),
    "another query": (told_by_stream(query=INCLUDE), polled(temperature=0.3)),
    "both streamed": (told_by_stream(), told_by_stream(extra=1)),
    "both polled": (polled(), polled(extra=1)),
    "no run in the stream": (streamed(("error", {"message": "no"})), polled()),
    "refused": (told_by_stream(), call("POST", RUNS, {"error": {}}, {"assistant_id": ASSISTANT}, 400)),
    "on another thread": (
        told_by_stream(extra=1),
        call("POST", "/threads/thread_B/runs", made_run("queued"), {"assistant_id": ASSISTANT}),
    ),
}


@pytest.mark.parametrize("story", APART.values(), ids=APART)
def test_what_is_not_held_against_each_other(story: tuple[Exchange, ...]) -> None:
    assert found(EQUAL, *story) == []
