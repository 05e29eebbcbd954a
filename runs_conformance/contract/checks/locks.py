"""Cancelling, the thread's lock while a run is active, and modifying a run.

A run may end between the last look at it and the call under judgement. So what a free-running run forbids is
judged only if a later read shows that the run was still active.
"""

from collections.abc import Iterator
from typing import Any, Final

from runs_conformance.contract.checks.common import collapse
from runs_conformance.contract.checks.tool_outputs import judged
from runs_conformance.contract.compare import same
from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import MISSING, brief
from runs_conformance.contract.judge import Context, on_exchange, on_trace
from runs_conformance.contract.model import Exchange, Trace
from runs_conformance.contract.schemas import is_valid
from runs_conformance.contract.timeline import ACTIVE, FINAL, Sighting, Span, Story, stories
from runs_conformance.contract.traces import answer_run

_SETTINGS: Final = (
    "id",
    "object",
    "created_at",
    "thread_id",
    "assistant_id",
    "model",
    "instructions",
    "tools",
    "temperature",
    "top_p",
    "max_prompt_tokens",
    "max_completion_tokens",
    "truncation_strategy",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
)


def _own(story: Story, *operations: str) -> Iterator[Span]:
    for span in story.spans:
        operation = span.exchange.operation
        if operation.name in operations and operation.id("run") == story.id and judged(span.exchange):
            yield span


@on_trace("lifecycle.cancel.accepted", "lifecycle.cancel.final-refused", "lifecycle.cancel.other-statuses")
def cancels(trace: Trace, _: Context) -> Iterator[Finding]:
    yield from collapse(
        finding
        for story in stories(trace)
        for span in _own(story, "cancelRun")
        for finding in _cancel(story, span)
    )


def _cancel(story: Story, span: Span) -> Iterator[Finding]:
    known, exchange = story.before(span), span.exchange
    status = answer_run(exchange).get("status")
    refused = exchange.refused
    if known is None or known.status == "cancelling":
        return
    if known.final:
        yield verdict(
            "lifecycle.cancel.final-refused",
            exchange.status == 400,
            exchange,
            expected=f"status 400, for the run was {known.status}",
            actual=f"status {exchange.status}",
        )
    elif refused and known.status == "in_progress":
        later = story.after(span)
        if later and later[0].status in ("queued", "in_progress"):
            yield _cancelled(
                False, exchange, f"status {exchange.status}, and the run {later[0].status} later"
            )
        elif _still_locked(story, span):
            yield _cancelled(
                False, exchange, f"status {exchange.status}, and the thread locked by the run later",
            )
    elif known.status == "in_progress":
        if status in ("cancelling", "cancelled", "queued", "in_progress"):
            yield _cancelled(status in ("cancelling", "cancelled"), exchange, f"the run {status}")
    elif known.status in ("queued", "requires_action"):
        fine = (
            refused
            or status in ("cancelling", "cancelled")
            or (status in FINAL and known.status == "queued")
        )
        yield verdict(
            "lifecycle.cancel.other-statuses",
            fine,
            exchange,
            actual=f"status {exchange.status}, the run {status}",
            expected=("200 with the run cancelling or cancelled", "a 4xx refusal"),
        )


def _still_locked(story: Story, span: Span) -> bool:
    """A plain message after it was refused: the run was still active, though no read caught it."""
    return any(
        span.before(later)
        and _plain(later.exchange)
        and later.exchange.response is not None
        and later.exchange.response.status == 400
        for later in story.spans
    )


def _cancelled(ok: bool, exchange: Exchange, actual: str) -> Finding:
    return verdict(
        "lifecycle.cancel.accepted",
        ok,
        exchange,
        expected="200 with the run cancelling or cancelled",
        actual=actual,
    )


@on_trace("lifecycle.lock.message-refused", "lifecycle.lock.released", "refuse.thread.active-run")
def lock(trace: Trace, context: Context) -> Iterator[Finding]:
    all_stories = stories(trace)
    yield from collapse(
        finding
        for span in (all_stories[0].spans if all_stories else ())
        if span.exchange.operation.name in ("createMessage", "createRun") and judged(span.exchange)
        for finding in _lock(span, all_stories, context)
    )


def _lock(span: Span, all_stories: tuple[Story, ...], context: Context) -> Iterator[Finding]:
    """The runs of the thread, as they were surely known when the call was sent."""
    own = answer_run(span.exchange).get("id")
    others = [story for story in all_stories if story.id != own]
    known = {
        story: story.before(span)
        for story in others
        if any(not span.before(one.span) for one in story.sightings)
    }
    active = [(story, last) for story, last in known.items() if last is not None and not last.final]
    if span.exchange.operation.name == "createMessage" and _valid(span.exchange, context) and active:
        yield from _message(span, active)
    elif span.exchange.operation.name == "createRun" and active:
        yield from _locked_out(span, active, "refuse.thread.active-run")
    elif known and all(last is not None and last.final for last in known.values()):
        yield from _released(span, [story.id for story in known], context)


def _valid(exchange: Exchange, context: Context) -> bool:
    schema = {"createMessage": "create_message_request"}.get(exchange.operation.name, "create_run_request")
    body = exchange.request.json
    return body is not MISSING and is_valid(schema, body, variant="documented", edition=context.edition)


def _plain(exchange: Exchange) -> bool:
    """A message of nothing but text: its content gives no reason to refuse it."""
    text_only = isinstance(exchange.request.object.get("content"), str) and not exchange.request.object.get(
        "attachments"
    )
    return exchange.operation.name == "createMessage" and text_only


def _message(span: Span, active: list[tuple[Story, Sighting]]) -> Iterator[Finding]:
    yield from _locked_out(span, active, "lifecycle.lock.message-refused")


def _locked_out(span: Span, active: list[tuple[Story, Sighting]], row: str) -> Iterator[Finding]:
    """Refused, or surely wrong.

    Accepted between two moments at which another run of the thread was active.
    """
    exchange = span.exchange
    if exchange.refused:
        yield passed(row, exchange)
        return
    for story, last in active if exchange.ok else ():
        later = story.after(span)
        if later and later[0].status in ACTIVE:
            yield failed(
                row,
                exchange,
                expected=f"a 4xx refusal while {story.id} is active",
                actual=(
                    f"status {exchange.status}; the run was {last.status} before and {later[0].status} after"
                ),
            )


def _released(span: Span, runs: list[str], context: Context) -> Iterator[Finding]:
    """Accepted, or refused with a word on a run that is over; other refusals have other reasons."""
    row, exchange = "lifecycle.lock.released", span.exchange
    response = exchange.response
    if response is None:
        return
    if response.ok:
        yield passed(row, exchange)
        return
    error = response.object.get("error")
    message = str(error.get("message")) if isinstance(error, dict) else ""
    blamed = [name for name in runs if name in message]
    plain = response.status in (400, 409) and _plain(exchange) and _valid(exchange, context)
    if blamed or plain:
        yield failed(
            row,
            exchange,
            expected="accepted, as no run is active",
            actual=f"status {response.status}: {message}",
        )


@on_exchange("lifecycle.client-message-run-id", operations=("createMessage",))
def client_message(exchange: Exchange, _: Context) -> Iterator[Finding]:
    if exchange.ok and exchange.response is not None and "run_id" in exchange.response.object:
        given = exchange.response.object["run_id"]
        yield verdict(
            "lifecycle.client-message-run-id",
            given is None,
            exchange,
            where="response /run_id",
            expected="null",
            actual=given,
        )


@on_trace("lifecycle.modify", "lifecycle.modify.answer")
def modified(trace: Trace, _: Context) -> Iterator[Finding]:
    yield from collapse(
        finding
        for story in stories(trace)
        for span in _own(story, "modifyRun")
        for finding in _modified(story, span)
    )


def _modified(story: Story, span: Span) -> Iterator[Finding]:
    exchange, run = span.exchange, answer_run(span.exchange)
    if not exchange.ok or not run:
        return
    before = [one for one in story.sightings if one.span.before(span)]
    if before:
        last = before[-1].run
        changed = [
            name for name in _SETTINGS if name in last and name in run and not same(last[name], run[name])
        ]
        yield verdict(
            "lifecycle.modify",
            not changed,
            exchange,
            where="response",
            expected="nothing changed but metadata",
            actual=f"other values of {brief(changed)}",
        )
    yield from _metadata_kept(story, span, run)


def _metadata_kept(story: Story, span: Span, run: dict[str, Any]) -> Iterator[Finding]:
    """In the answer, and in the read that follows it."""
    metadata = span.exchange.request.object.get("metadata")
    sent = (
        {key: value for key, value in metadata.items() if isinstance(value, str)}
        if isinstance(metadata, dict)
        else {}
    )
    later = story.after(span)[:1] if _last_word(story, span) else ()
    for shown in (run, *(one.run for one in later)) if sent else ():
        got = shown.get("metadata")
        kept = isinstance(got, dict) and all(got.get(key) == value for key, value in sent.items())
        yield verdict(
            "lifecycle.modify.answer",
            kept,
            span.exchange,
            where="/metadata",
            expected=f"the values sent: {brief(sent)}",
            actual=got,
        )


def _last_word(story: Story, span: Span) -> bool:
    """No other modification reaches into the reads that follow."""
    return not any(other is not span and not other.before(span) for other in story.actions("modifyRun"))
