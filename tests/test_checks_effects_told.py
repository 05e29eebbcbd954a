"""What is said of a run's tool choice and JSON answers: where, with which values, and when nothing.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from broken_streams.good import RUN, T0, step
from stories import answer_message, create, get, listing

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Exchange

NONE, FORCED = "lifecycle.tool-choice.none", "lifecycle.tool-choice.forced"
MODE, STRICT = "lifecycle.json-mode", "lifecycle.json-schema-strict"
Told = tuple[bool, str, str, tuple[str, ...], str]


def told(row: str, *story: Exchange) -> list[Told]:
    """Failed or not, exchange, where, expected, actual."""
    named = [replace(one, id=f"x{number}") for number, one in enumerate(story, 1)]
    found: list[Finding] = Judge(Context(), frozenset({MODE, STRICT, row})).everything(named)
    return [
        (one.failed, one.exchange, one.where, one.expected, one.actual)
        for one in found
        if one.requirement == row
    ]


def call(name: str = "f", kind: str = "function") -> dict[str, Any]:
    return {"id": "call_1", "type": kind, kind: {"name": name, "arguments": "{}"}}


def tools(*calls: Any, **changes: Any) -> dict[str, Any]:
    return step("step_t", {"type": "tool_calls", "tool_calls": list(calls)}, "completed", **changes)


def says(**changes: Any) -> dict[str, Any]:
    details = {"type": "message_creation", "message_creation": {"message_id": "msg_1"}}
    return step("step_m", details, "completed", **changes)


def waits(*calls: Any) -> Exchange:
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": list(calls)}}
    return get("requires_action", required_action=action)


def none(*rest: Exchange) -> tuple[Exchange, ...]:
    return create(tool_choice="none"), *rest


DONE = get("completed")
NO_TOOLS: Told = (True, "x3", "", ("no tool_calls step with tool_choice none",), "the run called a tool")


def test_a_tool_called_against_none_is_told_where_it_was_seen() -> None:
    assert told(NONE, *none(DONE, listing("steps", [says(), tools()]))) == [NO_TOOLS]
    assert told(NONE, *none(get("queued"), waits(call()), DONE)) == [NO_TOOLS]
    # the step is shown rather than the waiting
    assert told(NONE, *none(waits(call()), listing("steps", [tools()]), DONE)) == [NO_TOOLS]


def test_no_tool_called_passes_at_the_end() -> None:
    assert told(NONE, *none(listing("steps", [says()]), DONE)) == [(False, "x3", "", (), "")]
    assert told(NONE, *none(DONE)) == []
    assert told(NONE, *none(listing("steps", [says()]), get("failed"))) == []
    assert told(NONE, create(), listing("steps", [tools()]), DONE) == []


NAMED = {"type": "function", "function": {"name": "f"}}
SEARCH = {"type": "file_search"}


def forced(choice: Any, *rest: Exchange) -> list[Told]:
    return told(FORCED, create(tool_choice=choice), *rest)


@pytest.mark.parametrize(
    ("choice", "calls"),
    [
        ("required", [call()]),
        (NAMED, [call()]),
        (NAMED, [call("g"), call()]),
        (SEARCH, [call(kind="file_search")]),
        ({"type": "function"}, [call("g")]),
    ],
)
def test_a_forced_call_passes(choice: Any, calls: list[Any]) -> None:
    assert forced(choice, waits(*calls)) == [(False, "x2", "", (), "")]
    assert forced(choice, DONE, listing("steps", [tools(*calls)])) == [(False, "x3", "", (), "")]
    assert forced(choice, listing("steps", [tools(*calls)])) == [(False, "x2", "", (), "")]


def test_without_a_step_the_pass_names_the_last_sighting() -> None:
    found = told(FORCED, get("queued", tool_choice="required"), waits(call()))
    assert found == [(False, "x2", "", (), "")]


@pytest.mark.parametrize(
    ("choice", "made", "expected", "actual"),
    [
        (
            NAMED,
            call("g"),
            'a call of {"type": "function", "function": {"name": "f"}}',
            '[{"id": "call_1", "type": "function", "function": {"name": "g", "arguments": "{}"}}]',
        ),
        (
            SEARCH,
            call(),
            'a call of {"type": "file_search"}',
            '[{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]',
        ),
    ],
)
def test_another_call_than_the_forced_one_is_shown(
    choice: Any, made: Any, expected: str, actual: str
) -> None:
    found = forced(choice, DONE, listing("steps", [tools(made)]))
    assert found == [(True, "x3", "", (expected,), actual)]
    # not all steps were seen: the forced call may be among the others
    assert forced(choice, listing("steps", [tools(made)])) == []


def test_a_message_before_the_forced_call_is_shown() -> None:
    steps = [tools(call(), created_at=T0 + 5), says()]
    [(failed, exchange, where, expected, actual)] = forced("required", DONE, listing("steps", steps))
    assert (failed, exchange, where) == (True, "x3", "")
    assert expected == ("a tool call before the message",)
    assert actual.startswith('first step {"id": "step_m"')


@pytest.mark.parametrize(
    "steps",
    [
        [says(), tools(call())],
        [tools(call()), says()],
        [says(created_at=T0 + 9), tools(call())],
        [says(created_at=1), tools(call(), created_at="soon")],
        [says(created_at=1), tools(call(), created_at=0)],
        [says(created_at=0), tools(call(), created_at=None)],
    ],
)
def test_of_steps_of_one_second_the_tools_stand_first(steps: list[dict[str, Any]]) -> None:
    assert forced("required", DONE, listing("steps", steps)) == [(False, "x3", "", (), "")]


def test_a_step_without_a_time_stands_first() -> None:
    steps = [says(created_at=None), tools(call(), created_at=1)]
    assert [failed for failed, *_ in forced("required", DONE, listing("steps", steps))] == [True]


def test_where_not_all_was_seen_a_message_says_nothing() -> None:
    assert forced("required", listing("steps", [says()])) == []
    assert forced("required", DONE) == []
    assert forced("required", DONE, listing("steps", [tools()])) == []
    assert forced("auto", DONE, listing("steps", [says()])) == []


def written(text: str, wanted: Any) -> tuple[Exchange, ...]:
    return (
        create(response_format=wanted),
        get("completed", response_format=wanted),
        listing("messages", [answer_message("msg_1", text)]),
    )


def schema(body: Any, strict: Any = True) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "n", "strict": strict, "schema": body}}


PLAIN = {"type": "json_object"}
PLACE = "response /data/0"
NUMBER = {"type": "object", "properties": {"a": {"type": "integer"}}}


def test_a_text_is_json_or_shown() -> None:
    assert told(MODE, *written("{}", PLAIN)) == [(False, "x3", PLACE, (), "")]
    assert told(MODE, *written("null", PLAIN)) == [(False, "x3", PLACE, (), "")]
    assert told(MODE, *written("so", PLAIN)) == [(True, "x3", PLACE, ("a text that is JSON",), '"so"')]
    assert [one[0] for one in told(MODE, *written('"\ud800"', PLAIN))] == [True]
    assert told(STRICT, *written("{}", PLAIN)) == []


def test_a_text_fits_its_schema_or_is_shown_with_the_breach() -> None:
    assert told(STRICT, *written('{"a": 1}', schema(NUMBER))) == [(False, "x3", PLACE, (), "")]
    expected = "a text that fits the schema: 'b' is not of type 'integer'"
    actual = '"{\\"a\\": \\"b\\"}"'
    assert told(STRICT, *written('{"a": "b"}', schema(NUMBER))) == [(True, "x3", PLACE, (expected,), actual)]


def test_a_long_breach_is_cut() -> None:
    [(_, _, _, (expected,), _)] = told(STRICT, *written('{"a": "' + "b" * 500 + '"}', schema(NUMBER)))
    assert len(expected) == len("a text that fits the schema: ") + 200


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("so", schema(NUMBER)),
        ("1", schema(NUMBER, strict=False)),
        ("1", schema(NUMBER, strict=1)),
        ("1", schema(None)),
        ("1", schema({"$ref": "https://example.com/elsewhere"})),
        ("1", schema({"type": 7})),
        ('"a"', schema({"pattern": "("})),
    ],
)
def test_without_a_schema_that_can_be_used_nothing_is_said(text: str, wanted: Any) -> None:
    assert told(STRICT, *written(text, wanted)) == []


def test_the_run_is_the_one_of_the_steps() -> None:
    assert told(NONE, *none(listing("steps", [tools(run_id=f"{RUN}_other")]), DONE)) == []


LIMITS = "lifecycle.token-limit-incomplete"
USED = '{"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}'


def cut(reason: Any, **limits: Any) -> Exchange:
    return get("incomplete", incomplete_details={"reason": reason}, **limits)


@pytest.mark.parametrize("name", ["max_prompt_tokens", "max_completion_tokens"])
def test_an_incomplete_run_names_a_limit_that_it_has(name: str) -> None:
    place = "/incomplete_details/reason"
    assert told(LIMITS, cut(name, **{name: 256})) == [(False, "x1", place, (), "")]
    [other] = {"max_prompt_tokens", "max_completion_tokens"} - {name}
    expected = f'a limit that the run has: {{"{other}": 256}}'
    assert told(LIMITS, cut(name, **{name: None, other: 256})) == [(True, "x1", place, (expected,), name)]


@pytest.mark.parametrize(
    ("name", "limit", "fits"),
    [
        ("max_prompt_tokens", 20, True),
        ("max_prompt_tokens", 19, False),
        ("max_completion_tokens", 10, True),
        ("max_completion_tokens", 9, False),
    ],
)
def test_a_completed_run_stayed_within_its_limits(name: str, limit: int, fits: bool) -> None:
    expected = f'incomplete, or usage within {{"{name}": {limit}}}'
    wanted = (False, "x2", "/usage", (), "") if fits else (True, "x2", "/usage", (expected,), USED)
    assert told(LIMITS, create(), get("completed", **{name: limit})) == [wanted]


@pytest.mark.parametrize(
    "one",
    [
        get("completed"),
        get("failed", max_prompt_tokens=1),
        get("in_progress", max_prompt_tokens=1),
        cut(None, max_prompt_tokens=1),
    ],
    ids=["no limit", "failed", "at work", "no reason"],
)
def test_of_which_limits_nothing_is_said(one: Exchange) -> None:
    assert told(LIMITS, one) == []
