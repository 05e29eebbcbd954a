"""Two results set against each other, requirement by requirement. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from runs_conformance.report.records import Header, Outcome, Verdict
from runs_conformance.report.results import Results

# How bad a decided row is; what is not here was not decided.
WEIGHT: Final = {
    Outcome.PASSED: 0, Outcome.GAP: 1, Outcome.WARNING: 1, Outcome.FAILED: 2, Outcome.UNTESTABLE: 2,
}
KINDS: Final = ("broken", "new-broken", "gone", "fixed", "new")
WORDS: Final = {
    "broken": "broken: was better",
    "new-broken": "new and broken: not decided before",
    "gone": "gone: decided before, not any more",
    "fixed": "fixed: was worse",
    "new": "new: not decided before, passes",
}
# 1 and 2 mean here what they mean everywhere: it got worse; it could not be told.
SAME: Final = 0
WORSE: Final = 1
LESS: Final = 3


@dataclass(frozen=True, slots=True)
class Change:
    """One row that differs. `old` or `new` is None where that result has no such row."""

    kind: str
    id: str
    level: str
    old: Verdict | None
    new: Verdict | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`changes` in the order of KINDS; `notes` say what else differs between the two runs."""

    old: Header
    new: Header
    changes: tuple[Change, ...]
    same_good: int
    same_bad: int
    undecided: int
    notes: tuple[str, ...]

    def of(self, kind: str) -> tuple[Change, ...]:
        return tuple(each for each in self.changes if each.kind == kind)

    @property
    def exit_code(self) -> int:
        """1: a MUST or SHOULD is worse; 3: nothing is, but one that was decided is not any more; else 0."""
        counted = [each for each in self.changes if each.level != "MAY"]
        if any(each.kind in ("broken", "new-broken") for each in counted):
            return WORSE
        return LESS if any(each.kind == "gone" for each in counted) else SAME


def compare(old: Results, new: Results) -> Comparison:
    before = {each.id: each for each in old.verdicts}
    after = {each.id: each for each in new.verdicts}
    names = [*after, *(name for name in before if name not in after)]
    changes = [made for name in names if (made := _change(name, before.get(name), after.get(name)))]
    unchanged = [each for each in new.verdicts if each.id not in {change.id for change in changes}]
    good = sum(each.outcome is Outcome.PASSED for each in unchanged)
    bad = sum(WEIGHT.get(each.outcome, 0) > 0 for each in unchanged)
    return Comparison(
        old.header, new.header, tuple(sorted(changes, key=lambda each: KINDS.index(each.kind))),
        good, bad, len(unchanged) - good - bad, tuple(_notes(old.header, new.header)),
    )


def _change(name: str, old: Verdict | None, new: Verdict | None) -> Change | None:
    was = None if old is None else WEIGHT.get(old.outcome)
    now = None if new is None else WEIGHT.get(new.outcome)
    either = new or old
    kind = _kind(was, now)
    return Change(kind, name, either.level, old, new) if kind and either else None


def _kind(was: int | None, now: int | None) -> str:
    if was == now:
        return ""
    if now is None:
        return "gone"
    if was is None:
        return "new-broken" if now else "new"
    return "broken" if now > was else "fixed"


def _notes(old: Header, new: Header) -> Iterator[str]:
    pairs: Sequence[tuple[str, object, object]] = (
        ("target", old.target, new.target), ("edition", old.edition, new.edition),
        ("profile", old.profile, new.profile), ("strict", old.strict, new.strict),
        ("selection", ", ".join(old.selection) or "all", ", ".join(new.selection) or "all"),
        ("seed", old.seed, new.seed), ("tool", old.tool, new.tool),
    )
    yield from (f"{name}: {was} before, {now} now" for name, was, now in pairs if was != now)
