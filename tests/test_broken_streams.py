"""Each hand-made broken stream is found by the requirement meant for it, and the faultless ones by none."""

import pytest
from broken_streams import good
from broken_streams.faults import CATALOGUE, Broken

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.judge import Judge
from runs_conformance.contract.model import Exchange, Failure

JUDGE = Judge()
ERROR = ("error", {"error": {"message": "boom", "type": "server_error", "param": None, "code": None}})
FAULTLESS = {
    "text": (good.text(), "createRun"),
    "two texts": (good.two_texts(), "createRun"),
    "hosted tool": (good.hosted(), "createRun"),
    "waiting": (good.waiting(), "createRun"),
    "with thread": (good.with_thread(), "createThreadAndRun"),
    "answered": (good.answered(), "submitToolOutputs"),
    "incomplete": (good.too_long(), "createRun"),
    "failed at once": ([*good.HEAD[:2], *good.end("failed", started_at=None)], "createRun"),
    "failed in its message": ([*good.cut("run_failed"), *good.end("failed")], "createRun"),
    "cancelled": (
        [
            *good.cut("run_cancelled"),
            ("thread.run.cancelling", good.run("cancelling")),
            *good.end("cancelled"),
        ],
        "createRun",
    ),
    "expired": ([*good.cut("run_expired"), *good.end("expired")], "createRun"),
    "error without done": ([*good.HEAD, *good.writes(1)[:5], ERROR], "createRun"),
    "error with done": ([*good.HEAD, ERROR, good.DONE], "createRun"),
    "nothing but an error": ([ERROR], "createRun"),
    "unknown events": (
        [
            ("vendor.news", {}),
            *good.text(),
        ],
        "createRun",
    ),
}


def findings(exchange: Exchange) -> list[Finding]:
    return [finding for finding in JUDGE.everything([exchange]) if finding.failed]


@pytest.mark.parametrize(("blocks", "operation"), FAULTLESS.values(), ids=FAULTLESS)
def test_faultless_streams_are_clean(blocks: good.Blocks, operation: str) -> None:
    exchange = good.exchange(good.to_body(blocks), operation)
    assert [(one.requirement, one.where, one.actual) for one in findings(exchange)] == []


@pytest.mark.parametrize("broken", CATALOGUE, ids=lambda one: one.name)
def test_each_fault_is_found_by_its_requirement_alone(broken: Broken) -> None:
    found = {one.requirement for one in findings(broken.exchange)}
    assert found == {broken.requirement} | broken.also


@pytest.mark.parametrize("broken", CATALOGUE, ids=lambda one: one.name)
def test_each_finding_says_where_and_what(broken: Broken) -> None:
    for one in findings(broken.exchange):
        assert one.exchange == "x1"
        assert one.actual
        assert all(one.expected), one
        if one.requirement.startswith("order."):
            assert ">" in one.actual


def test_the_catalogue_is_large_and_covers_every_order_rule() -> None:
    covered = {broken.requirement for broken in CATALOGUE}
    rows = {
        row.id for row in JUDGE.context.register if row.id.startswith("order.") and row.observable == "stream"
    }
    assert len(CATALOGUE) >= 90
    assert rows <= covered


@pytest.mark.parametrize(("kind", "misspelt"), [("closed", False), ("disconnected", False), (None, True)])
def test_half_an_event_before_an_early_end_is_none(kind: str | None, misspelt: bool) -> None:
    """A name that is cut off in the middle was not misspelt; at the end of a whole stream it was."""
    body = good.to_body(good.HEAD) + b"event: thread.message.in_progres"
    failure = Failure(kind, "The connection ended.") if kind else None
    told = {one.requirement for one in findings(good.exchange(body, failure=failure))}
    assert ("event.names" in told) is misspelt
