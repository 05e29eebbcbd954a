"""docs/faults.md and docs/faults-list.md, made from the committed table alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from benchmarks.matrix import costs
from benchmarks.matrix.computing import SAMPLED
from benchmarks.matrix.gates import Expected
from benchmarks.matrix.sources import ROOT
from benchmarks.matrix.table import FULL, NARROW, Row, Table
from runs_conformance.contract.register import Register
from runs_conformance.reference.faults import CATALOGUE, HAND_MADE

PLACE: Final = ROOT / "docs" / "faults.md"
LIST: Final = ROOT / "docs" / "faults-list.md"
SHARES: Final = (0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
Lines = Iterator[str]


def write(table: Table, given: Expected, register: Register) -> None:
    PLACE.write_text(written(table, given, register), "utf-8")
    LIST.write_text(listed(table), "utf-8")


def written(table: Table, given: Expected, register: Register) -> str:
    parts = (_head(table), _kinds(table), _effort(table), _curve(table), _adds(table), _allowed(given), _rest(table, register, given))
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(table: Table) -> Lines:
    rows = table.rows.values()
    caught = sum(row.verdict == "caught" for row in rows)
    alone = sum(row.how == FULL and len(row.caught) == 1 for row in rows)
    yield from (
        "# What the suite catches",
        "",
        "This page is generated (`python -m benchmarks.matrix --page`) from the committed table `benchmarks/matrix/table.jsonl`; "
        "`tox -e matrix` recomputes what a change made stale and holds the gates below.",
        "",
        f"The reference target can be wrong in {len(rows)} ways: {_hand(rows)} faults written by hand, {len(rows) - _hand(rows)} derived "
        "from the keywords of the request schemas (a bound one too wide, one too narrow, not looked at, a type that is "
        f"coerced, a null or a word that is refused). **{caught} of {len(rows)} are caught by a requirement that was meant for "
        f"them**; {alone} by that one alone. [The list](faults-list.md) has them all. Any of them can be tried:",
        "",
        "```sh",
        "runs-conformance serve --fault echo.temperature-ignored",
        "```",
        "",
        "What CI demands of each change: every fault is caught; by a requirement that was meant for it; no requirement is tripped "
        "that has nothing to do with it; each MUST and SHOULD that can be seen on the wire is tripped by at least one fault, and "
        "for each MUST at least one fault is noticed by nothing else; no benign variation is flagged. Exceptions stand below, with "
        "their reasons.",
        "",
        f"Faults written by hand, and one derived one in {SAMPLED} (chosen by a hash of the name), get a whole `check`; the other "
        "derived ones only the tests about what is meant for them, so what else notices those is not known.",
        "",
    )


def _hand(rows: Iterable[Row]) -> int:
    return sum(row.fault in HAND_MADE for row in rows)


def _kinds(table: Table) -> Lines:
    yield from ("## Faults by kind", "", "| Kind | Faults | Caught as meant | Otherwise |", "| --- | ---: | ---: | --- |")
    rows = sorted(table.rows.values(), key=lambda row: row.kind)
    for kind, group in groupby(rows, lambda row: row.kind):
        verdicts = Counter(row.verdict for row in group)
        others = ", ".join(f"{count} {word}" for word, count in sorted(verdicts.items()) if word != "caught")
        yield f"| {kind} | {verdicts.total()} | {verdicts['caught']} | {others or 'none'} |"
    yield ""
    survivors = [row for row in rows if row.verdict != "caught"]
    if survivors:
        yield from ("Not caught as meant:", "", *(f"- {row.fault} ({row.verdict}): {_sentence(row)}" for row in survivors), "")


def _sentence(row: Row) -> str:
    return CATALOGUE[row.fault].sentence if row.fault in CATALOGUE else "no longer in the catalogue"


def _effort(table: Table) -> Lines:
    """Figures to the first meant finding; a fault's seconds include the start of the check."""
    yield from (
        "## To the first detection",
        "",
        "What was spent when the first meant finding was there, in the order in which the suite sends (embedded target; "
        "seconds of one core, target included, Python's start and imports left out). For derived faults without a whole check, "
        "where the stimulus that shows it stands in a check.",
        "",
        "| Kind | Requests: median | 90 % | worst | Runs: median | worst | Seconds: median | 90 % | worst |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    )
    rows = sorted(table.rows.values(), key=lambda row: row.kind)
    groups = [(kind, list(group)) for kind, group in groupby(rows, lambda row: row.kind)]
    for kind, group in (*groups, ("all", rows)):
        yield _figures(kind, group, table)
    spent = table.sound.all
    yield from (
        "",
        f"A whole standard `check` of the sound target: {spent.requests} requests, {spent.runs} runs, {spent.seconds:.1f} s by the "
        f"clock, {spent.processor:.1f} s of one core, in a process that has everything loaded.",
        "",
    )


def _figures(name: str, rows: Sequence[Row], table: Table) -> str:
    firsts = [row.first for row in rows if row.how == FULL and row.first is not None]
    places = [place for row in rows if row.how == NARROW and (place := position(row, table)) is not None]
    requests = sorted([*(one.requests for one in firsts), *(place[0] for place in places)])
    runs = sorted([*(one.runs for one in firsts), *(place[1] for place in places)])
    seconds = sorted(one.processor for one in firsts)
    cells = [_at(requests, 0.5), _at(requests, 0.9), _at(requests, 1), _at(runs, 0.5), _at(runs, 1)]
    return f"| {name} | " + " | ".join(f"{one:.0f}" for one in cells) + " | " + " | ".join(
        f"{_at(seconds, share):.1f}" for share in (0.5, 0.9, 1)
    ) + " |"  # fmt: skip


def position(row: Row, table: Table) -> tuple[int, int] | None:
    """Requests and runs that a sound check has sent when the first stimulus that shows the fault is through."""
    requests = runs = 0
    for name, (sent, started) in table.sound.costs.items():
        requests, runs = requests + sent, runs + started
        if name in row.units:
            return requests, runs
    return None


def _at(values: Sequence[float], share: float) -> float:
    """The least value that `share` of them do not exceed."""
    return values[max(0, -(-int(share * 100) * len(values) // 100) - 1)] if values else 0.0


def _curve(table: Table) -> Lines:
    total = len(table.rows)
    sent, best = dict(costs.at(costs.as_sent(table), SHARES, total)), dict(costs.at(costs.greedy(table), SHARES, total))
    yield from (
        "## Faults caught against requests",
        "",
        "Requests (and runs) until that share of all faults is caught. The best order is a greedy cover: always the stimulus "
        "next that catches most further faults a request.",
        "",
        "| Share of the faults | As the suite sends | In the best order |",
        "| ---: | ---: | ---: |",
    )
    for share in SHARES:
        yield f"| {share:.0%} | {_point(sent.get(share))} | {_point(best.get(share))} |"
    smoke = table.smoke
    if smoke.costs:
        caught = costs.caught_by(table, smoke.costs)
        hand = sum(name in HAND_MADE for name in caught)
        yield from (
            "",
            f"`--profile smoke` sends {smoke.all.requests} requests and starts {smoke.all.runs} runs; what it sends catches "
            f"{len(caught)} of {total} faults ({len(caught) / total:.0%}), {hand} of {_hand(table.rows.values())} written by hand.",
        )
    yield ""


def _point(point: costs.Point | None) -> str:
    return f"{point.requests:.0f} ({point.runs})" if point else "not reached"


def _adds(table: Table) -> Lines:
    sorts, price = costs.redundant(table), costs.prices(table.sound)
    told = {
        "alone": "show a fault that nothing else shows",
        "again": "show only faults that something else shows too",
        "nothing": "show no fault of the catalogue",
    }
    yield from ("## What each stimulus adds", "", "| Stimuli that | Number | Requests | Tests they belong to |", "| --- | ---: | ---: | --- |")
    for sort, text in told.items():
        names = sorts[sort]
        spent = sum(price[name][0] for name in names)
        tests = ", ".join(f"{test} {count}" for test, count in list(costs.by_test(names).items())[:6])
        yield f"| {text} | {len(names)} | {spent:.0f} | {tests} |"
    yield from ("", *WHY_THEY_STAY, "")


WHY_THEY_STAY: Final = (
    "Those that add nothing to this catalogue stay in `--profile standard` where they stand for a place or a kind of value of "
    "their own: a server has a code path for each property, and the catalogue breaks a keyword at one place at a time and for "
    "all wrong values at once. Hypothesis' bodies and the state machine look for what nobody wrote down. `--profile smoke` leaves "
    "them all out.",
)


def _allowed(given: Expected) -> Lines:
    yield from (
        "## Companions",
        "",
        "Requirements that a fault may trip beside the one that was meant for it, and why it is the same wrong.",
        "",
        "| Faults | Requirements | Why |",
        "| --- | --- | --- |",
    )
    for each in given.companions:
        yield f"| {_plain(each.faults)} | {_plain(each.rows)} | {each.reason} |"
    for fault in HAND_MADE.values():
        for rows, reason in fault.also.items():
            yield f"| {fault.name} | {rows} | {reason} |"
    yield ""


def _plain(patterns: Iterable[str]) -> str:
    return ", ".join(patterns).replace("*", r"\*")


def _rest(table: Table, register: Register, given: Expected) -> Lines:
    yield from _reasons("Requirements that no fault trips", given.untripped)
    yield from _reasons("MUST requirements that are never tripped alone", given.never_alone)
    tripped = {one for row in table.rows.values() for one in row.caught}
    seen = [row for row in register if row.observable != "no" and row.level != "MAY"]
    yield f"{sum(row.id in tripped for row in seen)} of the {len(seen)} MUST and SHOULD rows that can be seen on the wire are tripped by some fault."


def _reasons(title: str, reasons: Mapping[str, str]) -> Lines:
    if reasons:
        yield from (f"## {title}", "", *(f"- {name}: {reason}" for name, reason in reasons.items()), "")


def listed(table: Table) -> str:
    """Every fault: what is wrong, which requirements notice it, after how many requests."""
    rows = sorted(table.rows.values(), key=lambda row: row.kind)
    lines = [
        "# The faults",
        "",
        "Generated, like [what the suite catches](faults.md). In brackets: requests until the first meant finding; + N: further "
        "requirements that notice the same wrong.",
        "",
    ]
    for kind, group in groupby((row for row in rows if row.fault in HAND_MADE), lambda row: row.kind):
        lines += [f"## {kind}", "", *(_line(row) for row in sorted(group, key=lambda row: row.fault)), ""]
    derived = sorted((row for row in rows if row.fault not in HAND_MADE), key=_place)
    lines += ["## Derived", "", "By place in the body (run: POST /threads/{id}/runs, both: POST /threads/runs): keyword and kind of fault.", ""]
    lines += [_group(place, list(group)) for place, group in groupby(derived, _place)]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    hits = [name for name in row.caught if name not in row.others]
    first = f" ({row.first.requests})" if row.first else ""
    noticed = ", ".join(hits[:2]) + (f" + {len(row.caught) - min(2, len(hits))}" if len(row.caught) > min(2, len(hits)) else "")
    return f"- {row.fault.partition('.')[2]}: {_sentence(row)} {noticed or row.verdict}{first}"


def _place(row: Row) -> str:
    return row.fault.removeprefix("bounds.").rpartition(":")[0]


def _group(place: str, rows: Sequence[Row]) -> str:
    words = ", ".join(sorted(row.fault.rpartition(":")[2] for row in rows))
    hits = Counter(name for row in rows for name in row.caught if name not in row.others)
    return f"- {place}: {words}. {', '.join(name for name, _ in hits.most_common(3))}".replace("*", r"\*")

