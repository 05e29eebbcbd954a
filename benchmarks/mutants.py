"""Mutation testing of the checks: a second opinion on our own tests.

    python benchmarks/mutants.py                  the modules looked at first: order, echo, lifecycle
    python benchmarks/mutants.py headers lists    these modules of runs_conformance/contract
    python benchmarks/mutants.py --list           what is explained, and why

mutmut changes one expression at a time in a copy of the project and runs the tests of that module. A mutant
that no test notices is to be killed by a test, or explained in mutants.toml. Exits 1 if one is neither.
In the copy a decorated function is decorated after its definition, for mutmut passes others over.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
CONTRACT: Final = Path("runs_conformance", "contract")
EXPLAINED: Final = Path(__file__).with_suffix(".toml")
FIRST: Final = ("order", "echo", "lifecycle")
# What mutmut needs beside the package; the rest of the project is not looked at.
COPIED: Final = (
    "runs_conformance",
    "suites",
    "schemas",
    "cassettes",
    "tests",
    "conftest.py",
    "pyproject.toml",
    "README.md",
)
# Tests that look at all checks; those of one module are named like it.
GENERAL: Final = ("test_checks_hostile.py", "test_broken_streams.py", "test_judge.py")
MUTMUT: Final = """
[tool.mutmut]
source_paths = ["runs_conformance"]
only_mutate = {modules}
also_copy = ["suites", "schemas", "cassettes", "tests", "conftest.py"]
pytest_add_cli_args = ["-p", "no:xdist", "-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {tests}
"""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One that lived: mutmut's name of it, and the lines that it took out and put in."""

    name: str
    gone: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def function(self) -> str:
        """`order._followed`: numbers change with every edit, so a mutant is known by function and lines."""
        module, _, rest = self.name.removeprefix("runs_conformance.contract.").rpartition(".")
        return f"{module.rpartition('.')[2]}.{re.sub(r'__mutmut_[0-9]+$', '', rest).removeprefix('x_')}"


@dataclass(frozen=True, slots=True)
class Reason:
    function: str
    new: str
    why: str

    def covers(self, mutant: Mutant) -> bool:
        return self.function == mutant.function and any(self.new in line for line in mutant.new)


def modules(names: Iterable[str]) -> list[Path]:
    """The files of these names below `contract`; SystemExit for one that is not there."""
    found = []
    for name in names:
        paths = [path.relative_to(ROOT) for path in (ROOT / CONTRACT).rglob(f"{name}.py")]
        if not paths:
            raise SystemExit(f"no module of {CONTRACT} is called {name!r}")
        found += paths
    return found


def tests(paths: Iterable[Path]) -> list[str]:
    """The test files for these modules."""
    patterns = [name for path in paths for name in (f"test_checks_{path.stem}*.py", f"test_{path.stem}.py")]
    found = [path for pattern in patterns for path in sorted((ROOT / "tests").glob(pattern))]
    return [f"tests/{name}" for name in (*(path.name for path in found), *GENERAL)]


def survivors(place: Path) -> Iterator[Mutant]:
    """What mutmut's results call survived, with what was changed."""
    listed = _mutmut(place, "results").splitlines()
    for line in listed:
        name, _, word = line.strip().partition(": ")
        if word in {"survived", "no tests", "timeout", "suspicious"}:
            yield mutant(name, _mutmut(place, "show", name))


def mutant(name: str, diff: str) -> Mutant:
    changed = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    return Mutant(
        name,
        tuple(line[1:].strip() for line in changed if line[0] == "-"),
        tuple(line[1:].strip() for line in changed if line[0] == "+"),
    )


def reasons(text: str) -> list[Reason]:
    return [
        Reason(one["function"], one["new"], one["why"]) for one in tomllib.loads(text).get("explained", ())
    ]


def told(lived: Sequence[Mutant], given: Sequence[Reason]) -> tuple[list[str], int]:
    """Lines for reading, and how many mutants are not explained."""
    open_ = [one for one in lived if not any(reason.covers(one) for reason in given)]
    lines = [
        line
        for one in open_
        for line in (one.name, *(f"  - {x}" for x in one.gone), *(f"  + {x}" for x in one.new))
    ]
    return [*lines, f"{len(lived)} mutants lived, {len(lived) - len(open_)} of them explained"], len(open_)


def undecorated(text: str) -> str:
    """The source with each function decorated after its definition (`f = cached(f)`).

    mutmut passes decorated functions over, and a check is one: it is registered by its decorator.
    """
    lines = text.split("\n")
    for node in reversed(ast.parse(text).body):
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            applied = node.name
            for decorator in reversed(node.decorator_list):
                applied = f"{ast.unparse(decorator)}({applied})"
            end = node.end_lineno or node.lineno
            lines[end:end] = ["", "", f"{node.name} = {applied}"]
            del lines[node.decorator_list[0].lineno - 1 : node.lineno - 1]
    return "\n".join(lines)


def _mutmut(place: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *words], cwd=place, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stdout + done.stderr)[-1000:]
        raise SystemExit(f"mutmut {words[0]} ended with {done.returncode}: {said}")
    return done.stdout


def _copy(place: Path, paths: Sequence[Path]) -> None:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place / name)
    config = MUTMUT.format(modules=[path.as_posix() for path in paths], tests=tests(paths))
    for path in paths:
        (place / path).write_text(undecorated((ROOT / path).read_text("utf-8")), "utf-8")
    with (place / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(config.replace("'", '"'))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", default=list(FIRST))
    parser.add_argument("--list", action="store_true", help="print what is explained")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    known = reasons(EXPLAINED.read_text("utf-8"))
    if given.list:
        print("\n".join(f"{one.function}: {one.new}\n    {one.why}" for one in known))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _copy(place, modules(given.modules))
        _mutmut(place, "run", "--max-children", str(given.workers))
        lines, left = told(list(survivors(place)), known)
    print("\n".join(lines))
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
