"""What `check` adds to pytest: its arguments, and a reporter that prints our report and nothing else."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from typing import Any, Final

import pytest

from runs_conformance.options import OPTIONS, in_pytest
from runs_conformance.paths import SUITES
from runs_conformance.plugin import ERROR, FATAL, SHOWN, VERDICTS
from runs_conformance.report.text import emit, wants_colour

COULD_NOT_RUN: Final = 2
_KEPT: Final = 20


def arguments_for_pytest(arguments: argparse.Namespace) -> list[str]:
    """The same options in pytest's spelling.

    The suites wherever they are installed; nothing of the user's own configuration.
    """
    made = [
        str(SUITES), "-c", os.devnull, f"--rootdir={SUITES}", f"--target={arguments.target or 'embedded'}",
        "--strict-markers",
    ]
    if arguments.workers > 1:
        made += ["-p", "xdist.plugin", "-n", str(arguments.workers), "--dist", "loadfile"]
    for option in OPTIONS:
        value = getattr(arguments, option.name.removeprefix("--").replace("-", "_"))
        if option.kind == "flag":
            made += [in_pytest(option)] if value else []
        elif option.kind == "many":
            made += [f"{in_pytest(option)}={one}" for one in value or ()]
        elif value is not None:
            made.append(f"{in_pytest(option)}={value}")
    return made


class Reporter:
    """Prints the report at the end, and any error of our own making, with what to do about it."""

    def __init__(self, color: str) -> None:
        self.color = color
        self.errors: list[str] = []
        self._config: pytest.Config | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        self._config = config
        config.stash[SHOWN] = True

    def pytest_internalerror(self, excrepr: Any) -> None:
        self.errors.append(str(excrepr))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors.append(str(report.longrepr))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and (hasattr(report, ERROR) or not hasattr(report, FATAL)):
            self.errors.append(f"{report.nodeid} ({report.when}):\n{report.longreprtext}")

    def end(self, _code: int) -> int:
        verdicts = self._config.stash.get(VERDICTS, None) if self._config else None
        if verdicts is not None and verdicts.unreachable and not self.errors:
            emit(sys.stderr, f"runs-conformance: {verdicts.reason}\n")
            return COULD_NOT_RUN
        if verdicts is not None:
            width = shutil.get_terminal_size().columns
            emit(sys.stdout, verdicts.text(width, wants_colour(sys.stdout, self.color, os.environ)))
        if self.errors:
            sys.stderr.write(
                "runs-conformance: an error of the suite itself, not of the target; please report it:\n"
            )
            sys.stderr.write("\n".join(self.errors[:_KEPT]) + "\n")
            return COULD_NOT_RUN
        if verdicts is None:
            sys.stderr.write(
                "runs-conformance: nothing was tested: the selection leaves no test; widen --select\n"
            )
            return COULD_NOT_RUN
        return int(verdicts.code)
