"""The phases of a fuzz run, in their order, each a generator that tells how many cases it has sent."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from hypothesis.database import ExampleDatabase
from schemathesis.schemas import BaseSchema

from runs_conformance.contract.capabilities import OF_OPERATION
from runs_conformance.contract.model import Case, Exchange
from runs_conformance.contract.operations import CREATE, template
from runs_conformance.fuzzing import beyond, generated, linked, refusals
from runs_conformance.fuzzing.budget import PhaseSpent
from runs_conformance.fuzzing.documents import Operation, operations
from runs_conformance.fuzzing.exploring import Explorer
from runs_conformance.fuzzing.hostile import Hostile, hostile, paths
from runs_conformance.fuzzing.panel import Panel
from runs_conformance.fuzzing.replaying import Undecided, again
from runs_conformance.fuzzing.shots import CONTRACT, Shot, name_of, of_case, of_hostile
from runs_conformance.fuzzing.store import Store
from runs_conformance.live import CAPABILITY, ENOUGH, Live
from runs_conformance.packing import send_packs
from runs_conformance.stimuli.base import CREATE_RUN, OPERATIONS
from runs_conformance.target.journal import BudgetSpent
from runs_conformance.target.stage import Blocked

# Draws an operation, and chains of calls: an effort's size.
EXAMPLES: Final = {"smoke": 0, "standard": 6, "thorough": 150}
CHAINS: Final = {"smoke": 0, "standard": 8, "thorough": 60}


@dataclass
class Round:
    """All that the phases work with. `schemas` are the contract's document first, then the user's."""

    panel: Panel
    schemas: tuple[BaseSchema, ...]
    store: Store
    database: ExampleDatabase
    thinning: generated.Thinning
    offered: dict[str, bool]
    patterns: tuple[str, ...] = ("*",)

    def operations(self) -> Iterator[Operation]:
        """What the target has, as far as it is known; the creates first, for what they find matters most."""
        found = [each for schema in self.schemas for each in operations(schema)]
        found.sort(key=lambda each: name_of(each) not in CREATE)
        for each in found:
            name = name_of(each)
            lacks = self.panel.live.profile.lacks(OF_OPERATION.get(name, ""))
            if lacks is None and self.offered.get(name, True) and self.meant(name, each.label):
                yield each

    def meant(self, *names: str) -> bool:
        """Whether an operation is asked for, by its name or its label."""
        return any(fnmatch.fnmatchcase(each, pattern) for each in names for pattern in self.patterns)

    def creates(self) -> list[str]:
        profile = self.panel.live.profile
        held = (name for name in OPERATIONS if profile.lacks(CAPABILITY[name]) is None)
        return [name for name in held if self.meant(name, " ".join(template(name)))]


def kept(one: Round) -> Iterator[int]:
    """What failed before: first of all, and forgotten if it holds now."""
    for failure in one.store.all():
        try:
            if again(failure, one.panel, one.schemas) is None:
                one.store.drop(failure.id)
        except Undecided:
            pass  # it stays: what leads to it may come back
        yield 1


def examples(one: Round) -> Iterator[int]:
    """The document's examples. What is not offered (404, 405, 501) is left alone afterwards."""
    for operation in one.operations():
        name = name_of(operation)
        for case in generated.examples(operation):
            about = Case(f"an example of the document ({name})")
            exchange = _fired(one, partial(of_case, case, one.panel.living, "examples", about))
            if name in CONTRACT and name not in CREATE and exchange is not None and _not_offered(exchange):
                one.offered[name] = False
                break
            yield 1


def _not_offered(exchange: Exchange) -> bool:
    return exchange.status in (404, 405, 501)


def values(one: Round) -> Iterator[int]:
    """Our values inside every bound, packed into few bodies."""
    for name in one.creates():
        before = one.panel.live.client.requests
        send_packs(one.panel.bench, name)
        yield one.panel.live.client.requests - before


def coverage(one: Round) -> Iterator[int]:
    """Our values outside of every bound, one a body; then what schemathesis' coverage has beside them."""
    for name in one.creates():
        yield from _outside(one, name)
    for operation in one.operations():
        name = name_of(operation)
        for case in generated.coverage(operation):
            if one.thinning.new(case):
                told = case.meta.phase.data.description if case.meta else ""
                about = Case(f"{told} ({name})")
                _fired(one, partial(of_case, case, one.panel.living, "coverage", about))
                yield 1


def _outside(one: Round, name: str) -> Iterator[int]:
    """Two wrongly accepted bodies of a row show it: each starts a run that nobody asked for."""
    live, living, taken = one.panel.live, one.panel.living, Counter[str]()

    def wanted(row: str) -> bool:
        applies = live.register[row].applies(live.edition) and not _lacking(live, row)
        return applies and taken[row] < ENOUGH and (live.selected is None or row in live.selected)

    for made in refusals.by_hand(name, living) if live.profile.lacks("refusals") is None else ():
        if wanted(made.about.requirements[0]):
            _fired(one, partial(_same, made))
            yield 1
    for fault in refusals.derived(live, name, first=name == one.creates()[0]):
        if wanted(fault.requirement):
            one.thinning.body(name, fault.template)
            exchange = _fired(one, partial(refusals.shot, fault, name, living))
            taken[fault.requirement] += exchange is not None and exchange.ok
            yield 1


def _same(shot: Shot) -> Shot:
    return shot


def _lacking(live: Live, row: str) -> bool:
    needed = live.register[row].capability
    return bool(needed) and live.profile.lacks(needed) is not None


def odd(one: Round) -> Iterator[int]:
    """Hostile but legal input; what was accepted is sent once more, and must be answered alike."""
    creates = one.creates()
    for number, name in enumerate(creates):
        for index, each in enumerate(hostile(name)):
            # in a server both are read by the same parser: most oddities need to meet it once
            turn = each.standard or index % len(creates) == number
            if turn or one.panel.live.effort == "thorough":
                oddity(one.panel, name, each)
                yield 1
        for each in paths() if name == CREATE_RUN else ():
            oddity(one.panel, name, each)
            yield 1


def oddity(panel: Panel, name: str, each: Hostile) -> None:
    first = _answer(panel, lambda: of_hostile(each, name, panel.living))
    if first is not None and first.ok and each.repeatable:
        second = _answer(panel, lambda: of_hostile(each, name, panel.living))
        if second is not None:
            panel.take(second, beyond.consistent(first, second), name, "hostile", first)


def fuzzing(one: Round) -> Iterator[int]:
    """Drawn cases."""
    count = EXAMPLES[one.panel.live.effort]
    for operation in one.operations():
        number = one.panel.live.seed
        share = count * 5 if name_of(operation) in CREATE else count
        try:
            if share:
                yield Explorer(one.panel, operation, one.database, share, number).run()
        except PhaseSpent:
            raise
        except BudgetSpent as spent:
            one.panel.skipped = str(spent)


def stateful(one: Round) -> Iterator[int]:
    """Chains of calls along the links of each document that has some."""
    chains = CHAINS[one.panel.live.effort]
    for schema in one.schemas:
        if chains and schema.statistic.transitions.total:
            yield linked.run(schema, one.panel, chains, one.panel.live.seed)


def _fired(one: Round, make: Callable[[], Shot]) -> Exchange | None:
    return _answer(one.panel, make)


def _answer(panel: Panel, make: Callable[[], Shot]) -> Exchange | None:
    """None where the target can't make what the case needs."""
    try:
        return panel.fire(make)[0]
    except Blocked as blocked:
        if blocked.fatal:
            raise
    except PhaseSpent:
        raise
    except BudgetSpent as spent:
        # no run may be started any more: what starts none goes on
        panel.skipped = str(spent)
    return None


Phase = Callable[[Round], Iterator[int]]
# Name, what it does, and the share of what is left of the budget that it may spend.
PHASES: Final[dict[str, tuple[Phase, float]]] = {
    "kept": (kept, 0.2), "examples": (examples, 0.3), "values": (values, 0.5), "hostile": (odd, 0.4),
    "coverage": (coverage, 0.7), "fuzzing": (fuzzing, 0.6), "stateful": (stateful, 1.0),
}  # fmt: skip

