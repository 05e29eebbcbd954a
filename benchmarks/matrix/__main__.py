"""Fault x requirement: computes what is stale of the table, and holds its gates.

    python -m benchmarks.matrix                    what CI runs: stale rows, gates, random sets
    python -m benchmarks.matrix --update           computes stale rows wholly; writes table and page
    python -m benchmarks.matrix --only 'echo.*'    tries these, whatever the table says; writes nothing
    python -m benchmarks.matrix --costs            what each stimulus finds, and the curve
    python -m benchmarks.matrix --page             writes docs/faults.md from the table as it is

Where more rows are stale than a continuous integration has time for, each of these faults is run to its first
meant finding only, and what is said of companions comes from the committed table. Exit code 1: a gate does
not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks import variations
from benchmarks.matrix import checking, computing, costs, gates, page, table
from benchmarks.matrix.computing import WHOLE, Progress, Wanted
from benchmarks.matrix.table import Row, Table
from runs_conformance.contract.register import Register, load
from runs_conformance.reference.faults import HAND_MADE, UnknownFaultError, named

SETS: Final = 20


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.matrix",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--update", action="store_true", help="compute stale rows wholly, write the table and the page"
    )
    made.add_argument("--all", action="store_true", help="take every row for stale")
    made.add_argument("--only", action="append", metavar="PATTERN", help="names of faults, or patterns")
    made.add_argument("--hand-made", action="store_true", help="leave the derived faults out")
    made.add_argument("--derived", action="store_true", help="leave the hand-made faults out")
    made.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth")
    made.add_argument("--first", action="store_true", help="stop at the first finding that was meant")
    made.add_argument("--costs", action="store_true", help="print what each stimulus finds")
    made.add_argument("--page", action="store_true", help="write docs/faults.md from the table")
    made.add_argument("--table", type=Path, default=table.PLACE, help="another file than the committed one")
    made.add_argument("--workers", type=int, default=2, metavar="N")
    made.add_argument(
        "--variations", type=int, default=SETS, metavar="N", help="random sets of variations to check"
    )
    made.add_argument("--seed", type=int, default=0, help="of the random sets")
    return made


def main(words: Sequence[str] | None = None) -> int:
    given = parser().parse_args(words)
    try:
        known = table.load(given.table)
        names = _names(given)
    except (table.TableError, UnknownFaultError) as error:
        print(error, file=sys.stderr)
        return 2
    if given.costs:
        print("\n".join(costs.told(known)))
        return 0
    if given.page:
        page.write(known, gates.expected(), load())
        return 0
    with tempfile.TemporaryDirectory() as folder:
        checking.warm(Path(folder))
    register = load()
    if given.only or given.every > 1 or given.hand_made or given.derived:
        return _tried(names, given, register) if not given.update else _updated(known, names, given, register)
    return (
        _updated(known, names, given, register) if given.update else _checked(known, names, given, register)
    )


def _names(given: argparse.Namespace) -> list[str]:
    names = [fault.name for fault in named(*(given.only or ["*"]))]
    names = [name for name in names if not (given.hand_made and name not in HAND_MADE)]
    return [name for name in names if not (given.derived and name in HAND_MADE)][:: given.every]


def _say(text: str) -> None:
    print(text, flush=True)


def _tried(names: Sequence[str], given: argparse.Namespace, register: Register) -> int:
    start, asked = time.monotonic(), computing.wanted(names, register)
    way = computing.detected if given.first else computing.whole
    rows = way(names, asked, given.workers)
    done = Progress(Table(), len(names), _say, lambda _: None).take(rows)
    _say("\n".join(summary(list(done.rows.values()))))
    _say(f"{time.monotonic() - start:.0f} s")
    return 0 if all(one.verdict == "caught" for one in done.rows.values()) else 1


def _updated(known: Table, names: Sequence[str], given: argparse.Namespace, register: Register) -> int:
    asked = computing.wanted(names, register)
    stale = list(names) if given.all else asked.stale(known) if given.first else asked.unseen(known)
    way = computing.detected if given.first else computing.whole
    begun = Table(computing.sound("standard"), computing.sound("smoke"), computing.forgotten(known).rows)
    done = Progress(begun, len(stale), _say, lambda made: table.save(made, given.table)).take(
        way(stale, asked, given.workers)
    )
    if given.table == table.PLACE:
        page.write(done, gates.expected(), register)
    rows = list(done.rows.values())
    _say("\n".join(summary(rows)))
    return _held(gates.judge(rows, done, register, gates.expected()))


def _checked(known: Table, names: Sequence[str], given: argparse.Namespace, register: Register) -> int:
    start, asked = time.monotonic(), computing.wanted(names, register)
    stale = list(names) if given.all else asked.stale(known)
    now = computing.forgotten(known)
    fresh = _computed(stale, asked, given.workers)
    rows = [*fresh.values(), *(row for name, row in now.rows.items() if name not in fresh)]
    if len(stale) <= WHOLE:
        now = replace(now, rows={**now.rows, **fresh})
    elif stale:
        _say(
            f"companions and rows of the register: from the committed table, in which {len(stale)} of "
            f"{len(names)} faults are stale; `python -m benchmarks.matrix --update` computes them"
        )
    _say("\n".join(summary(rows)))
    code = _held(gates.judge(rows, now, register, gates.expected()))
    alarms = variations.flagged(given.variations, given.seed, given.workers, _say)
    _say(f"{given.variations} random sets of benign variations (seed {given.seed}): {alarms} flagged")
    _say(f"{time.monotonic() - start:.0f} s")
    return 1 if code or alarms else 0


def _computed(stale: Sequence[str], asked: Wanted, workers: int) -> dict[str, Row]:
    if not stale:
        return {}
    few = len(stale) <= WHOLE
    _say(f"{len(stale)} faults are stale; each is run {'wholly' if few else 'to the first meant finding'}")
    way = computing.whole if few else computing.detected
    progress = Progress(Table(), len(stale), _say, lambda _: None)
    return dict(progress.take(way(stale, asked, workers)).rows)


def _held(problems: Sequence[gates.Problem]) -> int:
    for one in problems:
        _say(f"{one.gate}: {one.text}")
    counts = Counter(one.gate for one in problems if one.fails)
    untold = "" if all(one.fails for one in problems) else "; what is said above could not be told"
    broken = ", ".join(f"{count} x {gate}" for gate, count in counts.items())
    _say(f"gates: {broken or 'all hold'}{untold}")
    return 1 if counts else 0


def summary(rows: Sequence[Row]) -> list[str]:
    """Counts by kind and verdict."""
    kinds = Counter((row.kind, row.verdict) for row in rows)
    verdicts = ("caught", "other", "blocked", "missed", "error")
    lines = [f"{'kind':<16}" + "".join(f"{word:>9}" for word in verdicts)]
    lines += [
        f"{kind:<16}" + "".join(f"{kinds[kind, word]:>9}" for word in verdicts)
        for kind in sorted({row.kind for row in rows})
    ]
    total = Counter(row.verdict for row in rows)
    return [*lines, f"{'all':<16}" + "".join(f"{total[word]:>9}" for word in verdicts)]


if __name__ == "__main__":
    sys.exit(main())
