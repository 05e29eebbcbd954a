"""Runs that can not be modified, and lists that are cut or sorted wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import (
    answers,
    around,
    pages,
    retrieved,
)
from runs_conformance.reference.faults.record import Kind, Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.calls import Call, PageRequest
    from runs_conformance.reference.records import Json

lifecycle = Kind("lifecycle")
FIRST = "lifecycle.additional-messages-first"


@lifecycle(answers, "lifecycle.modify.answer", rare=True)
def modify_ignored(call: Call, payload: Any) -> Any:
    """Modifying a run answers it with the metadata that it had."""
    return payload | {"metadata": {}} if call.operation == "modify_run" and "error" not in payload else payload


@lifecycle(retrieved, "lifecycle.modify.answer", rare=True)
def modify_not_kept(_call: Call, run: Json) -> Json:
    """What modifying a run set is gone when it is read again."""
    return run | ({"metadata": {}} if "changed" in run["metadata"] else {})


def _modify_lax(matches: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def wrap(inner: Any) -> Any:
        def check(schema: str, body: Any, edition: str | None = None) -> None:
            if schema != "modify_request" or not matches(body):
                inner(schema, body, edition)

        return check

    return wrap


lifecycle.add("modify-unknown-taken", "Modifying a run takes unknown members.", around("check_body")(_modify_lax(lambda b: isinstance(b, dict) and "model" in b)), "lifecycle.modify", rare=True)
lifecycle.add("modify-not-looked-at", "Modifying a run takes metadata of any form.", around("check_body")(_modify_lax(lambda _b: True)), "lifecycle.modify", rare=True)


@lifecycle(answers, "lifecycle.modify.answer", "lifecycle.modify", "response.retrieve.same", rare=True)
def modify_changes_the_model(call: Call, payload: Any) -> Any:
    """Modifying a run answers it with another model."""
    return payload | {"model": "gpt-3.5"} if call.operation == "modify_run" and "error" not in payload else payload


Page = dict[str, Any]


def _reversed(page: Page) -> Page:
    return page | {"data": page["data"][::-1], "first_id": page["last_id"], "last_id": page["first_id"]}


def _relist(items: list[Json], wanted: PageRequest, page: Page) -> list[Json]:
    del page
    return items if wanted.order == "asc" else items[::-1]


_ROWS_4: Rows = (
    ("list-order-ignored", "Lists are always newest first.", lambda items, wanted, page: _reversed(page) if wanted.order == "asc" else page, ("lifecycle.list.order",)),
    ("list-default-oldest-first", "Lists are oldest first.", lambda items, wanted, page: _reversed(page) if wanted.order == "desc" else page, ("lifecycle.list.order",)),
    ("list-limit-ignored", "Lists hold all entries, whatever limit says.", lambda items, wanted, page: page | {"data": _relist(items, wanted, page), "has_more": False}, ("lifecycle.list.limit",)),
    ("list-limit-off-by-one", "Lists hold one entry more than limit says.", lambda items, wanted, page: page | {"data": _relist(items, wanted, page)[: wanted.limit + 1]} if not wanted.after and not wanted.before else page, ("lifecycle.list.limit",)),
    ("list-after-included", "A list after an entry starts with that entry.", lambda items, wanted, page: page | {"data": [*(o for o in items if o["id"] == wanted.after), *page["data"]][: wanted.limit]}, ("lifecycle.list.after",)),
    ("list-after-ignored", "after has no effect.", lambda items, wanted, page: page | {"data": _relist(items, wanted, page)[: wanted.limit]} if wanted.after else page, ("lifecycle.list.after",)),
    ("list-before-ignored", "before has no effect.", lambda items, wanted, page: page | {"data": _relist(items, wanted, page)[: wanted.limit]} if wanted.before else page, ("lifecycle.list.before",)),
    ("list-has-more-never", "has_more is always false.", lambda items, wanted, page: page | {"has_more": False}, ("lifecycle.list.has-more",)),
    ("list-has-more-always", "has_more is always true.", lambda items, wanted, page: page | {"has_more": True}, ("lifecycle.list.has-more", "lifecycle.list.empty")),
    ("list-has-more-when-full", "has_more is true whenever a page is full.", lambda items, wanted, page: page | {"has_more": len(page["data"]) >= wanted.limit}, ("lifecycle.list.has-more",)),
    ("list-has-more-if-any", "has_more is true for each page that has entries.", lambda items, wanted, page: page | {"has_more": bool(page["data"])}, ("lifecycle.list.has-more",)),
    ("list-last-id-first", "last_id is the first entry's.", lambda items, wanted, page: page | {"last_id": page["first_id"]}, ("lifecycle.list.first-last-id",)),
    ("list-ids-null", "first_id and last_id are always null.", lambda items, wanted, page: page | {"first_id": None, "last_id": None}, ("lifecycle.list.first-last-id",)),
    ("list-empty-ids", "first_id and last_id of an empty list are empty strings.", lambda items, wanted, page: page if page["data"] else page | {"first_id": "", "last_id": ""}, ("lifecycle.list.empty",)),
    ("list-newest-only", "Lists of several entries leave the oldest out.", lambda items, wanted, page: page | {"data": [o for o in page["data"] if len(items) < 3 or o["id"] != items[0]["id"]]}, ("lifecycle.list.*", FIRST, "response.list.form")),
)  # fmt: skip
for _name, _sentence, _small, _breaks in _ROWS_4:
    lifecycle.add(_name, _sentence, pages(_small), *_breaks, rare="ignored" not in _name)


@lifecycle(around("make_page"), "lifecycle.list.*", "response.retrieve.same", rare=True)
def new_runs_not_listed(inner: Any) -> Any:
    """A list of runs lacks the newest one."""
    return lambda items, wanted, kind: inner(items[:-1] if kind == "run" else items, wanted, kind)


@lifecycle(around("includes_content"), "event.step-search-content", rare=True)
def search_content_always(_inner: Any) -> Any:
    """file_search results show their content, asked for or not."""
    return lambda _call: True
