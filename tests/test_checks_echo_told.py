"""What a finding about a setting names: the exchange, the place, the values; and what no answer may upset.

Found missing by mutation testing.
"""

from typing import Any

import pytest
from builders import ASSISTANT, GONE, RUNS, assistant, create, exchange, findings, run

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Exchange

PLAIN = {ASSISTANT: assistant()}
STRICT = "response.echo.function-strict"
DEFAULTS = (
    "response.default.temperature",
    "response.default.truncation",
    "response.default.tool-choice",
    "response.default.parallel-tool-calls",
    "response.default.response-format",
)


def only(row: str, one: Exchange, assistants: dict[str, Any] | None = None) -> Finding:
    [found] = findings(row, one, assistants=PLAIN if assistants is None else assistants)
    return found


def function(**changes: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "lookup", **changes}}


@pytest.mark.parametrize(
    ("row", "sent", "seen"),
    [
        ("response.default.temperature", {"temperature": 0}, {"temperature": 0.5}),
        ("response.default.temperature", {}, {"temperature": 0.5}),
        ("response.echo.settings", {"tool_choice": "none"}, {}),
        ("response.default.tool-choice", {}, {"tool_choice": "none"}),
        ("response.echo.model", {"model": "gpt-4o"}, {"model": "gpt-5"}),
        ("response.echo.instructions", {"instructions": "a"}, {"instructions": "b"}),
        ("response.echo.tools", {"tools": [function()]}, {"tools": []}),
        (STRICT, {"tools": [function()]}, {"tools": [function()]}),
        ("response.echo.thread-id", {}, {"thread_id": "thread_two"}),
        ("response.echo.assistant-id", {}, {"assistant_id": "asst_two"}),
    ],
)
def test_a_failure_names_its_exchange(row, sent, seen):
    told = only(row, create(sent, run(**seen), id="x7"))
    assert told.failed
    assert told.exchange == "x7"


@pytest.mark.parametrize(
    ("row", "sent", "seen", "where"),
    [
        ("response.default.temperature", {"temperature": 0}, {"temperature": 0}, "/temperature"),
        ("response.default.tool-choice", {}, {}, "/tool_choice"),
        (STRICT, {"tools": [function()]}, {"tools": [function(strict=False)]}, "/tools/0/function/strict"),
        ("response.echo.tools", {"tools": [function()]}, {"tools": [function(strict=False)]}, "/tools"),
        # the count of auto may be dropped: that is where the two differ, and no failure
        (
            "response.echo.settings",
            {"truncation_strategy": {"type": "auto", "last_messages": 4}},
            {"truncation_strategy": {"type": "auto", "last_messages": None}},
            "/truncation_strategy",
        ),
    ],
)
def test_a_pass_names_its_exchange_and_the_field(row, sent, seen, where):
    told = only(row, create(sent, run(**seen), id="x7"))
    assert (told.failed, told.exchange, told.where) == (False, "x7", "run " + where)


@pytest.mark.parametrize(
    ("row", "sent", "expected"),
    [
        (
            "response.echo.settings",
            {"truncation_strategy": {"type": "auto"}},
            '{"type": "auto"}, the value in force',
        ),
        ("response.default.truncation", {}, '{"type": "auto"}, the default'),
    ],
)
@pytest.mark.parametrize("seen", ["auto", ["auto"], 1])
def test_a_truncation_that_is_no_object_is_another(row, sent, expected, seen):
    told = only(row, create(sent, run(truncation_strategy=seen)))
    assert told.failed
    assert told.where == "run /truncation_strategy"
    assert told.expected == (expected,)


@pytest.mark.parametrize("row", DEFAULTS)
@pytest.mark.parametrize("body", [b"not json", b"[1]", None])
def test_nothing_is_in_force_by_a_request_that_cannot_be_read(row, body):
    settings = {"temperature": 0.5, "truncation_strategy": None, "tool_choice": "none"}
    answer = run(**settings, parallel_tool_calls=False, response_format=None)
    assert findings(row, exchange("POST", RUNS, answer, body), assistants=PLAIN) == []


@pytest.mark.parametrize("row", ["response.echo.thread-id", "response.echo.assistant-id"])
def test_whose_run_it_is_is_not_asked_of_a_request_that_cannot_be_read(row):
    answer = run(thread_id="thread_two", assistant_id="asst_two")
    assert findings(row, exchange("POST", RUNS, answer, b"not json")) == []


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("response.default.temperature", "temperature"),
        ("response.default.top-p", "top_p"),
        ("response.echo.metadata", "metadata"),
    ],
)
def test_null_for_a_default_says_nothing(row, field):
    assert findings(row, create({}, run(**{field: None})), assistants=PLAIN) == []


@pytest.mark.parametrize(
    ("seen", "actual"),
    [({}, "nothing"), ({"strict": None}, "null"), ({"strict": True}, "true"), ({"strict": 0}, "0")],
)
def test_what_was_filled_in_for_strict_is_shown(seen, actual):
    told = only(STRICT, create({"tools": [function()]}, run(tools=[function(**seen)])))
    assert told.failed
    assert told.where == "run /tools/0/function/strict"
    assert told.expected == ("false, filled in",)
    assert told.actual == actual


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("shown", [True, False, None])
def test_strict_that_was_sent_is_not_filled_in(strict, shown):
    one = create({"tools": [function(strict=strict)]}, run(tools=[function(strict=shown)]))
    assert findings(STRICT, one, assistants=PLAIN) == []


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        ([function()], ["lookup"]),
        ([function()], [{"type": "function", "function": "lookup"}]),
        ([function()], None),
        ([function()], []),
        (["lookup"], [function()]),
        ([{"type": "function", "function": "lookup"}], [function()]),
        ("lookup", [function()]),
    ],
)
def test_tools_that_are_no_objects_have_no_strict(wanted, seen):
    own = {ASSISTANT: assistant(tools=wanted)}
    one = create({}, run(tools=seen))
    assert findings(STRICT, one, assistants=own) == []
    assert only("response.echo.tools", one, own).failed


# Instructions, the model, and which settings are judged at all

TEXT, ADDED = "response.echo.instructions", "response.echo.additional-instructions"
TYPE = "response.run.instructions-type"
GIVEN = {"instructions": "Be brief."}
BOTH = {**GIVEN, "additional_instructions": "In verse."}


def told(row: str, one: Exchange, own: dict[str, Any] = PLAIN) -> list[tuple[bool, str, str, Any, str]]:
    """Failed, exchange, where, expected and actual of all that is said."""
    return [
        (found.failed, found.exchange, found.where, found.expected, found.actual)
        for found in findings(row, one, assistants=own)
    ]


def instructed(sent: dict[str, Any], seen: Any) -> Exchange:
    return create(sent, run(instructions=seen), id="x7")


@pytest.mark.parametrize(("seen", "actual"), [(None, "null"), (7, "7"), (["Be brief."], '["Be brief."]')])
@pytest.mark.parametrize("sent", [GIVEN, BOTH])
def test_given_instructions_come_back_as_a_string(sent, seen, actual):
    wanted = ("a string, for instructions were given",)
    assert told(TYPE, instructed(sent, seen)) == [(True, "x7", "run /instructions", wanted, actual)]


@pytest.mark.parametrize(
    ("sent", "seen"),
    [(GIVEN, "anything"), ({}, None), ({"instructions": ""}, None), ({"instructions": 7}, None)],
)
def test_instructions_that_need_be_no_other_type(sent, seen):
    assert told(TYPE, instructed(sent, seen)) == [(False, "x7", "run /instructions", (), "")]


@pytest.mark.parametrize(
    ("sent", "seen", "expected", "actual"),
    [
        (GIVEN, "Be long.", '"Be brief."', '"Be long."'),
        (GIVEN, None, '"Be brief."', "null"),
        (GIVEN, {"a": 1}, '"Be brief."', '{"a": 1}'),
        ({**GIVEN, "additional_instructions": ""}, "Be brief. Now.", '"Be brief."', '"Be brief. Now."'),
        ({**GIVEN, "additional_instructions": None}, "Be brief.\n", '"Be brief."', r'"Be brief.\n"'),
    ],
)
def test_other_instructions_are_told(sent, seen, expected, actual):
    wanted = (f"{expected}, the value in force",)
    assert told(TEXT, instructed(sent, seen)) == [(True, "x7", "run /instructions", wanted, actual)]
    assert told(ADDED, instructed(sent, seen)) == []


@pytest.mark.parametrize(
    ("sent", "seen", "places"),
    [
        (GIVEN, "Be brief.", {TEXT: "run /instructions"}),
        ({**GIVEN, "additional_instructions": ""}, "Be brief.\n\n", {TEXT: "run /instructions"}),
        (BOTH, "Be brief.", {TEXT: ""}),
        (BOTH, "Be brief.\n\nIn verse.", {TEXT: "", ADDED: ""}),
        ({"instructions": {"a": None}}, {"a": 1}, {TEXT: "run /instructions"}),
        ({"instructions": [None]}, [1], {TEXT: "run /instructions"}),
    ],
    ids=["given", "nothing added", "added apart", "added", "objects for texts", "lists for texts"],
)
def test_instructions_as_they_were_given_name_their_exchange(sent, seen, places):
    for row in (TEXT, ADDED):
        expected = [(False, "x7", places[row], (), "")] if row in places else []
        assert told(row, instructed(sent, seen)) == expected


@pytest.mark.parametrize(
    ("seen", "actual"),
    [
        ("In verse.", '"In verse."'),
        ("Be brief. Now.", '"Be brief. Now."'),
        (None, "null"),
        (["Be brief.", "In verse."], '["Be brief.", "In verse."]'),
    ],
)
def test_additional_instructions_replace_nothing(seen, actual):
    wanted = ('"Be brief."', '"Be brief." followed by "In verse."')
    assert told(ADDED, instructed(BOTH, seen)) == [(True, "x7", "run /instructions", wanted, actual)]
    assert told(TEXT, instructed(BOTH, seen)) == []


@pytest.mark.parametrize(("seen", "actual"), [("gpt-5", '"gpt-5"'), (None, "null"), (4, "4")])
def test_another_model_is_told_with_what_it_may_be_called(seen, actual):
    wanted = ("gpt-4o", "a dated name of gpt-4o", "an alias that the profile names")
    for sent in ({"model": "gpt-4o"}, {}):
        one = create(sent, run(model=seen), id="x7")
        assert told("response.echo.model", one) == [(True, "x7", "run /model", wanted, actual)]


@pytest.mark.parametrize("sent", [7, 0, False, {}, []])
def test_a_model_that_breaks_the_contract_is_not_judged(sent):
    assert told("response.echo.model", create({"model": sent}, run(model="gpt-5"))) == []


@pytest.mark.parametrize(
    ("sent", "seen", "own"),
    [
        ({}, {"temperature": GONE}, PLAIN),
        ({"temperature": 9}, {"temperature": 9}, PLAIN),
        ({}, {}, {}),
    ],
    ids=["left out", "breaks the contract", "its assistant was not seen"],
)
def test_a_setting_that_is_not_judged_hides_no_other(sent, seen, own):
    one = create(sent, run(tool_choice="none", **seen), id="x7")
    assert told("response.default.temperature", one, own) == []
    wanted = ('"auto", the default',)
    assert told("response.default.tool-choice", one, own) == [
        (True, "x7", "run /tool_choice", wanted, '"none"')
    ]
