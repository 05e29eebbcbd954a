"""Lists: which pages are held against each other, and what is said of a wrong one, to the word.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from broken_streams.good import T0
from stories import RUNS, call, client_message, error, get, listing, say

from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Exchange, Failure

ENDS, EMPTY, LIMIT = "lifecycle.list.first-last-id", "lifecycle.list.empty", "lifecycle.list.limit"
ORDER, AFTER = "lifecycle.list.order", "lifecycle.list.after"
BEFORE, MORE = "lifecycle.list.before", "lifecycle.list.has-more"
DATA, FIRST, HAS_MORE = "response /data", "response /first_id", "response /has_more"
ALONE, TOGETHER = (ENDS, EMPTY, LIMIT, ORDER), (AFTER, BEFORE, MORE)
Told = tuple[str, ...]


def told(rows: tuple[str, ...], *story: Exchange) -> list[Told]:
    """Row, exchange and place of each finding; of a failure, expected and actual too."""
    named = [replace(one, id=f"x{number}") for number, one in enumerate(story, 1)]
    return [
        (one.requirement, one.exchange, one.where)
        + ((" or ".join(one.expected), one.actual) if one.failed else ())
        for one in Judge(Context(), frozenset(rows)).everything(named)
    ]


def entries(*numbers: int) -> list[dict[str, Any]]:
    return [client_message(f"msg_{number}", "x", created_at=T0 + number) for number in numbers]


def page(*numbers: int, more: Any = False, **query: str) -> Exchange:
    return listing("messages", entries(*numbers), *query.items(), has_more=more)


def at(exchange: Exchange, begin: float, seconds: float) -> Exchange:
    return replace(exchange, started_at=begin, seconds=seconds)


NONE = '{"first_id": null, "last_id": null, "has_more": false}'
WRONG_ALONE: dict[str, tuple[Exchange, list[Told]]] = {
    "ends of nothing": (
        listing("messages", [], first_id="", last_id=""),
        [(EMPTY, "", NONE, '{"first_id": "", "last_id": "", "has_more": false}'), (LIMIT, DATA)],
    ),
    "more of nothing": (
        page(more=True),
        [(EMPTY, "", NONE, '{"first_id": null, "last_id": null, "has_more": true}'), (LIMIT, DATA)],
    ),
    "nothing said of more": (
        call("GET", RUNS, {"object": "list", "data": [], "first_id": None, "last_id": None}),
        [(EMPTY, "", NONE, '{"first_id": null, "last_id": null, "has_more": null}'), (LIMIT, DATA)],
    ),
    "another first one": (
        listing("messages", entries(3, 2), first_id="msg_9"),
        [(ENDS, FIRST, '["msg_3", "msg_2"]', '["msg_9", "msg_2"]'), (LIMIT, DATA), (ORDER,)],
    ),
    "another last one": (
        listing("messages", entries(3, 2, 1), last_id=None),
        [(ENDS, FIRST, '["msg_3", "msg_1"]', '["msg_3", null]'), (LIMIT, DATA), (ORDER,)],
    ),
    "more than asked for": (
        page(2, 1, limit="1"),
        [(ENDS, FIRST), (LIMIT, DATA, "at most 1 entries", "2 entries"), (ORDER,)],
    ),
    "more than a hundred": (
        page(*range(101, 0, -1), limit="100"),
        [(ENDS, FIRST), (LIMIT, DATA, "at most 100 entries", "101 entries"), (ORDER,)],
    ),
    "more than usual": (
        page(*range(21, 0, -1)),
        [(ENDS, FIRST), (LIMIT, DATA, "at most 20 entries", "21 entries"), (ORDER,)],
    ),
    "oldest first": (
        page(1, 2),
        [(ENDS, FIRST), (LIMIT, DATA), (ORDER, "created_at in desc order", f"[{T0 + 1}, {T0 + 2}]")],
    ),
    "newest first, asked otherwise": (
        page(2, 1, order="asc"),
        [(ENDS, FIRST), (LIMIT, DATA), (ORDER, "created_at in asc order", f"[{T0 + 2}, {T0 + 1}]")],
    ),
}


def placed(one: Told) -> Told:
    """The order of a list has its place; it is long."""
    row, *said = one
    return (row, "x1", "response /data/*/created_at", *said) if row == ORDER else (row, "x1", *said)


@pytest.mark.parametrize(("one", "wanted"), WRONG_ALONE.values(), ids=WRONG_ALONE)
def test_a_wrong_list_is_shown(one: Exchange, wanted: list[Told]) -> None:
    assert told(ALONE, one) == [placed(each) for each in wanted]


def dated(*times: Any) -> Exchange:
    return listing("messages", [client_message(f"msg_{n}", "x", created_at=t) for n, t in enumerate(times)])


RIGHT_ALONE: dict[str, tuple[Exchange, list[str]]] = {
    "nothing": (page(), [EMPTY, LIMIT]),
    "nothing, beyond the end": (page(after="msg_1"), [EMPTY, LIMIT]),
    "one": (page(1), [ENDS, LIMIT]),
    "as many as asked for": (page(2, 1, limit="2"), [ENDS, LIMIT, ORDER]),
    "as many as usual": (page(*range(20, 0, -1)), [ENDS, LIMIT, ORDER]),
    "a hundred": (page(*range(100, 0, -1), limit="100"), [ENDS, LIMIT, ORDER]),
    "a limit too high": (page(1, limit="101"), [ENDS]),
    "a limit too low": (page(1, limit="0"), [ENDS]),
    "a limit of one": (page(1, limit="1"), [ENDS, LIMIT]),
    "a limit that is no number": (page(1, limit="one"), [ENDS]),
    "oldest first, as asked": (page(1, 2, order="asc"), [ENDS, LIMIT, ORDER]),
    "newest first, as asked": (page(2, 1, order="desc"), [ENDS, LIMIT, ORDER]),
    "an order that nobody knows": (page(1, 2, order="up"), [ENDS, LIMIT]),
    "of one second": (dated(T0, T0), [ENDS, LIMIT, ORDER]),
    "a time that is none": (dated(T0, "now", T0 + 1), [ENDS, LIMIT]),
    "true for a time": (dated(True, T0), [ENDS, LIMIT]),
    "runs": (listing("runs", entries(2, 1)), [ENDS, LIMIT, ORDER]),
    "steps": (listing("steps", entries(2, 1)), [ENDS, LIMIT, ORDER]),
    "ends left out": (call("GET", RUNS, {"data": entries(2, 1)}), [LIMIT, ORDER]),
    "one end left out": (call("GET", RUNS, {"data": entries(2, 1), "first_id": "x"}), [LIMIT, ORDER]),
    "other end left out": (call("GET", RUNS, {"data": entries(2, 1), "last_id": "x"}), [LIMIT, ORDER]),
    "an entry that is no object": (call("GET", RUNS, {"data": [*entries(1, 2), 7]}), []),
    "no entries": (call("GET", RUNS, {"data": {"id": 1}}), []),
    "no list": (call("GET", RUNS, [1]), []),
    "refused": (call("GET", RUNS, {"data": entries(1, 2)}, status=400), []),
    "unanswered": (replace(page(1, 2), response=None, failure=Failure("idle", "nothing")), []),
    "no list of a thread": (call("GET", "/assistants", {"data": entries(1, 2)}), []),
}


@pytest.mark.parametrize(("one", "rows"), RIGHT_ALONE.values(), ids=RIGHT_ALONE)
def test_of_a_right_list_what_is_asked_for_passes(one: Exchange, rows: list[str]) -> None:
    places = {ENDS: FIRST, EMPTY: "", LIMIT: DATA, ORDER: "response /data/*/created_at"}
    assert told(ALONE, one) == [(row, "x1", places[row]) for row in rows]


def test_of_a_limit_given_twice_the_first_counts() -> None:
    one = listing("messages", entries(2, 1), ("limit", "1"), ("limit", "2"))
    assert [each[-1] for each in told((LIMIT,), one)] == ["2 entries"]


WHOLE = page(3, 2, 1)
WRONG: dict[str, tuple[list[Exchange], list[Told]]] = {
    "entries twice": (
        [page(3, 2, 1, 2, 1, limit="5")],
        [(AFTER, "x1", DATA, "each entry once", "twice: ['msg_1', 'msg_2']")],
    ),
    "starts with the named one": (
        [page(3, 2, after="msg_3")],
        [(AFTER, "x1", DATA, "entries after msg_3", '["msg_3", "msg_2"]')],
    ),
    "skips one": (
        [WHOLE, page(1, after="msg_3")],
        [(AFTER, "x2", DATA, 'what follows msg_3: ["msg_2", "msg_1"]', '["msg_1"]')],
    ),
    "stops early": (
        [WHOLE, page(after="msg_2")],
        [(AFTER, "x2", DATA, 'what follows msg_2: ["msg_1"]', "[]")],
    ),
    "goes on behind the end": (
        [WHOLE, page(9, after="msg_1")],
        [
            (AFTER, "x2", DATA, "what follows msg_1: []", '["msg_9"]'),
            (MORE, "x1", HAS_MORE, "true, for 1 entries follow", "false"),
        ],
    ),
    "an entry again": (
        [page(3, 2, more=True, limit="2"), page(3, 1, after="msg_2")],
        [(AFTER, "x2", DATA, "no entry of the page before", '["msg_3"]')],
    ),
    "ends with the named one": (
        [page(3, 2, before="msg_2")],
        [(BEFORE, "x1", DATA, "entries before msg_2", '["msg_3", "msg_2"]')],
    ),
    "not before": (
        [WHOLE, page(1, before="msg_2")],
        [(BEFORE, "x2", DATA, 'only of ["msg_3"]', '["msg_1"]')],
    ),
    "the last one for the first": (
        [WHOLE, page(2, before="msg_3")],
        [(BEFORE, "x2", DATA, "only of []", '["msg_2"]')],
    ),
    "denies the rest": (
        [WHOLE, page(3, limit="1")],
        [(MORE, "x2", HAS_MORE, "true, for 2 entries follow", "false")],
    ),
    "denies the last one": (
        [WHOLE, page(3, 2, limit="2")],
        [(MORE, "x2", HAS_MORE, "true, for 1 entries follow", "false")],
    ),
    "promises more at the end": (
        [page(1, more=True, after="msg_2"), WHOLE],
        [(MORE, "x1", HAS_MORE, "false, for 0 entries follow", "true")],
    ),
    "promises more, and nothing follows": (
        [page(2, 1, more=True, limit="2"), page(after="msg_1")],
        [(MORE, "x1", HAS_MORE, "false, for 0 entries follow", "true")],
    ),
    "promises more on the second page": (
        [
            page(3, more=True, limit="1"),
            page(2, more=True, limit="1", after="msg_3"),
            page(after="msg_2"),
        ],
        [(MORE, "x2", HAS_MORE, "false, for 0 entries follow", "true")],
    ),
    "denies what follows": (
        [page(3, 2, limit="2"), page(1, after="msg_2", limit="2")],
        [(MORE, "x1", HAS_MORE, "true, for 1 entries follow", "false")],
    ),
    "ids that are numbers": (
        [listing("messages", [client_message("m", "x") | {"id": 7}], ("after", "7"))],
        [(AFTER, "x1", DATA, "entries after 7", '["7"]')],
    ),
}


@pytest.mark.parametrize(("story", "wanted"), WRONG.values(), ids=WRONG)
def test_a_wrong_page_is_shown(story: list[Exchange], wanted: list[Told]) -> None:
    assert [one for one in told(TOGETHER, *story) if len(one) == 5] == wanted


SKIPS = page(1, after="msg_3")
APART = ["x1 has-more"]
COMPARED = ["x2 after FAILED", "x1 has-more", "x2 has-more"]
READ: dict[str, tuple[list[Exchange], list[str]]] = {
    "pages of a whole list": (
        [
            page(3, more=True, limit="1"),
            page(2, more=True, limit="1", after="msg_3"),
            page(1, limit="1", after="msg_2"),
            WHOLE,
        ],
        ["x1 has-more", "x2 after", "x2 has-more", "x3 after", "x3 has-more", "x4 has-more"],
    ),
    "pages of nobody knows what": (
        [page(3, more=True, limit="1"), page(2, limit="1", after="msg_3"), page(after="msg_2")],
        ["x2 after", "x1 has-more", "x3 after", "x2 has-more"],
    ),
    "beyond the end": ([WHOLE, page(after="msg_1")], ["x1 has-more", "x2 after"]),
    "before one": ([WHOLE, page(3, before="msg_2")], ["x1 has-more", "x2 before"]),
    "nothing is before": ([WHOLE, page(before="msg_3")], ["x1 has-more", "x2 before"]),
    "between two": (
        [WHOLE, page(2, after="msg_3", before="msg_1", more=True)],
        ["x1 has-more", "x2 after", "x2 before"],
    ),
    "skipping": ([WHOLE, SKIPS], COMPARED),
    "an order that is usual": ([WHOLE, page(1, after="msg_3", order="desc")], COMPARED),
    "a run that is none": ([WHOLE, page(1, after="msg_3", run_id="")], COMPARED),
    "one run's": ([page(3, 2, 1, run_id="run_1"), page(1, after="msg_3", run_id="run_1")], COMPARED),
    "a read in between": (
        [WHOLE, get("completed"), SKIPS],
        ["x3 after FAILED", "x1 has-more", "x3 has-more"],
    ),
    "no list in between": (
        [WHOLE, call("GET", f"{RUNS}/run_9", error(), status=404), SKIPS],
        ["x3 after FAILED", "x1 has-more", "x3 has-more"],
    ),
    "methods in small letters": (
        [replace(one, request=replace(one.request, method="get")) for one in (WHOLE, SKIPS)],
        COMPARED,
    ),
    "one after the other": ([at(WHOLE, 1.0, 1.0), at(SKIPS, 2.0, 1.0)], COMPARED),
    "at no known time": ([at(WHOLE, 0.0, 5.0), at(SKIPS, 2.0, 1.0)], COMPARED),
    "at the same time": ([at(WHOLE, 1.0, 1.5), at(SKIPS, 2.0, 1.0)], []),
    "in the other order": ([WHOLE, page(1, after="msg_3", order="asc")], APART),
    "another run's": ([WHOLE, page(1, after="msg_3", run_id="run_1")], APART),
    "of other things": ([WHOLE, listing("runs", entries(1), ("after", "msg_3"))], APART),
    "something made in between": ([WHOLE, say(), SKIPS], APART),
    "something made after": ([WHOLE, SKIPS, say()], COMPARED),
    "after one that is not there": ([WHOLE, page(1, after="msg_9")], ["x1 has-more", "x2 has-more"]),
    "before one that is not there": ([WHOLE, page(1, before="msg_9")], APART),
    "an end that is not there": ([WHOLE, page(9, limit="1")], APART),
    "nothing said of more": ([WHOLE, page(3, more=None, limit="1")], APART),
    "nothing said of more, and nothing follows": (
        [page(2, 1, more=None, limit="2"), page(after="msg_1")],
        ["x2 after"],
    ),
    "no whole list: more of it": ([page(3, 2, 1, more=True), SKIPS], []),
    "no whole list: nothing said": ([page(3, 2, 1, more=None), SKIPS], []),
    "no whole list: as long as asked for": ([page(3, 2, 1, limit="3"), SKIPS], []),
    "no whole list: a limit that nobody knows": ([page(3, 2, 1, limit="1000"), SKIPS], []),
    "no whole list: after one": ([page(2, 1, after="msg_3"), page(1, after="msg_2")], []),
    "no whole list: before one": ([page(3, 2, before="msg_1"), page(2, before="msg_3")], []),
    "no whole list: entries twice": ([page(3, 2, 2), page(2, after="msg_3")], ["x1 after FAILED"]),
    "no whole list: nothing, by a limit that nobody knows": (
        [page(limit="1000"), WHOLE, SKIPS],
        ["x3 after FAILED", "x2 has-more", "x3 has-more"],
    ),
    "an empty list": ([page(), page(9, after="msg_1")], []),
    "the same page again": ([page(3, more=True, limit="1"), page(3, more=True, limit="1")], []),
    "an empty page again": ([page(after="msg_1"), page(after="msg_1")], []),
}


@pytest.mark.parametrize(("story", "wanted"), READ.values(), ids=READ)
def test_pages_are_held_against_what_they_are_of(story: list[Exchange], wanted: list[str]) -> None:
    found = [
        f"{at} {row.removeprefix('lifecycle.list.')}{' FAILED' * bool(said)}"
        for row, at, _, *said in told(TOGETHER, *story)
    ]
    assert found == wanted


def test_a_page_that_passes_has_its_place() -> None:
    story = WHOLE, page(2, after="msg_3", before="msg_1", more=True), page(after="msg_1")
    places = [(MORE, "x1", HAS_MORE), (AFTER, "x2", DATA), (BEFORE, "x2", DATA), (AFTER, "x3", DATA)]
    assert told(TOGETHER, *story) == places
    walk = page(2, 1, more=True, limit="2"), page(0, after="msg_1")
    assert told(TOGETHER, *walk) == [(AFTER, "x2", DATA), (MORE, "x1", HAS_MORE)]


def test_a_repeated_entry_is_shown_in_a_known_order_only() -> None:
    assert told((AFTER,), page(1, 1, order="up")) == []
    assert [one[-1] for one in told((AFTER,), page(1, 1, order="asc"))] == ["twice: ['msg_1']"]
