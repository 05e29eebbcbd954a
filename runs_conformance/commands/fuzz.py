"""`runs-conformance fuzz`: schemathesis' cases and ours against every operation of the document."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any, Final

# In the order in which they are run; a test holds this against the phases themselves.
PHASES: Final = ("kept", "examples", "values", "hostile", "coverage", "fuzzing", "stateful")


def add(commands: Any) -> None:
    from runs_conformance.options import OPTIONS  # noqa: PLC0415 - the command line has read it already

    made = commands.add_parser("fuzz", help="send generated and hostile requests to every operation")
    made.add_argument(
        "target", nargs="?", default="", metavar="TARGET",
        help="embedded (default), a URL such as http://127.0.0.1:8000/v1, or app:module:attribute",
    )
    for option in OPTIONS:
        made.add_argument(option.name, help=option.help, **option.arguments)
    made.add_argument(
        "--openapi", action="append", default=[], metavar="FILE",
        help="an OpenAPI document with further operations, paths below TARGET; may be given several times",
    )
    made.add_argument("--max-requests", metavar="N", help="send at most this many requests")
    made.add_argument("--max-time", metavar="SECONDS", help="end after this many seconds")
    made.add_argument(
        "--phases", metavar="NAMES", help=f"only these phases, with commas: {', '.join(PHASES)}"
    )
    made.add_argument(
        "--operation", action="append", default=[], metavar="PATTERN",
        help="only operations of this name (createRun) or label ('GET /widgets*')",
    )
    made.add_argument(
        "--database", metavar="PLACE",
        help="where failing cases are kept: a directory, redis://HOST:PORT/0, github:OWNER/REPOSITORY, none",
    )
    made.add_argument("--replay-failure", metavar="ID", help="send one kept case again, and nothing else")
    made.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from runs_conformance.options import UsageError, choose  # noqa: PLC0415

    values = vars(arguments)
    chosen = choose(arguments.target, lambda name: values.get(name.removeprefix("--").replace("-", "_")))
    names = tuple(each.strip() for each in (arguments.phases or "").split(",") if each.strip())
    for name in names:
        if name not in PHASES:
            raise UsageError(f"--phases {name!r} is none of {', '.join(PHASES)}")
    requests = _number(arguments.max_requests, "--max-requests")
    seconds = _number(arguments.max_time, "--max-time")
    # Hypothesis would keep its tables of characters in the folder where the command was typed.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", os.path.expanduser("~/.cache/runs-conformance"))  # noqa: PTH111 - fails for nobody
    from runs_conformance.fuzzing.run import Wanted, fuzz  # noqa: PLC0415 - a second, only where it fuzzes
    from runs_conformance.fuzzing.store import open_database  # noqa: PLC0415

    wanted = Wanted(
        database=open_database(arguments.database), openapi=tuple(map(Path, arguments.openapi)),
        phases=tuple(name for name in PHASES if not names or name in names),
        operations=tuple(arguments.operation) or ("*",),
        max_requests=None if requests is None else int(requests), max_time=seconds,
        replayed=arguments.replay_failure,
    )
    return fuzz(chosen, wanted)


def _number(text: str | None, option: str) -> float | None:
    from runs_conformance.options import UsageError  # noqa: PLC0415

    if text is None:
        return None
    try:
        value = float(text) if option == "--max-time" else float(int(text))
    except ValueError:
        raise UsageError(f"{option} {text!r} is not a number") from None
    if not 0 < value < float("inf"):
        raise UsageError(f"{option} {text}: give a number above 0")
    return value
