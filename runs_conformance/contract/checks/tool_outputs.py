"""Submitting tool outputs: what is to be taken and what refused, by the last surely known state of the run.

The form of the body (missing ids, wrong types, unknown members) is judged like all bodies, in `refusals`.
"""

from collections.abc import Iterator
from typing import Any

from runs_conformance.contract.checks.common import collapse, dicts
from runs_conformance.contract.checks.steps import call_ids
from runs_conformance.contract.findings import Finding, passed, verdict
from runs_conformance.contract.jsontext import MISSING, brief
from runs_conformance.contract.judge import Context, on_exchange, on_trace
from runs_conformance.contract.model import Exchange, Trace
from runs_conformance.contract.schemas import is_valid
from runs_conformance.contract.timeline import Sighting, Span, Story, stories
from runs_conformance.contract.traces import answer_run

# Answers that say nothing on the call: bad key, missing right, time-out, too many calls, gateway trouble.
BESIDE_THE_POINT = (401, 403, 408, 429, 502, 503, 504)


def judged(exchange: Exchange) -> bool:
    """The answer decides about the call: it came whole, and was not throttled or turned away at the door."""
    response = exchange.response
    if response is None or exchange.throttled or (response.failure is not None and response.events is None):
        return False
    return response.status not in BESIDE_THE_POINT


@on_trace(
    "lifecycle.submit.accepted",
    "lifecycle.submit.partial-refused",
    "lifecycle.submit.unknown-call-refused",
    "lifecycle.submit.wrong-status-refused",
)
def submissions(trace: Trace, context: Context) -> Iterator[Finding]:
    yield from collapse(finding for story in stories(trace) for finding in _submissions(story, context))


def _submissions(story: Story, context: Context) -> Iterator[Finding]:
    answered: frozenset[str] = frozenset()
    for span in story.spans:
        exchange = span.exchange
        own = exchange.operation.name == "submitToolOutputs" and exchange.operation.id("run") == story.id
        if not own or not judged(exchange) or not _well_formed(exchange, context):
            continue
        given = _given(exchange)
        known = story.before(span)
        if known is not None:
            yield from _submission(story, span, known, given, answered)
        if exchange.response is not None and exchange.response.ok:
            answered |= given


def _well_formed(exchange: Exchange, context: Context) -> bool:
    body = exchange.request.json
    return body is not MISSING and is_valid(
        "submit_tool_outputs_request", body, variant="documented", edition=context.edition
    )


def _given(exchange: Exchange) -> frozenset[str]:
    return frozenset(one["tool_call_id"] for one in dicts(exchange.request.object.get("tool_outputs")))


def _submission(
    story: Story, span: Span, known: Sighting, given: frozenset[str], answered: frozenset[str]
) -> Iterator[Finding]:
    exchange = span.exchange
    refused = exchange.refused
    if known.status != "requires_action":
        # A run that was moving may ask for outputs by the time they come; only a final one surely does not.
        if refused or known.final or (given and given <= answered):
            yield _refused(
                "lifecycle.submit.wrong-status-refused", exchange, refused, f"the run was {known.status}"
            )
        return
    needed = call_ids(known.run)
    if given - needed:
        yield _refused(
            "lifecycle.submit.unknown-call-refused", exchange, refused, f"asked for were {_list(needed)}"
        )
    elif needed - given:
        yield _refused(
            "lifecycle.submit.partial-refused", exchange, refused, f"{_list(needed - given)} left out"
        )
    elif needed:
        yield from _complete(story, span, needed, refused)


def _list(ids: frozenset[str]) -> str:
    return brief(sorted(ids))


def _refused(row: str, exchange: Exchange, refused: bool, why: str) -> Finding:
    return verdict(
        row, refused, exchange, expected=f"a 4xx refusal: {why}", actual=f"status {exchange.status}"
    )


def _complete(story: Story, span: Span, needed: frozenset[str], refused: bool) -> Iterator[Finding]:
    """All outputs for a waiting run. A refusal is excused unless the run waited afterwards.

    It did if it is shown so next, or if a later submission was taken.
    """
    row, exchange = "lifecycle.submit.accepted", span.exchange
    later = story.after(span)
    if refused or exchange.status == 500:
        taken = any(
            span.before(other) and other.exchange.ok for other in story.actions("submitToolOutputs")
        )
        if taken or (later and later[0].status == "requires_action"):
            yield verdict(
                row, False, exchange, expected="200 and the run queued", actual=f"status {exchange.status}"
            )
        return
    run = answer_run(exchange)
    if not run:
        return
    again = run.get("status") == "requires_action" and bool(needed & call_ids(run))
    if run.get("status") in ("cancelling", "cancelled", "expired") or again:
        yield verdict(
            row, False, exchange, where="/status", expected="queued", actual=f"the run {run.get('status')}"
        )
    elif run.get("status") == "queued":
        yield passed(row, exchange)


@on_exchange("lifecycle.submit.stream", operations=("submitToolOutputs",))
def streamed(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Stream true: an event stream; false, null or absent: the run as JSON."""
    asked: Any = exchange.request.object.get("stream")
    response = exchange.response
    if response is None or not response.ok or not (asked is None or isinstance(asked, bool)):
        return
    if response.headers.lines:
        media = response.headers.media_type
        wanted = "text/event-stream" if asked else "application/json"
        yield verdict(
            "lifecycle.submit.stream",
            media == wanted,
            exchange,
            where="header content-type",
            expected=wanted,
            actual=media or "no content-type",
        )
