from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs_conformance.report.text import columns, emit, escape, paint, shorten, table, wants_colour, wrap


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本", "plain é 日本"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("a\u202eb\u2066", r"a\u202eb\u2066"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("line\nfeed\r\x85\u2028", r"line\nfeed\x0d\x85\u2028"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("half\ud800", r"half\ud800"),
        ("z" + "\u0301" * 5, "z" + "\u0301" * 3 + r"\u0301" * 2),
    ],
)
def test_what_a_terminal_would_obey_is_spelled_out(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.text())
def test_escaped_text_is_printable_and_stays_so(text: str) -> None:
    assert all(
        character.isprintable() or character == "\u3000" or character.isspace() for character in escape(text)
    )
    assert "\x1b" not in escape(text)
    assert escape(escape(text)) == escape(text)


@given(st.text(st.sampled_from("ab 日é\u0301")), st.integers(12, 40))
def test_wrapped_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    lines = wrap(text, width, "  ")
    assert all(columns(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_wide_characters_count_twice() -> None:
    assert columns("日本") == 4
    assert columns("e\u0301") == 1


def test_a_cut_text_says_how_long_it_was() -> None:
    assert shorten("a" * 5000, 10) == "a" * 10 + "... (5,000 characters)"
    assert shorten("short", 10) == "short"


def test_a_table_draws_closer_where_there_is_no_room() -> None:
    assert table([("a", "10"), ("bcd", "2")], 80) == ["a    10", "bcd   2"]
    assert table([("a", "10"), ("bcd", "2")], 6) == ["a   10", "bcd  2"]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("option", "environment", "colour"),
    [
        ("auto", {}, True),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": ""}, True),
        ("auto", {"TERM": "dumb"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {}, False),
    ],
)
def test_who_decides_about_colour(option: str, environment: dict[str, str], colour: bool) -> None:
    assert wants_colour(_Terminal(), option, environment) is colour


def test_no_colour_into_a_pipe() -> None:
    assert not wants_colour(io.StringIO(), "auto", {})
    assert paint("x", "bad", False) == "x"
    assert paint("x", "bad", True) == "\x1b[1;31mx\x1b[0m"


def test_an_encoding_that_lacks_a_character_gets_an_escape() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "ascii")
    emit(stream, "é日\n")
    assert raw.getvalue() == b"\\xe9\\u65e5\n"
