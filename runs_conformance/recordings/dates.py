"""When a recording was made, and by which dated editions of the contract it can be judged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final

from runs_conformance.contract.register import NEWEST, OLDEST, load
from runs_conformance.paths import SCHEMAS

_ISO: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_FIRST: Final = "2023-06-01"
# A change reaches accounts over weeks, and other houses that serve the same contract over months.
ROLLED_OUT: Final = timedelta(days=31)
FOLLOWED: Final = timedelta(days=366)
FILED: Final = timedelta(days=731)


def day_of(text: str) -> str:
    """The day (YYYY-MM-DD) of an HTTP date or an ISO date, "" where it is none or can't be true."""
    try:
        found = parsedate_to_datetime(text).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        match = _ISO.match(text.strip())
        found = match[0] if match else ""
    return found if _plausible(found) else ""


def day_of_seconds(seconds: Any) -> str:
    """The day of a Unix time."""
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 < seconds < 1 << 33:
        return ""
    found = datetime.fromtimestamp(seconds, UTC).date().isoformat()
    return found if _plausible(found) else ""


def seconds_of(text: str | None) -> float | None:
    """Unix time of an HTTP date."""
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _plausible(day: str) -> bool:
    try:
        return bool(day) and _FIRST <= date.fromisoformat(day).isoformat() < "2100"
    except ValueError:
        return False


def edition(day: str) -> str:
    """The edition of a day: the day itself, within those that there are; the newest for no day."""
    return max(OLDEST, min(day or NEWEST, NEWEST))


def window(day: str, before: timedelta, after: timedelta) -> tuple[str, ...]:
    """One edition for each state of the contract in a span about a day.

    What fails must fail in all of them: nobody is blamed for the day on which a change reached them. Without
    a day, all states.
    """
    if not day:
        first, last = OLDEST, NEWEST
    else:
        middle = date.fromisoformat(day)
        first, last = edition((middle - before).isoformat()), edition((middle + after).isoformat())
    return tuple(dict.fromkeys([first, *(one for one in changes() if first < one <= last)]))


@lru_cache(maxsize=1)
def changes() -> tuple[str, ...]:
    """The days on which the register or a schema changes."""
    found = {one for row in load() for one in (row.since, row.until) if one}
    for file in SCHEMAS.rglob("*.json"):
        found.update(_dates(json.loads(file.read_text("utf-8"))))
    return tuple(sorted(found))


def _dates(node: Any) -> Iterator[str]:
    """Whatever a schema dates: a keyword, a value, an event."""
    if isinstance(node, str) and _ISO.fullmatch(node):
        yield node
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for value in inside:
        yield from _dates(value)
