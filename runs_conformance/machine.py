"""A state machine that drives several threads at once; each story is judged by the same checks as all else.

Which rules there are depends on the profile only: a target answers when it likes, and Hypothesis wants the
same choices again. A rule that finds nothing to do at a thread does nothing.

Hypothesis chooses the calls; the model knows of each thread its run and the status last seen, and from that
what must be refused. A story that breaks a requirement is shrunk to the shortest one that still does, within
a budget of runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from runs_conformance.contract.findings import Finding, Outcome
from runs_conformance.contract.model import Case, Exchange
from runs_conformance.contract.timeline import FINAL
from runs_conformance.exploring import profile
from runs_conformance.live import Bench, Live
from runs_conformance.scenes import accepted
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN
from runs_conformance.stories import FORCED, asking, calls_of, last_run
from runs_conformance.target.journal import BudgetSpent

THREADS: Final = 2
# Stories, calls a story, and runs in all that a machine may start: a real target, and one that costs nothing.
BUDGETS: Final = {"smoke": (0, 0, 0), "standard": (2, 10, 4), "thorough": (25, 25, 60)}
EMBEDDED_BUDGETS: Final = {"smoke": (2, 8, 8), "standard": (8, 14, 60), "thorough": (60, 30, 600)}


# Stories told again to find the shortest one.
SHRINKING: Final = 25


class _Broken(AssertionError):  # noqa: N818 - how a story ends
    pass


@dataclass
class Ledger:
    """What all stories of a machine share: the runs spent, and the findings of the shortest broken story."""

    bench: Bench
    runs_left: int
    findings: list[Finding] = field(default_factory=list)
    story: tuple[Exchange, ...] = ()
    failing: bool = False
    spare: int = SHRINKING
    told: list[list[str]] = field(default_factory=list)


@dataclass
class Known:
    """The model of one thread: its newest run, and the run as it was shown last."""

    thread: str
    run: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        return str(self.run.get("status", ""))

    @property
    def active(self) -> bool:
        return bool(self.run) and self.status not in FINAL


def machine_for(ledger: Ledger) -> type[RuleBasedStateMachine]:  # noqa: C901 - one method a rule
    """The machine's class for one session; Hypothesis makes an instance for each story."""
    live: Live = ledger.bench.live

    class Lifecycle(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.known: list[Known] = []
            self.told: list[Exchange] = []

        def tell(self, at: int, exchange: Exchange) -> None:
            self.told.append(exchange)
            shown = last_run((exchange,))
            if shown and shown.get("thread_id") == self.known[at].thread:
                self.known[at].run = shown

        @initialize()
        def threads(self) -> None:
            ledger.spare -= ledger.failing
            if ledger.spare > 0:
                self.known = [Known(live.stage.thread()) for _ in range(THREADS)]

        @rule()
        def idle(self) -> None:
            """There is always something that can be done: nothing."""

        @rule(at=st.integers(0, THREADS - 1), tools=st.booleans(), stream=st.booleans())
        def create(self, at: int, tools: bool, stream: bool) -> None:
            if not self.known or ledger.runs_left <= 0:
                return
            ledger.runs_left -= not self.known[at].active
            body = {
                "assistant_id": live.stage.assistant(),
                "stream": stream and live.profile.lacks("streams") is None,
            }
            body |= {
                **FORCED, "additional_messages": asking(live, "Look up Paris."),
            } if tools and live.profile.lacks("tools.function") is None else {}
            waits = self.known[at].status == "requires_action"
            case = Case("a run while one waits", ("refuse.thread.active-run",), "refused") if waits else None
            self.tell(at, live.create(CREATE_RUN, body, thread=self.known[at].thread, case=case))

        @precondition(lambda _: live.profile.lacks("create-thread-and-run") is None)
        @rule(at=st.integers(0, THREADS - 1), stream=st.booleans())
        def create_both(self, at: int, stream: bool) -> None:
            if not self.known or ledger.runs_left <= 0:
                return
            ledger.runs_left -= 1
            body = live.plain(CREATE_BOTH, stream=stream and live.profile.lacks("streams") is None)
            exchange = live.create(CREATE_BOTH, body)
            shown = last_run((exchange,))
            if exchange.ok and isinstance(shown.get("thread_id"), str):
                self.known[at] = Known(shown["thread_id"])
            self.tell(at, exchange)

        @precondition(lambda _: live.profile.lacks("runs.retrieve") is None)
        @rule(at=st.integers(0, THREADS - 1))
        def poll(self, at: int) -> None:
            self._about_run(at, "getRun")

        @precondition(lambda _: live.profile.lacks("runs.cancel") is None)
        @rule(at=st.integers(0, THREADS - 1))
        def cancel(self, at: int) -> None:
            if self.known and self.known[at].active:
                self._about_run(at, "cancelRun")

        @precondition(lambda _: live.profile.lacks("runs.modify") is None)
        @rule(at=st.integers(0, THREADS - 1))
        def modify(self, at: int) -> None:
            if self.known and not self.known[at].active:
                self._about_run(at, "modifyRun", body={"metadata": {"story": str(len(self.told))}})

        @precondition(lambda _: live.profile.lacks("runs.submit") is None)
        @rule(at=st.integers(0, THREADS - 1), stream=st.booleans(), whole=st.booleans())
        def submit(self, at: int, stream: bool, whole: bool) -> None:
            if not self.known or self.known[at].status != "requires_action":
                return
            calls = calls_of(self.known[at].run)
            outputs = [{"tool_call_id": call, "output": "sunny"} for call in (calls if whole else calls[1:])]
            self._about_run(
                at, "submitToolOutputs",
                body={"tool_outputs": outputs, "stream": stream and live.profile.lacks("streams") is None},
            )

        @precondition(lambda _: live.profile.lacks("messages.create") is None)
        @rule(at=st.integers(0, THREADS - 1))
        def add_message(self, at: int) -> None:
            if self.known:
                self.tell(
                    at,
                    live.send(
                        "createMessage", thread=self.known[at].thread,
                        body={"role": "user", "content": live.text("More.")},
                    ),
                )

        @precondition(lambda _: live.profile.lacks("runs.list") is None)
        @rule(at=st.integers(0, THREADS - 1))
        def list_runs(self, at: int) -> None:
            if self.known:
                self.told.append(live.send("listRuns", thread=self.known[at].thread))

        def _about_run(self, at: int, operation: str, **more: Any) -> None:
            known = self.known[at] if self.known else Known("")
            if known.run:
                self.tell(at, live.send(operation, thread=known.thread, run=known.run["id"], **more))

        def teardown(self) -> None:
            _judge(ledger, tuple(self.told))

    return Lifecycle


def _judge(ledger: Ledger, told: tuple[Exchange, ...]) -> None:
    bench = ledger.bench
    ledger.told.append([one.id for one in told])
    found = bench.live.judge.everything(told)
    bench.exchanges.update((one.id, one) for one in told)
    bench.add(*(one for one in found if one.outcome is Outcome.PASSED))
    broken = [one for one in found if one.failed and bench.live.register[one.requirement].level != "MAY"]
    if broken and (not ledger.failing or len(told) <= len(ledger.story)):
        ledger.failing, ledger.story, ledger.findings = True, told, broken
    if broken:
        raise _Broken


def _tell(ledger: Ledger, chosen: settings) -> None:
    live = ledger.bench.live
    mark = live.client.mark()
    try:
        run_state_machine_as_test(seed(live.seed)(machine_for(ledger)), settings=chosen)
    except (_Broken, BudgetSpent, Flaky):
        if not ledger.failing:
            raise
    finally:
        live.frozen.stories = ledger.told
        live.frozen.sent = [one.id for one in live.client.since(mark)]


def _tell_again(ledger: Ledger) -> None:
    """Stories that were recorded are judged anew, not driven: which calls they have was chosen then."""
    live = ledger.bench.live
    sent = live.client.retell(live.frozen.sent)
    for story in live.frozen.stories:
        try:
            _judge(ledger, tuple(sent[name] for name in story))
        except _Broken:
            continue


def drive(bench: Bench) -> None:
    """Run the machine within its budget; findings carry the shortest story that showed them."""
    bench.generated = True
    live = bench.live
    stories, calls, runs = (EMBEDDED_BUDGETS if live.scripted else BUDGETS)[live.effort]
    if not stories:
        return
    accepted(live, CREATE_RUN)
    ledger = Ledger(bench, runs)
    if live.client.offline:
        _tell_again(ledger)
    else:
        _tell(ledger, settings(profile(live.effort), max_examples=stories, stateful_step_count=calls))
    lines = [f"{one.request.method} {one.request.path} -> {one.status}" for one in ledger.story]
    told = "; ".join(f"{number} {line}" for number, line in enumerate(lines, 1))
    bench.add(
        *(
            replace(one, case=f"a story of {len(ledger.story)} calls", actual=f"{one.actual} (story: {told})")
            for one in ledger.findings
        )
    )
    bench.story = ledger.story
