"""Chapters errors and headers: what all refusals and all answers have in common."""

from __future__ import annotations

import pytest

from runs_conformance.live import Bench
from runs_conformance.scenes import row
from runs_conformance.suite import rows


@pytest.mark.parametrize(
    "requirement",
    [*rows("error.", requests=8), *rows("refuse.unknown-property.code", "refuse.message.fails-whole-call")],
)
def test_error_answer(bench: Bench, requirement: str) -> None:
    row(bench, requirement, "refused")


@pytest.mark.parametrize("requirement", rows("headers.", but=["headers.stream"]))
def test_headers(bench: Bench, requirement: str) -> None:
    row(bench, requirement, "plain", "both", "refused")
