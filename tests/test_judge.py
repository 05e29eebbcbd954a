"""The judge: which checks are asked, which rows count, by which edition, with which assistants."""

import pytest
from builders import ASSISTANT, assistant, create, exchange, failure, findings, holds, run

from runs_conformance.contract import judge as judging
from runs_conformance.contract.findings import Outcome, failed, not_applicable, passed, untestable, verdict
from runs_conformance.contract.judge import EXCHANGE_CHECKS, TRACE_CHECKS, Check, Context, Judge
from runs_conformance.contract.register import load

WARM = create({"temperature": 0.5}, run(temperature=1))
ROW = "response.default.temperature"


def test_only_selected_rows_are_told():
    everything = {one.requirement for one in Judge().exchange(WARM)}
    assert {ROW, "response.success"} < everything
    assert {one.requirement for one in Judge(selected=frozenset({ROW})).exchange(WARM)} == {ROW}
    assert Judge(selected=frozenset()).exchange(WARM) == []


def test_rows_of_another_edition_are_silent():
    old = create({}, run(parallel_tool_calls=False))
    row = "response.default.parallel-tool-calls"
    assert failure(row, old)
    assert findings(row, old, edition="2024-06-05") == []


def test_rows_that_can_not_be_seen_are_not_wanted():
    hidden = {row.id for row in load() if row.observable == "no"}
    assert hidden
    assert hidden.isdisjoint(Judge().wanted)


def test_every_check_speaks_about_rows_that_exist():
    Judge()
    names = [name for check in (*EXCHANGE_CHECKS, *TRACE_CHECKS) for name in check.requirements]
    assert [name for name in names if name not in load()] == []
    assert len({check.name for check in EXCHANGE_CHECKS}) == len(EXCHANGE_CHECKS)


def test_a_check_must_declare_what_it_speaks_about(monkeypatch):
    liar = Check("test.liar", ("response.success",), frozenset(), lambda one, _: iter([passed(ROW, one)]))
    monkeypatch.setattr(judging, "EXCHANGE_CHECKS", [liar])
    with pytest.raises(AssertionError, match=f"test.liar speaks about {ROW}"):
        Judge().exchange(WARM)


def test_a_check_is_asked_only_about_its_operations(monkeypatch):
    narrow = Check("test.narrow", (ROW,), frozenset({"getRun"}), lambda one, _: iter([passed(ROW, one)]))
    monkeypatch.setattr(judging, "EXCHANGE_CHECKS", [narrow])
    assert Judge().exchange(WARM) == []


def test_assistants_count_as_they_were_at_the_time():
    first = exchange("POST", "/assistants", assistant(temperature=0.25), {})
    changed = exchange("POST", f"/assistants/{ASSISTANT}", assistant(temperature=0.75), {})
    early, late = create({}, run(temperature=0.25)), create({}, run(id="run_two", temperature=0.75))
    assert holds(ROW, first, early, changed, late)
    assert failure(ROW, first, changed, early)[1:] == ("0.75, the value in force", "0.25")


def test_an_assistant_that_is_read_afterwards_or_known_before():
    read = exchange("GET", f"/assistants/{ASSISTANT}", assistant(temperature=0.5))
    assert failure(ROW, create(), read)[1] == "0.5, the value in force"
    known = {ASSISTANT: assistant(temperature=0.5)}
    assert failure(ROW, create(), assistants=known)[1] == "0.5, the value in force"
    assert findings(ROW, create()) == []


def test_findings_carry_their_origin():
    assert passed(ROW, WARM, "here").exchange == "x1"
    told = failed(ROW, WARM, expected="a", actual={"b": 1}, where="there")
    assert (told.failed, told.expected, told.actual, told.where) == (True, ("a",), '{"b": 1}', "there")
    assert verdict(ROW, True, None, expected="a", actual="b").outcome is Outcome.PASSED
    assert verdict(ROW, False, None, expected=["a", "c"], actual="b").expected == ("a", "c")
    assert untestable(ROW, "why", blocked_by="rung").blocked_by == "rung"
    assert not_applicable(ROW, "why").outcome is Outcome.NOT_APPLICABLE


def test_a_context_of_its_own():
    assert Judge(Context(aliases={"gpt-4o": ("house",)})).context.aliases["gpt-4o"] == ("house",)
