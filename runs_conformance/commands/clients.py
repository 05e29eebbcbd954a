"""The command `clients`: real clients through the scenarios, or against a target."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "clients", help="run real clients through the scenarios that a client must survive, or at a target",
    )
    parser.add_argument(
        "target", nargs="?", default="embedded", metavar="TARGET",
        help="embedded (default: all scenarios) or a URL (a few plain tasks)",
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="only these clients: names or patterns",
    )
    parser.add_argument(
        "--scenario", action="append", default=[], metavar="PATTERN",
        help="only these scenarios (default: all but the variations)",
    )
    parser.add_argument("--install", action="store_true", help="make the environments that are not there yet")
    parser.add_argument(
        "--folder", metavar="DIR", default="", help="where the environments are (default: the user's cache)",
    )
    parser.add_argument(
        "--drivers", metavar="DIR", default="", help="drivers of your own, from this folder's drivers.toml",
    )
    parser.add_argument(
        "--verdicts", metavar="FILE", default="",
        help="a check's results of the same target: its verdicts on these clients are confirmed or corrected",
    )
    parser.add_argument("--list", action="store_true", help="print the drivers, installed or not, and end")
    parser.add_argument(
        "--key-env", default="OPENAI_API_KEY", metavar="NAME",
        help="environment variable that holds the target's key (default OPENAI_API_KEY)",
    )
    parser.add_argument("--model", default="gpt-4o", help="model of the assistant that is made on a target")
    parser.add_argument("--assistant", default="", metavar="ID", help="an existing assistant of the target")
    parser.add_argument(
        "--seconds", type=float, default=20.0, metavar="N", help="longest that a client may take for a task",
    )
    parser.add_argument("--results", metavar="FILE", default="", help="write results.jsonl here")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit 0: every client was right, or wrong in a way that has a source. 1: not. 2: nothing ran."""
    from runs_conformance.clienting import clients  # noqa: PLC0415 - the proxy and the judge

    return clients(arguments)
