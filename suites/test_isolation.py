"""Chapter isolation: threads, runs and refused calls do not touch one another."""

from __future__ import annotations

import pytest

from runs_conformance import stories  # noqa: F401 - tells the scenes
from runs_conformance.contract.findings import verdict
from runs_conformance.contract.model import Case
from runs_conformance.contract.operations import template
from runs_conformance.contract.traces import answer_run
from runs_conformance.live import Bench, Live, answer_text
from runs_conformance.scenes import accepted, row
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN
from runs_conformance.suite import rows


def _create(thread: str, body: object, case: Case | None = None) -> dict[str, object]:
    method, path = template(CREATE_RUN)
    return {"method": method, "path": path.replace("{thread}", thread), "body": body, "case": case}


def _refused_on(live: Live) -> str:
    """A thread on which a call was refused.

    A fresh one if the target took it, for then a run is on the first.
    """
    thread = live.stage.thread()
    call = live.create(CREATE_RUN, live.plain(CREATE_RUN, temperature=3), thread=thread)
    return live.stage.thread() if call.ok else thread


@pytest.mark.requirement(
    "isolation.threads-independent", "isolation.refused-run-no-trace", "response.id-unique",
)
@pytest.mark.cost(6, 2)
def test_two_threads_at_once(bench: Bench) -> None:
    """Two runs on two threads at the same time, streamed where there are streams.

    Each with its own settings and events.

    A call was refused on both threads before, which must lock nothing.
    """
    live = bench.live
    live.needs("threads")
    accepted(live, CREATE_RUN)
    threads = [_refused_on(live), _refused_on(live)]
    stream = live.profile.lacks("streams") is None
    bodies = [live.plain(CREATE_RUN, metadata={"mine": str(index)}, stream=stream) for index in range(2)]
    calls = [_create(thread, body) for thread, body in zip(threads, bodies, strict=True)]
    both = live.client.send_together(calls)
    for exchange in both:
        bench.add(verdict(
            "isolation.threads-independent", exchange.ok, exchange,
            expected="200, for another thread's run is no lock",
            actual=answer_text(exchange),
        ))
        bench.add(verdict(
            "isolation.refused-run-no-trace", exchange.ok, exchange,
            expected="200: a refused call leaves the thread unlocked",
            actual=answer_text(exchange),
        ))


@pytest.mark.parametrize("requirement", rows("isolation.metadata-separate"))
def test_metadata_of_three_objects(bench: Bench, requirement: str) -> None:
    """Run, thread and message of one call, each with metadata of its own."""
    row(bench, requirement, "stream-both", "both")


INCLUDE = (("include[]", "step_details.tool_calls[*].file_search.results[*].content"),)


@pytest.mark.requirement("isolation.not-idempotent", "refuse.create-thread-and-run.include")
@pytest.mark.cost(2, 1)
def test_same_body_again(bench: Bench) -> None:
    """The same body once more makes another run.

    Include[], which this operation does not know, changes nothing.
    """
    live = bench.live
    operation = CREATE_BOTH if live.profile.lacks("create-thread-and-run") is None else CREATE_RUN
    first = accepted(live, operation)
    again = live.create(operation, first.request.json, query=INCLUDE if operation == CREATE_BOTH else ())
    if operation == CREATE_BOTH:
        plain = (
            again.response is not None
            and (again.response.refused or (again.ok and answer_run(again).get("object") == "thread.run"))
        )
        bench.add(verdict(
            "refuse.create-thread-and-run.include", plain, again, expected="a 4xx, or an ordinary run",
            actual=answer_text(again),
        ))
        again = again if again.ok else live.create(operation, first.request.json)
    if again.ok:
        one, other = answer_run(first).get("id"), answer_run(again).get("id")
        bench.add(verdict(
            "isolation.not-idempotent", one != other, again, where="response /id",
            expected=f"an id other than {one}", actual=other,
        ))


@pytest.mark.requirement("isolation.run-under-own-thread", "error.not-found.run")
@pytest.mark.cost(3, 0)
def test_run_under_another_thread(bench: Bench) -> None:
    live = bench.live
    live.needs("runs.retrieve", "threads")
    run = answer_run(accepted(live, CREATE_RUN))
    # a server that has shown a run once must not show it elsewhere either
    live.send("getRun", thread=run["thread_id"], run=run["id"])
    stranger = live.send("getRun", thread=live.stage.thread(), run=run["id"])
    refused = stranger.response is not None and stranger.response.refused
    bench.add(verdict(
        "isolation.run-under-own-thread", refused, stranger,
        expected="a 4xx: the run is found only under its own thread",
        actual=answer_text(stranger),
    ))


@pytest.mark.requirement("isolation.project")
@pytest.mark.cost(1, 0)
def test_other_project(bench: Bench) -> None:
    """With another project's key the run is not there."""
    live = bench.live
    second = live.profile.resource("second_key")
    live.needs("runs.retrieve")
    if second is None:
        bench.excuse(["isolation.project"], "the profile names no second key (resources.second_key_env)")
        return
    run = answer_run(accepted(live, CREATE_RUN))
    headers = (
        {"api-key": second}
        if live.profile.auth_header == "api-key"
        else {"Authorization": f"Bearer {second}"}
    )
    stranger = live.send("getRun", thread=run["thread_id"], run=run["id"], headers=headers)
    refused = stranger.response is not None and stranger.response.refused
    bench.add(verdict(
        "isolation.project", refused, stranger, expected="a 4xx: another project's run",
        actual=answer_text(stranger),
    ))
