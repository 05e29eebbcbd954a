"""What finds what, at what price: the curve of faults caught against requests, and stimuli that add nothing.

A stimulus ("unit") is a story, a test's own requests, or one case that must be refused. It catches a fault if
an answer to it showed a requirement that was meant for the fault. Its price are its requests; what a test
sets up for its cases is shared out among them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.matrix.table import Row, Sound, Table

FIRST: Final[tuple[str, ...]] = ("minimal_body createRun", "minimal_body createThreadAndRun")
"""What must be accepted before anything else can be said."""


@dataclass(frozen=True, slots=True)
class Point:
    """So many faults are caught after so many requests and runs (sums); `unit` was the last that was sent."""

    unit: str
    requests: float
    runs: int
    caught: int


def prices(sound: Sound) -> dict[str, tuple[float, int]]:
    """Requests and runs a unit, a test's own requests shared out among its cases."""
    cases: dict[str, list[str]] = {}
    for name in sound.costs:
        test, case, _ = name.partition(": ")
        if case:
            cases.setdefault(test, []).append(name)
    made: dict[str, tuple[float, int]] = {name: (cost[0], cost[1]) for name, cost in sound.costs.items()}
    for test, names in cases.items():
        shared = made.pop(test, (0.0, 0))[0] / len(names)
        made.update({name: (made[name][0] + shared, made[name][1]) for name in names})
    return made


def catches(rows: Iterable[Row], units: Collection[str]) -> dict[str, frozenset[str]]:
    """The faults that each unit catches; units outside of `units` count for their test."""
    found: dict[str, set[str]] = {name: set() for name in units}
    for row in rows:
        for unit in row.units:
            home = unit if unit in found else unit.partition(": ")[0]
            if home in found:
                found[home].add(row.fault)
    return {name: frozenset(faults) for name, faults in found.items()}


def places(sound: Sound) -> dict[str, tuple[int, int]]:
    """Requests and runs that have been sent when each unit is through."""
    made, requests, runs = dict[str, tuple[int, int]](), 0, 0
    for name, (sent, started) in sound.costs.items():
        requests, runs = requests + sent, runs + started
        made[name] = (requests, runs)
    return made


def caught_by(table: Table, units: Collection[str]) -> frozenset[str]:
    """The faults that these units catch between them."""
    found = catches(table.rows.values(), prices(table.sound))
    return frozenset(fault for name in units for fault in found.get(name, ()))


def as_sent(table: Table) -> list[Point]:
    """The curve in the order in which the suite sends."""
    return _along(list(prices(table.sound)), table)


def greedy(table: Table) -> list[Point]:
    """The curve of the best order: always the unit next that catches most new faults a request.

    What adds none is left out.
    """
    price, found = prices(table.sound), catches(table.rows.values(), prices(table.sound))
    order = [name for name in FIRST if name in price]
    caught = set().union(*(found[name] for name in order))
    left = {name for name in price if name not in order}
    while left:
        best = max(
            sorted(left),
            key=lambda name: (len(found[name] - caught) / max(price[name][0], 0.5), -price[name][1]),
        )
        if not found[best] - caught:
            break
        caught |= found[best]
        left.remove(best)
        order.append(best)
    return _along(order, table)


def _along(order: Sequence[str], table: Table) -> list[Point]:
    price, found = prices(table.sound), catches(table.rows.values(), prices(table.sound))
    points, caught, requests, runs = list[Point](), set[str](), 0.0, 0
    for name in order:
        caught |= found[name]
        requests, runs = requests + price[name][0], runs + price[name][1]
        points.append(Point(name, requests, runs, len(caught)))
    return points


def at(points: Sequence[Point], shares: Iterable[float], total: int) -> list[tuple[float, Point]]:
    """The first point of a curve at which each share of `total` faults is caught, as far as it gets there."""
    found = ((share, next((one for one in points if one.caught >= share * total), None)) for share in shares)
    return [(share, point) for share, point in found if point is not None]


def redundant(table: Table) -> dict[str, list[str]]:
    """Units by what they add.

    `nothing`: no fault shows there; `again`: each that does shows elsewhere too; `alone`: one only there.
    """
    price = prices(table.sound)
    found = catches(table.rows.values(), price)
    often = Counter(fault for faults in found.values() for fault in faults)
    sorts: dict[str, list[str]] = {"nothing": [], "again": [], "alone": []}
    for name, faults in found.items():
        sort = "nothing" if not faults else "alone" if any(often[fault] == 1 for fault in faults) else "again"
        sorts[sort].append(name)
    return sorts


def by_test(names: Iterable[str]) -> Mapping[str, int]:
    """How many of these units each test has, the most first."""
    return dict(Counter(name.partition(": ")[0] for name in names).most_common())


def told(table: Table) -> list[str]:
    """Everything of the above in lines, for reading."""
    total = len(table.rows)
    price, sorts = prices(table.sound), redundant(table)
    found = catches(table.rows.values(), price)
    often = Counter(fault for faults in found.values() for fault in faults)
    lines = [f"{total} faults; a check of a sound target: {table.sound.all}", "", "as the suite sends:"]
    lines += _points(at(as_sent(table), (0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0), total))
    lines += ["", "best order:", *_points(at(greedy(table), (0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0), total))]
    lines += ["", "best order, unit by unit:"]
    lines += [f"{one.requests:7.1f} {one.runs:>3} {one.caught:>5}  {one.unit}" for one in greedy(table)]
    for sort, names in sorts.items():
        spent = sum(price[name][0] for name in names)
        lines += ["", f"{sort}: {len(names)} units, {spent:.0f} requests"]
        lines += [f"  {test}: {count}" for test, count in by_test(names).items()]
    lines += ["", "unit: requests, runs, faults, those that nothing else shows"]
    for name, (requests, runs) in price.items():
        only = sum(often[fault] == 1 for fault in found[name])
        lines.append(f"{requests:6.1f} {runs:>3} {len(found[name]):>5} {only:>4}  {name}")
    return lines


def _points(points: Iterable[tuple[float, Point]]) -> list[str]:
    return [
        f"  {share:4.0%} {one.caught:>5} faults: {one.requests:6.0f} requests, {one.runs} runs"
        for share, one in points
    ]
