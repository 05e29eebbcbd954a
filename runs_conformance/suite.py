"""What the suite files share: test parameters from the register and the options of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from runs_conformance.contract.register import load
from runs_conformance.live import CAPABILITY
from runs_conformance.plugin import chosen
from runs_conformance.stimuli.base import OPERATIONS


def marks(requirements: Iterable[str], requests: int, runs: int) -> list[Any]:
    return [pytest.mark.requirement(*requirements), pytest.mark.cost(requests, runs)]


def param(*values: Any, requirements: Iterable[str], name: str, requests: int = 1, runs: int = 0) -> Any:
    return pytest.param(*values, marks=marks(requirements, requests, runs), id=name.replace("::", ":"))


def rows(*prefixes: str, but: Iterable[str] = (), requests: int = 0, runs: int = 0) -> list[Any]:
    """One parameter a row whose id begins with a prefix, for tests that only look at what a scene showed.

    The scene's cost is the first row's: it is told once.
    """
    left = tuple(but) or ("\0",)
    found = [
        row
        for row in load() if row.id.startswith(prefixes) and not row.id.startswith(left)
        and row.observable != "no"
    ]
    return [
        param(
            row.id, requirements=[row.id], name=row.id, requests=0 if index else requests,
            runs=0 if index else runs,
        )
        for index, row in enumerate(found)
    ]


def parametrize(metafunc: pytest.Metafunc, names: str, values: Callable[[Any], Iterator[Any]]) -> None:
    """Parameters that depend on the options (edition, effort, what the target lacks)."""
    wanted = names.split(",")
    if set(wanted) <= set(metafunc.fixturenames):
        metafunc.parametrize(wanted, list(values(chosen(metafunc.config))))


def operations(options: Any) -> list[str]:
    return [name for name in OPERATIONS if options.profile.lacks(CAPABILITY[name]) is None]
