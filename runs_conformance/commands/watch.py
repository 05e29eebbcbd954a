"""`runs-conformance watch`: a proxy that judges what a client and a server say to each other."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    parser = commands.add_parser("watch", help="pass a client's traffic on to a server, and judge both")
    parser.add_argument(
        "--upstream",
        default="embedded",
        metavar="URL",
        help="the server's base URL, such as http://127.0.0.1:8000/v1 (default: the embedded target)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="port (default: a free one)")
    parser.add_argument(
        "--edition", metavar="DATE", default="", help="the contract as of this date (default: the newest)"
    )
    parser.add_argument(
        "--select",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only these requirements: ids, globs, chapters, RQ numbers",
    )
    parser.add_argument("--strict", action="store_true", help="a SHOULD that fails is a failure")
    parser.add_argument(
        "--no-key", action="store_true", help="the server wants no key: none is expected of the client"
    )
    parser.add_argument("--results", metavar="FILE", default="", help="write results.jsonl here")
    parser.add_argument("--quiet", action="store_true", help="a line only for exchanges with findings")
    parser.add_argument(
        "--fail-on-findings",
        nargs="?",
        const="any",
        default="",
        choices=("client", "server", "any"),
        metavar="SIDE",
        help="exit 1 if the client, the server or (default) any side broke a requirement; else always 0",
    )
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="default auto: NO_COLOR is honoured",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit 0: it ran. 1: findings, if --fail-on-findings asks. 2: it could not run, or nothing came."""
    from runs_conformance.watch import watch  # noqa: PLC0415 - the proxy and the judge

    return watch(arguments)
