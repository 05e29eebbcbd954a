"""One run of the suites: the session with the target, and what becomes of its findings.

The plugin calls in here; nothing here knows pytest but `explain`, which reads the exceptions that end a test
early.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from runs_conformance import __version__
from runs_conformance.clients.cases import ClientCase, told
from runs_conformance.clients.dialects import every, needs
from runs_conformance.clients.observing import Observation, observe
from runs_conformance.clients.verdicts import BREAKS, UNKNOWN, Seen
from runs_conformance.clients.verdicts import verdicts as derived
from runs_conformance.contract.findings import Finding, Outcome, not_applicable, untestable
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.register import Register
from runs_conformance.live import EMBEDDED_CLOCK, WRONG_KEY, Bench, Live, Skip
from runs_conformance.options import EMBEDDED, Chosen
from runs_conformance.recordings import provenance
from runs_conformance.recordings.recorded import CassetteError
from runs_conformance.recordings.scrub import Scrubber
from runs_conformance.replaying import RecordingClient, ReplayClient, describe, keep, open_tape
from runs_conformance.report.curl import curl
from runs_conformance.report.ending import exit_code, footer
from runs_conformance.report.gaps import today
from runs_conformance.report.progress import Progress
from runs_conformance.report.records import (
    ClientVerdict,
    Cost,
    Gap,
    Header,
    Note,
    Record,
    environment,
    finding_of,
    now,
)
from runs_conformance.report.records import Outcome as Row
from runs_conformance.report.saved import Recorder
from runs_conformance.report.summary import Summary, summarise
from runs_conformance.report.terminal import render
from runs_conformance.report.text import emit, wrap
from runs_conformance.report.writer import ResultsWriter
from runs_conformance.scenes import UNPROVOKED
from runs_conformance.target.client import Client
from runs_conformance.target.journal import BudgetSpent
from runs_conformance.target.profile import Profile
from runs_conformance.target.serving import ServingError, open_target
from runs_conformance.target.settings import ProfileError
from runs_conformance.target.stage import Blocked, Stage

# What the embedded target holds without anybody making it.
EMBEDDED_RESOURCES: Final = {
    "file_id": "file-conformance0000000000", "vector_store_id": "vs_conformance0000000000",
    "image_url": "https://example.com/conformance.png",
}
# A capability that is absent takes those that rest on it along.
IMPLIED: Final = {
    "refusals": ("refusals.unknown-fields", "refusals.bounds"), "assistants.create": ("assistants.retrieve",),
}


@contextmanager
def session(chosen: Chosen, make: Callable[[Profile, str], Client] = Client) -> Iterator[Live]:
    """Start or reach the target and hold the session; Blocked (fatal) for one that can't be started.

    `make` gives the client for the profile and the base URL.
    """
    from runs_conformance.reference.server import running  # noqa: PLC0415 - only the embedded target needs it

    profile = embedded_profile(chosen.profile) if chosen.target == EMBEDDED else chosen.profile
    profile = replace(profile, absent=absent(profile))
    if chosen.replay is not None:
        yield from _replayed(chosen, profile, chosen.replay)
        return
    try:
        client_of = _recording if chosen.record is not None else make
        with open_target(chosen.target, running) as base_url, client_of(profile, base_url) as client:
            stage = Stage(client)
            live = Live(profile, client, stage, chosen.register, chosen.effort, chosen.seed, chosen.selected)
            live.acting = chosen.acting
            with _kept(chosen, live):
                yield live
            stage.cleanup()
    except (ServingError, ProfileError) as error:
        raise Blocked("target", str(error), fatal=True) from None


def _recording(profile: Profile, base_url: str) -> Client:
    return RecordingClient(profile, base_url, redactor(profile))


@contextmanager
def _kept(chosen: Chosen, live: Live) -> Iterator[None]:
    """Write the recording when the session ends, however it ends."""
    started = time.monotonic()
    try:
        yield
    finally:
        if chosen.record is not None and isinstance(live.client, RecordingClient):
            hide = redactor(live.profile)
            made = describe(
                chosen.profile, chosen.target, live.client.base_url, effort=chosen.effort, seed=chosen.seed,
                selection=chosen.patterns, what=_what(chosen.target), hide=hide, started=started,
            )
            keep(chosen.record, live.client, live.frozen, made, hide)


def _what(target: str) -> str:
    own = f"the embedded reference target of runs-conformance {__version__}"
    return own if target == EMBEDDED else target


def _replayed(chosen: Chosen, profile: Profile, folder: Path) -> Iterator[Live]:
    """A session out of a recording; Blocked (fatal) for one that can't be used."""
    try:
        tape, frozen = open_tape(folder)
    except CassetteError as error:
        raise Blocked("the recording", str(error), fatal=True) from None
    hide = redactor(profile)
    with ReplayClient(profile, chosen.profile.base_url or "", tape, hide) as client:
        yield Live(
            profile, client, Stage(client), chosen.register, chosen.effort, chosen.seed, chosen.selected,
            frozen=frozen,
        )


def embedded_profile(profile: Profile) -> Profile:
    """The embedded target has every resource; its key is nobody's."""
    return replace(
        profile, resources={
            **EMBEDDED_RESOURCES, "clock": EMBEDDED_CLOCK, "second_key_env": "SECOND", **profile.resources,
        },
        environ={"SECOND": "sk-another-project-of-the-embedded-target"},
        other_model=profile.other_model or "gpt-4o-mini", cleanup=False,
    )


def absent(profile: Profile) -> dict[str, str]:
    """What the profile declares absent, with what follows from it."""
    found = dict(profile.absent)
    for name, reason in profile.absent.items():
        found.update({implied: found.get(implied, reason) for implied in IMPLIED.get(name, ())})
    return found


def lacking(chosen: Chosen) -> dict[str, str]:
    """The rows that do not apply to the target, with the reason."""
    gone = absent(chosen.profile)
    rows = {
        row.id: f"{row.capability}: {gone[row.capability]}"
        for row in chosen.register if row.capability in gone
    }
    if "streams" in gone:
        rows.update({
            row.id: f"streams: {gone['streams']}" for row in chosen.register if row.observable == "stream"
        })
    return rows


def not_tested(chosen: Chosen) -> dict[str, str]:
    """Why rows that no target shows of itself were not exercised."""
    profile = embedded_profile(chosen.profile) if chosen.target == EMBEDDED else chosen.profile
    reasons = {
        row.id: "a MAY: either answer conforms, so no run is spent on it"
        for row in chosen.register if row.level == "MAY"
    }
    for row in chosen.register:
        if row.resource and profile.resource(row.resource) is None:
            reasons[row.id] = f"the profile names no {row.resource} under [resources]"
    return reasons | {name: text for name, text in UNPROVOKED.items() if name in chosen.register}


def explain(
    error: BaseException, rows: Iterable[str], register: Register,
) -> tuple[str, str, list[Finding]] | None:
    """How a test that ended early is reported.

    Outcome, text, findings. None for an exception that is no such end.
    """
    if isinstance(error, Skip):
        return "skipped", f"not applicable: {error}", [not_applicable(row, str(error)) for row in rows]
    if isinstance(error, Blocked):
        if error.not_applicable:
            return "skipped", f"not applicable: {error.sentence}", [
                not_applicable(row, error.sentence) for row in rows
            ]
        return "failed", f"blocked by {error.rung}: {error.sentence}", [
            untestable(row, error.sentence, blocked_by=error.rung) for row in rows
        ]
    if isinstance(error, BudgetSpent):
        return "failed", str(error), [
            untestable(row, str(error), blocked_by="--max-runs") for row in rows if row in register
        ]
    return None


def records(chosen: Chosen, findings: Iterable[Finding], bench: Bench | None, worker: str) -> list[Record]:
    """Findings as plain lines: passed ones once a requirement and case, failed ones with their exchange."""
    recorder = Recorder(chosen.register, chosen.strict, redactor(chosen.profile), chosen.profile.key_env)
    about = bench.requirements if bench else frozenset()
    made: list[Record] = []
    seen: set[tuple[str, str]] = set()
    told: set[str] = set()
    for each in findings:
        finding = replace(each, generated=True) if bench is not None and bench.generated else each
        if finding.outcome is Outcome.PASSED:
            key = (
                finding.requirement, finding.case or finding.exchange if finding.requirement in about else "",
            )
            if key in seen:
                continue
            seen.add(key)
        exchange = bench.exchanges.get(finding.exchange) if bench else None
        made.append(_named(recorder.finding(finding, exchange), worker))
        if exchange is not None and finding.outcome is not Outcome.PASSED and exchange.id not in told:
            told.add(exchange.id)
            made.append(_named(recorder.exchange(exchange, finding.where), worker))
    if bench is not None:
        hide = recorder.hide
        served, bench.served = bench.served, []  # a test that ends early is asked twice
        made += [_named(one.hidden(hide.text).record, worker) for one in served]
        made += [
            {"kind": "observation", **asdict(one)} for one in observe(bench.exchanges.values())
        ]
    if bench is not None and bench.story:
        made.append({"kind": "note", "text": _story(bench.story, recorder)})
    return made


def _story(told: tuple[Exchange, ...], recorder: Recorder) -> str:
    """The calls of a story as curl lines, with what each was answered."""
    calls = enumerate(told, 1)
    lines = (f"# {number}: answered {one.status}\n{_call(one, recorder)}" for number, one in calls)
    return "The shortest story that the state machine found, call by call:\n" + "\n".join(lines)


def _call(exchange: Exchange, recorder: Recorder) -> str:
    return curl(exchange, recorder.hide, key=recorder.key, longest=2000)


def _named(record: Record, worker: str) -> Record:
    """Exchange ids of several workers must not meet."""
    if not worker:
        return record
    key = "id" if record["kind"] == "exchange" else "exchange"
    return {**record, key: f"{worker}-{record[key]}"} if record.get(key) else record


def redactor(profile: Profile) -> Scrubber:
    """Knows every secret of the profile, wherever a target echoes it."""
    key = profile.environ.get(profile.key_env, "").strip()
    hidden = [entry.value for entry in (*profile.headers, *profile.query) if entry.hidden]
    secrets = (key, profile.resource("second_key"), *hidden)
    return Scrubber(tuple(value for value in secrets if value), public=(WRONG_KEY,))


class Verdicts:
    """Takes the findings of a run, in whatever process they were made.

    It ends in a summary, a file and an exit code.
    """

    def __init__(self, chosen: Chosen, planned: Mapping[str, int], *, quiet: bool) -> None:
        self.chosen = chosen
        self._findings: list[Finding] = []
        self._notes: list[str] = []
        self._observed: list[Observation] = []
        self.served: list[ClientCase] = []
        self._curls: dict[str, str] = {}
        self._costs: dict[str, tuple[int, int]] = {}
        self._fatal = ""
        self._seconds = 0.0
        self.reason = ""
        self._started = time.monotonic()
        self._writer = ResultsWriter(chosen.results)
        self.header = Header(
            tool=f"runs-conformance {__version__}", started_at=now(), target=redactor(
                chosen.profile
            ).url(chosen.target) if "://" in chosen.target else chosen.target,
            edition=chosen.profile.edition, profile=chosen.profile_name, seed=chosen.seed,
            selection=chosen.patterns,
            strict=chosen.strict, planned=planned, **environment(),
        )
        self._progress = None if quiet else Progress(sys.stderr, planned.get("checks"))
        self.summary: Summary | None = None
        self.code = 2

    def start(self) -> None:
        self._writer.header(self.header)
        plan = self.header.planned
        if self._progress is not None and plan.get("checks"):
            runs = min(plan["runs"], self.chosen.profile.max_runs or plan["runs"])
            emit(
                sys.stderr,
                f"Plan: {plan['checks']} checks, about {plan['requests']} requests, about {runs} runs.\n",
            )

    def take(
        self, records: list[Record], cost: tuple[int, int] | None, worker: str, *, done: bool, what: str,
    ) -> None:
        for record in records:
            if record["kind"] == "observation":
                self._observed.append(Observation(**{k: v for k, v in record.items() if k != "kind"}))
                continue
            if record["kind"] == "client_case":
                self.served.append(ClientCase.of(record))
                self._writer.case(record)
                continue
            if record["kind"] == "note":
                self._notes.append(record["text"])
                self._writer.note(Note(text=record["text"], at=now()))
                continue
            self._writer.write(record)
            if record["kind"] == "finding":
                self._findings.append(finding_of(record))
                if record.get("curl"):
                    self._curls[record.get("exchange", "")] = record["curl"]
        if cost is not None:
            before = self._costs.get(worker, (0, 0))
            self._costs[worker] = cost
            if self._progress is not None:
                bad = any(
                    record.get("outcome") == "failed" and record.get("severity") == "failure"
                    for record in records
                )
                self._progress.step(
                    failed=bad, requests=cost[0] - before[0], runs=cost[1] - before[1],
                    doing=what.rpartition("::")[2], done=done,
                )

    @property
    def cost(self) -> Cost:
        requests = sum(one[0] for one in self._costs.values())
        runs = sum(one[1] for one in self._costs.values())
        return Cost(requests=requests, runs=runs, seconds=self._seconds or time.monotonic() - self._started)

    @property
    def unreachable(self) -> bool:
        """Nothing could be tested, and one sentence says why."""
        return bool(self._fatal) and self.summary is not None and not self.summary.tested

    def stop(self, reason: str) -> None:
        """The target can't be tested at all: exit code 2."""
        self._fatal = self._fatal or reason

    def finish(self, *, interrupted: bool) -> int:
        if self._progress is not None:
            self._progress.close()
        self.summary = self._summary(self.chosen.gaps)
        self.summary = self._with_clients(self.summary)
        if self.chosen.update_gaps and not (self._fatal or interrupted):
            self.summary = self._with_clients(self._summary(self._updated(self.summary)))
        reason = self._fatal or ("interrupted: what was found until then is above" if interrupted else "")
        self.code = 2 if reason else exit_code(self.summary)
        self._seconds = time.monotonic() - self._started
        self.reason = reason
        for verdict in self.summary.verdicts:
            self._writer.requirement(verdict)
        for gap in self.summary.gaps:
            self._writer.gap(gap)
        for client in self.summary.clients:
            self._writer.client(client)
        self._writer.footer(footer(self.summary, self.cost, self.code, reason))
        self._writer.close()
        self._expect()
        return self.code

    def _expect(self) -> None:
        """Beside a recording stands the verdict that its replay must give."""
        folder, summary = self.chosen.record, self.summary
        if folder is None or summary is None or not (folder / provenance.FILE).is_file():
            return
        names = {
            name: tuple(one.id for one in summary.of(outcome)) for name, outcome in (
                ("failed", Row.FAILED), ("warned", Row.WARNING), ("untestable", Row.UNTESTABLE),
            )
        }
        passed = summary.count(Row.PASSED)
        provenance.add_verdict(folder, provenance.Expected(self.code, passed=passed, **names))

    def _summary(self, gaps: Sequence[Gap]) -> Summary:
        return summarise(
            self.chosen.register, self.chosen.profile.edition, self.chosen.selected, self._findings,
            strict=self.chosen.strict,
            not_applicable=lacking(self.chosen), not_tested=not_tested(self.chosen), curls=self._curls,
            hide=redactor(self.chosen.profile), gaps=gaps, today=today(),
        )

    def _with_clients(self, summary: Summary) -> Summary:
        """The second verdict: which clients can live with the target, or the one that was acted for."""
        acting = self.chosen.acting
        seen = Seen.of(self._findings, summary.verdicts, self._observed)
        found = derived((acting,) if acting else every(), needs(), seen)
        clients = tuple(
            ClientVerdict(**{**asdict(one), "why": redactor(self.chosen.profile).text(one.why)})
            for one in found
        )
        if not acting and all(each.verdict == UNKNOWN for each in clients):
            clients = ()
        bad = any(each.verdict == BREAKS for each in clients)
        bad = bad or any(one.outcome == "refused" for one in self.served)
        return replace(summary, clients=clients, unserved=acting.title if acting and bad else "")

    def _updated(self, summary: Summary) -> Sequence[Gap]:
        """Write the gaps file anew, and read it as the next run will."""
        from runs_conformance.report import gapfile  # noqa: PLC0415 - only here is the TOML library needed

        path = self.chosen.gaps_file
        if path is None:
            return ()
        text, added, gone = gapfile.updated(path, summary.gaps, summary.verdicts, self._findings, today())
        path.write_text(text, "utf-8")
        told = f"{path}: {added} added, {gone} taken out. A new entry says what was seen: write the reason."
        self._notes.append(told)
        self._writer.note(Note(text=told, at=now()))
        return gapfile.read(path, self.chosen.register)

    def text(self, width: int, colour: bool) -> str:
        if self.summary is None:
            return ""
        acted = "\n".join(part for line in told(self.served) for part in wrap(line, width, "", "  "))
        notes = "".join(f"{note}\n\n" for note in (*self._notes, *([acted] if acted else [])))
        return notes + render(
            self.summary, self.header, self.cost, width, colour, code=self.code, reason=self.reason,
            results=str(self.chosen.results) if self.chosen.results else "",
        )
