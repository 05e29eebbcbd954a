"""`runs-conformance openapi`: print the OpenAPI document of the contract."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    made = commands.add_parser("openapi", help="print the OpenAPI 3.1 document of the operations")
    made.add_argument("--edition", metavar="DATE", help="the contract as of this date (default: the newest)")
    made.add_argument("--output", metavar="FILE", help="write it there instead")
    made.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from runs_conformance.contract.register import NEWEST  # noqa: PLC0415 - only where it is needed
    from runs_conformance.openapi.compose import text  # noqa: PLC0415
    from runs_conformance.options import UsageError  # noqa: PLC0415
    from runs_conformance.target.reading import check_edition  # noqa: PLC0415
    from runs_conformance.target.settings import ProfileError  # noqa: PLC0415

    try:
        made = text(check_edition(arguments.edition) if arguments.edition else NEWEST)
    except ProfileError as error:
        raise UsageError(f"--{error}") from None
    if arguments.output is None:
        sys.stdout.write(made)
        return 0
    try:
        Path(arguments.output).write_text(made, "utf-8")
    except OSError as error:
        raise UsageError(f"--output {arguments.output}: can't be written ({error.strerror})") from None
    return 0
