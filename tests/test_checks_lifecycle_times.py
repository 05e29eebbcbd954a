"""What moved on, ended or expired in time: where that was seen, and from which second on a run is overdue.

Found missing by mutation testing: that something passes is a statement too, and belongs to an exchange.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from broken_streams import good
from broken_streams.good import RUN, T0, run
from stories import RUNS, call, create, get, judged

from runs_conformance.contract.checks.lifecycle import A_DAY, LATE, server_time
from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Exchange, Headers

QUEUED, ENDS = "lifecycle.queued-moves-on", "lifecycle.ends-in-time"
WAITED, WORKED = "lifecycle.expiry.requires-action", "lifecycle.expiry.in-progress"
ROWS = {QUEUED, ENDS, WAITED, WORKED}
EXPIRES = T0 + 600


def dated(exchange: Exchange, seconds: float, name: str = "Date") -> Exchange:
    """With the date of the answer, in seconds of Unix time."""
    date = format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)
    return with_date(exchange, date, name)


def with_date(exchange: Exchange, date: str, name: str = "Date") -> Exchange:
    assert exchange.response is not None
    lines = (*exchange.response.headers.lines, (name, date))
    return replace(exchange, response=replace(exchange.response, headers=Headers(lines)))


def about(*story: Exchange) -> list[Finding]:
    return [one for one in judged(*story) if one.requirement in ROWS]


def seen(*story: Exchange) -> set[tuple[str, str]]:
    """Rows that passed, with the exchange."""
    found = about(*story)
    assert not [one for one in found if one.failed]
    return {(one.requirement, one.exchange) for one in found}


PASSED: dict[str, tuple[Sequence[str], set[tuple[str, str]]]] = {
    "still queued": (("queued", "queued"), set()),
    "begun": (("queued", "in_progress"), {(QUEUED, "x2")}),
    "asks": (("queued", "requires_action"), {(QUEUED, "x2"), (ENDS, "x2")}),
    "done": (("queued", "completed"), {(QUEUED, "x2"), (ENDS, "x2")}),
    "failed": (("queued", "failed"), {(ENDS, "x2")}),
    "cancelling": (("queued", "cancelling"), set()),
    "expired unbegun": (("queued", "expired"), {(ENDS, "x2")}),
    "working": (("in_progress", "in_progress"), set()),
    "asks after work": (("in_progress", "requires_action"), {(ENDS, "x2")}),
    "done after work": (("in_progress", "completed"), {(ENDS, "x2")}),
    "expired at work": (("in_progress", "expired"), {(WORKED, "x2"), (ENDS, "x2")}),
    "expired asking": (("requires_action", "expired"), {(WAITED, "x2"), (ENDS, "x1"), (ENDS, "x2")}),
    "waits": (("requires_action", "requires_action"), {(ENDS, "x1"), (ENDS, "x2")}),
    "expired cancelling": (("cancelling", "expired"), {(ENDS, "x2")}),
    "stays expired": (("expired", "expired"), {(ENDS, "x1"), (ENDS, "x2")}),
}


@pytest.mark.parametrize(("statuses", "wanted"), PASSED.values(), ids=PASSED)
def test_what_came_in_time_passes_where_it_was_seen(
    statuses: Sequence[str], wanted: set[tuple[str, str]]
) -> None:
    assert seen(*(get(status) for status in statuses)) == wanted


@pytest.mark.parametrize(
    ("after", "failed"),
    [
        (-1, False),
        (LATE - 1, False),
        (LATE, False),
        (LATE + 1, True),
        (A_DAY - 1, True),
        (A_DAY, False),
        (A_DAY + 1, False),
    ],
)
def test_a_run_is_overdue_from_a_minute_to_a_day_after_its_time(after: int, failed: bool) -> None:
    assert [one.requirement for one in about(dated(get("queued"), EXPIRES + after))] == [ENDS] * failed


@pytest.mark.parametrize(
    ("status", "row"),
    [("requires_action", WAITED), ("in_progress", WORKED), ("queued", ENDS), ("cancelling", ENDS)],
)
def test_an_overdue_run_is_shown_with_the_seconds_past_its_time(status: str, row: str) -> None:
    [told] = [one for one in about(dated(get(status), EXPIRES + 90)) if one.failed]
    assert (told.requirement, told.exchange, told.where) == (row, "x1", "response /status")
    assert told.expected == ("expired, 90 s after expires_at",)
    assert told.actual == status


LONG_OVER = EXPIRES + 3600
NOT_OVERDUE: dict[str, Exchange] = {
    **{
        f"{status} with a time": dated(get(status, expires_at=EXPIRES), LONG_OVER)
        for status in ("completed", "failed", "cancelled", "expired", "incomplete")
    },
    "of no status that is documented": dated(
        call("GET", f"{RUNS}/{RUN}", {**run("queued"), "status": "paused"}), LONG_OVER
    ),
    "no time": dated(get("queued", expires_at=None), LONG_OVER),
    "text for a time": dated(get("queued", expires_at="soon"), LONG_OVER),
    "true for a time": dated(get("queued", expires_at=True), A_DAY / 2),
    "no date": get("queued"),
    "a date out of all bounds": with_date(get("queued"), "30 Oct 99999999999999999999999 22:20:00 GMT"),
    "an offset out of all bounds": with_date(
        get("queued"), "Thu, 30 Oct 2025 22:20:00 +99999999999999999999999"
    ),
    "no readable date": with_date(get("queued"), "yesterday"),
    "an empty date": with_date(get("queued"), ""),
}


@pytest.mark.parametrize("one", NOT_OVERDUE.values(), ids=NOT_OVERDUE)
def test_what_ended_or_tells_no_time_is_not_overdue(one: Exchange) -> None:
    assert not [found for found in about(one) if found.failed]


def test_the_events_of_a_stream_are_not_overdue() -> None:
    late = dated(good.exchange(good.to_body(good.text())), LONG_OVER)
    assert not [found for found in about(late) if found.failed]


@pytest.mark.parametrize("name", ["date", "Date", "DATE"])
def test_the_servers_time_is_that_of_its_date(name: str) -> None:
    assert server_time(dated(create(), T0 + 5, name)) == T0 + 5


@pytest.mark.parametrize("one", [create(), with_date(create(), "no"), replace(create(), response=None)])
def test_without_a_date_the_servers_time_is_not_known(one: Exchange) -> None:
    assert server_time(one) is None


def test_minus_zero_in_a_date_is_universal_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever this runs: a naive date would be read in the machine's own zone."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert server_time(with_date(create(), "Thu, 01 Jan 1970 00:00:07 -0000")) == 7
    finally:
        monkeypatch.undo()
        time.tzset()
