"""Chapter lifecycle, by stories that nobody wrote.

Hypothesis drives several threads at once against a model of the lifecycle.
"""

from __future__ import annotations

import pytest

from runs_conformance.live import Bench
from runs_conformance.machine import drive


@pytest.mark.requirement(
    "lifecycle.legal-moves", "lifecycle.final-is-final", "lifecycle.submit.accepted",
    "lifecycle.submit.partial-refused",
    "lifecycle.lock.message-refused", "lifecycle.lock.released", "refuse.thread.active-run",
    "lifecycle.cancel.accepted",
    "lifecycle.cancel.final-refused", "lifecycle.modify.answer", "response.retrieve.same",
)
@pytest.mark.cost(20, 4)
def test_any_story(bench: Bench) -> None:
    drive(bench)
