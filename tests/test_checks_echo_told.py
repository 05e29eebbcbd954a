"""What a finding about a setting names: the exchange, the place, the values; and what no answer may upset.

Found missing by mutation testing.
"""

from typing import Any

import pytest
from builders import ASSISTANT, RUNS, assistant, create, exchange, findings, run

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
