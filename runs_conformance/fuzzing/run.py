"""A fuzz run: the phases one after the other, findings told as they come, one report at the end."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hypothesis.database import ExampleDatabase

from runs_conformance.contract.findings import Finding, passed
from runs_conformance.fuzzing import documents, generated
from runs_conformance.fuzzing.budget import Budget, BudgetedClient
from runs_conformance.fuzzing.living import Living
from runs_conformance.fuzzing.panel import Panel
from runs_conformance.fuzzing.phases import PHASES, Round
from runs_conformance.fuzzing.replaying import Undecided, again, function
from runs_conformance.fuzzing.store import Failure, Store
from runs_conformance.live import Bench, Live
from runs_conformance.options import Chosen
from runs_conformance.report.text import emit, escape, wants_colour
from runs_conformance.session import Verdicts, records, redactor, session
from runs_conformance.target.client import Client
from runs_conformance.target.journal import BudgetSpent
from runs_conformance.target.profile import Profile
from runs_conformance.target.stage import Blocked

COULD_NOT_RUN: Final = 2
# Functions printed at the end; the database has every failure.
SHOWN: Final = 10


@dataclass(frozen=True)
class Wanted:
    """What the command was asked for beside what `check` knows."""

    database: ExampleDatabase
    openapi: tuple[Path, ...] = ()
    phases: tuple[str, ...] = tuple(PHASES)
    operations: tuple[str, ...] = ("*",)
    max_requests: int | None = None
    max_time: float | None = None
    replayed: str | None = None


@dataclass
class Log:
    """What a run says as it goes on, and what of it belongs at the end."""

    chosen: Chosen
    store: Store
    failures: list[tuple[Failure, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def found(self, finding: Finding, failure: Failure, phase: str) -> None:
        row = self.chosen.register[finding.requirement]
        clean = redactor(self.chosen.profile).text
        told = f"FOUND {failure.id} {row.level} {row.id} ({phase}) {failure.operation}: {finding.actual}"
        self.say(clean(escape(told))[:300])
        if phase != "kept":
            self.store.keep(failure)
        self.failures.append((failure, row.statement))

    def phase(self, text: str) -> None:
        self.lines.append(text)
        self.say(text)

    def say(self, text: str) -> None:
        emit(sys.stderr, f"{text}\n")


def fuzz(chosen: Chosen, wanted: Wanted) -> int:
    """Fuzz a target; the exit code (0, 1, 2), and the report on standard output."""
    log = Log(chosen, Store(wanted.database))
    verdicts = Verdicts(chosen, {"checks": 0, "requests": 0, "runs": 0}, quiet=True)
    verdicts.start()
    log.say(f"Fuzzing {verdicts.header.target} with seed {chosen.seed}.")
    interrupted = False
    try:
        with _target(chosen, wanted) as live:
            _run(live, wanted, log, verdicts)
    except Blocked as blocked:
        verdicts.stop(blocked.sentence)
    except KeyboardInterrupt:
        interrupted = True
    for text in _notes(log, wanted):
        verdicts.take([{"kind": "note", "text": text}], None, "", done=False, what="")
    code = verdicts.finish(interrupted=interrupted)
    if verdicts.unreachable:
        emit(sys.stderr, f"runs-conformance: {verdicts.reason}\n")
        return COULD_NOT_RUN
    colour = wants_colour(sys.stdout, "auto", os.environ)
    emit(sys.stdout, verdicts.text(shutil.get_terminal_size().columns, colour))
    return code


@contextmanager
def _target(chosen: Chosen, wanted: Wanted) -> Iterator[Live]:
    budget = Budget(wanted.max_requests, wanted.max_time)

    def client(profile: Profile, base_url: str) -> Client:
        return BudgetedClient(profile, base_url, budget)

    with session(chosen, client) as live:
        yield live


def _run(live: Live, wanted: Wanted, log: Log, verdicts: Verdicts) -> None:
    base_url = live.client.base_url
    theirs = [documents.theirs(each, base_url) for each in wanted.openapi]
    schemas = (documents.contract(live.edition, base_url), *theirs)
    for schema in schemas[1:]:
        for text in documents.broken(schema):
            log.phase(f"left out of the document: {text}")
    bench = Bench(live, frozenset())
    panel = Panel(bench, Living(live), log.found)
    thinning = generated.Thinning(live.edition)
    one = Round(panel, schemas, log.store, wanted.database, thinning, {}, wanted.operations)
    done = 0
    try:
        live.stage.reachable()
        if wanted.replayed is not None:
            _replay(one, wanted.replayed, log)
            return
        for name in wanted.phases:
            done = _phase(one, name, log, verdicts, done)
    except BudgetSpent as spent:
        log.phase(f"the setup was cut short: {spent}")
    finally:
        _take(bench, verdicts, live, done)


def _phase(one: Round, name: str, log: Log, verdicts: Verdicts, done: int) -> int:
    """One phase, cut short where its share of the budget ends; how many findings have been handed on."""
    live = one.panel.live
    phase, share = PHASES[name]
    budget = live.client.budget  # type: ignore[attr-defined] # `_target` made it
    mark, start, before, found = live.client.mark(), time.monotonic(), live.client.requests, len(log.failures)
    ended = ""
    with budget.share(share):
        try:
            for _ in phase(one):
                pass
        except BudgetSpent as spent:
            ended = f", cut short: {spent}"
        except Blocked as blocked:
            if blocked.fatal:
                raise
            ended = f", ended: {blocked.sentence}"
    if one.panel.skipped and not ended:
        ended = f", cut short: {one.panel.skipped}"
    one.panel.skipped = ""
    one.panel.judge_all(live.client.since(mark), name)
    sent, new = live.client.requests - before, len(log.failures) - found
    log.phase(f"{name}: {sent} requests, {time.monotonic() - start:.1f} s, {new} new findings{ended}")
    return _take(one.panel.bench, verdicts, live, done)


def _take(bench: Bench, verdicts: Verdicts, live: Live, done: int) -> int:
    """Hand on the findings that are new since `done`."""
    fresh = bench.findings[done:]
    cost = (live.client.requests, live.client.runs_started)
    verdicts.take(records(verdicts.chosen, fresh, bench, ""), cost, "", done=True, what="")
    return len(bench.findings)


def _replay(one: Round, name: str, log: Log) -> None:
    failure = log.store.get(name)
    try:
        finding = again(failure, one.panel, one.schemas)
    except Undecided as undecided:
        raise Blocked(f"failure {name}", f"the case can't be repeated: {undecided}", fatal=True) from None
    if finding is None:
        one.panel.bench.add(passed(failure.requirement))
    told = "it fails no more" if finding is None else "it still fails"
    log.phase(f"failure {name} ({failure.requirement}): {told}")


def _notes(log: Log, wanted: Wanted) -> Iterator[str]:
    if log.lines:
        yield "Phases:\n" + "\n".join(f"  {line}" for line in log.lines)
    openapi = str(wanted.openapi[0]) if wanted.openapi else None
    hide = redactor(log.chosen.profile).text
    for failure, statement in log.failures[:SHOWN]:
        words = f"runs-conformance fuzz {log.chosen.target} --replay-failure {failure.id}"
        told = hide(function(failure, log.chosen.target, openapi, statement))
        yield f"Repeat {failure.id} with: {hide(words)}\nor in a test of yours:\n\n{told}"
    if len(log.failures) > SHOWN:
        more = ", ".join(failure.id for failure, _ in log.failures[SHOWN:])
        yield f"Further findings, to be repeated with --replay-failure: {more}"

