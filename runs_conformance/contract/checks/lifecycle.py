"""What becomes of a run: its moves from status to status, and that a final one is final.

The other lifecycle rows stand in modules of their own, which this one imports: `run_fields` (null or not, by
status), `tool_outputs`, `locks` (cancel, the thread's lock, modify), `effects` (of settings), `endings` and
`agreeing` (what is shown more than once).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from runs_conformance.contract.checks import agreeing as agreeing  # noqa: PLC0414 - these register their checks
from runs_conformance.contract.checks import effects as effects  # noqa: PLC0414
from runs_conformance.contract.checks import endings as endings  # noqa: PLC0414
from runs_conformance.contract.checks import locks as locks  # noqa: PLC0414
from runs_conformance.contract.checks import run_fields as run_fields  # noqa: PLC0414
from runs_conformance.contract.checks import tool_outputs as tool_outputs  # noqa: PLC0414
from runs_conformance.contract.checks.common import broke_off, collapse, stream, whole
from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.judge import Context, on_trace
from runs_conformance.contract.model import Exchange, Trace
from runs_conformance.contract.timeline import FINAL, Sighting, Story, stories

# Single moves; what tool outputs open is added. Polls skip states, so reachability decides.
MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "queued": ("in_progress", "cancelling", "expired", "failed"),
    "in_progress": ("requires_action", "completed", "failed", "incomplete", "cancelling", "expired"),
    "requires_action": ("expired", "cancelling"),
    "cancelling": FINAL,
}
# Seconds that a server's sweep for expired runs, and the clocks, may be late.
LATE: Final = 60
# Seconds; a run that is older by the answer's own date is an example or a replay, not a live run.
A_DAY: Final = 86_400


# What a waiting run can show while nobody submits outputs or cancels it.
_WAITING: Final = frozenset({"requires_action", "expired", "cancelling", "cancelled"})


def reachable(status: str, submitted: bool, cancelled: bool) -> frozenset[str]:
    """All statuses that a later read may show; tool outputs open the way back to queued."""
    if status == "requires_action" and not (submitted or cancelled):
        return _WAITING
    found, todo = {status}, [status]
    while todo:
        now = todo.pop()
        after = (*MOVES.get(now, ()), *(("queued",) if submitted and now == "requires_action" else ()))
        todo += [one for one in after if one not in found]
        found.update(after)
    return frozenset(found)


@on_trace("lifecycle.legal-moves", "lifecycle.final-is-final", "lifecycle.cancel.ends")
def moves(trace: Trace, _: Context) -> Iterator[Finding]:
    yield from collapse(finding for story in stories(trace) for finding in _moves(story))


def _moves(story: Story) -> Iterator[Finding]:
    for one, two in story.steps():
        submitted = any(act.between(one.span, two.span) for act in story.actions("submitToolOutputs"))
        cancelled = any(act.between(one.span, two.span) for act in story.actions("cancelRun"))
        row = _row(one, two)
        if row is None:
            continue
        wanted = (
            reachable(one.status, submitted, cancelled) if row != "lifecycle.final-is-final" else {one.status}
        )
        yield verdict(
            row,
            two.status in wanted,
            two.snapshot.exchange,
            where=f"{two.snapshot.where} /status",
            expected=sorted(wanted),
            actual=f"{two.status}, after {one.status} in {one.snapshot.exchange.id}",
        )


def _row(one: Sighting, two: Sighting) -> str | None:
    known = (*MOVES, *FINAL)
    if one.status not in known or two.status not in known:
        return None
    if one.final:
        return "lifecycle.final-is-final"
    return (
        "lifecycle.cancel.ends"
        if one.status == "cancelling" and two.status != one.status
        else "lifecycle.legal-moves"
    )


@on_trace("order.final-state-retrieved")
def retrieved(trace: Trace, _: Context) -> Iterator[Finding]:
    """The first retrieval after a whole stream shows the status of the stream's last run event."""
    for story in stories(trace):
        # By the exchange's place: to hash an exchange takes as long as its stream is.
        lasts = {one.span.place: one for one in story.sightings if one.snapshot.event is not None}
        for last in lasts.values():
            found = next(
                (one for one in story.after(last.span) if one.span.exchange.operation.name == "getRun"), None
            )
            if (
                found is not None
                and (last.final or last.status == "requires_action")
                and not broke_off(last.span.exchange)
            ):
                yield from _retrieved(story, last, found)


def _retrieved(story: Story, last: Sighting, found: Sighting) -> Iterator[Finding]:
    acts = story.actions("submitToolOutputs", "cancelRun")
    if any(act.between(last.span, found.span) for act in acts if act is not last.span):
        return
    wanted = (last.status,) if last.final else (last.status, "expired")
    yield verdict(
        "order.final-state-retrieved",
        found.status in wanted,
        found.span.exchange,
        where="response /status",
        expected=wanted,
        actual=f"{found.status}, after a stream that ended with {last.status}",
    )


_OVERDUE: Final = {
    "requires_action": "lifecycle.expiry.requires-action",
    "in_progress": "lifecycle.expiry.in-progress",
    "queued": "lifecycle.ends-in-time",
    "cancelling": "lifecycle.ends-in-time",
}


@on_trace("lifecycle.queued-moves-on", "lifecycle.ends-in-time", *_OVERDUE.values())
def in_time(trace: Trace, _: Context) -> Iterator[Finding]:
    """What moved on by itself, ended in time, expired; and what did none of it though its time is over."""
    yield from collapse(finding for story in stories(trace) for finding in _in_time(story))


def _in_time(story: Story) -> Iterator[Finding]:
    for one, two in story.steps():
        exchange = two.snapshot.exchange
        if one.status == "queued" and two.status in ("in_progress", "requires_action", "completed"):
            yield passed("lifecycle.queued-moves-on", exchange)
        if two.status == "expired" and one.status in ("requires_action", "in_progress"):
            yield passed(_OVERDUE[one.status], exchange)
    for one in story.sightings:
        if one.final or one.status == "requires_action":
            yield passed("lifecycle.ends-in-time", one.snapshot.exchange)
        yield from _overdue(one)


def _overdue(one: Sighting) -> Iterator[Finding]:
    """Shown as not ended well after its time; events of a stream are left out, their time is not known."""
    exchange = one.snapshot.exchange
    expires, now = one.run.get("expires_at"), server_time(exchange)
    if one.status not in _OVERDUE or not whole(expires) or now is None or stream(exchange):
        return
    if expires + LATE < now < expires + A_DAY:
        yield failed(
            _OVERDUE[one.status],
            exchange,
            where=f"{one.snapshot.where} /status",
            expected=f"expired, {now - expires:.0f} s after expires_at",
            actual=one.status,
        )


def server_time(exchange: Exchange) -> float | None:
    """When the answer was made, by the server's own clock; seconds of Unix time."""
    given = exchange.response.headers.get("date") if exchange.response else None
    try:
        date = parsedate_to_datetime(given) if given else None
        # RFC 5322: -0000 is Universal Time of a clock whose zone is not told; Python gives it without one.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() if date else None
    except (ValueError, OverflowError):  # years and offsets of a million digits
        return None
