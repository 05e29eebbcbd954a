"""Judges recorded traffic: exchange by exchange, then thread by thread, in bounded memory.

Threads that have grown old make room; what is judged of them then is all that had been seen.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Exchange, Trace, weight
from runs_conformance.contract.operations import CREATE
from runs_conformance.contract.register import Register, load
from runs_conformance.contract.traces import assistants, thread_of
from runs_conformance.recordings import dates
from runs_conformance.recordings.cassette import ARRIVALS, CASSETTE
from runs_conformance.recordings.cassette import load as load_own
from runs_conformance.recordings.files import read
from runs_conformance.recordings.losses import Ordered, in_order, unfounded
from runs_conformance.recordings.recorded import CassetteError, Recorded, Trouble
from runs_conformance.recordings.scrub import Keys
from runs_conformance.recordings.tally import Tally
from runs_conformance.recordings.traffic import ELSEWHERE, FIRST, OPENAI, UNKNOWN, Call, Other, call_of

# What waits for the rest of its thread, in bytes as `weight` counts them.
ROOM: Final = 48 * 1024 * 1024
# Of more than these the ones that were shown longest ago are forgotten.
ASSISTANTS: Final = 10_000
Told = Callable[[Finding, Exchange], None]
Thread = tuple[str, str, str]


@dataclass
class Outcome:
    """What became of the recordings. `others` counts by kind what was passed over."""

    tally: Tally
    files: int = 0
    recorded: int = 0
    judged: int = 0
    runs: int = 0
    traces: int = 0
    others: Counter[str] = field(default_factory=Counter)
    troubles: list[Trouble] = field(default_factory=list)
    days: set[str] = field(default_factory=set)
    undated: int = 0


@dataclass
class Inspector:
    """Takes calls in the order of their recordings; `close` judges what still waits.

    `edition` overrules the dates, `absent` is what the server declares to lack. `told` is given each
    failure that stands, with its exchange; `keys` learns the credentials of every call before that.
    """

    register: Register = field(default_factory=load)
    edition: str = ""
    base_url: str = ""
    selected: frozenset[str] | None = None
    told: Told = lambda _finding, _exchange: None
    room: int = ROOM
    absent: frozenset[str] = frozenset()
    keys: Keys = field(default_factory=Keys)

    def __post_init__(self) -> None:
        self.outcome = Outcome(Tally(self.register))
        self._waiting: OrderedDict[Thread, list[Call]] = OrderedDict()
        self._held = 0
        self._session = ""
        self._assistants: dict[str, dict[str, object]] = {}
        self._seen_on: dict[str, str] = {}
        self._judges: dict[str, Judge] = {}

    def file(self, path: Path) -> None:
        self.outcome.files += 1
        if path.name == CASSETTE and (path.parent / ARRIVALS).is_file():
            self._own(path)
        else:
            for entry in read(path):
                self.entry(entry, str(path))
        self.close()

    def _own(self, path: Path) -> None:
        """A recording of ours: what lies beside the cassette says when each call was made; all is kept."""
        try:
            for taped in load_own(path.parent):
                self._own_call(taped.exchange, path)
        except CassetteError as error:
            self.outcome.troubles.append(Trouble(str(path), str(error)))

    def _own_call(self, exchange: Exchange, path: Path) -> None:
        self.outcome.recorded += 1
        if not exchange.operation.name:
            self.outcome.others[ELSEWHERE] += 1
        elif "assistants=v1" in (exchange.request.headers.get("openai-beta") or ""):
            self.outcome.others[FIRST] += 1
        else:
            named = replace(exchange, id=f"{path}#{exchange.id}")
            day = dates.day_of_seconds(int(exchange.started_at))
            self.call(Call(named, day=day, whole=True), str(path))

    def entry(self, entry: Recorded | Trouble, file: str = "") -> None:
        """One entry of a recording; calls of another file or session begin anew."""
        if isinstance(entry, Trouble):
            self.outcome.troubles.append(entry)
            return
        self.outcome.recorded += 1
        call = call_of(entry, base_url=self.base_url, edition=self.edition)
        if isinstance(call, Other):
            self.outcome.others[call.kind] += 1
        else:
            self.call(call, f"{file} {call.session}")

    def call(self, call: Call, session: str = "") -> None:
        if session != self._session:
            self.close()
            self._session = session
        self.keys.learn(call.exchange.request)
        self.outcome.judged += 1
        self.outcome.runs += call.exchange.operation.name in CREATE and call.exchange.ok
        self._note_day(call)
        self._forget_old(call)
        self._tell([call], lambda judge: judge.exchange(call.exchange), traced=False)
        self._learn(call)
        self._wait(call)

    def close(self) -> None:
        """Judge the threads that wait; the next call belongs to another recording."""
        while self._waiting:
            self._judge_oldest()
        self._held = 0
        self._session = ""
        self._assistants.clear()
        self._seen_on.clear()

    def _note_day(self, call: Call) -> None:
        if call.day:
            self.outcome.days.add(call.day)
        else:
            self.outcome.undated += 1

    def _learn(self, call: Call) -> None:
        """An assistant is known from when it was shown: what it was before, nobody can say."""
        for name, shown in assistants((call.exchange,)).items():
            if not call.blots and not {"answer", "cut"} & call.lost:
                self._assistants.pop(name, None)
                self._assistants[name] = shown
                self._seen_on[name] = call.day
        while len(self._assistants) > ASSISTANTS:
            oldest = next(iter(self._assistants))
            del self._assistants[oldest], self._seen_on[oldest]
        deleted = call.exchange.operation
        if deleted.name == "deleteAssistant":
            self._assistants.pop(deleted.id("assistant") or "", None)
            self._seen_on.pop(deleted.id("assistant") or "", None)

    def _forget_old(self, call: Call) -> None:
        """An assistant shown on another day may have been changed since by somebody else."""
        name = str(call.exchange.request.object.get("assistant_id"))
        if name in self._assistants and self._seen_on.get(name) != call.day:
            del self._assistants[name]

    def _wait(self, call: Call) -> None:
        thread = thread_of(call.exchange)
        if thread is None:
            return
        key = (self._session, call.exchange.base_url, thread)
        calls = self._waiting.setdefault(key, [])
        self._waiting.move_to_end(key)
        if any(_twice(call.exchange, other.exchange) for other in calls):
            return
        calls.append(call)
        self._held += _size(call)
        while self._held > self.room and self._waiting:
            self._judge_oldest()

    def _judge_oldest(self) -> None:
        (_, _, thread), calls = self._waiting.popitem(last=False)
        self._held -= sum(map(_size, calls))
        if all(call.exchange.started_at > 0 for call in calls):
            calls.sort(key=lambda call: call.exchange.started_at)
        self.outcome.traces += 1
        trace = Trace(tuple(call.exchange for call in calls), thread)
        self._tell(calls, lambda judge: judge.trace(trace), traced=True)

    def _tell(self, calls: list[Call], judged: Callable[[Judge], list[Finding]], *, traced: bool) -> None:
        """Findings at the edition of the day; a failure stands if all editions about that day have it."""
        by_id = {call.exchange.id: call for call in calls}
        first, *others = self._editions(calls[0])
        found = judged(self._judge(first))
        for other in others if any(one.failed for one in found) else ():
            still = {(one.requirement, one.exchange) for one in judged(self._judge(other)) if one.failed}
            found = [one for one in found if not one.failed or (one.requirement, one.exchange) in still]
        ordered = in_order(calls) if traced else (True, True)
        kept = []
        for finding in found:
            call = by_id.get(finding.exchange, calls[0])
            reason = self._taken_back(finding, call, calls, traced=traced, ordered=ordered)
            if reason:
                self.outcome.tally.excuse(finding.requirement, reason)
                continue
            kept.append(finding)
            if finding.failed:
                self.told(finding, call.exchange)
        self.outcome.tally.add(kept)

    def _taken_back(
        self, finding: Finding, call: Call, calls: list[Call], *, traced: bool, ordered: Ordered
    ) -> str:
        """About several calls, what any of them lost can explain the failure."""
        if not finding.failed:
            return ""
        reason = unfounded(finding, call, self.register, traced=traced, ordered=ordered)
        for other in calls if traced and not reason else ():
            if {"ids", "answer", "request", "cut"} & other.lost or other.blots:
                reason = reason or unfounded(finding, other, self.register, traced=True)
        return reason

    def _editions(self, call: Call) -> tuple[str, ...]:
        if self.edition:
            return (self.edition,)
        main = dates.edition(call.day)
        if not call.day:
            return tuple(dict.fromkeys([main, *dates.window("", dates.FILED, dates.FILED)]))
        before = dates.ROLLED_OUT if call.service in (OPENAI, UNKNOWN) else dates.FOLLOWED
        before = before if call.sure_day else dates.FILED
        return tuple(dict.fromkeys([main, *dates.window(call.day, before, dates.ROLLED_OUT)]))

    def _judge(self, edition: str) -> Judge:
        if edition not in self._judges:
            context = Context(edition, self.register, assistants=self._assistants, absent=self.absent)
            self._judges[edition] = Judge(context, self.selected)
        return self._judges[edition]


def _size(call: Call) -> int:
    response = call.exchange.response
    events = sum(len(event.data or "") for event in response.events or ()) if response else 0
    taken = max(weight(response), events) if response else 0
    return 1000 + len(call.exchange.request.body or b"") + taken


def _twice(one: Exchange, other: Exchange) -> bool:
    """The very same answer, id and date and all, to the same call: a recorder that wrote it down twice."""
    return one.request == other.request and one.response == other.response


def recordings(paths: list[Path], suffixes: tuple[str, ...]) -> Iterator[Path]:
    """The files of paths: a folder's recordings by their endings, in order; anything else as it is."""
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.is_file() and _ends(one, suffixes))
        else:
            yield path


def _ends(path: Path, suffixes: tuple[str, ...]) -> bool:
    """Of a recording of our own only the cassette: what lies beside it holds no calls."""
    name = path.name.lower().removesuffix(".gz")
    beside = name in ("arrivals.jsonl", "drawn.json") and (path.parent / "recording.toml").is_file()
    return name.endswith(suffixes) and not beside
