"""Equality as the contract means it, and where two values part."""

import pytest

from runs_conformance.contract.compare import difference, kept, model_fits, normal_param, same, unchanged

LOOKUP = {"type": "function", "function": {"name": "lookup", "parameters": {"type": "object"}}}


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True),
        (0, 0.0, True),
        (0, False, False),
        (True, 1, False),
        (1, "1", False),
        (None, "", False),
        ({"a": 1, "b": 2}, {"b": 2.0, "a": 1}, True),
        ({"a": None}, {}, False),
        ([1, 2], [2, 1], False),
        ([1], [1, 1], False),
        ([], {}, False),
        ("é", "e\u0301", False),
        (0.1, 0.1000001, False),
    ],
)
def test_same(one, other, equal):
    assert same(one, other) is equal
    assert same(other, one) is equal


@pytest.mark.parametrize(
    ("seen", "equal"),
    [
        (LOOKUP, True),
        ({**LOOKUP, "function": {**LOOKUP["function"], "strict": False, "description": None}}, True),
        ({**LOOKUP, "extra": 1}, True),
        ({**LOOKUP, "type": "file_search"}, False),
        ({"type": "function"}, False),
        ({**LOOKUP, "function": {**LOOKUP["function"], "name": "Lookup"}}, False),
        ({**LOOKUP, "function": {"name": "lookup", "parameters": {"type": "object", "a": 1}}}, False),
        (None, False),
    ],
)
def test_kept(seen, equal):
    assert kept(LOOKUP, seen) is equal
    assert kept([LOOKUP], [seen]) is equal


def test_kept_lets_nulls_and_the_automatic_ranker_be_filled_in():
    assert kept({"type": "code_interpreter", "function": None}, {"type": "code_interpreter"})
    assert kept({"ranker": "auto"}, {"ranker": "default_2024_08_21"})
    assert not kept({"ranker": "default_2024_08_21"}, {"ranker": "auto"})
    assert not kept([], [LOOKUP])


@pytest.mark.parametrize(
    ("sent", "seen", "fits"),
    [
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o", "gpt-4o-2024-08-06", True),
        ("gpt-4", "gpt-4-0613", True),
        ("gpt-4", "gpt-4-1106-preview", True),
        ("gemini-1.5-pro", "gemini-1.5-pro-002", True),
        ("llama3", "llama3:latest", True),
        ("openai/gpt-4o", "gpt-4o", True),
        ("gpt-4o", "azure/GPT-4o", True),
        ("openai/gpt-4o", "openrouter/openai/gpt-4o", True),
        ("claude-3-5-sonnet", "claude-3-5-sonnet@20240620", True),
        ("x", "house-model", True),
        ("openai/gpt-4o", "azure/gpt-4o", False),
        ("gpt-4o", "gpt-4o-mini", False),
        ("gpt-4", "gpt-4-32k", False),
        ("gpt-3.5-turbo", "gpt-3.5-turbo-16k", False),
        ("llama-3", "llama-3-70b", False),
        ("gpt-4o", "gpt-4", False),
        ("gpt-4o-2024-08-06", "gpt-4o", False),
        ("gpt-4o", None, False),
        ("gpt-4o", "", False),
    ],
)
def test_model_fits(sent, seen, fits):
    assert model_fits(sent, seen, {"x": ("house-model",)}) is fits


@pytest.mark.parametrize(
    "param",
    [
        "tools[0].function.name",
        "tools.0.function.name",
        "/tools/0/function/name",
        "$.tools[0]['function']['name']",
        'tools[0]["function"].name',
    ],
)
def test_param_spellings(param):
    assert normal_param(param) == ("tools", "0", "function", "name")


@pytest.mark.parametrize(
    ("sent", "seen", "equal", "wanted"),
    [
        ({"a": 1, "b": "x"}, {"a": 1, "b": "y"}, same, (("b",), '"x"', '"y"')),
        ({}, {"b": 1}, same, (("b",), "nothing", "1")),
        ({"b": 1}, {}, kept, (("b",), "1", "nothing")),
        (
            [LOOKUP],
            [{**LOOKUP, "function": {**LOOKUP["function"], "name": "up"}}],
            kept,
            ((0, "function", "name"), '"lookup"', '"up"'),
        ),
        ([1], [1, 2], kept, ((), "[1]", "[1, 2]")),
        (1, True, same, ((), "1", "true")),
    ],
)
def test_difference(sent, seen, equal, wanted):
    assert difference(sent, seen, equal) == wanted


def test_long_texts_are_shown_from_where_they_part():
    _, wanted, found = difference("x" * 500 + "é", "x" * 500 + "?", same)
    assert wanted == f'"{"x" * 10}\\u00e9" from character 490 on (501 characters)'
    assert found == f'"{"x" * 10}?" from character 490 on (501 characters)'


@pytest.mark.parametrize(
    ("name", "one", "other", "fits"),
    [
        ("model", "gpt-4o", "gpt-4o-2024-08-06", True),
        ("model", "openai/gpt-4o", "gpt-4o", True),
        ("model", "gpt-4o", "gpt-4o-mini", False),
        ("instructions", "gpt-4o", "gpt-4o-2024-08-06", False),
        ("temperature", 1, 1.0, True),
    ],
)
def test_settings_that_are_shown_twice(name, one, other, fits):
    assert unchanged(name, one, other) is unchanged(name, other, one) is fits
