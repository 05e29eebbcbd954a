"""Raw schemathesis and `runs-conformance fuzz`, side by side, on the same faults of the reference target.

    python benchmarks/fuzzing.py                            every 40th fault in reach of the create operations
    python benchmarks/fuzzing.py --every 10 --table out.jsonl
    python benchmarks/fuzzing.py --only 'echo.*' --only 'bounds.run:t*'

Raw is `st run` with its defaults, the two headers that the API asks for, and schemas/openapi.json: a plain
3.1 document, with streams, error answers and links, so better than what a user would find. Each of its
failures is named by code and operation; a fault is told apart if its run has a failure that no run on the
clean target has (seeds 1 to 3). Ours tells a fault apart if a requirement is broken; on the clean target none
may be.

Each run has a reference target of its own, in a process of its own. Requests are those that the target
counted, seconds are wall clock. Exits 1 if ours misses a fault or flags the clean target.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from runs_conformance.paths import SCHEMAS
from runs_conformance.reference.faults import CATALOGUE

OURS: Final = (sys.executable, "-m", "runs_conformance")
# What one request to a create operation and its answer can show. The other kinds show over several requests.
IN_REACH: Final = ("bounds", "refusal", "echo", "shape", "error", "headers")
DEADLINE: Final = 600.0
SEEDS: Final = (1, 2, 3)
_FAILED: Final = ("failed", "warning")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one tool; `signs` are its failures, `fault` is empty for the clean target."""

    tool: str
    fault: str
    signs: tuple[str, ...]
    requests: int
    seconds: float


@contextmanager
def target(fault: str) -> Iterator[str]:
    """A reference target with the fault (none if empty); gives its base URL."""
    words = ["--fault", fault] if fault else []
    server = subprocess.Popen([*OURS, "serve", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split()[-1]
    finally:
        server.terminate()
        server.wait(10)


def counted(url: str) -> int:
    """The requests that the target has seen."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/_reference/ready", timeout=10) as answer:  # noqa: S310 - ours
        return int(json.load(answer)["requests"])


def raw(fault: str, seed: int = 1) -> Run:
    """`st run` with its defaults."""
    with target(fault) as url, tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "events.jsonl")
        words = [
            str(Path(sys.executable).with_name("st")), "run", str(SCHEMAS / "openapi.json"), "--url", url,
            "-H", "Authorization: Bearer sk-nobody", "-H", "OpenAI-Beta: assistants=v2", "--seed", str(seed),
            "--no-color", "--report", "ndjson", "--report-ndjson-path", str(report),
        ]  # fmt: skip
        start = time.monotonic()
        subprocess.run(words, cwd=folder, capture_output=True, timeout=DEADLINE, check=False)
        seconds = time.monotonic() - start
        return Run("raw", fault, signs_of(report.read_text("utf-8")), counted(url), round(seconds, 1))


def signs_of(report: str) -> tuple[str, ...]:
    """Code and operation of every failure in schemathesis' report of events."""
    found = {
        f"{failure.get('code')} {failure.get('operation')}"
        for line in report.splitlines()
        for failure in _failures(json.loads(line))
    }
    return tuple(sorted(found))


def _failures(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if isinstance(node.get("code"), str) and re.fullmatch(r"ST\d+", node["code"]):
            yield node
        node = list(node.values())
    for each in node if isinstance(node, list) else ():
        yield from _failures(each)


def ours(fault: str) -> Run:
    """`fuzz` with its defaults."""
    with target(fault) as url, tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results.jsonl")
        words = [*OURS, "fuzz", url, "--database", "none", "--results", str(results)]
        start = time.monotonic()
        environment = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": folder}
        subprocess.run(words, capture_output=True, timeout=DEADLINE, check=False, env=environment)
        seconds = time.monotonic() - start
        lines = map(json.loads, results.read_text("utf-8").splitlines())
        rows = [one["id"] for one in lines if one["kind"] == "requirement" and one["outcome"] in _FAILED]
        return Run("ours", fault, tuple(rows), counted(url), round(seconds, 1))


def chosen(patterns: Sequence[str], every: int) -> list[str]:
    """The faults to try: by name, or every so many of those in reach, spread over their kinds."""
    if patterns:
        return [name for name in CATALOGUE if any(fnmatch.fnmatchcase(name, each) for each in patterns)]
    reached = [name for name, fault in CATALOGUE.items() if fault.kind in IN_REACH]
    return reached[every // 2 :: every]


def table(runs: Sequence[Run], alarms: frozenset[str]) -> list[str]:
    """The two tools' sums: told apart, false failures, requests and seconds of a run."""
    lines = [f"{'':<10}{'told apart':>14}{'clean: failures':>18}{'requests':>12}{'seconds':>10}"]
    for tool in ("raw", "ours"):
        mine = [one for one in runs if one.tool == tool]
        faulty = [one for one in mine if one.fault]
        told = sum(seen(one, alarms) for one in faulty)
        clean = [one for one in mine if not one.fault]
        counts = sorted(len(one.signs) for one in clean)
        false = "-".join(str(each) for each in sorted({counts[0], counts[-1]}))
        requests, seconds = middle(one.requests for one in mine), middle(one.seconds for one in mine)
        share = f"{told} of {len(faulty)}"
        lines.append(f"{tool:<10}{share:>14}{false:>18}{requests:>12.0f}{seconds:>10.1f}")
    return lines


def middle(values: Any) -> float:
    ordered = sorted(values)
    return float(ordered[len(ordered) // 2]) if ordered else 0.0


def seen(run: Run, alarms: frozenset[str]) -> bool:
    return bool(set(run.signs) - (alarms if run.tool == "raw" else frozenset()))


def kinds(runs: Sequence[Run], alarms: frozenset[str]) -> list[str]:
    """Told apart by kind of fault, raw and ours."""
    total, told = Counter[str](), Counter[tuple[str, str]]()
    for one in runs:
        if one.fault:
            kind = CATALOGUE[one.fault].kind
            total[kind] += one.tool == "ours"
            told[kind, one.tool] += seen(one, alarms)
    head = f"{'kind':<16}{'faults':>8}{'raw':>8}{'ours':>8}"
    rows = ((kind, total[kind], told[kind, "raw"], told[kind, "ours"]) for kind in sorted(total))
    return [head, *(f"{kind:<16}{count:>8}{one:>8}{other:>8}" for kind, count, one, other in rows)]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="names of faults")
    parser.add_argument("--every", type=int, default=40, metavar="N", help="only each Nth (default 40)")
    parser.add_argument("--table", type=Path, help="append a JSON line a run to this file")
    given = parser.parse_args()
    found: list[Run] = []

    def told(run: Run) -> Run:
        found.append(run)
        cost = f"{run.requests:>6} requests{run.seconds:>7.1f} s {len(run.signs):>4} failures"
        print(f"{run.tool:<6}{cost}  {run.fault or '(clean)'}", flush=True)
        if given.table:
            with given.table.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(run)) + "\n")
        return run

    alarms = frozenset(sign for seed in SEEDS for sign in told(raw("", seed)).signs)
    told(ours(""))
    for name in chosen(given.only, given.every):
        told(raw(name))
        told(ours(name))
    print("\n".join(["", *table(found, alarms), "", *kinds(found, alarms)]))
    mine = [one for one in found if one.tool == "ours"]
    return 0 if all(bool(one.signs) == bool(one.fault) for one in mine) else 1


if __name__ == "__main__":
    sys.exit(main())
