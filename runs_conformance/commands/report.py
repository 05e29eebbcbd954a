"""`report`: a results file as text, a page, JUnit, Markdown, JSON, a badge, annotations."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from runs_conformance.report.results import Results

_HELP: Final = {
    "html": "one page without outside resources",
    "junit": "JUnit XML, a test case a requirement",
    "markdown": "for a job summary or an issue",
    "json": "one JSON document",
    "badge": "JSON for shields.io's endpoint badge",
    "annotations": "GitHub workflow commands",
}


def add(commands: Any) -> None:
    made = commands.add_parser("report", help="show a results file as text, HTML, JUnit, Markdown")
    made.add_argument("results", metavar="RESULTS", help="what `check --results` wrote")
    kinds = made.add_mutually_exclusive_group()
    for name, told in _HELP.items():
        kinds.add_argument(f"--{name}", dest="view", action="store_const", const=name, help=told)
    add_output(made)
    made.set_defaults(run=run, view="text")


def add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", metavar="FILE", help="write it there (default: standard output)")


def run(arguments: argparse.Namespace) -> int:
    """0 when it was shown, whatever the verdict; 2 for a file that can't be used."""
    from runs_conformance.report.views import VIEWS, plain  # noqa: PLC0415 - --version need not load Jinja

    results = read(arguments.results)
    if arguments.view == "text":
        from runs_conformance.report.text import wants_colour  # noqa: PLC0415

        colour = not arguments.output and wants_colour(sys.stdout, "auto", os.environ)
        width = 80 if arguments.output else shutil.get_terminal_size().columns
        text = plain.text(results, width=width, colour=colour, name=arguments.results)
    else:
        text = VIEWS[arguments.view](results)
    return write(text, arguments.output, arguments.results)


def read(name: str) -> Results:
    """The results of a file; UsageError, with what to do, for one that is cut off or none."""
    from runs_conformance.options import UsageError  # noqa: PLC0415
    from runs_conformance.report.results import ResultsError, read_results  # noqa: PLC0415

    try:
        return read_results(Path(name))
    except ResultsError as error:
        place = "" if str(error).startswith(name) else f"{name}: "
        raise UsageError(f"{place}{error}. {error.hint}") from None


def write(text: str, output: str | None, *sources: str) -> int:
    """Write to a file or to standard output; UsageError for a file that can't be written."""
    from runs_conformance.options import UsageError  # noqa: PLC0415
    from runs_conformance.report.text import emit  # noqa: PLC0415

    if output is None:
        emit(sys.stdout, text)
        return 0
    path = Path(output)
    if any(path.exists() and path.samefile(source) for source in sources):
        raise UsageError(f"--output {output}: that is the results file itself; name another")
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"--output {output}: can't be written ({error.strerror})") from None
    return 0
