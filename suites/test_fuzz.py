"""Beyond the documented: oddities that no row of the contract speaks about must not break a server.

Only a few, and none that a run can come of; `runs-conformance fuzz` sends them all, and generated ones too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runs_conformance.fuzzing.living import Living
from runs_conformance.fuzzing.oddities import few, oddity
from runs_conformance.live import Bench
from runs_conformance.scenes import accepted
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN
from runs_conformance.suite import operations, param, parametrize

ROWS = (
    "beyond.server-error", "beyond.answered", "beyond.internals", "beyond.media-type", "beyond.shape",
    "beyond.consistent",
)  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    parametrize(metafunc, "operation", _operations)


def _operations(options: Any) -> Iterator[Any]:
    """One operation is enough for a standard check: both are read by the same parser. Smoke sends none."""
    if options.effort == "smoke":
        return
    held = sorted(operations(options), key=(CREATE_RUN, CREATE_BOTH).index)
    for name in held if options.effort == "thorough" else held[:1]:
        yield param(name, requirements=ROWS, name=name, requests=12, runs=0)


def test_oddities(bench: Bench, operation: str) -> None:
    live = bench.live
    accepted(live, operation)
    here = Living(live)
    for index, each in enumerate(few(operation, live.effort)):
        found, exchanges = oddity(live, here, operation, each, twice=index == 0)
        bench.exchanges.update((one.id, one) for one in exchanges)
        bench.add(*found)
