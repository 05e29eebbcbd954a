"""The records of a results file (schemas/result_line.json) as frozen values, to JSON and back."""

from __future__ import annotations

import dataclasses
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.findings import Outcome as FindingOutcome

FORMAT: Final = 1
Record = dict[str, Any]
_T = TypeVar("_T")
_LIBRARIES: Final = ("httpx2", "hypothesis", "jsonschema", "jsonschema-rs", "pytest", "starlette", "uvicorn")


class Outcome(StrEnum):
    """What a run says about one row of the register."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    UNTESTABLE = "untestable"
    NOT_APPLICABLE = "not-applicable"
    GAP = "gap"
    NOT_TESTED = "not-tested"
    NOT_SELECTED = "not-selected"
    NOT_OBSERVABLE = "not-observable"
    NOT_IN_EDITION = "not-in-edition"


def severity(level: str, strict: bool) -> str:
    """What a broken row weighs: failure, warning or note. The one place where the policy stands."""
    if level == "MUST" or (level == "SHOULD" and strict):
        return "failure"
    return "warning" if level == "SHOULD" else "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line. `tool`: name and version; `selection`: patterns (none = all); `planned`: counts."""

    tool: str
    started_at: str
    target: str
    edition: str
    profile: str = "standard"
    seed: int | None = None
    selection: tuple[str, ...] = ()
    strict: bool = False
    planned: Mapping[str, int] = field(default_factory=dict)
    python: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The smallest failing case of a row: what would do, what was seen, where, and how to repeat it.

    `event` is the number of the stream's event that `where` names.
    """

    case: str = ""
    where: str = ""
    expected: tuple[str, ...] = ()
    actual: str = ""
    exchange: str = ""
    curl: str = ""
    event: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on one row. `passed` and `failed` count cases; `others` names up to five more.

    `since` and `until` are the editions (dates) for which the row holds, "" for no limit.
    """

    id: str
    rq: str = ""
    level: str
    chapter: str
    statement: str = ""
    source: str = ""
    since: str = ""
    until: str = ""
    outcome: Outcome
    passed: int = 0
    failed: int = 0
    reason: str = ""
    blocked_by: str = ""
    evidence: Evidence | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An entry of the gaps file and what became of it in this run.

    `case` "" means every case of the row; `until` is the last day on which it covers. `state` is one of
    GAP_STATES, `problem` the sentence for those of GAP_PROBLEMS.
    """

    id: str
    reason: str
    case: str = ""
    issue: str = ""
    until: str = ""
    generated: bool = False
    state: str = ""
    problem: str = ""


# `covers` something that failed; `unseen`: made for generated cases, and none failed; `not-judged`: the row
# was not decided in this run.
GAP_STATES: Final = ("covers", "unseen", "not-judged", "stale", "expired", "unknown")
GAP_PROBLEMS: Final = ("stale", "expired", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientVerdict:
    """Whether a `use` of a client can live with the target, and `why` not (a clause).

    `needs` are the rows or observations that it rests on, `broken` those that fail. `verdict` is works,
    breaks, or unknown (something that it needs was not decided).
    """

    client: str
    verdict: str
    use: str = ""
    why: str = ""
    needs: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run took: requests sent, runs started on the target, seconds of wall time."""

    requests: int = 0
    runs: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """The last line. `verdict` is conforms, does-not-conform or could-not-run."""

    finished_at: str
    verdict: str
    exit_code: int
    reason: str
    outcomes: Mapping[str, int]
    levels: Mapping[str, Mapping[str, int]]
    requests: int
    runs: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a soak was. `stories` counts by kind; all else are seconds.

    The processor seconds of what sent, of judging, and of a target that we started ourselves (else None);
    `waited`: how long users, taken together, were held up for the judge.
    """

    users: int
    workers: int = 1
    seconds: float
    exchanges: int
    events: int = 0
    stories: Mapping[str, int] = field(default_factory=dict)
    traffic_cpu: float
    judging_cpu: float
    target_cpu: float | None = None
    waited: float = 0.0

    @property
    def ratio(self) -> float:
        """Judging to sending, in processor time."""
        return self.judging_cpu / self.traffic_cpu if self.traffic_cpu else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """One measure of one operation under load, in seconds.

    `percentiles` by their number ("99.9"); `over` has (second at which the window begins, count, median, 95th
    percentile, longest), `spread` (upper bound, count).
    """

    measure: str
    what: str
    count: int
    mean: float
    least: float
    most: float
    percentiles: Mapping[str, float] = field(default_factory=dict)
    over: tuple[tuple[float, int, float, float, float], ...] = ()
    spread: tuple[tuple[float, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    text: str
    at: str = ""


def now() -> str:
    """The time as ISO 8601 in UTC, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def environment() -> dict[str, Any]:
    """The fields `python` and `libraries` of a header."""
    return {
        "python": platform.python_version(),
        "libraries": {name: found for name in _LIBRARIES if (found := _version(name))},
    }


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - a third of a start, and only runs ask

    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def to_record(kind: str, value: Any, *, sparse: bool = False) -> Record:
    """A line for `value` (a dataclass of this module); `sparse` leaves empty texts and lists out."""
    return {"kind": kind, **_plain(value, sparse)}


def _plain(value: Any, sparse: bool) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = ((each.name, getattr(value, each.name)) for each in dataclasses.fields(value))
        return {name: _plain(one, sparse) for name, one in pairs if not sparse or one not in ("", (), None)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one, sparse) for key, one in value.items()}
    if isinstance(value, tuple):
        return [_plain(one, sparse) for one in value]
    return str(value) if isinstance(value, StrEnum) else value


def from_record(cls: type[_T], record: Mapping[str, Any]) -> _T:
    """The value of a line; unknown fields are passed over, TypeError when one is missing."""
    names = {each.name for each in dataclasses.fields(cls)}  # type: ignore[arg-type]  # every caller gives a dataclass
    return cls(**{name: _frozen(one) for name, one in record.items() if name in names})


_EVENT: Final = re.compile(r"\bevent (\d{1,9})\b")


def event_number(where: str) -> int | None:
    """The event that a finding's place names ("event 12 /status"), or None."""
    found = _EVENT.search(where)
    return int(found[1]) if found else None


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def verdict_of(record: Mapping[str, Any]) -> Verdict:
    plain = from_record(Verdict, record)
    evidence = record.get("evidence")
    return dataclasses.replace(
        plain,
        outcome=Outcome(plain.outcome),
        evidence=None if evidence is None else from_record(Evidence, evidence),
    )


def finding_of(record: Mapping[str, Any]) -> Finding:
    plain = from_record(Finding, record)
    return dataclasses.replace(plain, outcome=FindingOutcome(plain.outcome))
