"""The command `clients`: drivers, the target that they talk to through a proxy, and what becomes of it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from runs_conformance import __version__
from runs_conformance.clients.cases import ClientCase
from runs_conformance.clients.catalogue import Driver, InstallError, chosen, install, is_installed, known
from runs_conformance.clients.comparing import Truth, compare, truth
from runs_conformance.clients.dialects import DialectError
from runs_conformance.clients.driving import DriverError, HangError, Talk
from runs_conformance.clients.passing import Passing, passing
from runs_conformance.clients.tasks import Task, plain_tasks, scenario_tasks
from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.register import NEWEST, load
from runs_conformance.options import EMBEDDED, UsageError
from runs_conformance.report.ending import VERDICTS
from runs_conformance.report.records import Cost, Footer, Header, environment, now
from runs_conformance.report.summary import Summary, summarise
from runs_conformance.report.text import emit, wrap
from runs_conformance.report.writer import ResultsWriter
from runs_conformance.target.client import Client
from runs_conformance.target.profile import PLACEHOLDER_KEY
from runs_conformance.target.reading import check_url
from runs_conformance.target.reading import load as load_profile
from runs_conformance.target.settings import ProfileError
from runs_conformance.target.stage import Blocked, Stage

KEY: Final = "sk-runs-conformance-clients"
MOST_TOLD: Final = 40
_WIDTH: Final = 100
_TOLD: Final = {"wrong": "WRONG", "refused": "REFUSED", "known": "known"}


def clients(arguments: argparse.Namespace) -> int:
    """Run the chosen drivers; the exit code. UsageError for what can't be used."""
    root = (Path(arguments.folder) if arguments.folder else _cache()).resolve()
    try:
        found = chosen(arguments.only)
    except DialectError as error:
        raise UsageError(str(error)) from None
    if arguments.list:
        return _list(found, root)
    ready, left = _ready(found, root, make=arguments.install)
    if not ready:
        raise UsageError("no client can be run: " + "; ".join(f"{one.client}: {one.why}" for one in left))
    run = _Run(arguments, root)
    run.all(ready)
    return run.end(left)


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(base) if base else Path.home() / ".cache") / "runs-conformance" / "clients"


def _list(found: Sequence[Driver], root: Path) -> int:
    for driver in found:
        there = is_installed(driver, root / driver.name)
        state = driver.lacking or ("installed" if there else "not installed")
        uses = ", ".join(name for name, _ in driver.uses)
        sys.stdout.write(f"{driver.name:<20} {driver.dialect.version:<10} {uses:<24} {state}\n")
    return 0


def _ready(
    found: Sequence[Driver], root: Path, *, make: bool,
) -> tuple[list[Driver], list[ClientCase]]:
    """The drivers that can run, and a skipped case for each that can't."""
    ready: list[Driver] = []
    left: list[ClientCase] = []
    for driver in found:
        why = driver.lacking
        if not why and make:
            why = _installed(driver, root / driver.name)
        elif not why and not is_installed(driver, root / driver.name):
            why = "not installed yet; --install makes its environment"
        if why:
            left.append(ClientCase(driver.name, "all", "skipped", why))
        else:
            ready.append(driver)
    return ready, left


def _installed(driver: Driver, home: Path) -> str:
    try:
        if install(driver, home):
            emit(sys.stderr, f"installed {driver.name} in {home}\n")
    except InstallError as error:
        return str(error)
    return ""


@contextmanager
def _target(target: str) -> Iterator[str]:
    if target != EMBEDDED:
        try:
            yield check_url(target)
        except ProfileError as error:
            raise UsageError(str(error)) from None
        return
    from runs_conformance.reference.options import ReferenceOptions  # noqa: PLC0415 - only where it is wanted
    from runs_conformance.reference.server import running  # noqa: PLC0415

    with running(ReferenceOptions(scenarios=True)) as base_url:
        yield base_url


def _assistant(base_url: str, arguments: argparse.Namespace) -> str:
    """An assistant made on the target; UsageError where it can't be made."""
    try:
        profile = load_profile(None, {"key_env": arguments.key_env, "model": arguments.model})
        with Client(profile, base_url) as client:
            return Stage(client).assistant()
    except Blocked as error:
        raise UsageError(f"{error.sentence}; name one with --assistant") from None
    except ProfileError as error:
        raise UsageError(str(error)) from None


class _Run:
    """One run of the command: its target, its proxy, and the cells of its matrix."""

    def __init__(self, arguments: argparse.Namespace, root: Path) -> None:
        self.arguments = arguments
        self.root = root
        self.cases: list[ClientCase] = []
        self.findings: list[Finding] = []
        self.excused: set[int] = set()
        self._known = known()
        self._began = time.monotonic()
        results = Path(arguments.results) if arguments.results else None
        try:
            self._writer = ResultsWriter(results)
        except OSError as error:
            raise UsageError(f"--results {results}: can't be written ({error.strerror})") from None
        self.requests = 0

    def all(self, ready: Sequence[Driver]) -> None:
        arguments = self.arguments
        # The key that our own client has too: a key is a project of its own.
        given = os.environ.get(arguments.key_env, "").strip()
        key = KEY if arguments.target == EMBEDDED else given or PLACEHOLDER_KEY
        self._writer.header(self._header(ready))
        with _target(arguments.target) as base_url, passing(base_url) as proxy:
            tasks = self._tasks(proxy, base_url, key)
            for driver in ready:
                self._driver(driver, tasks, proxy)
        self.findings = proxy.findings
        self.requests = proxy.count

    def _tasks(self, proxy: Passing, base_url: str, key: str) -> tuple[Task, ...]:
        arguments = self.arguments
        if arguments.target != EMBEDDED:
            if arguments.scenario:
                raise UsageError("--scenario needs the embedded target: another one has no scenarios")
            assistant = arguments.assistant or _assistant(base_url, arguments)
            return plain_tasks(proxy.address + proxy.base_path, key, assistant, arguments.seconds)
        from runs_conformance.reference.scenarios import every  # noqa: PLC0415 - the reference target's

        try:
            return scenario_tasks(every(), proxy.address, arguments.scenario, key, arguments.seconds)
        except DialectError as error:
            raise UsageError(str(error)) from None

    def _header(self, ready: Sequence[Driver]) -> Header:
        return Header(
            tool=f"runs-conformance {__version__}", started_at=now(), target=str(self.arguments.target),
            edition=NEWEST, profile="clients", seed=None, selection=tuple(one.name for one in ready),
            strict=False, planned={}, **environment(),
        )

    def _driver(self, driver: Driver, tasks: Sequence[Task], proxy: Passing) -> None:
        with ExitStack() as held:
            talk: Talk | None = None
            for use, _ in driver.uses:
                for number, task in enumerate(tasks):
                    if talk is None:
                        talk = self._begin(driver, held)
                    asked = replace(task, document={**task.document, "task": f"{use}-{number}", "use": use})
                    case, broken = _asked(f"{driver.dialect.title} {use}", asked, talk, proxy)
                    self._take(driver, use, task, case)
                    talk = None if broken else talk
        mine = [one for one in self.cases if one.client.startswith(driver.dialect.title)]
        right = sum(one.outcome == "served" for one in mine)
        emit(sys.stderr, f"{driver.dialect.title} {driver.dialect.version}: {right} of {len(mine)} right\n")

    def _begin(self, driver: Driver, held: ExitStack) -> Talk:
        try:
            talk = Talk(driver, self.root / driver.name)
        except DriverError as error:
            raise UsageError(str(error)) from None
        held.callback(talk.close)
        return talk

    def _take(self, driver: Driver, use: str, task: Task, case: ClientCase) -> None:
        if case.outcome == "wrong":
            fitting = (one for one in self._known if one.fits(driver.name, use, task.name, case.why))
            excuse = next(fitting, None)
            if excuse is not None:
                self.excused.add(id(excuse))
                case = replace(case, outcome="known", why=f"{case.why} [{excuse.source}]")
        self.cases.append(case)
        self._writer.case(case.record)

    def end(self, left: Sequence[ClientCase]) -> int:
        """Tell it, write the footer; the exit code."""
        for case in left:
            self._writer.case(case.record)
        wrong = [one for one in self.cases if one.outcome == "wrong"]
        bad = wrong or any(one.outcome == "refused" for one in self.cases)
        code = 1 if bad or any(self._about_clients()) else 0
        summary = summarise(load(), NEWEST, None, self.findings)
        self._writer.footer(self._footer(summary, code, wrong))
        self._writer.close()
        for line in self._told(left, wrong):
            emit(sys.stdout, line + "\n")
        return code

    def _footer(self, summary: Summary, code: int, wrong: Sequence[ClientCase]) -> Footer:
        cost = Cost(requests=self.requests, seconds=time.monotonic() - self._began)
        return Footer(
            finished_at=now(), verdict=VERDICTS[code], exit_code=code, reason=_sentence(self.cases, wrong),
            outcomes=summary.outcomes, levels=summary.levels, requests=cost.requests, runs=0,
            seconds=round(cost.seconds, 3),
        )

    def _about_clients(self) -> Iterator[Finding]:
        register = load()
        yield from (one for one in self.findings if one.failed and register[one.requirement].about_clients)

    def _told(self, left: Sequence[ClientCase], wrong: Sequence[ClientCase]) -> Iterator[str]:
        for client in dict.fromkeys(one.client for one in self.cases):
            mine = [one for one in self.cases if one.client == client and one.outcome != "skipped"]
            right = sum(one.outcome == "served" for one in mine)
            yield f"{client}: {right} of {len(mine)} right"
        for case in [one for one in self.cases if one.outcome in _TOLD][:MOST_TOLD]:
            word = _TOLD[case.outcome]
            yield from wrap(f"{word} {case.client}, {case.case}: {case.why}", _WIDTH, "", "    ")
        for case in left:
            yield f"skipped {case.client}: {case.why}"
        for row in dict.fromkeys(one.requirement for one in self._about_clients()):
            count = sum(one.requirement == row for one in self._about_clients())
            yield f"what clients sent broke {row} in {count} requests"
        yield _sentence(self.cases, wrong)


def _asked(client: str, task: Task, talk: Talk, proxy: Passing) -> tuple[ClientCase, bool]:
    """The cell of one task, and whether the driver's process is used up."""
    proxy.start()
    broken = False
    try:
        report = talk.ask(task.document, task.seconds + 5.0)
        outcome, why = _judged(task, report, truth(proxy.exchanges()))
    except HangError as error:
        outcome, why, broken = "wrong", f"it hung: {error}", True
    except DriverError as error:
        outcome, why, broken = "wrong", str(error), True
    seen: Sequence[Exchange] = proxy.exchanges()
    return ClientCase(client, task.name, outcome, why, seen[-1].id if seen else ""), broken


def _judged(task: Task, report: Mapping[str, Any], seen: Truth) -> tuple[str, str]:
    """A scenario may be an error on purpose; a plain task that ends in one is not served."""
    if report["outcome"] == "unsupported":
        return "skipped", "the driver has no such use"
    why = compare(report, seen)
    if not why and task.plain and seen.error is not None:
        return "refused", f"answered {seen.error[0]}: {seen.error[1].get('message')}"
    return ("wrong" if why else "served"), why


def _sentence(cases: Sequence[ClientCase], wrong: Sequence[ClientCase]) -> str:
    tried = sum(one.outcome != "skipped" for one in cases)
    excused, refused = (sum(one.outcome == kind for one in cases) for kind in ("known", "refused"))
    told = f"{tried} tasks: {tried - excused - refused - len(wrong)} right"
    if refused:
        told += f", {refused} refused by the target"
    if excused:
        told += f", {excused} wrong in ways that are known"
    return f"{told}, {len(wrong)} wrong." if wrong else f"{told}."
