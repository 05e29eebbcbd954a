"""Whether real clients bear out the verdicts that `check` derived for them. Pure.

A use of a driver works on a target if it was served in all that it was asked, and breaks if it was not. What
is wrong in a way that is known of the client says nothing about the target.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runs_conformance.clients.cases import ClientCase
from runs_conformance.clients.catalogue import Driver
from runs_conformance.clients.trying import REQUESTS
from runs_conformance.clients.verdicts import BREAKS, UNKNOWN, WORKS

_DECIDE: Final = ("served", "wrong", "refused")


@dataclass(frozen=True, slots=True)
class Agreement:
    """`derived` is the verdict of a check, `driver` what the real client did: works, breaks or unknown."""

    client: str
    use: str
    derived: str
    driver: str
    why: str = ""

    @property
    def differs(self) -> bool:
        return UNKNOWN not in (self.derived, self.driver) and self.derived != self.driver

    @property
    def told(self) -> str:
        head = f"{self.client} {self.use}"
        if self.derived == UNKNOWN:
            return f"decided: {head}: the check could not tell, the client {_WORDS[self.driver]}"
        word = "corrected" if self.differs else "open" if self.driver == UNKNOWN else "confirmed"
        end = f" ({self.why})" if self.why and self.differs else ""
        return f"{word}: {head}: derived {self.derived}, the client {_WORDS[self.driver]}{end}"


_WORDS: Final = {WORKS: "works", BREAKS: "breaks", UNKNOWN: "says nothing"}


def agreements(
    drivers: Iterable[Driver], verdicts: Iterable[Mapping[str, Any]], cases: Sequence[ClientCase],
) -> Iterator[Agreement]:
    """One for each use that both a check (its `client` lines) and a driver (its cases) have spoken about."""
    derived = {(str(one["client"]), str(one["use"])): str(one["verdict"]) for one in verdicts}
    for driver in drivers:
        for use, name in driver.uses:
            mine = [one for one in cases if one.client == f"{driver.title} {use}" and one.case != REQUESTS]
            said = derived.get((driver.title, name))
            if said is not None and mine:
                yield Agreement(driver.title, name, said, *_outcome(mine))


def _outcome(cases: Sequence[ClientCase]) -> tuple[str, str]:
    """What the cases of one use say together, and why."""
    decided = [one for one in cases if one.outcome in _DECIDE]
    bad = next((one for one in decided if one.outcome != "served"), None)
    if bad is not None:
        return BREAKS, f"{bad.case}: {bad.why}"
    return (WORKS, "") if len(decided) == len(cases) else (UNKNOWN, "")
