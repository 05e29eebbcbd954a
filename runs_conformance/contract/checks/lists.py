"""Lists of runs, messages and steps: their order, their ends, their pages."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from runs_conformance.contract.checks.common import collapse, dicts, whole
from runs_conformance.contract.findings import Finding, failed, verdict
from runs_conformance.contract.jsontext import brief
from runs_conformance.contract.judge import Context, on_exchange, on_trace
from runs_conformance.contract.model import Exchange, Trace

LISTS: Final = ("listRuns", "listMessages", "listRunSteps")
MOST: Final = 100
USUAL: Final = 20


def _asked(exchange: Exchange, name: str) -> str | None:
    return next((value for key, value in exchange.request.query if key == name), None)


def _entries(exchange: Exchange) -> list[dict[str, Any]] | None:
    """The entries of a list answer; None for any other answer."""
    body = exchange.answer
    if exchange.operation.name not in LISTS or not exchange.ok or not isinstance(body, dict):
        return None
    data = body.get("data")
    return dicts(data) if isinstance(data, list) and len(dicts(data)) == len(data) else None


def _ids(entries: list[dict[str, Any]]) -> list[str]:
    """An id of a wrong type is the shape rows' business; here it only has to be told from others."""
    return [str(entry.get("id")) for entry in entries]


@on_exchange("lifecycle.list.first-last-id", "lifecycle.list.empty", "lifecycle.list.limit", operations=LISTS)
def ends(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """first_id and last_id, nulls in an empty list, no more entries than the limit."""
    entries = _entries(exchange)
    if entries is None or exchange.response is None:
        return
    shown = {name: exchange.response.object.get(name) for name in ("first_id", "last_id", "has_more")}
    if not entries:
        # Beyond the first page, has_more and the ids of nothing are as empty as on the first.
        wanted = {"first_id": None, "last_id": None, "has_more": False}
        yield verdict("lifecycle.list.empty", shown == wanted, exchange, expected=brief(wanted), actual=shown)
    elif "first_id" in exchange.response.object and "last_id" in exchange.response.object:
        named, found = (shown["first_id"], shown["last_id"]), (entries[0].get("id"), entries[-1].get("id"))
        yield verdict(
            "lifecycle.list.first-last-id",
            named == found,
            exchange,
            where="response /first_id",
            expected=brief(found),
            actual=brief(named),
        )
    limit = _limit(exchange)
    if limit is not None:
        yield verdict(
            "lifecycle.list.limit",
            len(entries) <= limit,
            exchange,
            where="response /data",
            expected=f"at most {limit} entries",
            actual=f"{len(entries)} entries",
        )


def _limit(exchange: Exchange) -> int | None:
    """The limit in force; None for one that nothing is known about."""
    asked = _asked(exchange, "limit")
    if asked is None:
        return USUAL
    known = asked.isascii() and asked.isdigit() and len(asked) <= len(str(MOST)) and 1 <= int(asked) <= MOST
    return int(asked) if known else None


@on_exchange("lifecycle.list.order", "lifecycle.list.after", operations=LISTS)
def order(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """By created_at, newest first unless asked otherwise; no entry twice."""
    entries = _entries(exchange)
    direction = _asked(exchange, "order") or "desc"
    if entries is None or direction not in ("asc", "desc"):
        return
    times = [entry["created_at"] for entry in entries if whole(entry.get("created_at"))]
    if len(times) == len(entries) > 1:
        yield verdict(
            "lifecycle.list.order",
            times == sorted(times, reverse=direction == "desc"),
            exchange,
            where="response /data/*/created_at",
            expected=f"created_at in {direction} order",
            actual=brief(times),
        )
    twice = sorted({str(name) for name in _ids(entries) if _ids(entries).count(name) > 1})
    if twice:
        yield failed(
            "lifecycle.list.after",
            exchange,
            where="response /data",
            expected="each entry once",
            actual=f"twice: {twice}",
        )


@on_trace("lifecycle.list.after", "lifecycle.list.before", "lifecycle.list.has-more")
def pages(trace: Trace, _: Context) -> Iterator[Finding]:
    """Pages against each other and against a whole list, as long as nothing is made or deleted in between."""
    yield from collapse(finding for group in _quiet(trace) for finding in _pages(group))


def _quiet(trace: Trace) -> Iterator[list[Exchange]]:
    """Lists with the same address, order and filter, between which only reads took place on the thread."""
    open_groups: dict[tuple[str, ...], list[Exchange]] = {}
    moving = _moving(trace)
    for exchange in trace:
        if exchange.request.method.upper() != "GET":
            yield from open_groups.values()
            open_groups = {}
        elif _entries(exchange) is not None and not moving:
            key = (
                exchange.request.path,
                _asked(exchange, "order") or "desc",
                _asked(exchange, "run_id") or "",
            )
            open_groups.setdefault(key, []).append(exchange)
    yield from open_groups.values()


def _moving(trace: Trace) -> bool:
    """Calls overlapped in time, so that it can't be told what a list could have shown."""
    timed = [one for one in trace if one.started_at > 0]
    return any(one.started_at + one.seconds > two.started_at for one, two in pairwise(timed))


def _pages(group: list[Exchange]) -> Iterator[Finding]:
    whole_ids = next((found for found in map(_everything, group) if found is not None), None)
    for page in group:
        entries = _ids(_entries(page) or [])
        after, before = _asked(page, "after"), _asked(page, "before")
        if after is not None:
            yield from _after(page, entries, after, whole_ids)
        if before is not None:
            yield from _before(page, entries, before, whole_ids)
        elif whole_ids is not None:
            yield from _has_more(page, entries, whole_ids)
    yield from _walks(group)


def _everything(page: Exchange) -> list[str] | None:
    """All ids, if the page is a whole list: from the start, nothing beyond, none twice."""
    entries = _ids(_entries(page) or [])
    whole_page = page.response is not None and page.response.object.get("has_more") is False
    short = len(entries) < (_limit(page) or 0)
    unfiltered = _asked(page, "after") is None and _asked(page, "before") is None
    unique = len(set(entries)) == len(entries)
    return entries if whole_page and short and unfiltered and unique else None


def _after(page: Exchange, entries: list[str], after: str, whole_ids: list[str] | None) -> Iterator[Finding]:
    row = "lifecycle.list.after"
    if after in entries:
        yield failed(
            row, page, where="response /data", expected=f"entries after {after}", actual=brief(entries)
        )
    elif whole_ids is not None and after in whole_ids:
        wanted = whole_ids[whole_ids.index(after) + 1 :]
        yield verdict(
            row,
            entries == wanted[: len(entries)] and bool(entries) == bool(wanted),
            page,
            where="response /data",
            expected=f"what follows {after}: {brief(wanted)}",
            actual=brief(entries),
        )


def _before(
    page: Exchange, entries: list[str], before: str, whole_ids: list[str] | None
) -> Iterator[Finding]:
    row = "lifecycle.list.before"
    if before in entries:
        yield failed(
            row, page, where="response /data", expected=f"entries before {before}", actual=brief(entries)
        )
    elif whole_ids is not None and before in whole_ids:
        allowed = whole_ids[: whole_ids.index(before)]
        yield verdict(
            row,
            set(entries) <= set(allowed),
            page,
            where="response /data",
            expected=f"only of {brief(allowed)}",
            actual=brief(entries),
        )


def _has_more(page: Exchange, entries: list[str], whole_ids: list[str]) -> Iterator[Finding]:
    given = page.response.object.get("has_more") if page.response else None
    if isinstance(given, bool) and entries and entries[-1] in whole_ids:
        beyond = len(whole_ids) - 1 - whole_ids.index(entries[-1])
        yield verdict(
            "lifecycle.list.has-more",
            given == (beyond > 0),
            page,
            where="response /has_more",
            expected=f"{str(beyond > 0).lower()}, for {beyond} entries follow",
            actual=given,
        )


def _walks(group: list[Exchange]) -> Iterator[Finding]:
    """A page fetched with another's last entry as `after` has none of that page's entries.

    A page that says has_more must be followed by one with entries, one that doesn't by an empty one.
    """
    by_last: dict[Any, Exchange] = {}
    for page in group:
        entries = _ids(_entries(page) or [])
        previous = by_last.get(_asked(page, "after"))
        if previous is not None and previous.response is not None:
            again = [name for name in entries if name in _ids(_entries(previous) or [])]
            yield verdict(
                "lifecycle.list.after",
                not again,
                page,
                where="response /data",
                expected="no entry of the page before",
                actual=brief(again),
            )
            more = previous.response.object.get("has_more")
            if isinstance(more, bool):
                yield verdict(
                    "lifecycle.list.has-more",
                    more == bool(entries),
                    previous,
                    where="response /has_more",
                    expected=f"{str(bool(entries)).lower()}, for {len(entries)} entries follow",
                    actual=more,
                )
        if entries:
            by_last[entries[-1]] = page
