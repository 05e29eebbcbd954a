"""Chapter acceptance: what the contract allows must be taken, on both operations.

Inside values are packed into few bodies, since every accepted run costs money; a refused body is split until
the value that the target turns down is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runs_conformance.exploring import explore_valid
from runs_conformance.live import Bench
from runs_conformance.packing import send_packs
from runs_conformance.scenes import control
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN
from runs_conformance.stimuli.inside import inside
from runs_conformance.stimuli.packs import pack
from runs_conformance.suite import marks, operations, param, parametrize


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    parametrize(metafunc, "packed", _packs)
    parametrize(metafunc, "explored", _explored)


def _packs(options: Any) -> Iterator[Any]:
    for operation in operations(options):
        packs = pack(operation, inside(operation, edition=options.profile.edition))
        rows = {name for one in packs for name in one.requirements}
        yield param(
            operation,
            requirements=[*sorted(rows), "accept.optional-fields-absent", "response.echo.messages"],
            name=operation, requests=2 * len(packs), runs=len(packs),
        )


def _explored(options: Any) -> Iterator[Any]:
    for operation in operations(options):
        yield param(
            operation, requirements=["accept.optional-fields-absent"], name=operation, requests=10, runs=5,
        )


@pytest.mark.parametrize(
    ("operation", "row"),
    [
        pytest.param(
            CREATE_RUN, "accept.create-run.minimal",
            marks=marks(["accept.create-run.minimal", "headers.paths"], 3, 1), id=CREATE_RUN,
        ),
        pytest.param(
            CREATE_BOTH, "accept.create-thread-and-run.minimal",
            marks=marks(["accept.create-thread-and-run.minimal", "headers.paths"], 2, 1), id=CREATE_BOTH,
        ),
    ],
)
def test_minimal_body(bench: Bench, operation: str, row: str) -> None:
    bench.accept(control(bench.live, operation), [row, "headers.paths"])


def test_inside_values(bench: Bench, packed: str) -> None:
    send_packs(bench, packed)


def test_any_valid_body(bench: Bench, explored: str) -> None:
    explore_valid(bench, explored)
