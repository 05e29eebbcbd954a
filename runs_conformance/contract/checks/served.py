"""The operations around a run are there: what a create call answered with can be read, listed, modified."""

from collections.abc import Iterator
from typing import Final

from runs_conformance.contract.capabilities import OF_OPERATION
from runs_conformance.contract.findings import Finding, verdict
from runs_conformance.contract.judge import Context, on_trace
from runs_conformance.contract.model import Exchange, Trace
from runs_conformance.contract.traces import answer_run, of_kind

# Submits and cancels have rows of their own.
OPERATIONS: Final = (
    "getRun", "modifyRun", "listRuns", "listRunSteps", "getRunStep", "getThread", "listMessages",
    "createMessage",
)  # fmt: skip
# What servers and frameworks answer where they have no such route; other refusals have other rows.
NO_ROUTE: Final = (404, 405, 501)
CREATES: Final = ("createRun", "createThreadAndRun")


@on_trace("lifecycle.served")
def served(trace: Trace, context: Context) -> Iterator[Finding]:
    """Each operation on a thread and run that were answered before, unless something was deleted."""
    if not context.ours:  # of others' traffic nobody knows whose key a request had, or what it was sent for
        return
    runs, threads, steps = set[str](), set[str](), set[str]()
    for exchange in trace:
        if exchange.operation.name == "deleteThread":
            return
        name = exchange.operation.name
        wanted = name in OPERATIONS and OF_OPERATION[name] not in context.absent
        if wanted and _known(exchange, runs, threads, steps):
            yield _verdict(exchange)
        steps |= {str(one.value.get("id")) for one in of_kind(exchange, "thread.run.step")}
        if exchange.ok and name in CREATES:
            run = answer_run(exchange)
            runs.add(str(run.get("id")))
            threads.add(str(run.get("thread_id")))


def _known(exchange: Exchange, runs: set[str], threads: set[str], steps: set[str]) -> bool:
    meant = exchange.case is None or exchange.case.expect != "refused"
    there = exchange.operation.id("thread") in threads and all(
        name is None or name in known
        for name, known in ((exchange.operation.id("run"), runs), (exchange.operation.id("step"), steps))
    )
    return meant and there and exchange.response is not None and not exchange.throttled


def _verdict(exchange: Exchange) -> Finding:
    capability = OF_OPERATION[exchange.operation.name]
    return verdict(
        "lifecycle.served", exchange.status not in NO_ROUTE, exchange,
        expected=f"an answer about a thread and a run that are there (or {capability} declared absent)",
        actual=f"status {exchange.status}",
    )  # fmt: skip
