"""The battery of hostile servers and recordings: nothing may hang, crash, leak or fill the memory.

    python -m benchmarks.hostile [--only PATTERN] [--workers N] [--update] [--rows FILE]
    python -m benchmarks.hostile --table FILE... [--update]

Each case is a server of tests/hostile (or a recording made to hurt). `check` judges it and records it, is
killed with -9 in the middle, `inspect` reads what was recorded, `watch` stands before it with a client
behind; then every view of every result is looked through. It ends with 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "hostile.md"
BEGIN: Final = "<!-- the table: `tox -e hostile -- --update` writes it -->"
END: Final = "<!-- end of the table -->"
HEADS: Final = (
    "Family", "Cases", "Runs", "Hangs", "Crashes", "Leaks", "Unsafe", "Other", "Most memory", "Longest",
    "Most work",
)  # fmt: skip
KINDS: Final = ("hang", "crash", "leak", "markup", "code", "unclear", "unreadable", "memory")


def battery() -> Any:
    """The module of the tests that knows how; it lies beside the tests, whose servers it shares."""
    sys.path.insert(0, str(ROOT / "tests"))
    return importlib.import_module("hostile.battery")


def table(rows: Sequence[Any]) -> str:
    """Markdown, a line a family: cases, what went wrong, most memory, longest seconds."""
    lines = [list(HEADS), ["---", *(["---:"] * (len(HEADS) - 1))]]
    families = list(dict.fromkeys(row.family for row in rows))
    lines += [_line(name, [row for row in rows if row.family == name]) for name in families]
    lines.append(_line("**All**", rows))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _line(name: str, rows: Iterable[Any]) -> list[str]:
    held = list(rows)
    kinds = Counter(kind_of(one) for row in held for one in row.troubles)
    cases = {row.case for row in held if not row.case.endswith(": all of it")}
    named = ("hang", "crash", "leak", "markup")
    rest = sum(count for kind, count in kinds.items() if kind not in named)
    counted = [kinds[kind] for kind in named]
    most, longest = max(row.megabytes for row in held), max(row.seconds for row in held)
    worked = max(row.worked for row in held)
    figures = (f"{most:.0f} MB", f"{longest:.1f} s", f"{worked:.1f} s")
    return [name, *map(str, (len(cases), len(held), *counted, rest)), *figures]


def kind_of(trouble: str) -> str:
    kind = trouble.partition(":")[0]
    return kind if kind in KINDS else "crash"


def commands(rows: Sequence[Any]) -> str:
    """Markdown, a line a command: how often, exit codes, memory, seconds."""
    heads = ["Command", "Times", "Exit 0", "Exit 1", "Exit 2", "Most memory", "Longest"]
    lines = [heads, ["---", *["---:"] * 6]]
    for name in dict.fromkeys(row.command for row in rows):
        held = [row for row in rows if row.command == name]
        codes = Counter(row.code for row in held)
        most, longest = max(row.megabytes for row in held), max(row.seconds for row in held)
        numbers = (len(held), codes[0], codes[1], codes[2])
        lines.append([f"`{name}`", *map(str, numbers), f"{most:.0f} MB", f"{longest:.1f} s"])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def update(text: str) -> None:
    """Put the tables into the page."""
    page = PAGE.read_text("utf-8")
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", "utf-8")


def told(name: str, rows: Sequence[Any], file: Path | None) -> None:
    """As soon as a case is over: what was wrong, and its rows as JSON lines, so that a run may be cut off."""
    print(f"{time.strftime('%H:%M:%S')} {name}", file=sys.stderr, flush=True)
    if file is not None:
        with file.open("a", encoding="utf-8") as lines:
            lines.writelines(f"{json.dumps(asdict(row))}\n" for row in rows)
    for row in rows:
        for trouble in row.troubles:
            print(f"  {row.case} [{row.command}] {trouble}", file=sys.stderr, flush=True)


def run(arguments: argparse.Namespace) -> list[Any]:
    rows: list[Any] = battery().run(
        arguments.only,
        arguments.workers,
        representatives=arguments.representatives,
        progress=lambda name, found: told(name, found, arguments.rows),
    )
    return rows


def kept(files: Iterable[Path]) -> list[Any]:
    """The rows of several runs; of one case and command the last counts."""
    lines = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    made = battery().Row
    return list({(line["case"], line["command"]): made(**line) for line in lines}.values())


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", metavar="PATTERN", help="names that begin so, | between")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--representatives", action="store_true", help="one proxy for all families")
    parser.add_argument("--update", action="store_true", help="write the table into docs/hostile.md")
    parser.add_argument("--rows", type=Path, metavar="FILE", help="append every row there, as JSON lines")
    parser.add_argument("--table", type=Path, nargs="+", metavar="FILE", help="the table of such files")
    arguments = parser.parse_args(argv)
    started = time.monotonic()
    rows = kept(arguments.table) if arguments.table else run(arguments)
    rows.sort(key=lambda row: (row.family, row.case, row.command))
    text = f"{table(rows)}\n{commands(rows)}"
    print(text)
    print(f"{len(rows)} runs in {time.monotonic() - started:.0f} s, {arguments.workers} at a time")
    if arguments.update:
        update(text)
    return 1 if any(row.troubles for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
