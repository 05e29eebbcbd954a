"""What somebody blotted out of a recording: where the marks stand that were put in place of a value.

Broad on purpose: a mark only ever takes a finding back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from runs_conformance.contract.model import Exchange

_MARK: Final = re.compile(
    r"redact|sanitiz|sanitis|scrub|anonymi[sz]|obfuscat|\*{3}|x{5}|"
    r"^\W*(?:filtered|masked|placeholder|dummy|hidden|removed|secret|truncated|omitted)\W*$|^\W*(?:\.{3}|…)\W*$|"
    r"^<[^<>\s]{2,40}>$|<[A-Z][A-Z0-9_ -]{2,40}>|\[[A-Z][A-Z0-9_ -]{2,40}\]|\{\{.{0,40}\}\}|"
    r"\$\{\w+\}|^%\w+%$|your[-_]\w+[-_](?:id|key)",
    re.IGNORECASE,
)
# An id that a service makes up has digits and letters without a word in them.
_BLANK_ID: Final = re.compile(
    r"^(?:[a-z]+[_-])?(?:(\w)\1{3,}|(?:fake|test|mock|example|secret|hidden|removed|id|abc|0*1?23\w*))[\w-]*$",
    re.IGNORECASE,
)
_IDS: Final = re.compile(r"(?:^|_)ids?$")


def marked(text: str) -> bool:
    return len(text) < 100_000 and _MARK.search(text) is not None


def marked_id(text: str) -> bool:
    return marked(text) or _BLANK_ID.match(text) is not None or not text.strip()


def blotted(exchange: Exchange) -> tuple[frozenset[str], bool]:
    """The names of the members that hold a mark, and whether an id is among them.

    Bodies, events and the ids of the path are looked through; an address that was refused may hold any id.
    """
    ok = exchange.response is not None and exchange.response.ok
    named = [value for value in exchange.operation.ids.values() if (marked_id if ok else marked)(value)]
    found = set(_members(_documents(exchange)))
    return frozenset(found), bool(named) or any(_IDS.search(name) for name in found)


def _documents(exchange: Exchange) -> Iterator[Any]:
    yield exchange.request.json
    if exchange.response is None:
        return
    if exchange.response.events is None:
        yield exchange.response.json
        return
    yield from (event.json for event in exchange.response.events)


def _members(documents: Iterable[Any]) -> Iterator[str]:
    """Names of the members with a marked text; for an entry of a list the list's, and one above as well."""
    waiting: list[tuple[Any, str, str]] = [(one, "", "") for one in documents]
    while waiting:
        value, name, above = waiting.pop()
        if isinstance(value, dict):
            waiting += [(one, str(key), name) for key, one in value.items()]
        elif isinstance(value, list):
            waiting += [(one, name, above) for one in value]
        elif isinstance(value, str) and (marked_id(value) if _IDS.search(name) else marked(value)):
            yield name
            yield above
