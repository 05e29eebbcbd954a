"""The stateful phase: schemathesis follows the links, from thread to run to steps, outputs, cancel.

It chooses the steps and fills in the ids that answers gave; the bodies of creates are ours, for a run that
waits for a tool leads further than one that has no tools.
"""

from __future__ import annotations

import contextlib
import itertools
import warnings
from collections.abc import Iterator
from typing import Any, Final

import hypothesis
from hypothesis.errors import HypothesisException
from schemathesis.core.transport import Response as ReadResponse
from schemathesis.generation.stateful.state_machine import APIStateMachine
from schemathesis.schemas import BaseSchema

from runs_conformance.contract.capabilities import OF_OPERATION
from runs_conformance.contract.model import Case
from runs_conformance.contract.operations import CREATE
from runs_conformance.fuzzing.panel import Panel
from runs_conformance.fuzzing.shots import name_of, placed, response_of
from runs_conformance.live import Live
from runs_conformance.stimuli.base import CREATE_RUN, function
from runs_conformance.target.journal import BudgetSpent

PHASE: Final = "stateful"
STEPS: Final = 8


class Unanswered(Exception):  # noqa: N818 - how a chain of calls ends
    """There is no answer that a next call could follow from."""


class _Enough(BaseException):
    """Ends the phase at once: Hypothesis lets pass what is no Exception."""


def run(schema: BaseSchema, panel: Panel, chains: int, number: int) -> int:
    """Chains of calls along the links; the number of calls. BudgetSpent when there was not enough."""
    spent: list[BudgetSpent] = []
    before = panel.fired
    kinds = _creates(panel.live)

    absent = [
        name for name, needed in OF_OPERATION.items() if panel.live.profile.lacks(needed) is not None
    ]
    offered = schema.exclude(operation_id=absent) if absent else schema

    class Chain(offered.as_state_machine()):  # type: ignore[misc] # the class is made from the document
        def call(self, case: Any, **_: Any) -> ReadResponse:
            try:
                return _called(case, panel, kinds)
            except BudgetSpent as error:
                spent.append(error)
                raise _Enough from None

        def validate_response(self, *_: Any, **__: Any) -> None:
            """The panel has judged it."""

    settings = hypothesis.settings(
        max_examples=chains, stateful_step_count=STEPS, deadline=None, database=None,
        phases=(hypothesis.Phase.generate,), suppress_health_check=list(hypothesis.HealthCheck),
    )
    machine: type[APIStateMachine] = hypothesis.seed(number)(Chain)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(_Enough, Unanswered, HypothesisException):
            machine.run(settings=settings)
    if spent:
        raise spent[0]
    return panel.fired - before


def _called(case: Any, panel: Panel, kinds: Iterator[dict[str, Any]]) -> ReadResponse:
    name = name_of(case.operation)
    if name in CREATE:
        case.body = {**next(kinds), "assistant_id": panel.living.assistant}
        if name == CREATE_RUN:
            case.query = {}
    exchange, _ = panel.fire(lambda: placed(case, PHASE, Case(f"a call that a link led to ({name})")))
    answer = response_of(exchange, placed(case, PHASE, Case(name)))
    if answer is None:
        raise Unanswered
    return answer


def _creates(live: Live) -> Iterator[dict[str, Any]]:
    """Bodies of runs of different fates, again and again."""
    plain: dict[str, Any] = {}
    kinds = [plain]
    if live.profile.lacks("tools.function") is None:
        waits = {"tools": [function()], "tool_choice": {"type": "function", "function": {"name": "lookup"}}}
        kinds.append(waits)
    if live.profile.lacks("streams") is None:
        kinds += [{**one, "stream": True} for one in kinds]
    return itertools.cycle(kinds)
