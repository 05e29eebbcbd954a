"""What the suite files share: test parameters from the register and the options of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import pytest

from runs_conformance.contract.register import load
from runs_conformance.live import CAPABILITY
from runs_conformance.plugin import chosen
from runs_conformance.stimuli.base import OPERATIONS

# The order in which the tests send: what catches most faults of the catalogue a request first, as measured by
# `python -m benchmarks.matrix --costs`; what only looks at a story follows whoever tells it.
ORDER: Final = (
    "test_minimal_body", "test_run_object", "test_inside_values", "test_texts_with_nul", "test_stream",
    "test_stream_is_accepted", "test_settings_in_force", "test_another_model", "test_overrides_do_not_leak",
    "test_assistant_is_unchanged", "test_error_answer", "test_headers", "test_two_threads_at_once",
    "test_metadata_of_three_objects", "test_same_body_again", "test_run_under_another_thread",
    "test_other_project", "test_refused_stream", "test_stream_closed_early",
    "test_streamed_and_polled_agree", "test_lifecycle", "test_waiting_for_tools", "test_race",
    "test_expiry", "test_empty_thread", "test_lists", "test_scripted_failures", "test_hosted_tools",
    "test_faults_by_hand", "test_derived_faults", "test_any_valid_body", "test_any_body_with_one_fault",
    "test_any_story", "test_oddities", "test_the_least_that_it_sends", "test_every_value_that_it_offers",
    "test_any_body_that_it_can_send", "test_a_stream_as_it_asks_for_it",
    "test_what_it_sends_outside_of_the_contract",
)  # fmt: skip


def place(item: pytest.Item) -> int:
    """Where a test stands in the order; one that is not listed comes last."""
    name = getattr(item, "originalname", None) or item.name
    return ORDER.index(name) if name in ORDER else len(ORDER)


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
