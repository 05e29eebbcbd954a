"""Settings in force: the request's, else the assistant's, else the default; what is filled in is fine."""

import pytest
from builders import ASSISTANT, GONE, assistant, both, create, failure, findings, holds, refused, run

from runs_conformance.contract.model import to_bytes

TOOL = {"type": "function", "function": {"name": "lookup"}}
FILLED = {
    "type": "function",
    "function": {"name": "lookup", "description": None, "parameters": {}, "strict": False},
}
SEARCH = {"type": "file_search"}
EXPANDED = {
    "type": "file_search",
    "file_search": {"ranking_options": {"ranker": "default_2024_08_21", "hybrid_search": None}},
}
PLAIN = {ASSISTANT: assistant()}
OWN = {
    ASSISTANT: assistant(temperature=0.3, tools=[TOOL], instructions="own", response_format={"type": "text"})
}
LAST = {"type": "last_messages", "last_messages": 3}
SHAPED = {"type": "json_schema", "json_schema": {"name": "f", "schema": {"type": "object"}}}


@pytest.mark.parametrize(
    ("row", "sent", "seen"),
    [
        ("response.default.temperature", {"temperature": 0}, {"temperature": 0.0}),
        ("response.default.temperature", {"temperature": None}, {"temperature": 1}),
        ("response.default.temperature", {}, {"temperature": 1.0}),
        ("response.default.top-p", {"top_p": 1}, {"top_p": 1.0}),
        ("response.echo.token-limits", {"max_prompt_tokens": 256}, {"max_prompt_tokens": 256}),
        ("response.echo.token-limits", {"max_prompt_tokens": None}, {}),
        (
            "response.echo.settings",
            {"truncation_strategy": LAST},
            {"truncation_strategy": {**LAST, "extra": 1}},
        ),
        ("response.echo.settings", {"truncation_strategy": {"type": "auto"}}, {}),
        ("response.echo.settings", {"truncation_strategy": {"type": "auto", "last_messages": 4}}, {}),
        ("response.default.truncation", {}, {"truncation_strategy": {"type": "auto"}}),
        (
            "response.echo.settings",
            {"tool_choice": {"type": "code_interpreter", "function": None}},
            {"tool_choice": {"type": "code_interpreter"}},
        ),
        ("response.default.tool-choice", {"tool_choice": None}, {}),
        ("response.default.parallel-tool-calls", {}, {}),
        (
            "response.default.parallel-tool-calls",
            {"parallel_tool_calls": False},
            {"parallel_tool_calls": False},
        ),
        (
            "response.echo.settings",
            {"response_format": SHAPED},
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {**SHAPED["json_schema"], "strict": False},
                }
            },
        ),
        ("response.default.response-format", {}, {}),
        (
            "response.echo.metadata",
            {"metadata": {"schlüssel": "é", "a": ""}},
            {"metadata": {"a": "", "schlüssel": "é"}},
        ),
        ("response.echo.metadata", {}, {"metadata": {}}),
        ("response.echo.model", {"model": "gpt-4o"}, {"model": "gpt-4o-2024-08-06"}),
        ("response.echo.model", {"model": None}, {"model": "gpt-4o"}),
        ("response.echo.instructions", {"instructions": "Über"}, {"instructions": "Über"}),
        ("response.echo.instructions", {}, {"instructions": ""}),
        (
            "response.echo.additional-instructions",
            {"instructions": "a", "additional_instructions": "b"},
            {"instructions": "a\n\nb"},
        ),
        ("response.echo.additional-instructions", {"additional_instructions": "b"}, {"instructions": "b"}),
        (
            "response.echo.instructions",
            {"instructions": "a", "additional_instructions": "b"},
            {"instructions": "a"},
        ),
        (
            "response.echo.instructions",
            {"instructions": "a", "additional_instructions": ""},
            {"instructions": "a\n"},
        ),
        ("response.run.instructions-type", {"instructions": "a"}, {"instructions": "a"}),
        ("response.echo.tools", {"tools": [TOOL, SEARCH]}, {"tools": [FILLED, EXPANDED]}),
        ("response.echo.tools", {"tools": []}, {"tools": []}),
        ("response.echo.tools", {"tools": None}, {"tools": []}),
        ("response.echo.function-strict", {"tools": [TOOL]}, {"tools": [FILLED]}),
        ("response.echo.assistant-id", {}, {}),
        ("response.echo.thread-id", {}, {}),
    ],
)
def test_in_force(row, sent, seen):
    assert holds(row, create(sent, run(**seen)), assistants=PLAIN)


@pytest.mark.parametrize(
    ("row", "sent", "seen", "told"),
    [
        (
            "response.default.temperature",
            {"temperature": 0},
            {},
            ("/temperature", "0, the value in force", "1.0"),
        ),
        (
            "response.default.temperature",
            {"temperature": 1},
            {"temperature": "1"},
            ("/temperature", "1, the value", '"1"'),
        ),
        ("response.default.temperature", {}, {"temperature": 0.7}, ("/temperature", "1, the default", "0.7")),
        (
            "response.default.top-p",
            {"top_p": 0},
            {"top_p": None},
            ("/top_p", "0, the value in force", "null"),
        ),
        (
            "response.echo.token-limits",
            {"max_completion_tokens": 300},
            {"max_prompt_tokens": 300, "max_completion_tokens": 300},
            ("/max_prompt_tokens", "null, the default", "300"),
        ),
        (
            "response.echo.token-limits",
            {},
            {"max_completion_tokens": 4096},
            ("/max_completion_tokens", "null", "4096"),
        ),
        (
            "response.echo.settings",
            {"truncation_strategy": LAST},
            {},
            ("/truncation_strategy/type", "last_messages", "auto"),
        ),
        (
            "response.echo.settings",
            {"truncation_strategy": {"type": "auto"}},
            {"truncation_strategy": {"type": "auto", "last_messages": 9}},
            ("/truncation_strategy", "auto", "9"),
        ),
        (
            "response.default.truncation",
            {},
            {"truncation_strategy": LAST},
            ("/truncation_strategy", "the default", "3"),
        ),
        (
            "response.echo.settings",
            {"tool_choice": "none"},
            {},
            ("/tool_choice", '"none", the value', '"auto"'),
        ),
        (
            "response.echo.settings",
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
            {"tool_choice": {"type": "function", "function": {"name": "g"}}},
            ("/tool_choice/function/name", '"f"', '"g"'),
        ),
        (
            "response.default.tool-choice",
            {},
            {"tool_choice": None},
            ("/tool_choice", '"auto", the default', "null"),
        ),
        (
            "response.default.parallel-tool-calls",
            {"parallel_tool_calls": False},
            {},
            ("/parallel_tool_calls", "false", "true"),
        ),
        (
            "response.default.parallel-tool-calls",
            {},
            {"parallel_tool_calls": False},
            ("/parallel_tool_calls", "true", "false"),
        ),
        (
            "response.echo.settings",
            {"response_format": {"type": "text"}},
            {},
            ("/response_format", '{"type": "text"}', '"auto"'),
        ),
        (
            "response.echo.settings",
            {"response_format": SHAPED},
            {"response_format": {**SHAPED, "json_schema": {"name": "f"}}},
            ("/response_format/json_schema/schema", '{"type": "object"}', "nothing"),
        ),
        (
            "response.echo.metadata",
            {"metadata": {"a": "é"}},
            {"metadata": {"a": "?"}},
            ("/metadata/a", '"\\u00e9"', '"?"'),
        ),
        (
            "response.echo.metadata",
            {"metadata": {"a": "1"}},
            {"metadata": {"a": "1", "b": "2"}},
            ("/metadata/b", "nothing", '"2"'),
        ),
        (
            "response.echo.metadata",
            {},
            {"metadata": {"a": "1"}},
            ("/metadata", "{}, the default", '{"a": "1"}'),
        ),
        (
            "response.echo.metadata",
            {"metadata": {"a": "1"}},
            {"metadata": None},
            ("/metadata", '{"a": "1"}', "null"),
        ),
        (
            "response.echo.model",
            {"model": "gpt-4o"},
            {"model": "gpt-4o-mini"},
            ("/model", "a dated name of gpt-4o", '"gpt-4o-mini"'),
        ),
        ("response.echo.model", {}, {"model": "gpt-4"}, ("/model", "gpt-4o", '"gpt-4"')),
        (
            "response.echo.instructions",
            {"instructions": "a"},
            {"instructions": None},
            ("/instructions", '"a"', "null"),
        ),
        (
            "response.echo.instructions",
            {"instructions": "a", "additional_instructions": ""},
            {"instructions": "ab"},
            ("/instructions", '"a"', '"ab"'),
        ),
        (
            "response.echo.instructions",
            {"instructions": "a"},
            {"instructions": "a\n"},
            ("/instructions", '"a"', r'"a\n"'),
        ),
        (
            "response.run.instructions-type",
            {"instructions": "a"},
            {"instructions": None},
            ("/instructions", "a string", "null"),
        ),
        (
            "response.echo.additional-instructions",
            {"instructions": "a", "additional_instructions": "b"},
            {"instructions": "b"},
            ("/instructions", '"a" followed by "b"', '"b"'),
        ),
        (
            "response.echo.tools",
            {"tools": [TOOL, SEARCH]},
            {"tools": [EXPANDED, FILLED]},
            ("/tools/0/type", '"function"', '"file_search"'),
        ),
        ("response.echo.tools", {"tools": [TOOL]}, {"tools": []}, ("/tools", "lookup", "[]")),
        ("response.echo.tools", {}, {"tools": [TOOL]}, ("/tools", "[]", "lookup")),
        (
            "response.echo.function-strict",
            {"tools": [TOOL]},
            {"tools": [TOOL]},
            ("/tools/0/function/strict", "false", "nothing"),
        ),
        (
            "response.echo.assistant-id",
            {},
            {"assistant_id": "asst_two"},
            ("/assistant_id", ASSISTANT, '"asst_two"'),
        ),
        (
            "response.echo.thread-id",
            {},
            {"thread_id": "thread_two"},
            ("/thread_id", "thread_one", '"thread_two"'),
        ),
    ],
)
def test_not_in_force(row, sent, seen, told):
    where, expected, actual = failure(row, create(sent, run(**seen)), assistants=PLAIN)
    assert where == "run " + told[0]
    assert told[1] in expected
    assert told[2] in actual


@pytest.mark.parametrize(
    ("row", "seen", "pointer"),
    [
        ("response.default.temperature", {"temperature": 1.0}, "run /temperature"),
        ("response.echo.instructions", {"instructions": "Own"}, "run /instructions"),
        ("response.echo.tools", {"tools": []}, "run /tools"),
        ("response.echo.settings", {"response_format": "auto"}, "run /response_format"),
    ],
)
def test_the_assistants_settings_are_inherited(row, seen, pointer):
    inherited = {
        "temperature": 0.3,
        "instructions": "own",
        "tools": [FILLED],
        "response_format": {"type": "text"},
    }
    assert holds(row, both({}, run(**inherited)), assistants=OWN)
    assert failure(row, both({}, run(**inherited | seen)), assistants=OWN)[0] == pointer


@pytest.mark.parametrize(
    ("row", "one"),
    [
        ("response.default.temperature", create()),
        ("response.echo.tools", create()),
        ("response.echo.instructions", create()),
        ("response.echo.model", create()),
        ("response.default.temperature", create({"temperature": 0}, run(temperature=GONE))),
        ("response.default.temperature", create({}, run(temperature=None))),
        ("response.echo.metadata", create({}, run(metadata=None))),
        ("response.echo.settings", refused({"tool_choice": "none"})),
        ("response.echo.thread-id", both()),
        ("response.echo.metadata", create(answer=to_bytes([1]))),
    ],
)
def test_what_the_echo_is_silent_about(row, one):
    assert findings(row, one) == []


@pytest.mark.parametrize(
    ("row", "sent", "seen"),
    [
        ("response.default.temperature", {"temperature": 3}, {"temperature": 2}),
        ("response.echo.metadata", {"metadata": {"a": 1}}, {"metadata": {"a": "1"}}),
        ("response.echo.tools", {"tools": [SEARCH] * 21}, {"tools": []}),
        ("response.echo.token-limits", {"max_prompt_tokens": 16, "max_completion_tokens": 16}, {}),
        ("response.echo.model", {"model": ["gpt-4o"]}, {"model": "x"}),
    ],
)
def test_fields_that_had_to_be_refused_are_not_judged_twice(row, sent, seen):
    assert not [one for one in findings(row, create(sent, run(**seen)), assistants=PLAIN) if one.failed]


def test_aliases_of_the_profile():
    sent = create({"model": "gpt-4o"}, run(model="house-model"))
    assert failure("response.echo.model", sent)
    assert holds("response.echo.model", sent, aliases={"gpt-4o": ("house-model",)})


def test_strict_is_filled_in_since_its_edition():
    bare = create({"tools": [TOOL]}, run(tools=[TOOL]))
    assert findings("response.echo.function-strict", bare, edition="2024-08-05") == []
    assert failure("response.echo.function-strict", bare, edition="2024-08-06")


def test_an_empty_addition_may_leave_its_separator_behind():
    row, sent = "response.echo.instructions", {"instructions": "a", "additional_instructions": ""}
    assert holds(row, create(sent, run(instructions="a\n")))
    assert holds(row, create(sent, run(instructions="a")))
    assert findings(row, create(sent, run(instructions="a b")))[0].failed
    assert findings(row, create({"instructions": "a"}, run(instructions="a\n")))[0].failed


def test_what_today_is_out_of_bounds_may_be_dropped_by_a_server_of_today():
    """The bound of 256 came after the first edition: judged by that one, a dropped 255 is nobody's fault."""
    row = "response.echo.token-limits"
    low, fine = (create({"max_prompt_tokens": sent}, run(max_prompt_tokens=None)) for sent in (255, 256))
    assert not [one for one in findings(row, low, edition="2024-04-17") if one.failed]
    assert failure(row, fine, edition="2024-04-17")
