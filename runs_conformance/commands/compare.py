"""`compare OLD NEW`: what is fixed, broken, new and gone, with an exit code of its own."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from typing import Any

from runs_conformance.commands.report import add_output, read, write


def add(commands: Any) -> None:
    made = commands.add_parser(
        "compare", help="set two results against each other: exit 0 not worse, 1 worse, 3 less decided",
    )
    made.add_argument("old", metavar="OLD", help="results.jsonl of before")
    made.add_argument("new", metavar="NEW", help="results.jsonl of now")
    kinds = made.add_mutually_exclusive_group()
    kinds.add_argument("--markdown", dest="view", action="store_const", const="markdown", help="as Markdown")
    kinds.add_argument("--json", dest="view", action="store_const", const="json", help="as JSON")
    add_output(made)
    made.set_defaults(run=run, view="text")


def run(arguments: argparse.Namespace) -> int:
    from runs_conformance.report.comparing import compare  # noqa: PLC0415 - --version need not load it
    from runs_conformance.report.text import wants_colour  # noqa: PLC0415
    from runs_conformance.report.views import differences  # noqa: PLC0415

    found = compare(read(arguments.old), read(arguments.new))
    if arguments.view == "text":
        colour = not arguments.output and wants_colour(sys.stdout, "auto", os.environ)
        made = differences.text(found, shutil.get_terminal_size().columns, colour)
    else:
        made = (differences.markdown if arguments.view == "markdown" else differences.as_json)(found)
    write(made, arguments.output, arguments.old, arguments.new)
    return found.exit_code
