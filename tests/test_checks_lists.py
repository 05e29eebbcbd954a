"""Lists: order, ends, limit, pages."""

from typing import Any

import pytest
from broken_streams.good import T0
from stories import client_message, failures, listing, passes, say

from runs_conformance.contract.model import Exchange


def entries(*numbers: int) -> list[dict[str, Any]]:
    return [client_message(f"msg_{number}", "x", created_at=T0 + number) for number in numbers]


def page(*numbers: int, more: bool = False, **query: str) -> Exchange:
    return listing("messages", entries(*numbers), *query.items(), has_more=more)


WHOLE = page(3, 2, 1)
BROKEN: dict[str, tuple[str, list[Exchange]]] = {
    "oldest first": ("lifecycle.list.order", [page(1, 2, 3)]),
    "newest first though asked otherwise": ("lifecycle.list.order", [page(3, 2, order="asc")]),
    "too many": ("lifecycle.list.limit", [page(3, 2, 1, limit="2")]),
    "more than usual": ("lifecycle.list.limit", [page(*range(21, 0, -1))]),
    "starts with the named one": ("lifecycle.list.after", [page(3, 2, after="msg_3")]),
    "skips one": ("lifecycle.list.after", [WHOLE, page(1, after="msg_3")]),
    "stops early": ("lifecycle.list.after", [WHOLE, page(after="msg_3")]),
    "entries twice": ("lifecycle.list.after", [page(3, 2, 2)]),
    "page again": ("lifecycle.list.after", [page(3, 2, more=True, limit="2"), page(3, 1, after="msg_2")]),
    "ends with the named one": ("lifecycle.list.before", [page(3, 2, before="msg_2")]),
    "not before": ("lifecycle.list.before", [WHOLE, page(1, before="msg_2")]),
    "denies the rest": ("lifecycle.list.has-more", [WHOLE, page(3, limit="1")]),
    "promises more": ("lifecycle.list.has-more", [page(2, 1, more=True, limit="2"), page(after="msg_1")]),
    "other ends": (
        "lifecycle.list.first-last-id",
        [listing("messages", entries(3, 2), first_id="msg_2", last_id="msg_3")],
    ),
    "ends of nothing": ("lifecycle.list.empty", [listing("messages", [], first_id="", last_id="")]),
    "more of nothing": ("lifecycle.list.empty", [listing("runs", [], has_more=True)]),
}


@pytest.mark.parametrize(("requirement", "story"), BROKEN.values(), ids=BROKEN)
def test_each_broken_list_breaks_one_requirement(requirement: str, story: list[Exchange]) -> None:
    assert failures(*story) == {requirement}


FINE = {
    "pages": [
        page(3, more=True, limit="1"),
        page(2, more=True, limit="1", after="msg_3"),
        page(1, limit="1", after="msg_2"),
        WHOLE,
    ],
    "oldest first": [page(1, 2, order="asc"), page(1, more=True, order="asc", limit="1")],
    "one second": [
        listing("messages", [client_message(f"msg_{one}", "x", created_at=T0) for one in (1, 3, 2)])
    ],
    "nothing": [page(), listing("runs", [])],
    "grown in between": [WHOLE, say(), page(4, 3, 2, 1, limit="4"), page(3, 2, 1, after="msg_4")],
    "before": [WHOLE, page(3, before="msg_2"), page(3, 2, before="msg_1")],
    "a limit nobody knows": [page(*range(30, 0, -1), limit="1000")],
}


@pytest.mark.parametrize("story", FINE.values(), ids=FINE)
def test_fine_lists_break_nothing(story: list[Exchange]) -> None:
    assert failures(*story) == set()


def test_pages_prove_order_after_and_has_more() -> None:
    wanted = {
        "lifecycle.list.after",
        "lifecycle.list.has-more",
        "lifecycle.list.limit",
        "lifecycle.list.first-last-id",
    }
    assert wanted <= passes(*FINE["pages"])
    assert "lifecycle.list.before" in passes(*FINE["before"])
