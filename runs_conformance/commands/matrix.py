"""`matrix A B C`: targets by chapters and requirements."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

from runs_conformance.commands.report import add_output, read, write


def add(commands: Any) -> None:
    made = commands.add_parser("matrix", help="several results side by side")
    made.add_argument("results", nargs="+", metavar="[NAME=]RESULTS", help="results files, named if you like")
    made.add_argument("--all", action="store_true", help="every requirement, not only where they differ")
    kinds = made.add_mutually_exclusive_group()
    for name in ("markdown", "html", "json"):
        kinds.add_argument(f"--{name}", dest="view", action="store_const", const=name, help=f"as {name}")
    add_output(made)
    made.set_defaults(run=run, view="text")


def run(arguments: argparse.Namespace) -> int:
    """0 when it was shown, whatever the verdicts."""
    from runs_conformance.report.matrix import matrix  # noqa: PLC0415 - --version need not load it
    from runs_conformance.report.views import sidebyside  # noqa: PLC0415

    named = [_named(each) for each in arguments.results]
    found = matrix([(name or results.header.target, results) for name, _, results in named])
    made = {
        "text": lambda: sidebyside.text(found, shutil.get_terminal_size().columns, arguments.all),
        "markdown": lambda: sidebyside.markdown(found, arguments.all),
        "html": lambda: sidebyside.html(found),
        "json": lambda: sidebyside.as_json(found),
    }[arguments.view]()
    return write(made, arguments.output, *(file for _, file, _ in named))


def _named(given: str) -> tuple[str, str, Any]:
    """`NAME=FILE`, or a file, in whose name `=` may stand too."""
    name, found, file = given.partition("=")
    if not found or Path(given).exists():
        return "", given, read(given)
    return name, file, read(file)
