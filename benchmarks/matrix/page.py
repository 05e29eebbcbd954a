"""docs/faults.md and docs/faults-list.md, made from the committed table and the prose of page.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from string import Template
from typing import Final

from benchmarks.matrix import costs
from benchmarks.matrix.computing import WHOLE, forgotten, how
from benchmarks.matrix.gates import Expected, counts
from benchmarks.matrix.sources import ROOT
from benchmarks.matrix.table import FULL, NARROW, Row, Table
from runs_conformance.contract.register import Register
from runs_conformance.reference.faults import CATALOGUE, HAND_MADE

PLACE: Final = ROOT / "docs" / "faults.md"
LIST: Final = ROOT / "docs" / "faults-list.md"
PROSE: Final = Path(__file__).with_name("page.md")
SHARES: Final = (0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
Lines = Iterator[str]


def write(table: Table, given: Expected, register: Register) -> None:
    PLACE.write_text(written(table, given, register), "utf-8")
    LIST.write_text(listed(table), "utf-8")


def written(table: Table, given: Expected, register: Register) -> str:
    """The page's text; of faults that the catalogue no longer has nothing is said."""
    table = forgotten(table)
    rows = sorted(table.rows.values(), key=lambda row: row.kind)
    hand = sum(row.fault in HAND_MADE for row in rows)
    smoke = costs.caught_by(table, table.smoke.costs)
    spent = table.sound.all
    parts: dict[str, object] = {
        "faults": len(rows), "hand": hand, "derived": len(rows) - hand, "whole": WHOLE,
        "caught": sum(row.verdict == "caught" for row in rows), "unseen": _unseen(rows),
        "kinds": _kinds(rows), "survivors": _survivors(rows), "effort": _effort(rows, table),
        "sound": f"{spent.requests} requests, {spent.runs} runs, {spent.processor:.1f} s of one core",
        "curve": _curve(table),
        "smoke_requests": table.smoke.all.requests, "smoke_runs": table.smoke.all.runs,
        "smoke_caught": len(smoke), "smoke_hand": sum(name in HAND_MADE for name in smoke),
        "adds": _adds(table), "companions": _companions(given),
        "exceptions": _exceptions(rows, register, given),
    }  # fmt: skip
    return Template(PROSE.read_text("utf-8")).substitute(parts)


def _unseen(rows: Iterable[Row]) -> str:
    """Faults that should have a whole check and have none yet."""
    count = sum(row.how == NARROW and how(row.fault) == FULL for row in rows)
    return f"{count} faults are still to get their whole check." if count else ""


def _table(head: str, lines: Iterable[str]) -> str:
    """A Markdown table; headings of numbers begin with a `>`."""
    cells = [cell.strip() for cell in head.split("|")]
    rule = ["---:" if cell.startswith(">") else "---" for cell in cells]
    return "\n".join([
        f"| {' | '.join(cell.lstrip('>') for cell in cells)} |", f"| {' | '.join(rule)} |", *lines,
    ])  # fmt: skip


def _kinds(rows: Sequence[Row]) -> str:
    lines: list[str] = []
    for kind, group in groupby(rows, lambda row: row.kind):
        verdicts = Counter(row.verdict for row in group)
        others = ", ".join(f"{count} {word}" for word, count in sorted(verdicts.items()) if word != "caught")
        lines.append(f"| {kind} | {verdicts.total()} | {verdicts['caught']} | {others or 'none'} |")
    return _table("Kind | >Faults | >Caught as meant | Otherwise", lines)


def _survivors(rows: Iterable[Row]) -> str:
    left = [f"- {row.fault} ({row.verdict}): {_sentence(row)}\n" for row in rows if row.verdict != "caught"]
    return "".join(["Not caught as meant:\n\n", *left, "\n"]) if left else ""


def _sentence(row: Row) -> str:
    return CATALOGUE[row.fault].sentence


def _effort(rows: Sequence[Row], table: Table) -> str:
    places = costs.places(table.sound)
    groups = [(kind, list(group)) for kind, group in groupby(rows, lambda row: row.kind)]
    head = "Kind | >Requests: median | >90 % | >worst | >Runs: median | >worst"
    head += " | >Seconds: median | >90 % | >worst"
    return _table(head, (_figures(kind, group, places) for kind, group in (*groups, ("all", rows))))


def _figures(name: str, rows: Iterable[Row], places: Mapping[str, tuple[int, int]]) -> str:
    rows = list(rows)
    firsts = [row.first for row in rows if row.how == FULL and row.first is not None]
    found = [
        min(places[unit] for unit in row.units if unit in places)
        for row in rows if row.how == NARROW and any(unit in places for unit in row.units)
    ]  # fmt: skip
    requests = sorted([*(one.requests for one in firsts), *(place[0] for place in found)])
    runs = sorted([*(one.runs for one in firsts), *(place[1] for place in found)])
    seconds = sorted(one.processor for one in firsts)
    cells = [f"{_at(requests, share):.0f}" for share in (50, 90, 100)]
    cells += [f"{_at(runs, share):.0f}" for share in (50, 100)]
    cells += [f"{_at(seconds, share):.1f}" if seconds else "" for share in (50, 90, 100)]
    return f"| {name} | {' | '.join(cells)} |"


def _at(values: Sequence[float], percent: int) -> float:
    """The least value that so many percent do not exceed."""
    return values[max(0, -(-percent * len(values) // 100) - 1)] if values else 0.0


def _curve(table: Table) -> str:
    total = len(table.rows)
    sent, best = (dict(costs.at(curve(table), SHARES, total)) for curve in (costs.as_sent, costs.greedy))
    lines = (f"| {share:.0%} | {_point(sent.get(share))} | {_point(best.get(share))} |" for share in SHARES)
    return _table(">Share of the faults | >As the suite sends | >In the best order", lines)


def _point(point: costs.Point | None) -> str:
    return f"{point.requests:.0f} ({point.runs})" if point else "not reached"


def _adds(table: Table) -> str:
    sorts, price = costs.redundant(table), costs.prices(table.sound)
    told = {
        "alone": "show a fault that nothing else shows",
        "again": "show only faults that something else shows too",
        "nothing": "show no fault of the catalogue",
    }
    lines: list[str] = []
    for sort, text in told.items():
        names = sorts[sort]
        spent = sum(price[name][0] for name in names)
        tests = ", ".join(f"{test} {count}" for test, count in list(costs.by_test(names).items())[:6])
        lines.append(f"| {text} | {len(names)} | {spent:.0f} | {tests or 'none'} |")
    return _table("Stimuli that | >Number | >Requests | Tests they belong to, with how many", lines)


def _companions(given: Expected) -> str:
    lines = [f"| {_plain(one.faults)} | {_plain(one.rows)} | {one.reason} |" for one in given.companions]
    own = ((fault.name, *pair) for fault in HAND_MADE.values() for pair in fault.also.items())
    lines += [f"| {name} | {rows} | {reason} |" for name, rows, reason in own]
    return _table("Faults | Requirements | Why", lines)


def _plain(patterns: Iterable[str]) -> str:
    return ", ".join(patterns).replace("*", r"\*")


def _exceptions(rows: Iterable[Row], register: Register, given: Expected) -> str:
    tripped = {one for row in rows for one in row.caught}
    seen = [row.id for row in register if counts(row, ("MUST", "SHOULD"))]
    count = sum(name in tripped for name in seen)
    return "\n".join([
        "## Requirements that no fault trips", "",
        f"{count} of the {len(seen)} MUST and SHOULD rows that the wire can show are tripped by a fault.",
        "The others:", "", *_reasons(given.untripped), "",
        "## MUST requirements that are never tripped alone", "", *_reasons(given.never_alone), "",
    ])  # fmt: skip


def _reasons(reasons: Mapping[str, str]) -> Lines:
    groups = groupby(sorted(reasons, key=lambda name: reasons[name]), lambda name: reasons[name])
    yield from (f"- {', '.join(names)}: {reason}" for reason, names in groups) if reasons else ("none",)


def listed(table: Table) -> str:
    """Every fault: what is wrong, which requirements notice it, after how many requests."""
    rows = sorted(forgotten(table).rows.values(), key=lambda row: row.kind)
    lines = [
        "# The faults",
        "",
        "Generated, like [what the suite catches](faults.md). In brackets: requests until the first",
    ]
    lines += ["meant finding. + N: further requirements that notice the same wrong.", ""]
    for kind, group in groupby((row for row in rows if row.fault in HAND_MADE), lambda row: row.kind):
        lines += [f"## {kind}", "", *(_line(row) for row in sorted(group, key=lambda row: row.fault)), ""]
    derived = sorted((row for row in rows if row.fault not in HAND_MADE), key=_place)
    lines += [
        "## Derived",
        "",
        "By place in the body (run: POST /threads/{id}/runs, both: POST /threads/runs): the keyword and",
    ]
    lines += ["what is wrong with it.", ""]
    lines += [_group(place, list(group)) for place, group in groupby(derived, _place)]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    hits = [name for name in row.caught if name not in row.others][:2]
    first = f" ({row.first.requests})" if row.first and row.how == FULL else ""
    more = f" + {len(row.caught) - len(hits)}" if len(row.caught) > len(hits) else ""
    return f"- {row.fault.partition('.')[2]}: {_sentence(row)} {', '.join(hits) or row.verdict}{more}{first}"


def _place(row: Row) -> str:
    return row.fault.removeprefix("bounds.").rpartition(":")[0]


def _group(place: str, rows: Sequence[Row]) -> str:
    words = ", ".join(sorted(row.fault.rpartition(":")[2] for row in rows))
    hits = Counter(name for row in rows for name in row.caught if name not in row.others)
    return f"- {place}: {words}. {', '.join(name for name, _ in hits.most_common(3))}".replace("*", r"\*")
