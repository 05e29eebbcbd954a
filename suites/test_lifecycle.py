"""Chapter lifecycle: what a run goes through, and what its thread allows meanwhile."""

from __future__ import annotations

import pytest

from runs_conformance import stories  # noqa: F401 - tells the scenes
from runs_conformance.live import Bench
from runs_conformance.scenes import row
from runs_conformance.suite import rows

TOLD = ("plain", "both", "race", "tools", "lists", "stream", "stream-limit")


@pytest.mark.parametrize("requirement", rows("lifecycle.", but=["lifecycle.expiry"], requests=60, runs=2))
def test_lifecycle(bench: Bench, requirement: str) -> None:
    row(bench, requirement, *TOLD)


@pytest.mark.parametrize(
    "requirement",
    rows("response.required-action", "refuse.thread.active-run", "error.active-run", "event.step-output"),
)
def test_waiting_for_tools(bench: Bench, requirement: str) -> None:
    row(bench, requirement, "tools")


@pytest.mark.requirement("isolation.race-one-wins")
@pytest.mark.cost(10, 1)
def test_race(bench: Bench) -> None:
    row(bench, "isolation.race-one-wins", "race")




@pytest.mark.parametrize("requirement", rows("lifecycle.expiry"))
def test_expiry(bench: Bench, requirement: str) -> None:
    if bench.live.profile.resource("clock") is not None:
        row(bench, requirement, "expiring")


@pytest.mark.parametrize("requirement", rows("refuse.empty-thread"))
def test_empty_thread(bench: Bench, requirement: str) -> None:
    row(bench, requirement, "bare")


@pytest.mark.parametrize("requirement", rows("response.deleted.form", "response.list", "error.not-found.run"))
def test_lists(bench: Bench, requirement: str) -> None:
    row(bench, requirement, "lists")


@pytest.mark.parametrize(
    "requirement",
    rows(
        "response.last-error", "error.after-start", "event.error", "order.error-last",
        "lifecycle.message-ends",
    ),
)
def test_scripted_failures(bench: Bench, requirement: str) -> None:
    """Only our own reference fails when it is told to."""
    if bench.live.scripted:
        row(bench, requirement, "failing", "race")


@pytest.mark.parametrize("requirement", rows("event.step-search-content", "order.hosted-step-closed"))
def test_hosted_tools(bench: Bench, requirement: str) -> None:
    if bench.live.profile.resource("vector_store") is not None:
        row(bench, requirement, "hosted")
