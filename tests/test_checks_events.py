"""Events beyond the broken streams: editions, additions, both forms of an error."""

import pytest
from broken_streams import good
from broken_streams.good import Blocks
from test_broken_streams import findings

from runs_conformance.contract.checks.events import carrier
from runs_conformance.contract.grammar import NAMES, canonical
from runs_conformance.contract.judge import Context, Judge

ERROR = {"message": "boom", "type": "server_error", "param": None, "code": None}


def judged(blocks: Blocks, edition: str | None = None, operation: str = "createRun") -> set[str]:
    judge = Judge(Context(edition=edition)) if edition else Judge()
    found = judge.everything([good.exchange(good.to_body(blocks), operation)])
    return {one.requirement for one in found if one.failed}


@pytest.mark.parametrize("edition", ["2024-05-15", "2024-05-28"])
def test_an_incomplete_run_ended_in_completed_before_its_event_existed(edition: str) -> None:
    ended = good.run("incomplete", **good.UNTOLD)
    blocks = [*good.cut(), ("thread.run.completed", ended), good.DONE]
    assert judged(blocks, edition) == (set() if edition < "2024-05-28" else {"event.run-status"})


@pytest.mark.parametrize("payload", [ERROR, {"error": ERROR}], ids=["bare", "wrapped"])
def test_both_forms_of_an_error_are_fine(payload: dict[str, object]) -> None:
    assert judged([*good.HEAD, ("error", payload)]) == set()


@pytest.mark.parametrize(
    "name", ["ping", "thread.run.step.paused", "thread.archived", "vendor.thread.note", "errors.none"]
)
def test_unknown_names_are_skipped(name: str) -> None:
    for place in range(len(good.text())):
        blocks = good.text()
        blocks.insert(place, (name, {"object": "news"}))
        assert judged(blocks) == set()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("message.delta", "thread.message.delta"),
        ("Thread.Run.Created", "thread.run.created"),
        ("thread_run_step_created", "thread.run.step.created"),
        ("thread.run.canceled", "thread.run.cancelled"),
        ("step.delta", "thread.run.step.delta"),
        ("thread.run.inprogress", "thread.run.in_progress"),
    ],
)
def test_misspellings_are_recognised(name: str, meant: str) -> None:
    assert canonical(name) == meant


@pytest.mark.parametrize("name", NAMES)
def test_a_documented_name_means_itself_and_has_a_carrier_row(name: str) -> None:
    assert canonical(name) == name
    assert carrier(name).startswith("event.")


def test_more_fields_and_values_of_the_vendor_are_fine() -> None:
    blocks = good.text()
    for _, value in blocks[:-1]:
        value["vendor_note"] = [1]
    assert judged(blocks) == set()


def test_content_in_search_results_is_fine_if_it_was_asked_for() -> None:
    from dataclasses import replace

    from broken_streams.faults import CATALOGUE

    broken = next(one for one in CATALOGUE if one.name == "content_nobody_asked_for")
    query = (("include[]", "step_details.tool_calls[*].file_search.results[*].content"),)
    asked = replace(broken.exchange, request=replace(broken.exchange.request, query=query))
    assert findings(broken.exchange)
    assert findings(asked) == []


def test_of_many_equal_failures_three_are_told() -> None:
    blocks = [
        (name, {**value, "id": 7}) if "delta" in name else (name, value)
        for name, value in good.two_texts()[:-1]
    ]
    body = good.to_body([*blocks, good.DONE])
    found = [one for one in findings(good.exchange(body)) if one.requirement == "event.message-delta"]
    assert len(found) == 3
    assert found[0].where == "event 7 /id"
