"""What people read in every finding of a stream: which findings are kept, events by name and neighbours.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from broken_streams import good

from runs_conformance.contract.checks.common import (
    around,
    at,
    broke_off,
    collapse,
    cut_by_client,
    dicts,
    inner,
    name_of,
    stream,
    whole,
)
from runs_conformance.contract.findings import Finding, Outcome
from runs_conformance.contract.model import Event, Exchange, Failure


def event(index: int, name: str | None, data: str | None = "{}") -> Event:
    return Event(index, name, data, 0, 0, 0.0)


def finding(row: str, failed: bool, where: str = "", exchange: str = "x1") -> Finding:
    return Finding(row, Outcome.FAILED if failed else Outcome.PASSED, where, exchange=exchange)


def test_one_pass_is_kept_where_nothing_failed() -> None:
    first, again = finding("a", False, "event 0"), finding("a", False, "event 1")
    other, elsewhere = finding("b", False), finding("a", False, exchange="x2")
    assert list(collapse([first, other, again, elsewhere])) == [first, other, elsewhere]
    wrong = finding("a", True, "event 2")
    assert list(collapse([first, other, wrong, elsewhere])) == [wrong, other, elsewhere]


def test_three_failures_are_kept_of_each_row_and_exchange() -> None:
    wrong = [finding("a", True, f"event {number}") for number in range(5)]
    other = [finding("b", True, f"event {number}") for number in range(2)]
    elsewhere = [finding("a", True, exchange="x2")]
    mixed = [wrong[0], other[0], *wrong[1:], other[1], *elsewhere]
    assert list(collapse(mixed)) == [*wrong[:3], *other, *elsewhere]
    assert list(collapse([])) == []


STREAM = good.exchange(good.to_body(good.text()))


def changed(**changes: Any) -> Exchange:
    assert STREAM.response is not None
    return replace(STREAM, response=replace(STREAM.response, **changes))


def test_the_events_are_those_of_a_successful_stream() -> None:
    assert STREAM.response is not None
    assert stream(STREAM) == STREAM.response.events
    assert len(stream(STREAM)) == len(good.text())
    for other in (changed(status=400), changed(events=None), replace(STREAM, response=None)):
        assert stream(other) == ()
    assert stream(changed(status=201)) == STREAM.response.events


def test_who_broke_a_stream_off() -> None:
    for kind, ours in (("closed", True), ("disconnected", False), ("idle", False)):
        broken = changed(failure=Failure(kind, "it ended early"))
        assert (cut_by_client(broken), broke_off(broken)) == (ours, True)
    for fine in (STREAM, replace(STREAM, response=None)):
        assert (cut_by_client(fine), broke_off(fine)) == (False, False)


def test_what_an_event_is_called() -> None:
    assert name_of(event(0, "thread.run.queued")) == "thread.run.queued"
    assert name_of(event(0, "thread.run.canceled")) == "thread.run.cancelled"
    assert name_of(event(0, None)) is None
    assert name_of(event(0, "vendor.news")) is None
    for name in (None, "done", "thread.run.queued", "vendor.news"):
        assert name_of(event(0, name, "[DONE]")) == "done"


def test_where_an_event_stands() -> None:
    assert at(event(3, "done")) == "event 3"
    assert at(event(3, "done"), "/id") == "event 3 /id"


LETTERS = [event(number, name) for number, name in enumerate("abcdefg")]


@pytest.mark.parametrize(
    ("position", "shown"),
    [
        (0, ">0 a<, 1 b, 2 c ..."),
        (2, "0 a, 1 b, >2 c<, 3 d, 4 e ..."),
        (3, "... 1 b, 2 c, >3 d<, 4 e, 5 f ..."),
        (4, "... 2 c, 3 d, >4 e<, 5 f, 6 g"),
        (6, "... 4 e, 5 f, >6 g<"),
        (7, "... 5 f, 6 g, >end of the stream<"),
    ],
)
def test_an_event_is_shown_among_two_neighbours(position: int, shown: str) -> None:
    assert around(LETTERS, position) == shown
    assert around(LETTERS[:1], 0) == ">0 a<"


def test_another_reach_shows_other_neighbours() -> None:
    assert around(LETTERS, 3, 1) == "... 2 c, >3 d<, 4 e ..."
    assert around([], 0) == ">end of the stream<"


@pytest.mark.parametrize(
    ("name", "data", "shown"),
    [
        (None, "{}", "(no name)"),
        ("done", "[DONE]", "done"),
        ("end", "[DONE]", "end [DONE]"),
        (None, "[DONE]", "(no name) [DONE]"),
        ("done", "{}", "done"),
        ("a\x1b[2J\u00e9'", "{}", "a\\x1b[2J\\xe9'"),
        ("a" * 61, "{}", "a" * 60),
        ("a" * 60, "[DONE]", "a" * 60 + " [DONE]"),
    ],
)
def test_a_name_is_shown_safe_for_a_terminal_and_not_too_long(
    name: str | None, data: str, shown: str
) -> None:
    assert around([event(0, name, data)], 0) == f">0 {shown}<"


def test_the_objects_of_an_array() -> None:
    assert dicts([{"a": 1}, 7, None, [{}], {}]) == [{"a": 1}, {}]
    for other in ({"a": {}}, "ab", None, 7, ({},)):
        assert dicts(other) == []


def test_what_stands_at_a_path() -> None:
    value = {"a": {"b": 1, "c": None}, "d": [{"b": 1}]}
    assert inner(value, "a", "b") == 1
    assert inner(value) == value
    for path in (("a", "c"), ("a", "x"), ("x",), ("d", "b"), ("a", "b", "c"), ("a", "c", "b")):
        assert inner(value, *path) is None
    assert inner([1], "a") is None


def test_whole_numbers_are_no_truth_values() -> None:
    assert [whole(one) for one in (0, 7, -1, 10**30)] == [True] * 4
    assert [whole(one) for one in (True, False, 1.0, "1", None)] == [False] * 5
