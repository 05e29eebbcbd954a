"""Only with `--as CLIENT`: what that client sends, as it sends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runs_conformance import acting
from runs_conformance.clients.sending import Strange, cases
from runs_conformance.live import Bench
from runs_conformance.stimuli.base import CREATE_RUN
from runs_conformance.stimuli.packs import pack
from runs_conformance.suite import operations, param, parametrize

_ROWS = {True: "accept.create-run.minimal", False: "accept.create-thread-and-run.minimal"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    parametrize(metafunc, "plain_operation", _plain)
    parametrize(metafunc, "valued", _values)
    parametrize(metafunc, "explored", _explored)
    parametrize(metafunc, "streamed", _streamed)
    parametrize(metafunc, "deviation", _deviations)


def _operations(options: Any) -> list[str]:
    return [name for name in operations(options) if name in options.acting.operations]


def _uses(options: Any, operation: str, streamed: bool) -> tuple[Any, ...]:
    uses = options.acting.uses
    return tuple(one for one in uses if operation in one.operations and one.streamed == streamed)


def _plain(options: Any) -> Iterator[Any]:
    for operation in _operations(options):
        row = _ROWS[operation == CREATE_RUN]
        rows = {*acting.rows_of(_uses(options, operation, False)), row, "headers.paths"}
        yield param(operation, requirements=sorted(rows), name=operation, requests=8, runs=1)


def _values(options: Any) -> Iterator[Any]:
    for operation in _operations(options):
        packs = pack(operation, cases(options.acting, operation, edition=options.profile.edition))
        rows = {name for one in packs for name in one.requirements} | {"accept.optional-fields-absent"}
        yield param(
            operation, requirements=sorted(rows), name=operation, requests=2 * len(packs), runs=len(packs),
        )


def _explored(options: Any) -> Iterator[Any]:
    for operation in _operations(options):
        rows = ["accept.optional-fields-absent"]
        yield param(operation, requirements=rows, name=operation, requests=10, runs=5)


def _streamed(options: Any) -> Iterator[Any]:
    for operation in _operations(options):
        uses = _uses(options, operation, True)
        if uses:
            rows = acting.rows_of(uses)
            yield param(operation, requirements=rows, name=operation, requests=2, runs=1)


def _deviations(options: Any) -> Iterator[Any]:
    for operation in _operations(options):
        for one in acting.strangers(options.acting, operation, options.profile.edition):
            yield param(one, requirements=[one.row], name=f"{operation}: {one.deviation.name}")


def test_the_least_that_it_sends(bench: Bench, plain_operation: str) -> None:
    acting.plain(bench, plain_operation, _ROWS[plain_operation == CREATE_RUN])


def test_every_value_that_it_offers(bench: Bench, valued: str) -> None:
    acting.values(bench, valued)


def test_any_body_that_it_can_send(bench: Bench, explored: str) -> None:
    acting.any_body(bench, explored)


def test_a_stream_as_it_asks_for_it(bench: Bench, streamed: str) -> None:
    acting.streamed(bench, streamed)


def test_what_it_sends_outside_of_the_contract(bench: Bench, deviation: Strange) -> None:
    acting.deviate(bench, deviation)
