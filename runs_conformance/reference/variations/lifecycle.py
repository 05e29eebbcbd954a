"""Faster and slower runs, and other ways to go through the same statuses."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from runs_conformance.reference import effects
from runs_conformance.reference.variations.variation import behaves, chooses

if TYPE_CHECKING:
    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.options import ReferenceOptions
    from runs_conformance.reference.records import Run


@behaves("CONTRACT 4.2: a poller may miss short states", group="pace")
def first_read_final(faithful: Behaviour) -> Behaviour:
    """Create answers queued, and the first read after that shows the run at its stop."""
    return replace(faithful, moves_on=_play)


def _play(run: Run) -> bool:
    for _ in run.script:
        pass
    return False


@chooses("CONTRACT 4.2: no document says how long a run takes", group="pace")
def instant(options: ReferenceOptions) -> ReferenceOptions:
    """A run is over within milliseconds after its create was answered, before anybody reads it."""

    def at_once(faithful: Behaviour) -> Behaviour:
        return replace(faithful, moves_on=_play)

    return replace(options, tick=0.001, idle_ticks=1, faults=(*options.faults, at_once))


@behaves("CONTRACT 4.2: no document says how long a run takes", group="pace", slow=True)
def slow_runs(faithful: Behaviour) -> Behaviour:
    """A run stays 100 to 300 ms in every status, however often it is read."""
    rng = random.Random(7)  # noqa: S311 - repeatable, not secret
    until: dict[tuple[str, str], float] = {}

    def moves_on(run: Run) -> bool:
        now = time.monotonic()
        end = until.setdefault((run.id, run.status), now + rng.uniform(0.1, 0.3))
        return now >= end and faithful.moves_on(run)

    return replace(faithful, moves_on=moves_on)


@chooses("CONTRACT 4.2: runs may wait for a free worker", group="pace", slow=True)
def long_queued(options: ReferenceOptions) -> ReferenceOptions:
    """Reads don't move a run: it leaves each status by itself, after 0.15 s."""
    spent: dict[tuple[str, str], int] = {}

    def by_time(faithful: Behaviour) -> Behaviour:
        def moves_on(run: Run) -> bool:
            start = spent.setdefault((run.id, run.status), time.monotonic_ns())
            return time.monotonic_ns() - start > 150_000_000 and faithful.moves_on(run)

        return replace(faithful, moves_on=moves_on)

    return replace(options, tick=0.01, idle_ticks=1, faults=(*options.faults, by_time))


@behaves("RQ-248: cancelling, or already cancelled")
def cancelled_at_once(faithful: Behaviour) -> Behaviour:
    """Cancelling a run that nobody streams answers cancelled, with its steps and message closed."""

    def move(run: Run, status: str, now: int, reason: str | None) -> None:
        if status != "cancelling" or run.streaming:
            faithful.move(run, status, now, reason)
            return
        step = run.open_step
        if step is not None and step.message is not None:
            effects.close_message(step.message, now, "run_cancelled")
        if step is not None:
            effects.close_step(step, "cancelled", now)
        faithful.move(run, "cancelled", now, None)

    return replace(faithful, move=move)


@behaves("wire fact 1.16 is recorded, no document says it; RQ-226")
def started_at_kept(faithful: Behaviour) -> Behaviour:
    """started_at keeps the time of the first start when the run goes on after tool outputs."""

    def move(run: Run, status: str, now: int, reason: str | None) -> None:
        first = run.started_at
        faithful.move(run, status, now, reason)
        run.started_at = run.started_at if first is None else first

    return replace(faithful, move=move)


@behaves("D28: queued and requires_action runs may or may not be cancellable")
def cancel_in_progress_only(faithful: Behaviour) -> Behaviour:
    """Only runs in progress can be cancelled; others are refused with 400."""
    from runs_conformance.reference import refusals  # noqa: PLC0415 - only here

    def check_cancel(run: Run) -> None:
        if run.status in {"queued", "requires_action"}:
            raise refusals.cancel_in_status(run.status)
        faithful.check_cancel(run)

    return replace(faithful, check_cancel=check_cancel)


@behaves("CONTRACT 4.2: cancelling may end as completed when it came too late (RQ-249)")
def cancel_too_late(faithful: Behaviour) -> Behaviour:
    """A run that is cancelled while it is at work completes all the same."""

    def move(run: Run, status: str, now: int, reason: str | None) -> None:
        late = status == "cancelled" and run.started_at is not None and not run.streaming
        faithful.move(run, "completed" if late else status, now, reason)

    return replace(faithful, move=move)


@chooses("openai-poll-after-ms is what the vendor's SDKs obey (RQ-275)")
def poll_after(options: ReferenceOptions) -> ReferenceOptions:
    """Answers ask to be polled again after 20 ms."""
    return replace(options, poll_after_ms=20)


@behaves("wire facts 1.6 and 1.13: recorded of Foundry")
def foundry_failures(faithful: Behaviour) -> Behaviour:
    """A failed run has the code invalid_engine_error and a usage of zeros."""

    def move(run: Run, status: str, now: int, reason: str | None) -> None:
        faithful.move(run, status, now, reason)
        if status == "failed":
            run.last_error = {
                "code": "invalid_engine_error",
                "message": "Failed to resolve model info for: gpt-4o",
            }

    return replace(faithful, move=move)
