"""Decoding that never raises: what counts as JSON, what is odd, and texts made to hurt a parser."""

import time
import tracemalloc

import pytest

from runs_conformance.contract.jsontext import DEEPEST, MISSING, MOST_TOKENS, brief, decode, pointer


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b"1.0", 1.0),
        (b" null ", None),
        (b'"\\ud800"', "\ud800"),
        (b"[" * DEEPEST + b"]" * DEEPEST, ...),
        (b'["' + b"[" * 1000 + b'"]', ["[" * 1000]),
        (b'["\\"' + b"[" * 1000 + b'"]', ['"' + "[" * 1000]),
    ],
)
def test_json_is_decoded(data, value):
    found = decode(data)
    assert (found.problem, found.oddities) == (None, ())
    assert value is ... or (found.value == value and type(found.value) is type(value))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Expecting value at character 0"),
        (b"{'a': 1}", "at character 1"),
        (b'{"a": 1} x', "Extra data at character 9"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
        ("{}".encode("utf-16"), "not UTF-8 at byte 0"),
        (b"[NaN]", "NaN is not JSON"),
        (b"-Infinity", "-Infinity is not JSON"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "nested deeper than 400 levels"),
        (b"9" * 5000, "a number of 5000 digits"),
        (b"[" + b"[]," * (MOST_TOKENS // 3) + b"[]]", "more than 600000 tokens"),
        (b"[" + b'"",' * (MOST_TOKENS // 2) + b"0]", "more than 600000 tokens"),
        (b'{"a": "line\nbreak"}', "at character 11"),
    ],
)
def test_what_is_not_json(data, words):
    found = decode(data)
    assert found.value is MISSING
    assert found.problem is not None
    assert words in found.problem


@pytest.mark.parametrize(
    ("data", "oddity"),
    [
        (b'{"a": 1, "a": 2}', "repeats the key 'a'"),
        (b'{"x": [{"b": 1, "b": 1}]}', "repeats the key 'b'"),
        (b"\xef\xbb\xbf{}", "starts with a byte order mark"),
    ],
)
def test_oddities_are_noted(data, oddity):
    assert decode(data).oddities == (oddity,)


@pytest.mark.parametrize("data", [b"[" * 500 + b'"' + b'\\"' * 500_000, b'"\\' * 500_000 + b"[" * 500])
def test_hostile_strings_take_no_time(data):
    before = time.perf_counter()
    assert decode(data).value is MISSING
    assert time.perf_counter() - before < 2


def test_a_long_text_full_of_marks_is_one_value():
    text = "[,]{}" * MOST_TOKENS
    assert decode(f'["{text}"]'.encode()).value == [text]


def test_hostile_json_does_not_fill_the_memory():
    """16 MB of empty lists would be 400 MB of Python's."""
    data = b"[" + b"[]," * 5_500_000 + b"[]]"
    tracemalloc.start()
    assert decode(data).value is MISSING
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40_000_000


def test_missing_is_not_null():
    assert not MISSING
    assert repr(MISSING) == "MISSING"
    assert decode(b"null").value is not MISSING


@pytest.mark.parametrize(
    ("path", "text"),
    [((), ""), (("tools", 0, "a/b", "m~n"), "/tools/0/a~1b/m~0n"), (["a"], "/a"), (("",), "/")],
)
def test_pointer(path, text):
    assert pointer(path) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (MISSING, "nothing"),
        (None, "null"),
        ("1", '"1"'),
        ("\x1b[31mü", '"\\u001b[31m\\u00fc"'),
        ("\ud800", '"\\ud800"'),
        ("x" * 200, '"' + "x" * 118 + "…"),
        ({1, 2} - {2}, "{1}"),
    ],
)
def test_brief(value, text):
    assert brief(value) == text
