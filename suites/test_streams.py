"""Chapters events and order: a streamed run by bytes, events and meaning."""

from __future__ import annotations

import pytest

from runs_conformance.contract.checks.runs import SETTINGS
from runs_conformance.contract.compare import same
from runs_conformance.contract.findings import verdict
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.traces import answer_run
from runs_conformance.live import Bench
from runs_conformance.scenes import accepted, row
from runs_conformance.stimuli.base import CREATE_RUN
from runs_conformance.stories import STOPPED, last_run
from runs_conformance.suite import rows

# The limited run first: whether its thread takes another run is seen by the stream that follows.
TOLD = ("stream-limit", "stream", "stream-both", "stream-tools", "stream-cancelled")


@pytest.mark.parametrize(
    "requirement",
    [
        *rows("event.", requests=55, runs=5), *rows("order."), *rows("headers.stream"),
        *rows("response.usage.steps-sum"),
    ],
)
def test_stream(bench: Bench, requirement: str) -> None:
    row(bench, requirement, *TOLD)


@pytest.mark.parametrize("requirement", rows("accept.stream.boolean"))
def test_stream_is_accepted(bench: Bench, requirement: str) -> None:
    row(bench, requirement, "stream", "stream-both")
    for name in ("stream", "stream-both"):
        story: tuple[Exchange, ...] = bench.live.shared(f"scene {name}", tuple)
        tried = [one for one in story if one.case is not None and requirement in one.case.requirements]
        if tried:
            bench.accept(tried[-1], [requirement])


@pytest.mark.parametrize("requirement", rows("error.before-stream"))
def test_refused_stream(bench: Bench, requirement: str) -> None:
    row(bench, requirement, "refused-streams")


@pytest.mark.requirement("isolation.stream-closed-early")
@pytest.mark.cost(4, 1)
def test_stream_closed_early(bench: Bench) -> None:
    """The client hangs up; the run can still be read and comes to an end."""
    row(bench, "isolation.stream-closed-early", "closed-early")
    story: tuple[Exchange, ...] = bench.live.shared("scene closed-early", tuple)
    if len(story) > 1 and story[0].streamed:
        status = last_run(story[1:]).get("status")
        bench.add(verdict(
            "isolation.stream-closed-early", story[-1].ok and status in STOPPED, story[-1],
            expected="the run is found and ends", actual=f"status {story[-1].status}, run {status}",
        ))


# What two runs of the same request may differ in; recordings show other contents of tool_resources in
# streams.
OWN = (
    "id", "thread_id", "created_at", "started_at", "expires_at", "completed_at", "status", "usage",
    "tool_resources",
)


@pytest.mark.requirement("isolation.streamed-equals-polled")
@pytest.mark.cost(0, 0)
def test_streamed_and_polled_agree(bench: Bench) -> None:
    """The control's body, once streamed and once not: the same keys, the same settings."""
    row(bench, "isolation.streamed-equals-polled", "closed-early")
    story: tuple[Exchange, ...] = bench.live.shared("scene closed-early", tuple)
    polled = answer_run(accepted(bench.live, CREATE_RUN))
    streamed = answer_run(story[0]) if story and story[0].streamed else {}
    if streamed:
        other = sorted(polled.keys() ^ streamed.keys())
        other += [
            name
            for name in (*SETTINGS, "metadata", "reasoning_effort") if name in polled and name in streamed
            and name not in OWN and not same(polled[name], streamed[name])
        ]
        bench.add(verdict(
            "isolation.streamed-equals-polled", not other, story[0], where="event 1",
            expected="the keys and settings of the polled run",
            actual={name: [polled.get(name, "nothing"), streamed.get(name, "nothing")] for name in other},
        ))
