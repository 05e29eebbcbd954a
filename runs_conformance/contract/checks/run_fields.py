"""Which members of a run are null in which status (a table), and when it expires."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from runs_conformance.contract.checks.common import collapse, whole
from runs_conformance.contract.checks.steps import required_calls
from runs_conformance.contract.findings import Finding, verdict
from runs_conformance.contract.jsontext import brief
from runs_conformance.contract.judge import Context, on_exchange, on_trace
from runs_conformance.contract.model import Exchange, Snapshot, Trace
from runs_conformance.contract.operations import CREATE
from runs_conformance.contract.timeline import ACTIVE, FINAL, Story, stories
from runs_conformance.contract.traces import of_kind

NULL: Final = False
SET: Final = True
_ALL: Final = (*ACTIVE, *FINAL)


def _only(*statuses: str, free: tuple[str, ...] = ()) -> Mapping[str, bool]:
    """Set in these statuses, null in all others but the free ones."""
    return {one: one in statuses for one in _ALL if one not in free}


# Row, member, status -> set or null; of a status left out no source speaks. Types are the schema's business.
TABLE: Final[tuple[tuple[str, str, Mapping[str, bool]], ...]] = (
    ("lifecycle.required-action-iff", "required_action", _only("requires_action")),
    ("lifecycle.last-error-when", "last_error", _only("failed", free=("cancelled", "incomplete", "expired"))),
    ("lifecycle.incomplete-details-iff", "incomplete_details", _only("incomplete")),
    ("lifecycle.usage-null-before-end", "usage", dict.fromkeys(ACTIVE, NULL)),
    ("lifecycle.usage-completed", "usage", {"completed": SET}),
    (
        "lifecycle.usage-other-ends",
        "usage",
        dict.fromkeys(("failed", "cancelled", "expired", "incomplete"), SET),
    ),
    (
        "lifecycle.started-at",
        "started_at",
        dict.fromkeys(("in_progress", "requires_action", "completed", "incomplete"), SET),
    ),
    ("lifecycle.completed-at", "completed_at", _only("completed", free=("incomplete",))),
    ("lifecycle.failed-at", "failed_at", _only("failed")),
    ("lifecycle.cancelled-at", "cancelled_at", _only("cancelled")),
    ("lifecycle.expires-at-active", "expires_at", dict.fromkeys(ACTIVE, SET)),
    (
        "lifecycle.expires-at-completed",
        "expires_at",
        dict.fromkeys(("completed", "incomplete", "failed"), NULL),
    ),
)
TEN_MINUTES: Final = 600


@on_exchange(
    *(row for row, _, _ in TABLE), "lifecycle.expires-at-ten-minutes", "lifecycle.parallel-tool-calls-false"
)
def fields(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Every run that the exchange shows, in a body, a list or an event."""
    yield from collapse(finding for one in of_kind(exchange, "thread.run") for finding in _run(exchange, one))


def _run(exchange: Exchange, shown: Snapshot) -> Iterator[Finding]:
    run, status = shown.value, str(shown.value.get("status"))
    for row, member, wanted in TABLE:
        if member in run and status in wanted:
            yield verdict(
                row,
                (run[member] is not None) == wanted[status],
                exchange,
                where=f"{shown.where} /{member}",
                expected=f"{'a value' if wanted[status] else 'null'} while the run is {status}",
                actual=run[member],
            )
    yield from _expiry(exchange, shown)
    yield from _one_call(exchange, shown)
    if status == "queued" and "started_at" in run:
        yield from _queued_start(exchange, shown)


def _expiry(exchange: Exchange, shown: Snapshot) -> Iterator[Finding]:
    created, expires = shown.value.get("created_at"), shown.value.get("expires_at")
    if isinstance(created, int) and isinstance(expires, int) and whole(created) and whole(expires):
        yield verdict(
            "lifecycle.expires-at-ten-minutes",
            abs(expires - created - TEN_MINUTES) <= 1,
            exchange,
            where=f"{shown.where} /expires_at",
            expected=f"created_at + {TEN_MINUTES} = {created + TEN_MINUTES}",
            actual=f"{expires}, {expires - created} s after created_at",
        )


def _one_call(exchange: Exchange, shown: Snapshot) -> Iterator[Finding]:
    calls = required_calls(shown.value)
    if calls and shown.value.get("parallel_tool_calls") is False:
        yield verdict(
            "lifecycle.parallel-tool-calls-false",
            len(calls) == 1,
            exchange,
            where=f"{shown.where} /required_action",
            expected="one call",
            actual=f"{len(calls)} calls",
        )


def _queued_start(exchange: Exchange, shown: Snapshot) -> Iterator[Finding]:
    """Queued when new: not started; queued by tool outputs: started before."""
    name = exchange.operation.name
    wanted = {"submitToolOutputs": SET, **dict.fromkeys(CREATE, NULL)}.get(name)
    if wanted is not None:
        yield verdict(
            "lifecycle.started-at",
            (shown.value["started_at"] is not None) == wanted,
            exchange,
            where=f"{shown.where} /started_at",
            actual=shown.value["started_at"],
            expected="the time of the first start" if wanted else "null before the run has started",
        )


@on_exchange("lifecycle.new-run-queued", operations=CREATE)
def new_run(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Queued, whatever happens next (vendor guide, recordings); a call that waits for the end hides it."""
    run = next((one for one in of_kind(exchange, "thread.run")), None)
    if run is not None and isinstance(run.value.get("status"), str) and not exchange.streamed:
        yield verdict(
            "lifecycle.new-run-queued",
            run.value["status"] == "queued",
            exchange,
            where=f"{run.where} /status",
            expected="queued",
            actual=brief(run.value["status"]),
        )


@on_trace("lifecycle.started-at", "lifecycle.expires-at-fixed")
def over_time(trace: Trace, _: Context) -> Iterator[Finding]:
    yield from collapse(finding for story in stories(trace) for finding in _over_time(story))


def _over_time(story: Story) -> Iterator[Finding]:
    """Once started always started; tool outputs don't move the expiry."""
    submits = story.actions("submitToolOutputs")
    for one, two in story.steps():
        exchange, where = two.snapshot.exchange, two.snapshot.where
        started: Any = two.run.get("started_at", one)
        if one.status == "in_progress" and one.run.get("started_at") is not None:
            yield verdict(
                "lifecycle.started-at",
                started is not None,
                exchange,
                where=f"{where} /started_at",
                expected="an integer once the run has been in_progress",
                actual=started,
            )
        ends = [each.run.get("expires_at") for each in (one, two)]
        if (
            one.status == "requires_action"
            and None not in ends
            and any(s.between(one.span, two.span) for s in submits)
        ):
            yield verdict(
                "lifecycle.expires-at-fixed",
                ends[0] == ends[1],
                exchange,
                where=f"{where} /expires_at",
                expected=f"{ends[0]}, as before the tool outputs",
                actual=ends[1],
            )
