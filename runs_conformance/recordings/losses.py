"""Which failures a recording can't prove: what the recorder lost or changed is nobody's fault.

A failure is taken back, with the reason told, as soon as what was lost could explain it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.register import Register
from runs_conformance.contract.traces import answer_run, objects
from runs_conformance.recordings.dates import seconds_of
from runs_conformance.recordings.traffic import AZURE, UNKNOWN, Call

# Seconds that the clocks of a service's machines may differ by.
CLOCKS: Final = 2.0
_TIMES: Final = ("completed_at", "failed_at", "cancelled_at", "incomplete_at", "started_at", "created_at")
_EVENT: Final = re.compile(r"event (\d+)")
_MEMBERS: Final = re.compile(r"/([^/\s]+)")
# Rows that read the request, by the beginnings of their names.
_OF_REQUEST: Final = (
    "response.echo", "response.default", "response.create-thread-and-run", "response.run.instructions",
    "refuse.", "headers.", "error.", "isolation.", "lifecycle.submit", "accept.",
)  # fmt: skip
# Rows that tell objects apart by their ids.
_OF_IDS: Final = (
    "response.id", "response.echo.thread-id", "response.echo.assistant-id", "response.retrieve",
    "response.create-thread-and-run", "isolation.", "lifecycle.", "order.", "event.fold", "event.ids",
    "event.opening", "headers.runs-not",
)  # fmt: skip
# Rows that hold one value against another: one that is blotted out anywhere leaves them open.
_COMPARING: Final = (
    "response.echo", "response.retrieve", "event.fold", "event.opening", "isolation.",
    "lifecycle.run-messages", "lifecycle.additional",
)  # fmt: skip
_NEAR_NOW: Final = re.compile(r"within \d+ s of now")


# Rows that rest on what happened before what.
_OF_ORDER: Final = ("lifecycle.", "order.final", "refuse.thread", "isolation.")
Ordered = tuple[bool, bool]


def unfounded(
    finding: Finding, call: Call, register: Register, *, traced: bool, ordered: Ordered = (True, True)
) -> str:
    """Why this failure can't be held against the server; "" if it can.

    `traced`: it is about several calls; `ordered`: nothing speaks against their order, and no stream among
    them may have gone on while the next was made.
    """
    if register[finding.requirement].about_clients and "request" not in call.lost:
        return ""
    if call.whole:
        return _unseen(finding, call) if traced and call.exchange.source == "watched" else ""
    reasons = (*_of_loss(finding, call, traced), *_of_service(finding, call, register))
    for reason in reasons:
        return reason
    loose = not ordered[1] and finding.requirement.startswith(_OF_ORDER)
    if traced and (loose or not ordered[0]):
        return "the calls overlapped or stand in another order than they were made in"
    return _unseen(finding, call) if traced else ""


def _of_loss(finding: Finding, call: Call, traced: bool) -> Iterator[str]:
    row, lost = finding.requirement, call.lost
    if row == "headers.request-id":
        yield "whether the recorder kept all headers is not known"
    if "headers" in lost and ("header" in finding.where or row == "error.before-stream"):
        yield "the recorder did not keep the content-type"
    if "answer" in lost or "cut" in lost:
        yield "the recording does not hold the answer's body as it came"
    if "request" in lost and (traced or row.startswith(_OF_REQUEST)):
        yield "the recording does not hold the request's body as it went out"
    if "foreign" in lost and row.startswith("error."):
        yield "the error may be the answer of a proxy, not of the server"
    if "end" in lost and _at_the_end(finding, call):
        yield "the recording stops before the end of the stream"
    if "ids" in lost and (
        traced or row.startswith(_OF_IDS) or _named(finding) & {"id", "thread_id", "run_id"}
    ):
        yield "ids were replaced in the recording"
    if call.blots and _blotted(finding, call):
        yield "the value was blotted out of the recording"
    if any(_NEAR_NOW.match(one) for one in finding.expected):
        yield "the clock of whoever recorded it is not known"


def _at_the_end(finding: Finding, call: Call) -> bool:
    """At the last event, or about what a whole stream would have had."""
    events = call.exchange.response.events if call.exchange.response else None
    found = _EVENT.match(finding.where)
    return not events or found is None or int(found[1]) >= events[-1].index


def _named(finding: Finding) -> set[str]:
    return {name for name in _MEMBERS.findall(finding.where) if not name.isdecimal()}


def _blotted(finding: Finding, call: Call) -> bool:
    named = _named(finding)
    return bool(named & call.blots) or finding.requirement.startswith(_COMPARING)


def _of_service(finding: Finding, call: Call, register: Register) -> Iterator[str]:
    row = register[finding.requirement]
    if call.service == UNKNOWN:
        return
    if row.chapter in ("refusal", "recorded") and call.exchange.ok:
        yield "the service itself took it, and what it does outweighs the document"
    if call.service == AZURE and (
        row.id == "lifecycle.expires-at-ten-minutes" or finding.where.endswith("/last_error/code")
    ):
        yield "Azure is known to do otherwise"


def _unseen(finding: Finding, call: Call) -> str:
    """Another client may have acted: a recording shows one side of what went on."""
    if finding.requirement == "isolation.refused-run-no-trace" and finding.actual.startswith("a run"):
        return "a call that the recording does not hold may have made it"
    if finding.requirement == "lifecycle.legal-moves":
        tools = answer_run(call.exchange).get("tools")
        asking = not isinstance(tools, list) or any(
            not isinstance(tool, dict) or tool.get("type") == "function" for tool in tools
        )
        if asking or finding.actual.startswith("cancel"):
            return "a call that the recording does not hold may have moved the run"
    return ""


def in_order(calls: Sequence[Call]) -> Ordered:
    """Whether nothing speaks against the order of the calls, and whether each stream was surely over.

    By the times that the recorder kept, else by the server's own dates; without either the file's order.
    """
    if all(call.exchange.started_at > 0 for call in calls) or all(call.whole for call in calls):
        return True, True
    spans = list(map(_span, calls))
    dated = [span for span in spans if span is not None]
    over = all(
        one is not None and two is not None and one[1] + CLOCKS < two[0]
        for call, one, two in zip(calls, spans, spans[1:], strict=False) if call.exchange.streamed
    )
    return all(one[1] <= two[0] + CLOCKS for one, two in pairwise(dated)), over


def _span(call: Call) -> tuple[float, float] | None:
    """When the answer began, by its date header; and the last time that it speaks of, if it is a stream."""
    response = call.exchange.response
    begin = seconds_of(response.headers.get("date")) if response else None
    if begin is None:
        return None
    ends = [begin, *_times(call)] if call.exchange.streamed else [begin]
    return begin, max(ends)


def _times(call: Call) -> Iterable[float]:
    for shown in objects(call.exchange):
        for name in _TIMES:
            value = shown.value.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and value < 1 << 33:
                yield float(value)
