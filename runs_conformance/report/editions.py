"""Which edition of the contract a run's verdicts meet in full, and what separates it from the next. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from runs_conformance.contract.register import NEWEST, OLDEST
from runs_conformance.report.records import Outcome, Verdict

_BROKEN: Final = (Outcome.FAILED, Outcome.UNTESTABLE, Outcome.GAP)
_UNSEEN: Final = (Outcome.NOT_SELECTED, Outcome.NOT_IN_EDITION)
NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Editions:
    """`met` is the newest edition of which no MUST is broken, "" if there is none; `next` the one after it.

    `between` are the MUST rows that the next one breaks, `unseen` counts those of it that this run did not
    look at. `absent` counts the MUST rows that the profile declares absent, `idle` those that nothing
    exercised: both are left out of account. `judged` is the edition of the run: newer ones were not judged.
    """

    judged: str
    met: str
    next: str
    between: tuple[str, ...] = ()
    unseen: int = 0
    absent: int = 0
    idle: int = 0


def editions(verdicts: Sequence[Verdict], judged: str = NEWEST) -> Editions:
    """The editions up to the one that was judged against the verdicts of its run.

    Only the rows' own dates count: a row that fails for a newer keyword of its schema counts against each
    edition for which the row holds. An edition with a row that this run did not look at is left open.
    """
    musts = [each for each in verdicts if each.level == "MUST"]
    found = Editions(judged, "", "")
    for date in sorted({judged, *(each for each in dates(verdicts) if each <= judged)}):
        held = [each for each in musts if _holds(each, date)]
        between = tuple(each.id for each in held if each.outcome in _BROKEN)
        unseen = _count(held, *_UNSEEN)
        absent, idle = _count(held, Outcome.NOT_APPLICABLE), _count(held, Outcome.NOT_TESTED)
        if between:
            return Editions(judged, found.met, date, between, unseen, absent, idle)
        if unseen and not found.next:
            found = Editions(judged, found.met, date, (), unseen, absent, idle)
        elif not unseen:
            found = Editions(judged, date, "", (), 0, absent, idle)
    return found


def _count(verdicts: Sequence[Verdict], *outcomes: Outcome) -> int:
    return sum(each.outcome in outcomes for each in verdicts)


def dates(verdicts: Iterable[Verdict]) -> list[str]:
    """The editions there are: each date at which a row begins or ends, from the oldest to the newest."""
    return sorted({OLDEST, NEWEST, *(date for each in verdicts for date in _dates(each))})


def _dates(verdict: Verdict) -> Iterator[str]:
    yield from (date for date in (verdict.since, verdict.until) if OLDEST <= date <= NEWEST)


def _holds(verdict: Verdict, date: str) -> bool:
    return (not verdict.since or verdict.since <= date) and (not verdict.until or date < verdict.until)


def sentence(found: Editions) -> str:
    """The same in words."""
    parts = [(found.absent, "declared absent"), (found.idle, "not exercised")]
    left = ", ".join(f"{count} {what}" for count, what in parts if count)
    absent = f" MUST requirements left out: {left}." if left else ""
    if not found.next:
        newest = "the newest there is" if found.met == NEWEST else "by which it was judged"
        return f"Newest edition met in full: {found.met}, {newest}.{absent}"
    told = f"Newest edition met in full: {found.met}." if found.met else "No edition is met in full."
    place = f"edition {found.next}" + ("" if found.met else ", the oldest,")
    if not found.between:
        return f"{told} About {place} nothing can be said: {_many(found.unseen)} of it not looked at.{absent}"
    more = f" and {len(found.between) - NAMED} more" if len(found.between) > NAMED else ""
    names = ", ".join(found.between[:NAMED]) + more
    return f"{told} From {place} it is separated by {_many(len(found.between))}: {names}.{absent}"


def _many(count: int) -> str:
    return f"{count} MUST requirement{'' if count == 1 else 's'}"
