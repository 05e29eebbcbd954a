"""The command: `check`, `list`, `serve`. Exit 0 conforms, 1 does not, 2 could not run."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from runs_conformance import __version__
from runs_conformance.commands import COMMANDS

if TYPE_CHECKING:
    from runs_conformance.contract.register import Requirement

COULD_NOT_RUN: Final = 2
_PLUGINS: Final = (
    "-p", "runs_conformance.plugin", "-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:junitxml", "-p",
    "no:faulthandler",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; never a traceback for bad input."""
    given = sys.argv[1:] if argv is None else list(argv)
    if given == ["--version"]:
        print(f"runs-conformance {__version__}")  # before the options are read: it has to be quick
        return 0
    arguments = parser().parse_args(given)
    from runs_conformance.contract.register import RegisterError, UnknownRequirementError  # noqa: PLC0415
    from runs_conformance.options import UsageError  # noqa: PLC0415

    try:
        return int(arguments.run(arguments))
    except (UsageError, UnknownRequirementError, RegisterError) as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return complain("interrupted")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT_RUN


def complain(sentence: str) -> int:
    sys.stderr.write(f"runs-conformance: {sentence}\n")
    return COULD_NOT_RUN


def parser() -> argparse.ArgumentParser:
    from runs_conformance.options import OPTIONS  # noqa: PLC0415 - --version need not read the register

    made = argparse.ArgumentParser(
        prog="runs-conformance", description="Says whether a server creates runs as the Assistants API does.",
    )
    made.add_argument("--version", action="version", version=f"runs-conformance {__version__}")
    commands = made.add_subparsers(required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="judge a target: exit 0 conforms, 1 does not, 2 could not run")
    check.add_argument(
        "target", nargs="?", default="", metavar="TARGET",
        help="embedded (default), a URL such as http://127.0.0.1:8000/v1, or app:module:attribute",
    )
    for option in OPTIONS:
        check.add_argument(option.name, help=option.help, **option.arguments)
    check.add_argument(
        "--workers", type=int, default=1, metavar="N", help="that many processes at once (default 1)",
    )
    check.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto",
        help="default auto: NO_COLOR is honoured",
    )
    check.add_argument(
        "--report-only", action="store_true",
        help="end with 0 also if the target does not conform (2 stays 2): for who must not gate yet",
    )
    check.set_defaults(run=run_check)

    listing = commands.add_parser("list", help="print the requirements")
    listing.add_argument("patterns", nargs="*", metavar="PATTERN", help="ids, globs, chapters, RQ numbers")
    listing.add_argument("--level", choices=("MUST", "SHOULD", "MAY"), help="only this level")
    listing.add_argument("--edition", metavar="DATE", help="only rows that hold at this date")
    listing.add_argument("--full", action="store_true", help="with sentence, source, evidence and notes")
    listing.add_argument("--json", action="store_true", help="as JSON, one row a line")
    listing.set_defaults(run=run_list)

    serve = commands.add_parser("serve", help="start the reference target")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", type=int, default=0, help="port (default: a free one)")
    serve.add_argument("--base-path", default="/v1", help="path before /threads (default /v1)")
    serve.add_argument(
        "--chunking", choices=("event", "byte", "random"), default="event",
        help="how a stream is cut into writes",
    )
    serve.add_argument(
        "--variation", action="append", default=[], metavar="NAME",
        help="do otherwise, as a correct server may; may be given several times",
    )
    serve.add_argument("--list-variations", action="store_true", help="print the variations and end")
    serve.add_argument(
        "--fault", action="append", default=[], metavar="NAME",
        help="be wrong in this way; a pattern means all that fit; may be given several times",
    )
    serve.add_argument("--list-faults", action="store_true", help="print the faults and end")
    serve.add_argument(
        "--list-scenarios", action="store_true", help="print what clients can choose to meet, and end"
    )
    serve.set_defaults(run=run_serve)
    for name in COMMANDS:
        importlib.import_module(f"runs_conformance.commands.{name}").add(commands)
    return made


def run_check(arguments: argparse.Namespace) -> int:
    """Run the suites in this process through pytest, with our own report in place of pytest's."""
    from runs_conformance.options import UsageError, choose  # noqa: PLC0415

    values = vars(arguments)
    if arguments.workers > 1 and (arguments.record or arguments.replay):
        raise UsageError("--record and --replay take one process: leave --workers out")
    choose(arguments.target, lambda name: values.get(name.removeprefix("--").replace("-", "_")))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    # Hypothesis would keep its tables of characters in the folder where the command was typed.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", os.path.expanduser("~/.cache/runs-conformance"))  # noqa: PTH111 - fails for nobody
    import pytest  # noqa: PLC0415 - half a second, only where tests run

    from runs_conformance.check import Reporter, arguments_for_pytest  # noqa: PLC0415

    reporter = Reporter(arguments.color)
    code = pytest.main([*_PLUGINS, *arguments_for_pytest(arguments)], plugins=[reporter])
    ended = reporter.end(int(code))
    if arguments.report_only and ended == 1:
        print("Exit 0 instead of 1, for --report-only.")
        return 0
    return ended


def run_list(arguments: argparse.Namespace) -> int:
    from runs_conformance.contract.register import load  # noqa: PLC0415

    register = load()
    chosen = register.select(arguments.patterns) if arguments.patterns else None
    rows = [
        row for row in register
        if (chosen is None or row.id in chosen)
        and (arguments.level is None or row.level == arguments.level)
        and (arguments.edition is None or row.applies(arguments.edition))
    ]
    for row in rows:
        print(_row(row, arguments))
    if not arguments.json:
        print(f"{len(rows)} of {len(register)} requirements")
    return 0 if rows else 1


def _row(row: Requirement, arguments: argparse.Namespace) -> str:
    import dataclasses  # noqa: PLC0415
    import json  # noqa: PLC0415

    if arguments.json:
        return json.dumps(dataclasses.asdict(row), ensure_ascii=False)
    if not arguments.full:
        return f"{row.level:<6} {row.id:<48} {row.rq or '-':<7} {row.statement}"
    details = {
        "source": row.source, "evidence": row.evidence, "since": row.since, "until": row.until,
        "capability": row.capability,
        "observable": row.observable, "excluded": row.excluded, "resource": row.resource, "note": row.note,
    }
    lines = [f"{row.id}  {row.level}  {row.rq or '(no catalogue number)'}", f"    {row.statement}"]
    return "\n".join([*lines, *(f"    {name}: {text}" for name, text in details.items() if text), ""])


def run_serve(arguments: argparse.Namespace) -> int:
    from runs_conformance.reference import faults, variations  # noqa: PLC0415
    from runs_conformance.reference.options import ReferenceOptions  # noqa: PLC0415
    from runs_conformance.reference.server import serve  # noqa: PLC0415

    if arguments.list_variations:
        for each in variations.every():
            print(f"{each.name:<36} {each.sentence}")
        return 0
    if arguments.list_faults:
        for fault in faults.CATALOGUE.values():
            print(f"{fault.name:<60} {fault.sentence}")
        return 0
    if arguments.list_scenarios:
        from runs_conformance.reference.scenarios.serving import described  # noqa: PLC0415 - only here

        print("\n".join(described()))
        return 0
    try:
        chosen = ReferenceOptions(
            base_path=arguments.base_path, chunking=arguments.chunking, faults=faults.named(*arguments.fault),
            scenarios=True,
        )
        serve(arguments.host, arguments.port, variations.options_for(arguments.variation, chosen))
    except (variations.UnknownVariationError, faults.UnknownFaultError) as error:
        return complain(str(error))
    except OSError as error:
        return complain(
            f"can't listen on {arguments.host}:{arguments.port}: {error.strerror}; choose another --port"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
