"""`runs-conformance inspect FILE...`: judges traffic that the suite did not make."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "inspect", help="judge recorded traffic: VCR cassettes, HAR files, exchanges as JSON lines",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="recordings, or folders of them")
    parser.add_argument(
        "--edition", metavar="DATE", default="",
        help="judge by the contract as of this date (default: each call by the day of its recording)",
    )
    parser.add_argument(
        "--base-url", metavar="URL", default="",
        help="only traffic below this address, and all of it (default: what shows itself to be the API)",
    )
    parser.add_argument(
        "--select", action="append", default=[], metavar="PATTERN",
        help="only these requirements: ids, globs, chapters, RQ numbers",
    )
    parser.add_argument("--strict", action="store_true", help="a SHOULD that fails is a failure")
    parser.add_argument("--results", metavar="FILE", help="write results.jsonl here")
    parser.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto",
        help="default auto: NO_COLOR is honoured",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit 0: what was judged conforms; 1: it does not; 2: nothing was judged, or not all could be read."""
    from runs_conformance.inspection import inspect  # noqa: PLC0415 - the judge and the YAML library

    return inspect(arguments)
