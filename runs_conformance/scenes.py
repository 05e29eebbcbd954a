"""Stories that several requirements are judged by, each told once a session.

Runs cost money on a real target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from runs_conformance.contract.findings import Finding, untestable
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.traces import answer_run
from runs_conformance.live import CAPABILITY, Bench, Live, Skip, answer_text
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN
from runs_conformance.target.explaining import failure_of
from runs_conformance.target.journal import BudgetSpent
from runs_conformance.target.stage import Blocked

Scene = Callable[[Live], tuple[Exchange, ...]]


def control(live: Live, operation: str) -> Exchange:
    """The smallest body that must be accepted; every other case of the operation is a change of it."""
    live.needs(CAPABILITY[operation])

    def make() -> Exchange:
        return live.create(operation, {"assistant_id": live.stage.assistant()})

    made: Exchange = live.shared(f"control {operation}", make)
    return made


def not_refused(live: Live, operation: str) -> Exchange:
    """The control, or Blocked: nothing can be said about changes of a body that is refused itself."""
    exchange = control(live, operation)
    if not exchange.ok:
        raise Blocked(
            f"{operation} with a minimal body", f"the minimal body was not accepted: {answer_text(exchange)}",
            exchange,
        )
    return exchange


def accepted(live: Live, operation: str) -> Exchange:
    """The control with the run that it made, or Blocked: nothing can be told of a run without an id."""
    exchange = not_refused(live, operation)
    if not answer_run(exchange).get("id"):
        raise Blocked(
            f"the run of {operation} with a minimal body",
            f"the minimal body was answered without a run that has an id: {answer_text(exchange)}", exchange,
        )
    return exchange


def plain_run(live: Live) -> tuple[Exchange, ...]:
    """A run on a thread of its own, followed to its end, read again, with its thread, steps and messages."""
    first = accepted(live, CREATE_RUN)
    return (first, *followed(live, first))


def plain_both(live: Live) -> tuple[Exchange, ...]:
    """The same by POST /threads/runs."""
    first = accepted(live, CREATE_BOTH)
    return (first, *followed(live, first))


def followed(live: Live, first: Exchange) -> tuple[Exchange, ...]:
    run = answer_run(first)
    thread, name = str(run.get("thread_id")), str(run.get("id"))
    seen = live.finish(first)
    reads: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("runs.retrieve", "getRun", {"run": name}), ("thread.retrieve", "getThread", {}),
        ("runs.list", "listRuns", {}),
        ("messages.list", "listMessages", {}), ("steps", "listRunSteps", {"run": name}),
    )
    for capability, operation, ids in reads:
        if live.profile.lacks(capability) is None:
            seen.append(live.send(operation, thread=thread, **ids))
    return tuple(seen)


def refused_calls(live: Live) -> tuple[Exchange, ...]:
    """A few refusals of different kinds, for what all error answers have in common."""
    operation = CREATE_RUN if live.profile.lacks("create-run") is None else CREATE_BOTH
    accepted(live, operation)
    body = live.plain(operation)
    changes = (
        {"temperature": 3}, {"max_prompt_tokens": 255}, {"unknown_property": 1},
        {"metadata": {"key": "v" * 513}}, {"stream": True, "top_p": 2},
    )
    calls = [live.create(operation, {**body, **change}) for change in changes]
    calls.append(live.create(
        operation, {name: value for name, value in body.items() if name != "assistant_id"},
    ))
    return tuple(calls)


SCENES: Final[dict[str, Scene]] = {"plain": plain_run, "both": plain_both, "refused": refused_calls}


def judged(bench: Bench, name: str) -> list[Finding]:
    """The findings of a scene, told and judged once; Blocked and Skip are remembered too."""
    live = bench.live

    def make() -> list[Finding] | Exception:
        try:
            exchanges = SCENES[name](live)
        except Exception as error:  # noqa: BLE001 - kept, and raised again for each test that needs the scene
            return error
        found = bench.judge(exchanges)
        live.shared(f"scene {name}", lambda: exchanges)
        return found

    result = live.shared(f"judged {name}", make)
    if isinstance(result, Exception):
        raise result.with_traceback(None)  # raised again and again it would grow
    told: list[Finding] = result
    return told


def row(bench: Bench, requirement: str, *names: str) -> None:
    """One row, judged by the scenes that show it.

    Those that the target can't tell are passed over if another can.
    """
    errors: list[Exception] = []
    told: list[Exchange] = []
    seen = 0
    for name in names:
        try:
            found = [one for one in judged(bench, name) if one.requirement == requirement]
        except (Skip, Blocked, BudgetSpent) as error:  # raised below when no scene could be told
            errors.append(error)
            continue
        seen += 1
        bench.add(*found)
        exchanges: tuple[Exchange, ...] = bench.live.shared(f"scene {name}", tuple)
        bench.exchanges.update((one.id, one) for one in exchanges)
        told += exchanges
    if errors and not seen:
        raise errors[0]
    if not any(one.requirement == requirement for one in bench.findings):
        bench.add(*_stuck(bench.live, requirement, told))


def _stuck(live: Live, requirement: str, told: list[Exchange]) -> Iterator[Finding]:
    """The row was seen nowhere, and no run came to an end, or an answer did not come whole.

    Red, for nobody knows what it would have shown.
    """
    if live.register[requirement].level != "MUST" or requirement in UNPROVOKED:
        return
    if live.client.given_up:
        reason = f"no run came to an end within {live.profile.timeouts.poll:g} seconds of polling"
        yield untestable(requirement, reason, blocked_by="a run that ends")
        return
    broken = ((one, failure_of(one)) for one in told)
    for one, failure in ((one, failure) for one, failure in broken if failure and failure.kind != "closed"):
        reason = f"{one.request.method} {one.request.path}: {failure.text}"
        yield untestable(requirement, reason, blocked_by="a whole answer")
        return


# What a sound target shows only by chance: seen where it happens, never provoked.
UNPROVOKED: Final = {
    "error.rate-limit": "the target answered no 429",
    "headers.retry-after": "the target answered no 429",
    "headers.beta-sent": "about clients: judged on traffic that others sent",
    "event.error": "no stream ended in an error",
    "order.error-last": "no stream ended in an error",
    "error.after-start": "no run failed",
    "response.last-error.form": "no run failed",
    "lifecycle.message-ends-with-run": "no run ended in the middle of a message",
    "refuse.tool-choice.tool-absent": "nothing sent called for it",
    "beyond.own.media-type": "no document of the user's was given (fuzz --openapi FILE)",
    "beyond.own.shape": "no document of the user's was given (fuzz --openapi FILE)",
    "beyond.own.headers": "no document of the user's was given (fuzz --openapi FILE)",
}
