"""The command `clients`: drivers, the target that they talk to through a proxy, and what becomes of it."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from runs_conformance import __version__
from runs_conformance.clients.agreeing import Agreement, agreements
from runs_conformance.clients.cases import ClientCase
from runs_conformance.clients.catalogue import (
    FOLDER,
    Driver,
    InstallError,
    chosen,
    install,
    is_installed,
    known,
    sent,
)
from runs_conformance.clients.dialects import DialectError
from runs_conformance.clients.driving import DriverError, Talk
from runs_conformance.clients.passing import Passing, passing
from runs_conformance.clients.tasks import Task, plain_tasks, scenario_tasks
from runs_conformance.clients.trying import Spoken, requests, tried
from runs_conformance.contract.findings import Finding
from runs_conformance.contract.register import NEWEST, load
from runs_conformance.options import EMBEDDED, UsageError
from runs_conformance.report.ending import VERDICTS
from runs_conformance.report.records import Cost, Footer, Header, Note, environment, now
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
    folder = Path(arguments.drivers) if arguments.drivers else FOLDER
    try:
        found = chosen(arguments.only, folder)
    except DialectError as error:
        raise UsageError(str(error)) from None
    if arguments.list:
        return _list(found, root)
    ready, left = _ready(found, root, make=arguments.install)
    if not ready:
        raise UsageError("no client can be run: " + "; ".join(f"{one.client}: {one.why}" for one in left))
    run = _Run(arguments, root, folder)
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
        sys.stdout.write(f"{driver.name:<20} {driver.version:<24} {uses:<24} {state}\n")
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
    from runs_conformance.reference.variations import options_for  # noqa: PLC0415

    # Some clients send no OpenAI-Beta, which is told of their requests and must not end all else.
    with running(options_for(["beta-optional"], ReferenceOptions(scenarios=True))) as base_url:
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

    def __init__(self, arguments: argparse.Namespace, root: Path, folder: Path) -> None:
        self.arguments = arguments
        self.root = root
        self.cases: list[ClientCase] = []
        self.findings: list[Finding] = []
        self.agreed: tuple[Agreement, ...] = ()
        try:
            self._known, self._sent = known(folder), sent(folder)
        except DialectError as error:
            raise UsageError(str(error)) from None
        self._verdicts = _verdicts(arguments.verdicts)
        self._spoken: list[Spoken] = []
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
        register = load()
        for one in self._spoken:
            self._add(requests(one, self.findings, register, self._sent))
        self.agreed = tuple(agreements(ready, self._verdicts, self.cases))

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
                first = proxy.count + 1
                for number, task in enumerate(tasks):
                    if talk is None:
                        talk = self._begin(driver, held)
                    asked = replace(task, document={**task.document, "task": f"{use}-{number}", "use": use})
                    case, broken = tried(f"{driver.title} {use}", asked, talk, proxy)
                    self._take(driver, use, task, case)
                    talk = None if broken else talk
                self._spoken.append(Spoken(driver, use, range(first, proxy.count + 1)))
        uses = {f"{driver.title} {use}" for use, _ in driver.uses}
        mine = [one for one in self.cases if one.client in uses]
        right = sum(one.outcome == "served" for one in mine)
        name = f"{driver.title} {driver.version}".rstrip()
        emit(sys.stderr, f"{name}: {right} of {len(mine)} right\n")

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
                case = replace(case, outcome="known", why=f"{case.why} [{excuse.source}]")
        self._add(case)

    def _add(self, case: ClientCase) -> None:
        self.cases.append(case)
        self._writer.case(case.record)

    def end(self, left: Sequence[ClientCase]) -> int:
        """Tell it, write the footer; the exit code."""
        for case in left:
            self._writer.case(case.record)
        wrong = [one for one in self.cases if one.outcome == "wrong"]
        bad = any(one.outcome in ("wrong", "refused") for one in self.cases)
        code = 1 if bad or any(one.differs for one in self.agreed) else 0
        for one in self.agreed:
            self._writer.note(Note(text=one.told, at=now()))
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
        for one in self.agreed:
            yield one.told
        yield _sentence(self.cases, wrong)


def _verdicts(file: str) -> tuple[Mapping[str, Any], ...]:
    """The `client` lines of a check's results; none without a file."""
    if not file:
        return ()
    try:
        lines = [json.loads(line) for line in Path(file).read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        told = f"--verdicts {file}: can't be read ({error}); give a results file of check"
        raise UsageError(told) from None
    found = tuple(one for one in lines if isinstance(one, dict) and one.get("kind") == "client")
    if not found:
        raise UsageError(f"--verdicts {file}: holds no verdict on clients; give a results file of check")
    return found


def _sentence(cases: Sequence[ClientCase], wrong: Sequence[ClientCase]) -> str:
    tried = sum(one.outcome != "skipped" for one in cases)
    excused, refused = (sum(one.outcome == kind for one in cases) for kind in ("known", "refused"))
    told = f"{tried} tasks: {tried - excused - refused - len(wrong)} right"
    if refused:
        told += f", {refused} refused by the target"
    if excused:
        told += f", {excused} wrong in ways that are known"
    return f"{told}, {len(wrong)} wrong." if wrong else f"{told}."
