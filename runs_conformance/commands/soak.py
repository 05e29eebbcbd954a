"""`runs-conformance soak`: conformance under load, on Locust."""

from __future__ import annotations

import argparse
import importlib.util
import re
from typing import Any, Final

# Options of `check` that are about one session of suites.
WITHOUT: Final = ("--record", "--replay", "--as")
MISSING: Final = (
    "soak needs Locust, the load tool, which is not installed: pip install 'runs-conformance[load]' "
    "(or pip install 'locust>=2.40')"
)
_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def add(commands: Any) -> None:
    from runs_conformance.options import OPTIONS  # noqa: PLC0415 - the command line has read it already

    made = commands.add_parser(
        "soak", help="judge a target under load, with many users at once (needs Locust)"
    )
    made.add_argument(
        "target",
        nargs="?",
        default="",
        metavar="TARGET",
        help="embedded (default), a URL such as http://127.0.0.1:8000/v1, or app:module:attribute",
    )
    made.add_argument("--users", default="10", metavar="N", help="users at once (default 10)")
    made.add_argument(
        "--time",
        default="1m",
        metavar="TIME",
        help="how long: seconds, or as in 90s, 10m, 1h30m (default 1m)",
    )
    made.add_argument(
        "--spawn-rate", metavar="N", help="users that begin each second (default: all in the first)"
    )
    made.add_argument(
        "--pause", default="0", metavar="SECONDS", help="what each user waits between two stories (default 0)"
    )
    made.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="default auto: NO_COLOR is honoured",
    )
    for option in OPTIONS:
        if option.name not in WITHOUT:
            made.add_argument(option.name, help=option.help, **option.arguments)
    made.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit codes as of `check`."""
    from runs_conformance.options import UsageError, choose  # noqa: PLC0415

    values = vars(arguments)
    chosen = choose(arguments.target, lambda name: values.get(name.removeprefix("--").replace("-", "_")))
    users = int(number(arguments.users, "--users", whole=True))
    seconds = duration(arguments.time)
    rate = number(arguments.spawn_rate or str(users), "--spawn-rate")
    pause = number(arguments.pause, "--pause", zero=True)
    if importlib.util.find_spec("locust") is None:
        raise UsageError(MISSING)
    keep_tables()
    from runs_conformance.soaking.soak import Wanted, soak  # noqa: PLC0415 - heavy: only where it soaks

    return soak(chosen, Wanted(users, seconds, rate, pause, arguments.color))


def keep_tables() -> None:
    """Hypothesis would keep its tables of characters in the folder where the command was typed."""
    import os  # noqa: PLC0415

    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", os.path.expanduser("~/.cache/runs-conformance"))  # noqa: PTH111 - fails for nobody


def number(text: str, option: str, *, whole: bool = False, zero: bool = False) -> float:
    """A number above 0 (or 0 too); UsageError for anything else."""
    from runs_conformance.options import UsageError  # noqa: PLC0415

    try:
        value = float(int(text)) if whole else float(text)
    except ValueError:
        raise UsageError(f"{option} {text!r} is not a {'whole ' if whole else ''}number") from None
    if not (value > 0 or (zero and value == 0)) or value == float("inf"):
        raise UsageError(f"{option} {text}: give a number above 0{' or 0' if zero else ''}")
    return value


def duration(text: str) -> float:
    """Seconds of a time as Locust writes it: 300, 300s, 20m, 3h, 1h30m. UsageError for anything else."""
    from runs_conformance.options import UsageError  # noqa: PLC0415

    parts = re.findall(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if not parts or "".join(a + b for a, b in parts) != text.strip():
        raise UsageError(f"--time {text!r}: write it as 90, 90s, 10m or 1h30m")
    found = sum(float(count) * _UNITS[unit] for count, unit in parts)
    if not found > 0:
        raise UsageError(f"--time {text}: give a time above 0")
    return found
