"""The judge of a soak: story by story, beside the traffic and never in its way.

It reads stories (pickled by the process that sends, which is ours) from a stream, judges each by the checks
of `check` and by what only shows across threads, and ends in a Harvest, which can be added to others.
"""

from __future__ import annotations

import pickle
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import IO, Any, Final

from runs_conformance.contract.findings import Finding, passed, verdict
from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.operations import CREATE
from runs_conformance.contract.register import load
from runs_conformance.contract.traces import answer_run, assistants
from runs_conformance.live import refusal
from runs_conformance.recordings.tally import Tally
from runs_conformance.report.records import Record
from runs_conformance.report.saved import Recorder
from runs_conformance.soaking.across import Across
from runs_conformance.soaking.spreads import Times, measured, runs_to_end
from runs_conformance.target.profile import Profile

# Failures of a requirement that are written down; all are counted.
KEPT: Final = 25
QUEUED: Final = "lifecycle.queued-moves-on"
# Ids that processes of a cluster tell each other's judge about, the newest.
TOLD: Final = 100_000


@dataclass(frozen=True)
class Story:
    """What one user had, in order; `given_up` are ids of exchanges after which polling ended in vain.

    `at` is when it began, in seconds since the load did; negative before it.
    """

    kind: str
    exchanges: tuple[Exchange, ...]
    at: float = 0.0
    given_up: tuple[str, ...] = ()


@dataclass(frozen=True)
class Over:
    """The last message.

    `cpu` is the sending process' processor seconds, `waited` how long users were held up for the judge
    (seconds, all users together), `reason` why it ended early.
    """

    cpu: float
    waited: float
    seconds: float
    requests: int
    runs: int
    users: int
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass
class Harvest:
    """What came of a soak, or of one process of it; plain numbers and texts, so that it can be sent."""

    window: float
    passed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    stories: Counter[str] = field(default_factory=Counter)
    exchanges: int = 0
    events: int = 0
    judging: float = 0.0
    over: list[Over] = field(default_factory=list)
    ids: dict[bytes, bytes] = field(default_factory=dict)
    times: Times = field(init=False)

    def __post_init__(self) -> None:
        self.times = Times(self.window)

    def add(self, other: Harvest) -> int:
        """Take in another process'; how many ids both have for things of different threads."""
        for name in ("passed", "failed", "stories"):
            getattr(self, name).update(getattr(other, name))
        self.exchanges += other.exchanges
        self.events += other.events
        self.judging += other.judging
        self.over += other.over
        self.times.add(other.times)
        twice = sum(self.ids.get(name, owner) != owner for name, owner in other.ids.items())
        self.ids.update(other.ids)
        return twice

    @property
    def plain(self) -> dict[str, Any]:
        """For Locust's messages (msgpack)."""
        return {
            "window": self.window,
            "passed": dict(self.passed),
            "failed": dict(self.failed),
            "stories": dict(self.stories),
            "exchanges": self.exchanges,
            "events": self.events,
            "judging": self.judging,
            "over": [vars(one) for one in self.over],
            "ids": list(self.ids.items()),
            "times": self.times.plain,
        }

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Harvest:
        made = cls(
            float(plain["window"]),
            Counter(plain["passed"]),
            Counter(plain["failed"]),
            Counter(plain["stories"]),
            plain["exchanges"],
            plain["events"],
            plain["judging"],
            [Over(**{**one, "notes": tuple(one["notes"])}) for one in plain["over"]],
            {bytes(name): bytes(owner) for name, owner in plain["ids"]},
        )
        made.times = Times.of(plain["times"])
        return made


Told = Callable[[list[Record]], None]


class SoakJudge:
    """Judges stories. `told` is given the lines of each failure that is kept; `prefix` goes before ids."""

    def __init__(
        self,
        profile: Profile,
        recorder: Recorder,
        selected: frozenset[str] | None,
        window: float,
        *,
        told: Told,
        prefix: str = "",
    ) -> None:
        self.harvest = Harvest(window)
        register = load()
        self._recorder, self._told, self._prefix = recorder, told, prefix
        self._assistants: dict[str, dict[str, Any]] = {}
        self._judge = Judge(
            Context(
                edition=profile.edition,
                register=register,
                aliases=dict(profile.aliases),
                assistants=self._assistants,
                absent=frozenset(profile.absent),
                ours=True,
            ),
            selected,
        )
        self._patience = profile.timeouts.poll
        self._across = Across()
        self._tally = Tally(register)
        self.harvest.passed, self.harvest.failed = self._tally.passed, self._tally.failed
        self._written: Counter[str] = Counter()

    def see(self, story: Story) -> None:
        """Judge a story."""
        named = tuple(replace(one, id=f"{self._prefix}{one.id}") for one in story.exchanges)
        story = replace(story, exchanges=named, given_up=tuple(self._prefix + one for one in story.given_up))
        found = [one for one in self._findings(story) if one.requirement in self._judge.wanted]
        self._assistants.update(assistants(named))
        self._tally.add(found)
        self._tell(found, {one.id: one for one in named})
        self._count(story)

    def close(self) -> Harvest:
        newest = list(self._across.owners.items())[-TOLD:]
        self.harvest.ids = dict(newest)
        return self.harvest

    def _findings(self, story: Story) -> Iterator[Finding]:
        yield from self._judge.everything(story.exchanges)
        yield from self._across.findings(story.exchanges)
        for exchange in story.exchanges:
            yield from self._accepted(exchange)
            if exchange.id in story.given_up:
                yield verdict(
                    QUEUED,
                    answer_run(exchange).get("status") != "queued",
                    exchange,
                    expected="a run that leaves queued by itself",
                    actual=f"still queued after {self._patience:g} seconds of polling, or a part of them",
                )

    def _accepted(self, exchange: Exchange) -> Iterator[Finding]:
        """A valid body has to be taken; one that was taken before the load may be refused under it."""
        case, response = exchange.case, exchange.response
        if case is None or case.expect != "accepted" or exchange.operation.name not in CREATE:
            return
        if response is None or exchange.throttled:
            return
        for row in case.requirements:
            yield passed(row, exchange) if response.ok else refusal(row, exchange)

    def _tell(self, found: Iterable[Finding], exchanges: dict[str, Exchange]) -> None:
        for finding in found:
            self._written[finding.requirement] += finding.failed
            if finding.failed and self._written[finding.requirement] <= KEPT:
                self._told(list(self._recorder.records(finding, exchanges.get(finding.exchange))))

    def _count(self, story: Story) -> None:
        harvest = self.harvest
        harvest.stories[story.kind] += 1
        harvest.exchanges += len(story.exchanges)
        for exchange in story.exchanges:
            harvest.events += len(exchange.response.events or ()) if exchange.response else 0
        if story.at < 0:
            return  # sent before the load: no measure of it
        begun = story.exchanges[0].started_at if story.exchanges else 0.0
        for exchange in story.exchanges:
            harvest.times.note(measured(exchange), story.at + max(0.0, exchange.started_at - begun))
        harvest.times.note(runs_to_end(story.exchanges), story.at)


def stories(stream: IO[bytes]) -> Iterator[Story | Over]:
    """What the sending process wrote, until its end; it may have ended before its time."""
    while True:
        try:
            yield pickle.load(stream)  # noqa: S301 - written by our own other half, which we started
        except (EOFError, pickle.UnpicklingError):
            return


def judged(stream: IO[bytes], judge: SoakJudge, each: Callable[[Harvest], None]) -> Harvest:
    """Judge all that comes; `each` is called after every story.

    The processor time of this process until the end, reading included, is what judging took.
    """
    began = time.process_time()
    for message in stories(stream):
        if isinstance(message, Over):
            judge.harvest.over.append(message)
        else:
            judge.see(message)
            each(judge.harvest)
    judge.harvest.judging = time.process_time() - began
    return judge.close()
