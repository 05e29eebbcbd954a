"""Chapter isolation: threads, runs and refused calls do not touch one another."""

from __future__ import annotations

import pytest

from runs_conformance.contract.findings import Finding, verdict
from runs_conformance.contract.model import Case, Exchange
from runs_conformance.contract.operations import template
from runs_conformance.contract.traces import answer_run
from runs_conformance.live import Bench, answer_text
from runs_conformance.scenes import accepted, followed
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN


def _create(thread: str, body: object, case: Case | None = None) -> dict[str, object]:
    method, path = template(CREATE_RUN)
    return {"method": method, "path": path.replace("{thread}", thread), "body": body, "case": case}


@pytest.mark.requirement("isolation.threads-independent", "response.echo.metadata", "response.id-unique")
@pytest.mark.cost(6, 2)
def test_two_threads_at_once(bench: Bench) -> None:
    """Two runs on two threads at the same time: both accepted, each with its own settings."""
    live = bench.live
    accepted(live, CREATE_RUN)
    threads = [live.stage.thread(), live.stage.thread()]
    bodies = [live.plain(CREATE_RUN, metadata={"mine": str(index)}) for index in range(2)]
    both = live.client.send_together([_create(thread, body) for thread, body in zip(threads, bodies, strict=True)])
    for exchange in both:
        bench.add(verdict(
            "isolation.threads-independent", exchange.ok, exchange, expected="200, for another thread's run is no lock",
            actual=answer_text(exchange),
        ))


@pytest.mark.requirement("isolation.race-one-wins", "refuse.thread.active-run", "error.active-run")
@pytest.mark.cost(5, 1)
def test_race_on_one_thread(bench: Bench) -> None:
    """Two creates at the same time on one thread, and a third while the winner is at work."""
    live = bench.live
    accepted(live, CREATE_RUN)
    thread = live.stage.thread()
    racing = live.client.send_together([_create(thread, live.plain(CREATE_RUN)) for _ in range(2)])
    won = [one for one in racing if one.ok]
    bench.add(_one_winner(racing, won))


def _one_winner(racing: tuple[Exchange, ...], won: list[Exchange]) -> Finding:
    overlap = len(won) < 2 or not _finished_between(won)
    return verdict(
        "isolation.race-one-wins", len(won) < 2 or not overlap, racing[-1],
        expected="at most one of two creates that race on a thread is accepted", actual=[answer_text(one)[:40] for one in racing],
    )


def _finished_between(won: list[Exchange]) -> bool:
    """An instant server may end the first run before it takes the second: then each had the thread for itself."""
    return any(answer_run(one).get("status") in ("completed", "failed", "incomplete", "requires_action") for one in won)


@pytest.mark.requirement("isolation.not-idempotent", "response.id-unique")
@pytest.mark.cost(2, 1)
def test_same_body_again(bench: Bench) -> None:
    """The same body once more makes another run."""
    live = bench.live
    operation = CREATE_BOTH if live.profile.lacks("create-thread-and-run") is None else CREATE_RUN
    first = accepted(live, operation)
    again = live.create(operation, first.request.json)
    if again.ok:
        one, other = answer_run(first).get("id"), answer_run(again).get("id")
        bench.add(verdict("isolation.not-idempotent", one != other, again, where="response /id", expected=f"an id other than {one}", actual=other))


@pytest.mark.requirement("isolation.run-under-own-thread", "error.not-found.run")
@pytest.mark.cost(2, 0)
def test_run_under_another_thread(bench: Bench) -> None:
    live = bench.live
    live.needs("runs.retrieve")
    run = answer_run(accepted(live, CREATE_RUN))
    stranger = live.send("getRun", thread=live.stage.thread(), run=run["id"])
    refused = stranger.response is not None and stranger.response.refused
    bench.add(verdict(
        "isolation.run-under-own-thread", refused, stranger, expected="a 4xx: the run is found only under its own thread",
        actual=answer_text(stranger),
    ))


@pytest.mark.requirement("isolation.metadata-separate")
@pytest.mark.cost(4, 1)
def test_metadata_of_three_objects(bench: Bench) -> None:
    """Thread, message and run each keep the metadata they were given."""
    live = bench.live
    live.needs("thread.retrieve", "messages.list")
    accepted(live, CREATE_BOTH)
    body = live.plain(CREATE_BOTH, metadata={"of": "run"})
    body["thread"]["metadata"] = {"of": "thread"}
    body["thread"]["messages"][0]["metadata"] = {"of": "message"}
    created = live.create(CREATE_BOTH, body)
    if not created.ok:
        return
    reads = followed(live, created)
    shown = {"run": answer_run(created).get("metadata")}
    for one in reads:
        if one.operation.name == "getThread" and one.response is not None:
            shown["thread"] = one.response.object.get("metadata")
        if one.operation.name == "listMessages" and one.response is not None:
            mine = [entry for entry in one.response.object.get("data", []) if isinstance(entry, dict) and entry.get("role") == "user"]
            shown["message"] = mine[0].get("metadata") if mine else "no user message"
    wrong = {name: held for name, held in shown.items() if held != {"of": name}}
    bench.add(verdict("isolation.metadata-separate", not wrong, created, expected="each object's own metadata", actual=wrong))


@pytest.mark.requirement("isolation.refused-run-no-trace", "lifecycle.lock.released")
@pytest.mark.cost(6, 1)
def test_refused_call_locks_nothing(bench: Bench) -> None:
    """After a refused create the thread takes a run at once."""
    live = bench.live
    accepted(live, CREATE_RUN)
    thread = live.stage.thread()
    live.create(CREATE_RUN, live.plain(CREATE_RUN, temperature=3), thread=thread)
    exchange = live.create(CREATE_RUN, live.plain(CREATE_RUN), thread=thread)
    bench.add(verdict(
        "isolation.refused-run-no-trace", exchange.ok, exchange, expected="200: a refused call leaves the thread unlocked",
        actual=answer_text(exchange),
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
    stranger = live.send("getRun", thread=run["thread_id"], run=run["id"], headers={"Authorization": f"Bearer {second}"})
    refused = stranger.response is not None and stranger.response.refused
    bench.add(verdict("isolation.project", refused, stranger, expected="a 4xx: another project's run", actual=answer_text(stranger)))
