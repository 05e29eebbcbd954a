"""What a check came to, set against what is known of the target, and the table of all."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COLUMNS = (
    "target", "version", "exit", "passed", "failed", "warnings", "untestable", "requests", "runs", "seconds",
    "start s", "as known", "as before",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """A results file. `broken` maps each requirement that failed or could not be tested to what was seen.

    `clients` maps each use of a client that can't live with the target to the reason.
    """

    exit_code: int
    counts: Mapping[str, int]
    broken: Mapping[str, str]
    requests: int
    runs: int
    seconds: float
    clients: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; a target that could not be judged has a `problem` and no verdict."""

    name: str
    version: str
    verdict: Verdict | None = None
    start: float = 0.0
    differences: list[str] = field(default_factory=list)
    problem: str = ""
    changes: int = 0

    @property
    def good(self) -> bool:
        return self.verdict is not None and not self.differences and not self.changes


def read(results: Path) -> Verdict:
    """Read a results.jsonl. Raises ValueError if it has no footer or a line that is not JSON."""
    rows = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    if not rows or rows[-1].get("kind") != "footer":
        raise ValueError(f"{results} has no footer: the check did not come to its end")
    end = rows[-1]
    broken = {row["id"]: _seen(row) for row in rows if _is_broken(row)}
    clients = {
        f"{row['client']} {row['use']}": f"{row['why']} ({', '.join(row['broken'])})"
        for row in rows if row.get("kind") == "client" and row["verdict"] == "breaks"
    }
    spent = (end["requests"], end["runs"], end["seconds"])
    return Verdict(end["exit_code"], end["outcomes"], broken, *spent, clients)


def differences(broken: Mapping[str, str], known: Mapping[str, str]) -> list[str]:
    """`+` for a finding that is not known, `-` for a known one that was not found; empty if they agree."""
    new = [f"+ {name}: {broken[name]}" for name in sorted(broken.keys() - known.keys())]
    gone = [f"- {name}: known ({known[name]}), not found" for name in sorted(known.keys() - broken.keys())]
    return new + gone


def table(lines: Iterable[Line]) -> str:
    rows = [COLUMNS, *(_cells(line) for line in lines)]
    widths = [
        max(len(row[i]) for row in rows if len(row) == len(COLUMNS) or i < 2) for i in range(len(COLUMNS))
    ]
    return "\n".join(_joined(row, widths) for row in rows)


def _joined(cells: Sequence[str], widths: Sequence[int]) -> str:
    """A row of the table; that of a target without a verdict is shorter."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)).rstrip()


def _is_broken(row: Mapping[str, Any]) -> bool:
    return row.get("kind") == "requirement" and row["outcome"] in {"failed", "warning", "untestable"}


def _seen(row: Mapping[str, Any]) -> str:
    if row["outcome"] == "untestable":
        return f"untestable: blocked by {row.get('blocked_by') or row.get('reason', '')}"
    evidence = row.get("evidence", {})
    seen = " ".join(str(evidence.get("actual", "")).split())
    return f"{row['outcome']} in {row['failed']} of {row['failed'] + row['passed']}: {seen[:160]}"


def _cells(line: Line) -> tuple[str, ...]:
    if line.verdict is None:
        return (line.name, line.version, line.problem)
    found = line.verdict
    counts = [str(found.counts.get(name, 0)) for name in ("passed", "failed", "warning", "untestable")]
    cost = [str(found.requests), str(found.runs), f"{found.seconds:.1f}", f"{line.start:.1f}"]
    known = f"{len(line.differences)} differ" if line.differences else "yes"
    before = f"{line.changes} differ" if line.changes else "yes"
    return (line.name, line.version, str(found.exit_code), *counts, *cost, known, before)
