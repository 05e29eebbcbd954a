"""Chapter response.

The run object, by the plain run of each operation; every other answer is judged by the same checks.
"""

from __future__ import annotations

import pytest

from runs_conformance.live import Bench
from runs_conformance.scenes import row
from runs_conformance.suite import rows


@pytest.mark.parametrize("requirement", rows("response.", requests=24))
def test_run_object(bench: Bench, requirement: str) -> None:
    row(bench, requirement, "plain", "both")
