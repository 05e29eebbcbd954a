"""`probe URL`: a profile drafted from what the target answers."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Final

from runs_conformance.commands.report import add_output, write

# Of the options of `check`, those that say how to reach a target.
_OPTIONS: Final = (
    "--profile",
    "--key-env",
    "--no-key",
    "--header",
    "--query",
    "--model",
    "--assistant",
    "--thread",
    "--absent",
    "--timeout",
    "--max-runs",
)


def add(commands: Any) -> None:
    from runs_conformance.options import OPTIONS  # noqa: PLC0415 - --version need not read the register

    made = commands.add_parser(
        "probe", help="draft a profile from what a target answers (starts about 10 runs)"
    )
    made.add_argument(
        "target", metavar="TARGET", help="a URL such as http://127.0.0.1:8000/v1, or app:module:attribute"
    )
    for option in OPTIONS:
        if option.name in _OPTIONS:
            made.add_argument(option.name, help=option.help, **option.arguments)
    add_output(made)
    made.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 with a draft; 2 if the target can't be talked to at all."""
    from runs_conformance.drafting import draft  # noqa: PLC0415 - a probe alone needs the client
    from runs_conformance.options import UsageError, choose  # noqa: PLC0415
    from runs_conformance.probing import RUNS, Probe  # noqa: PLC0415
    from runs_conformance.report.text import emit  # noqa: PLC0415
    from runs_conformance.session import redactor, session  # noqa: PLC0415
    from runs_conformance.target.stage import Blocked  # noqa: PLC0415

    values = _given(arguments)
    chosen = choose(arguments.target, lambda name: values.get(name.removeprefix("--").replace("-", "_")))
    emit(
        sys.stderr, f"Asking {redactor(chosen.profile).url(chosen.target)}; about {RUNS} runs are started.\n"
    )
    try:
        with session(chosen) as live:
            answers = Probe(live, redactor(chosen.profile)).answers()
            cost = f"{live.client.requests} requests, {live.client.runs_started} runs"
    except Blocked as blocked:
        raise UsageError(blocked.sentence) from None
    made = draft(chosen.profile, answers, _typed(arguments))
    emit(sys.stderr, f"{cost}; {sum(one.state == 'absent' for one in answers)} capabilities are absent.\n")
    return write(made, arguments.output)


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """An assistant or thread that is given stands for one that the target can't make."""
    values = dict(vars(arguments))
    found = [*(values["absent"] or ())]
    found += ["assistants.create"] if values["assistant"] else []
    found += ["threads"] if values["thread"] else []
    return {**values, "absent": found}


def _typed(arguments: argparse.Namespace) -> dict[str, str]:
    pairs = [each.partition(":") for each in arguments.header or ()]
    pairs += [each.partition("=") for each in arguments.query or ()]
    return {name.strip(): value.strip() for name, _, value in pairs}
