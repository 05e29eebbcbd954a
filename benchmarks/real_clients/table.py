"""What was measured: cells of real clients, and whether derived verdicts were borne out. Plain data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from runs_conformance.clients.agreeing import Agreement
from runs_conformance.clients.catalogue import drivers

PLACE: Final = Path(__file__).with_name("table.json")
# The reference target as it is, and with faults that some clients can't live with and others can.
AS_IT_SHOULD_BE: Final = "the reference target"
TARGETS: Final = (
    AS_IT_SHOULD_BE,
    "stream-bytes.event-name-inside-data",
    "stream-bytes.no-event-lines",
    "stream-bytes.data-as-python",
    "stream-order.message-created-missing",
    "stream-order.ends-after-the-message",
    "stream-meaning.names-without-thread",
    "headers.stream-ignored",
    "headers.status-201",
)
VARIATION: Final = "variation-"


@dataclass(frozen=True)
class Table:
    """`clients` are the columns, by driver; `scenarios` the rows; `cells` all that was not simply right.

    `agreements` are by target: what a check derived of each use, and what the real client did.
    """

    clients: Mapping[str, Mapping[str, Any]]
    scenarios: tuple[str, ...]
    cells: tuple[Mapping[str, str], ...]
    agreements: Mapping[str, tuple[Agreement, ...]]

    @property
    def text(self) -> str:
        """The file; a line a cell, so that a change can be read."""
        document = {
            "clients": self.clients, "scenarios": list(self.scenarios), "cells": list(self.cells),
            "agreements": {name: [asdict(one) for one in found] for name, found in self.agreements.items()},
        }
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def load(place: Path = PLACE) -> Table:
    raw = json.loads(place.read_text("utf-8"))
    return Table(
        raw["clients"], tuple(raw["scenarios"]), tuple(raw["cells"]),
        {name: tuple(Agreement(**one) for one in found) for name, found in raw["agreements"].items()},
    )


def of(
    lines: Iterable[Mapping[str, Any]], agreements: Mapping[str, Sequence[Agreement]],
) -> Table:
    """From the lines of a results file of `clients`; a client that was left out is no part of it."""
    cases = [one for one in lines if one["kind"] == "client_case"]
    left = {one["client"] for one in cases if one["case"] == "all" and one["outcome"] == "skipped"}
    ran = [one for one in drivers() if one.name not in left]
    told = [one for one in cases if one["case"] != "all"]
    return Table(
        clients={
            one.name: {"title": one.title, "version": one.version, "uses": [use for use, _ in one.uses]}
            for one in ran
        },
        scenarios=tuple(dict.fromkeys(one["case"] for one in told)),
        cells=tuple(
            {**{name: str(one[name]) for name in ("client", "case", "outcome")}, "why": _lasting(one)}
            for one in told if one["outcome"] != "served"
        ),
        agreements={name: tuple(replace(one, why="") for one in found) for name, found in agreements.items()},
    )


def _lasting(case: Mapping[str, Any]) -> str:
    """The reason without what differs from run to run: how often somebody polled."""
    def share(found: re.Match[str]) -> str:
        return f"in {'all' if found[1] == found[2] else 'some'} requests"

    return re.sub(r"in (\d+) of (\d+) requests", share, str(case.get("why", "")))
