"""docs/real-clients.md, made from the committed table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.real_clients.table import AS_IT_SHOULD_BE, VARIATION, Table
from runs_conformance.clients.trying import REQUESTS
from runs_conformance.reference.scenarios import every

PLACE: Final = Path(__file__).resolve().parents[2] / "docs" / "real-clients.md"
RIGHT: Final = "right"
HEAD: Final = """<!-- Written by python -m benchmarks.real_clients; run it with --update, edit nothing. -->
# Real clients and the reference target

Each client that runs here, in the version named, went through the scenarios of the reference target
(`runs-conformance clients --install --scenario "*"`). What it reported was compared with what passed.
A cell is right if nothing was lost, nothing invented, each error surfaced as one, and nothing hung.
[Clients](clients.md) says how to run it and what the uses are.
"""


def write(table: Table) -> None:
    PLACE.write_text(text(table), "utf-8")


def text(table: Table) -> str:
    parts = (HEAD, _clients(table), _amiss(table), _requests(table), _matrix(table), _agreements(table))
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(told: str) -> str:
    return re.sub(r"([|*_<\[\]])", r"\\\1", " ".join(told.split()))


def _columns(table: Table) -> Iterator[tuple[Mapping[str, Any], str]]:
    for client in table.clients.values():
        for use in client["uses"]:
            yield client, use


def _wrong(table: Table, column: str) -> dict[str, Mapping[str, str]]:
    """The cells of a column that are not right, by case."""
    return {one["case"]: one for one in table.cells if one["client"] == column}


def _clients(table: Table) -> str:
    """How many scenarios each use of each client was right in."""
    cases = [one for one in table.scenarios if one != REQUESTS]
    rows = []
    for client, use in _columns(table):
        column = f"{client['title']} {use}"
        wrong = [one for case, one in _wrong(table, column).items() if case != REQUESTS]
        tried = len(cases) - sum(one["outcome"] == "skipped" for one in wrong)
        right = f"{len(cases) - len(wrong)} of {tried}"
        rows.append([cell(client["title"]), cell(client["version"]), use, right])
    return f"## How many were right\n\n{grid(['client', 'version', 'use', RIGHT], rows)}"


def _amiss(table: Table) -> str:
    """Every cell that is not right, with its source."""
    rows = []
    for one in table.cells:
        why, _, source = one["why"].rpartition(" [")
        if one["case"] == REQUESTS:
            continue
        rows.append([
            cell(one["client"]), one["case"], cell(why or one["why"]),
            cell(source.removesuffix("]")) if why else "none yet",
        ])
    told = grid(["client and use", "scenario", "what happened", "source"], rows) if rows else "None.\n"
    return f"## What was not right, and why\n\n{told}"


def _requests(table: Table) -> str:
    """What the requests of each client broke."""
    broken = [one for one in table.cells if one["case"] == REQUESTS]
    columns = {one["client"] for one in broken}
    clean = [f"{client['title']} {use}" for client, use in _columns(table)]
    count = f"{sum(one not in columns for one in clean)} of {len(clean)}"
    told = "".join(f"- {cell(one['client'])}: {cell(one['why'])}\n" for one in broken)
    return f"""## What they sent

All requests were judged by the rows about clients (`runs-conformance list client`).
Those of {count} uses broke none.

{told}"""


def _matrix(table: Table) -> str:
    """Scenario by client; a cell names the uses that were not right."""
    titles = [client["title"] for client in table.clients.values()]
    groups = {one.name: one.group for one in every()}
    plain = [one for one in table.scenarios if one != REQUESTS and not one.startswith(VARIATION)]
    varied = [one for one in table.scenarios if one.startswith(VARIATION)]
    rows = [[name, groups.get(name, ""), *_row(table, name)] for name in plain]
    parts = [f"## Scenario by client\n\n{grid(['scenario', 'group', *map(cell, titles)], rows)}"]
    if varied:
        shown = [name for name in varied if any(entry != RIGHT for entry in _row(table, name))]
        right = f"{len(varied) - len(shown)} of the {len(varied)} benign variations"
        parts.append(f"Besides, {right} were right for every use of every client.\n")
        others = [[name, *_row(table, name)] for name in shown]
        parts += [grid(["scenario", *map(cell, titles)], others)] if others else []
    return "\n".join(parts)


def _row(table: Table, name: str) -> list[str]:
    entries = []
    for client in table.clients.values():
        amiss = [
            f"{use}: {one['outcome']}"
            for use in client["uses"]
            if (one := _wrong(table, f"{client['title']} {use}").get(name)) is not None
        ]
        entries.append(", ".join(amiss) or RIGHT)
    return entries


def _agreements(table: Table) -> str:
    """What `check` derived of each target, and what the clients did there."""
    uses = list(dict.fromkeys((one.client, one.use) for found in table.agreements.values() for one in found))
    rows = []
    for target, found in table.agreements.items():
        by = {(one.client, one.use): one for one in found}
        decided = [one for one in found if "unknown" not in (one.derived, one.driver)]
        broken = [f"{one.client} {one.use}" for one in decided if one.driver == "breaks"]
        open_ = sum(one.derived == "unknown" for one in by.values())
        differs = sum(one.differs for one in found)
        name = target if target == AS_IT_SHOULD_BE else f"`serve --fault {target}`"
        works, breaks = str(len(decided) - len(broken)), cell(", ".join(broken)) or "none"
        rows.append([name, works, breaks, str(open_), str(differs)])
    head = ["target", "work", "break", "not known", "differ"]
    return f"""## Derived verdicts, borne out

At each of these targets a `check --profile smoke` derived for {len(uses)} uses whether they work; then the
real clients tried. *Differ* counts where they disagreed: each is a fault of a dialect, and fails a test.

{grid(head, rows)}"""
