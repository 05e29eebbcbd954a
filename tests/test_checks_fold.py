"""Deltas folded as the SDKs fold them."""

from typing import Any

import pytest
from broken_streams import good
from broken_streams.good import piece
from test_broken_streams import findings

from runs_conformance.contract.folding import fold, start

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "strings append": ({"a": "x"}, {"a": "y"}, {"a": "xy"}),
    "index and type overwrite": (
        {"index": 0, "type": "a"},
        {"index": 0, "type": "b"},
        {"index": 0, "type": "b"},
    ),
    "objects merge": ({"a": {"b": "x"}}, {"a": {"c": "y"}}, {"a": {"b": "x", "c": "y"}}),
    "null is replaced": ({"a": None}, {"a": "y"}, {"a": "y"}),
    "null replaces nothing": ({"a": "x"}, {"a": None}, {"a": "x"}),
    "lists merge by index": (
        {"a": [{"index": 0, "t": "x"}]},
        {"a": [{"index": 1, "t": "z"}, {"index": 0, "t": "y"}]},
        {"a": [{"index": 0, "t": "xy"}, {"index": 1, "t": "z"}]},
    ),
    "other lists grow": ({"a": [1]}, {"a": [2]}, {"a": [1, 2]}),
    "numbers are replaced": ({"a": 1}, {"a": 2}, {"a": 2}),
}


@pytest.mark.parametrize(("whole", "delta", "wanted"), CASES.values(), ids=CASES)
def test_folding(whole: dict[str, Any], delta: dict[str, Any], wanted: dict[str, Any]) -> None:
    before = repr(whole)
    assert fold(whole, delta) == wanted
    assert repr(whole) == before


def test_a_whole_object_gets_indexes_to_fold_into() -> None:
    assert start({"content": [{"type": "text"}]}) == {"content": [{"index": 0, "type": "text"}]}


@pytest.mark.parametrize(
    "words", [("one",), tuple("letters"), ("", "x", ""), ("caf\u00e9", " \U0001f600"), ("a\n", "\u2028b")]
)
def test_any_cutting_of_the_text_is_fine(words: tuple[str, ...]) -> None:
    blocks = [*good.HEAD, *good.writes(1, words), *good.end("completed")]
    assert findings(good.exchange(good.to_body(blocks))) == []


def test_annotations_of_the_deltas_are_in_the_message() -> None:
    note = {
        "type": "file_citation",
        "text": "[1]",
        "start_index": 0,
        "end_index": 3,
        "file_citation": {"file_id": "f"},
    }
    blocks = good.text()
    blocks.insert(9, piece("msg_1", "", annotations=[{"index": 0, **note}]))
    [found] = findings(good.exchange(good.to_body(blocks)))
    assert (found.requirement, found.where) == (
        "event.fold.message-text",
        "event 10 /content/0/text/annotations",
    )
    blocks[10][1]["content"][0]["text"]["annotations"] = [note]
    assert findings(good.exchange(good.to_body(blocks))) == []


def test_an_index_beyond_all_measure_costs_no_time() -> None:
    blocks = good.text()
    blocks[8][1]["delta"]["content"][0]["index"] = 10**18
    assert {one.requirement for one in findings(good.exchange(good.to_body(blocks)))} >= {
        "event.fold.message-text"
    }
