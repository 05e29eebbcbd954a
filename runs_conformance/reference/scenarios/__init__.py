"""Scenarios that a client must survive, chosen by plain data: see `scenario`.

Importing this package registers them all.
"""

from __future__ import annotations

from runs_conformance.reference.scenarios import errors, runs, streams
from runs_conformance.reference.scenarios.scenario import (
    Scenario,
    UnknownScenarioError,
    every,
    named,
    of_assistant,
    of_model,
)

streams.add_variations()

__all__ = [
    "Scenario",
    "UnknownScenarioError",
    "errors",
    "every",
    "named",
    "of_assistant",
    "of_model",
    "runs",
    "streams",
]
