"""The soak as a locustfile: on one machine, or on as many as there are workers.

    locust -f locustfile.py --master --headless --users 100 --run-time 10m --expect-workers 2 --host URL
    locust -f locustfile.py --worker --master-host ADDRESS

where locustfile.py holds `from runs_conformance.soaking.locustfile import RunsUser`. Each worker has a judge
of its own; when the load is over, the master asks all of them what they found, and judges it as a whole.
"""

# mypy: disable-error-code="untyped-decorator,no-untyped-call"
# Locust's events are not typed.
# ruff: noqa: I001 - Locust patches the process when it is imported, so it comes before all others
from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import dataclass, field, replace
from typing import Any, Final

from runs_conformance.soaking.users import Load, Outlet, RunsUser  # first

import gevent
import gevent.event
from locust import events
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from runs_conformance.options import OPTIONS, Chosen, UsageError, choose
from runs_conformance.report.records import Record
from runs_conformance.report.text import emit
from runs_conformance.commands.soak import WITHOUT, keep_tables
from runs_conformance.contract.findings import failed
from runs_conformance.soaking import corpus as drawing
from runs_conformance.soaking.across import UNIQUE
from runs_conformance.soaking.judging import Harvest, Over
from runs_conformance.soaking.soak import BLOCKED, NOTHING, Wanted, finished, resources_of, soaked_profile
from runs_conformance.soaking.verdict import SoakVerdicts, recorder_of
from runs_conformance.target.settings import ProfileError
from runs_conformance.target.stage import Blocked

__all__ = ["RunsUser"]
PREFIX: Final = "--conformance-"
# Messages between master and workers.
CORPUS: Final = "runs-conformance: corpus"
END: Final = "runs-conformance: end"
FOUND: Final = "runs-conformance: found"
# Seconds: for stories under way, and for a worker's judge to catch up before the master goes on without it.
GRACE: Final = 20.0
PATIENCE: Final = 300.0
# A window of the lines over time, where nobody said how long the load is.
WINDOW: Final = 10.0


@events.init_command_line_parser.add_listener
def options(parser: Any) -> None:
    """The options of `check` that are about a target, with a prefix: Locust has a --profile too."""
    for option in OPTIONS:
        if option.name not in WITHOUT:
            name = option.name.replace("--", PREFIX)
            parser.add_argument(name, help=option.help, include_in_web_ui=False, **option.arguments)
    parser.add_argument(
        f"{PREFIX}pause",
        type=float,
        default=0.0,
        metavar="SECONDS",
        include_in_web_ui=False,
        help="what each user waits between two stories (default 0)",
    )


@events.init.add_listener
def begin(environment: Environment, **_: Any) -> None:
    """Hook in; options that can't be used end the process here, with a sentence and exit code 2."""
    keep_tables()
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        worker = Worker(environment)
        runner.register_message(CORPUS, worker.take)
        runner.register_message(END, worker.end, concurrent=True)
        environment.events.test_start.add_listener(worker.start)
        return
    try:
        chosen = chosen_of(environment, results=True)
    except (UsageError, ProfileError) as error:
        emit(sys.stderr, f"runs-conformance: {error}\n")
        sys.exit(2)
    # Drawn before the clock runs, once for all workers: Hypothesis takes seconds.
    drawn = drawing.draw(chosen.profile, chosen.seed, resources_of(chosen.profile))
    whole = Whole(environment, chosen, drawn)
    environment.events.test_start.add_listener(whole.start)
    environment.events.test_stop.add_listener(whole.stop)
    if isinstance(runner, MasterRunner):
        runner.register_message(FOUND, whole.found)


def chosen_of(environment: Environment, *, results: bool) -> Chosen:
    """The options as `check` reads them; `results` only where they are written."""
    given = vars(environment.parsed_options)
    if not environment.host or "://" not in environment.host:
        raise UsageError("name the target's base URL with --host, such as --host http://127.0.0.1:8000/v1")

    def value(name: str) -> Any:
        if name in WITHOUT or (name in ("--results", "--gaps", "--update-gaps") and not results):
            return None
        return given.get(name.replace("--", PREFIX).removeprefix("--").replace("-", "_"))

    chosen = choose(environment.host, value)
    return replace(chosen, profile=soaked_profile(chosen))


def window_of(environment: Environment) -> float:
    seconds = getattr(environment.parsed_options, "run_time", None)
    return max(1.0, seconds / 60) if isinstance(seconds, int | float) and seconds else WINDOW


@dataclass
class Worker:
    """One process that sends: its load, and its judge."""

    environment: Environment
    drawn: drawing.Corpus | None = None
    load: Load | None = None
    judge: Any = None
    trouble: str = ""

    @property
    def prefix(self) -> str:
        return f"w{getattr(self.environment.runner, 'worker_index', 0)}-"

    def take(self, msg: Any, **_: Any) -> None:
        self.drawn = drawing.Corpus.of(msg.data["entries"])

    def start(self, **_: Any) -> None:
        """Before the first user: the setup. Whatever stops it is told when the master asks."""
        self.trouble = ""
        RunsUser.load = self.load = None
        try:
            chosen = chosen_of(self.environment, results=False)
            self._prepare(chosen)
        except (Blocked, ProfileError, UsageError) as error:
            self.trouble = f"{BLOCKED}{error}"

    def _prepare(self, chosen: Chosen) -> None:
        profile = chosen.profile
        profile.key(chosen.target)
        number = chosen.seed + getattr(self.environment.runner, "worker_index", 0)
        if self.drawn is None or not self.drawn.valid:
            raise UsageError(NOTHING)
        self.judge = subprocess.Popen(
            [sys.executable, "-m", "runs_conformance.soaking.judge"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        settings = {
            "profile": replace(profile, environ={}),
            "selected": chosen.selected,
            "strict": chosen.strict,
            "window": window_of(self.environment),
            "prefix": self.prefix,
        }
        descriptor = os.dup(self.judge.stdin.fileno())
        self.judge.stdin.close()
        outlet = Outlet(descriptor)
        outlet.send(pickle.dumps(settings))
        load = Load(
            profile,
            chosen.target,
            self.drawn,
            outlet,
            self.environment.events.request.fire,
            number,
            getattr(self.environment.parsed_options, "conformance_pause", 0.0),
        )
        try:
            load.prepare()
        except Blocked:
            outlet.close()
            raise
        load.start()
        RunsUser.load = self.load = load

    def end(self, **_: Any) -> None:
        """The master's word: let stories end, the judge catch up, and tell what it found."""
        runner = self.environment.runner
        assert runner is not None
        runner.send_message(FOUND, self.harvested())

    def harvested(self) -> dict[str, Any]:
        load, RunsUser.load, self.load = self.load, None, None
        if load is None:
            return self._nothing()
        load.close(GRACE)
        load.finish(self.environment.runner.target_user_count if self.environment.runner else 0)
        made = self.judge.stdout.read()
        self.judge.wait()
        return pickle.loads(made) if made else self._nothing("the judge ended before its time")  # noqa: S301 - by our own judge

    def _nothing(self, trouble: str = "") -> dict[str, Any]:
        reason = self.trouble or trouble or "the load had not begun"
        harvest = Harvest(window_of(self.environment))
        harvest.over.append(Over(0.0, 0.0, 0.0, 0, 0, 0, reason))
        return {"harvest": harvest.plain, "records": []}


@dataclass
class Whole:
    """Master, or a run without workers: gathers, and judges the whole."""

    environment: Environment
    chosen: Chosen
    drawn: drawing.Corpus
    verdicts: SoakVerdicts = field(init=False)
    came: dict[str, dict[str, Any]] = field(default_factory=dict)
    alone: Worker | None = None
    _news: Any = field(default_factory=gevent.event.Event)

    def start(self, **_: Any) -> None:
        self.came.clear()
        self.verdicts = SoakVerdicts(self.chosen, {"checks": 0, "requests": 0, "runs": 0}, quiet=True)
        self.verdicts.start()
        if isinstance(self.environment.runner, MasterRunner):
            self.environment.runner.send_message(CORPUS, {"entries": self.drawn.plain})
        else:
            self.alone = Worker(self.environment, self.drawn)
            self.alone.start()

    def found(self, msg: Any, **_: Any) -> None:
        self.came[msg.node_id] = msg.data
        self._news.set()

    def stop(self, **_: Any) -> None:
        """Ask all workers, wait for them, and report; the exit code is the verdict's."""
        runner = self.environment.runner
        missing = ""
        if isinstance(runner, MasterRunner):
            asked = {client.id for client in runner.clients.all}
            runner.send_message(END)
            missing = self._await(asked)
        elif self.alone is not None:
            self.came["alone"] = self.alone.harvested()
        harvest, records = self._added()
        self.verdicts.take(records, None, "", done=False, what="")
        if missing:
            self.verdicts.stop(missing)
        seconds = max((one.seconds for one in harvest.over), default=0.0)
        users = sum(one.users for one in harvest.over)
        code = finished(
            self.verdicts, self.chosen, Wanted(users, seconds, 0.0), harvest, None, interrupted=False
        )
        self.environment.process_exit_code = code

    def _await(self, asked: set[str]) -> str:
        """A sentence about the workers that did not answer; empty if all did."""
        with gevent.Timeout(PATIENCE, False):
            while asked - set(self.came):
                self._news.wait()
                self._news.clear()
        lost = len(asked - set(self.came))
        return f"{lost} of {len(asked)} workers did not tell what they found" if lost else ""

    def _added(self) -> tuple[Harvest, list[Record]]:
        harvest, records = Harvest(window_of(self.environment)), []
        for data in self.came.values():
            other = Harvest.of(data["harvest"])
            twice = harvest.add(other)
            records += data["records"]
            if twice:
                finding = failed(
                    UNIQUE,
                    None,
                    expected="an id that no other thread's object has",
                    actual=f"{twice} ids that workers of this load saw on different threads",
                )
                records.append(recorder_of(self.chosen).finding(finding))
                harvest.failed[UNIQUE] += twice
        return harvest, records
