"""The second verdict in words: which clients can live with a target, and what breaks the others. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from runs_conformance.report.records import ClientVerdict

WORDS: Final = {"works": "works", "breaks": "no", "unknown": "not known"}
SIGNS: Final = {
    "served": "ok", "refused": "NO", "kept": "no", "wrong": "WRONG", "known": "wrong", "skipped": "-",
}


def sentence(found: Sequence[ClientVerdict]) -> str:
    """The clients by verdict; "" when nothing is known of any."""
    return " ".join(lines(found))


def lines(found: Sequence[ClientVerdict]) -> Iterator[str]:
    """Those that work, then the others by what breaks them, then those of which too little was seen."""
    if all(each.verdict == "unknown" for each in found):
        return
    good = _listed(found, [each for each in found if each.verdict == "works"])
    if good:
        yield f"Clients that can live with it: {good}."
    for (why, rows), uses in _grouped(found, "breaks").items():
        yield f"Clients that it breaks{f' ({why}: {rows})' if why else ''}: {_listed(found, uses)}."
    open_ones = _listed(found, [each for each in found if each.verdict == "unknown"])
    if open_ones:
        yield f"Clients of which too little was seen: {open_ones}."


def _grouped(
    found: Sequence[ClientVerdict], verdict: str,
) -> Mapping[tuple[str, str], list[ClientVerdict]]:
    groups: dict[tuple[str, str], list[ClientVerdict]] = {}
    for each in found:
        if each.verdict == verdict:
            groups.setdefault((each.why, ", ".join(each.broken)), []).append(each)
    return groups


def _listed(found: Sequence[ClientVerdict], some: Sequence[ClientVerdict]) -> str:
    """Clients by name; with their uses where not all of them fare alike."""
    every = Counter(each.client for each in found)
    uses: dict[str, list[str]] = {}
    for each in some:
        uses.setdefault(each.client, []).append(each.use)
    return ", ".join(
        client if len(named) == every[client] or not any(named) else f"{client} ({', '.join(named)})"
        for client, named in uses.items()
    )


def matrix(cases: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], list[tuple[str, list[str]]]]:
    """Client cases as a table: the clients, and a line for each case with an outcome ("" = none) a client."""
    clients = tuple(dict.fromkeys(str(each["client"]) for each in cases))
    held = {(each["case"], each["client"]): str(each["outcome"]) for each in cases}
    names = dict.fromkeys(str(each["case"]) for each in cases)
    return clients, [(name, [held.get((name, client), "") for client in clients]) for name in names]
