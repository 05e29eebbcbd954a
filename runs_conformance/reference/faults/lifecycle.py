"""Runs that do not go through their statuses as they should."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import (
    around,
    behaviour,
    created,
    dropped,
    polled_runs,
    runs,
)
from runs_conformance.reference.faults.record import Kind, Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Json, Run

lifecycle = Kind("lifecycle")
NEW = "lifecycle.new-run-queued"
MOVES = "lifecycle.legal-moves"
ACTION = "lifecycle.required-action-iff"
ERROR = {"code": "server_error", "message": "Sorry."}
USED = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def _when(statuses: str, **values: Any) -> Callable[[Run, Json], Json]:
    """Show values in place of others while a run has one of the statuses (separated by blanks; - before: in all others)."""
    negated = statuses.startswith("-")
    names = statuses.removeprefix("-").split()

    def change(_run: Run, shaped: Json) -> Json:
        fits = (shaped["status"] in names) is not negated
        return shaped | (values if fits else {})

    return change


_ROWS_1: Rows = (
    ("usage-while-queued", "A run that is queued shows a usage of zeros.", _when("queued", usage=USED), ("lifecycle.usage-null-before-end",)),
    ("usage-while-waiting", "A run that waits for tool outputs shows a usage.", _when("requires_action", usage=USED), ("lifecycle.usage-null-before-end",)),
    ("usage-null-at-the-end", "A completed run shows no usage.", _when("completed", usage=None), ("lifecycle.usage-completed",)),
    ("usage-null-when-incomplete", "An incomplete run shows no usage.", _when("incomplete", usage=None), ("lifecycle.usage-other-ends",)),
    ("usage-null-when-cancelled", "A cancelled run shows no usage.", _when("cancelled", usage=None), ("lifecycle.usage-other-ends",)),
    ("last-error-when-completed", "A completed run has a last_error.", _when("completed", last_error=ERROR), ("lifecycle.last-error-when",)),
    ("last-error-missing", "A failed run has no last_error.", _when("failed", last_error=None), ("lifecycle.last-error-when",)),
    ("last-error-while-queued", "A queued run has a last_error.", _when("queued", last_error=ERROR), ("lifecycle.last-error-when",)),
    ("incomplete-details-when-completed", "A completed run has incomplete_details.", _when("completed", incomplete_details={}), ("lifecycle.incomplete-details-iff",)),
    ("incomplete-details-missing", "An incomplete run has no incomplete_details.", _when("incomplete", incomplete_details=None), ("lifecycle.incomplete-details-iff",)),
    ("required-action-missing", "A run that waits for tool outputs does not say for which.", _when("requires_action", required_action=None), (ACTION,)),
    ("completed-at-missing", "A completed run has no completed_at.", _when("completed", completed_at=None), ("lifecycle.completed-at",)),
    ("failed-at-missing", "A failed run has no failed_at.", _when("failed", failed_at=None), ("lifecycle.failed-at",)),
    ("cancelled-at-missing", "A cancelled run has no cancelled_at.", _when("cancelled", cancelled_at=None), ("lifecycle.cancelled-at",)),
    ("expires-at-missing", "A run that waits for tool outputs has no expires_at.", _when("requires_action", expires_at=None), ("lifecycle.expires-at-active",)),
    ("expires-at-null", "A run never has expires_at.", lambda _r, s: s | {"expires_at": None}, ("lifecycle.expires-at-active",)),
    ("expires-at-an-hour", "A run expires after an hour.", lambda r, s: s | {"expires_at": s["expires_at"] and r.created_at + 3600}, ("lifecycle.expires-at-ten-minutes",)),
    ("expires-at-too-early", "A run expires after 590 seconds.", lambda r, s: s | {"expires_at": s["expires_at"] and r.created_at + 590}, ("lifecycle.expires-at-ten-minutes",)),
    ("expires-at-kept", "A run that has ended keeps its expires_at.", lambda r, s: s | {"expires_at": r.expires_at}, ("lifecycle.expires-at-completed",)),
    ("started-at-null", "A run never has started_at.", lambda _r, s: s | {"started_at": None}, ("lifecycle.started-at",)),
    ("started-at-from-creation", "A run has started_at from its creation on.", lambda r, s: s | {"started_at": r.started_at or r.created_at}, ("lifecycle.started-at",)),
    ("started-at-lost-when-queued-again", "A run that is queued again after tool outputs has no started_at.", _when("queued", started_at=None), ("lifecycle.started-at",)),
    ("cancelled-at-while-cancelling", "A run that is being cancelled has cancelled_at.", lambda r, s: s | ({"cancelled_at": r.created_at + 1} if r.status == "cancelling" else {}), ("lifecycle.cancelled-at",)),
    ("completed-at-when-failed", "A failed run has completed_at too.", lambda r, s: s | {"completed_at": s["completed_at"] or s["failed_at"]}, ("lifecycle.completed-at",)),
    ("completed-at-when-cancelled", "A cancelled run has completed_at too.", lambda _r, s: s | {"completed_at": s["completed_at"] or s["cancelled_at"]}, ("lifecycle.completed-at",)),
    ("completed-at-while-queued", "A queued run has completed_at.", lambda r, s: s | {"completed_at": s["completed_at"] or (r.created_at if r.status == "queued" else None)}, ("lifecycle.completed-at",)),
    ("failed-at-when-expired", "An expired run has failed_at.", lambda r, s: s | ({"failed_at": r.created_at + 600} if r.status == "expired" else {}), ("lifecycle.failed-at",)),
    ("cancelling-as-cancelled-then-not", "A run that is being cancelled is shown as in_progress.", _when("cancelling", status="in_progress"), ("lifecycle.cancel.accepted", "event.run-status")),
    ("incomplete-as-completed", "A run that was cut short is shown as completed.", _when("incomplete", status="completed", incomplete_details=None), ("lifecycle.token-limit-incomplete", "event.run-status")),
    ("incomplete-as-failed", "A run that was cut short is shown as failed.", lambda r, s: s | ({"status": "failed", "failed_at": r.completed_at, "last_error": ERROR, "incomplete_details": None, "completed_at": None} if s["status"] == "incomplete" else {}), ("lifecycle.token-limit-incomplete", "event.run-status")),
    ("incomplete-other-limit", "A run that was cut short names the other limit.", lambda _r, s: s | ({"incomplete_details": {"reason": "max_prompt_tokens"}} if s["status"] == "incomplete" else {}), ("lifecycle.token-limit-incomplete",)),
    ("expired-as-failed", "A run that expired is shown as failed.", lambda r, s: s | ({"status": "failed", "failed_at": r.expires_at, "last_error": ERROR} if s["status"] == "expired" else {}), ("lifecycle.expiry.requires-action", "lifecycle.expiry.in-progress", "lifecycle.legal-moves")),
)  # fmt: skip
for _name, _sentence, _small, _breaks in _ROWS_1:
    lifecycle.add(_name, _sentence, runs(_small), *_breaks, rare="queued" not in _name)


@lifecycle(polled_runs, ACTION, rare=True)
def required_action_lingers(run: Run, shaped: Json) -> Json:
    """required_action stays after the outputs were submitted."""
    calls = [call for step in run.steps for call in step.calls if call["type"] == "function"]
    if run.status == "requires_action" or not calls:
        return shaped
    listed = [{"id": c["id"], "type": "function", "function": dropped(c["function"], "output")} for c in calls]
    return shaped | {"required_action": {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": listed}}}


@lifecycle(created, NEW)
def created_in_progress(_call: Call, run: Json) -> Json:
    """A new run is answered as in_progress."""
    return run | {"status": "in_progress", "started_at": run["created_at"]}


@lifecycle(created, NEW)
def created_completed(_call: Call, run: Json) -> Json:
    """A create call waits for the end of the run and answers it completed, as a gateway was seen to do."""
    return run | {
        "status": "completed", "started_at": run["created_at"], "completed_at": run["created_at"], "expires_at": None,
        "usage": USED | {"prompt_token_details": None},
    }  # fmt: skip


@lifecycle(polled_runs, NEW, MOVES, "lifecycle.final-is-final")
def status_random(run: Run, shaped: Json) -> Json:
    """A run's status is any of the nine, as by a mock that takes a word at random."""
    words = ("queued", "completed", "expired", "in_progress", "failed", "cancelled")
    run.idle += 1
    return shaped | {"status": words[(run.idle + ord(run.id[-1])) % len(words)]}


@lifecycle(around("moves_on"), "lifecycle.queued-moves-on", "lifecycle.ends-in-time")
def stays_queued(_inner: Any) -> Any:
    """A run never leaves queued."""
    return lambda run: run.status != "queued"


@lifecycle(around("moves_on"), "lifecycle.ends-in-time", "isolation.stream-closed-early")
def stays_in_progress(_inner: Any) -> Any:
    """A run never leaves in_progress."""
    return lambda run: run.status != "in_progress"


@lifecycle(around("moves_on"), "lifecycle.cancel.ends", rare=True)
def stays_cancelling(_inner: Any) -> Any:
    """A run that is being cancelled stays so."""
    return lambda run: run.status != "cancelling"


@lifecycle(around("moves_on"), "lifecycle.ends-in-time", "lifecycle.queued-moves-on", rare=True)
def stays_queued_after_outputs(_inner: Any) -> Any:
    """A run stays queued after tool outputs."""
    return lambda run: run.status != "queued" or not run.steps


@lifecycle(around("moves_on"), "lifecycle.queued-moves-on", "lifecycle.ends-in-time", rare=True)
def second_run_stays_queued(_inner: Any) -> Any:
    """The second run of a thread never starts."""
    return lambda run: run.status != "queued" or next(iter(run.thread.runs)) == run.id


@lifecycle(behaviour, "lifecycle.final-is-final", rare=True)
def completed_reverts(faithful: Behaviour) -> Behaviour:
    """A run read three times after its end is in_progress again, as from a replica that lags."""
    seen: dict[str, int] = {}

    def shape(item: Run, *, sse: bool = False) -> Json:
        shaped = faithful.shape_run(item, sse=sse)
        if sse or item.active:
            return shaped
        seen[item.id] = seen.get(item.id, 0) + 1
        return shaped | ({"status": "in_progress", "usage": None} if seen[item.id] == 3 else {})

    return replace(faithful, shape_run=shape)


@lifecycle(behaviour, MOVES, rare=True)
def queued_again(faithful: Behaviour) -> Behaviour:
    """A run in progress is read as queued once more."""
    seen: set[str] = set()

    def shape(item: Run, *, sse: bool = False) -> Json:
        shaped = faithful.shape_run(item, sse=sse)
        if sse or item.status != "in_progress":
            return shaped
        first = item.id not in seen
        seen.add(item.id)
        return shaped if first else shaped | {"status": "queued"}

    return replace(faithful, shape_run=shape, moves_on=lambda run: run.status != "in_progress" or _later(run))


def _later(run: Run) -> bool:
    """Not at the first read."""
    run.completed_at = (run.completed_at or 0) + 1
    return run.completed_at > 2


@lifecycle(around("move"), "lifecycle.legal-moves", "lifecycle.cancel.ends", rare=True)
def cancelled_run_completes(inner: Any) -> Any:
    """A run that is being cancelled ends as requires_action."""

    def move(run: Run, status: str, now: int, reason: str | None) -> None:
        inner(run, "requires_action" if status == "cancelled" else status, now, reason)

    return move
