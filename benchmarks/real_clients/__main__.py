"""Run the real clients anew and compare with the committed table.

    python -m benchmarks.real_clients                      all, some quarter of an hour; exit 1: it differs
    python -m benchmarks.real_clients --update             writes the table, and docs/real-clients.md
    python -m benchmarks.real_clients --page               writes the page from the table as it is
    python -m benchmarks.real_clients --folder DIR         where the environments of the clients are

A client that can't be installed here fails the run, but for those that need pwsh where there is none.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from benchmarks.real_clients import page, table
from benchmarks.real_clients.table import AS_IT_SHOULD_BE, TARGETS, Table
from runs_conformance.clients.agreeing import Agreement, agreements
from runs_conformance.clients.cases import ClientCase
from runs_conformance.clients.catalogue import drivers
from runs_conformance.reference import faults
from runs_conformance.reference.options import ReferenceOptions
from runs_conformance.reference.server import running

# Where a run never ends a client waits as long as it may.
SHORT: Final = ("--seconds", "8")


def command(words: Sequence[str], results: Path) -> list[dict[str, Any]]:
    """The lines that a command of ours wrote; whatever it exits with, but for 2."""
    words = [sys.executable, "-m", "runs_conformance", *words, "--results", str(results)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return [json.loads(line) for line in results.read_text("utf-8").splitlines()]


def agreed(target: str, folder: Sequence[str], place: Path) -> tuple[Agreement, ...]:
    """What a check derives at this target, and what the real clients did there."""
    with ExitStack() as held:
        options = ReferenceOptions()
        if target != AS_IT_SHOULD_BE:
            options = ReferenceOptions(faults=faults.named(target))
        url = held.enter_context(running(options))
        verdicts = command(["check", url, "--profile", "smoke"], place / "check.jsonl")
        cases = command(["clients", url, *folder, *SHORT], place / "clients.jsonl")
    return tuple(agreements(
        drivers(), [one for one in verdicts if one["kind"] == "client"],
        [ClientCase.of(one) for one in cases if one["kind"] == "client_case"],
    ))


def measured(folder: Sequence[str]) -> Table:
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        print("every driver through every scenario", flush=True)
        lines = command(["clients", *folder, "--scenario", "*"], place / "scenarios.jsonl")
        found = {}
        for target in TARGETS:
            print(target, flush=True)
            found[target] = agreed(target, folder, place)
        return table.of(lines, found)


def complaints(now: Table) -> list[str]:
    """What must not be in any table."""
    wrong = [
        f"{one['client']}, {one['case']}: {one['why']}" for one in now.cells if one["outcome"] == "wrong"
    ]
    differing = [
        f"{target}: {one.told}" for target, found in now.agreements.items() for one in found if one.differs
    ]
    lacking = [
        f"{one.name} was not run" for one in drivers() if one.name not in now.clients and not one.lacking
    ]
    return wrong + differing + lacking


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_clients", description=__doc__)
    parser.add_argument("--update", action="store_true", help="write the table and the page")
    parser.add_argument("--page", action="store_true", help="write the page from the committed table")
    parser.add_argument("--folder", metavar="DIR", help="where the environments are (default: the cache)")
    arguments = parser.parse_args()
    if arguments.page:
        page.write(table.load())
        return 0
    folder = ["--install", *(("--folder", arguments.folder) if arguments.folder else ())]
    now = measured(folder)
    if arguments.update:
        table.PLACE.write_text(now.text, "utf-8")
        page.write(now)
    told = complaints(now)
    if not arguments.update and now.text != table.load().text:
        told.append("the table differs from the committed one; --update writes it")
    print("\n".join(told or ["every client is right, or wrong in a way that has a source"]))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
