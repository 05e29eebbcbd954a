"""Exploring: what fails is shrunk within its budget, told once, and does not hide what else fails."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from builders import create
from hypothesis import strategies as st

from runs_conformance.contract.findings import failed, passed
from runs_conformance.contract.register import load
from runs_conformance.exploring import EXAMPLES, SHRINKING, _Explorer, explore_valid, explore_violating
from runs_conformance.frozen import Frozen
from runs_conformance.live import Bench
from runs_conformance.options import choose
from runs_conformance.reference import ReferenceOptions, running
from runs_conformance.session import session
from runs_conformance.stimuli.base import CREATE_RUN
from runs_conformance.target.journal import BudgetSpent

MUST, OTHER, SHOULD, MAY = (
    "response.echo.metadata",
    "response.default.temperature",
    "headers.request-id",
    "error.code",
)
NUMBERS = st.integers(0, 1000).map(lambda number: {"n": number})


def explored(judge, strategy=NUMBERS, examples=60, told=(), simplest=lambda drawn: drawn):
    """What is told about a target for which `judge` gives the rows that a body breaks."""
    sent, findings = [], []

    def asked(body):
        sent.append(body["n"])
        bad = [failed(row, None, expected="", actual=body["n"]) for row in judge(body["n"])]
        return [*bad, passed(MUST)], create()

    live = SimpleNamespace(register=load(), effort="standard", frozen=Frozen())
    bench = SimpleNamespace(live=live, exchanges={}, add=lambda *more: findings.extend(more))
    _Explorer(bench, asked, simplest, set(told)).run(strategy, examples, 0)
    return sent, [(one.requirement, int(one.actual)) for one in findings if one.failed]


def test_nothing_fails():
    sent, told = explored(lambda _: [])
    assert told == []
    assert 30 < len(sent) <= 60


def test_a_failure_is_shrunk_and_told_once():
    sent, told = explored(lambda number: [MUST] if number > 100 else [])
    [(row, number)] = told
    assert row == MUST
    assert 100 < number < max(sent)
    assert len(sent) == len(set(sent))


def test_shrinking_keeps_to_its_budget():
    sent, told = explored(lambda number: [MUST] if number % 2 else [], examples=1000)
    assert len(told) == 1
    first = next(at for at, number in enumerate(sent) if number % 2)
    assert first + 1 + SHRINKING <= len(sent) <= 1000 + SHRINKING
    assert len(sent) == len(set(sent))


def test_a_row_that_always_fails_does_not_hide_another():
    _, told = explored(lambda number: [SHOULD, *([MUST] if number > 500 else [])])
    assert {row for row, _ in told} == {SHOULD, MUST}
    _, told = explored(lambda number: [SHOULD, *([MUST] if number > 500 else [])], told=[SHOULD])
    assert {row for row, _ in told} == {MUST}


def test_each_failing_row_is_told():
    rules = {MUST: 300, OTHER: 600, SHOULD: 900}
    _, told = explored(lambda number: [row for row, least in rules.items() if number > least], examples=100)
    assert {row for row, _ in told} == set(rules)
    assert all(number > rules[row] for row, number in told)


def test_the_simplest_case_that_fails_alike_ends_the_shrinking():
    sent, told = explored(lambda number: [MUST] if number % 2 else [], simplest=lambda _: {"n": 1})
    assert told == [(MUST, 1)]
    first = next(at for at, number in enumerate(sent) if number % 2)
    assert sent[first + 1] == 1 or sent[first] == 1
    sent, told = explored(lambda number: [MUST] if number > 100 else [], simplest=lambda _: {"n": 1})
    assert told[0][1] > 100
    assert sent.count(1) == 1


def test_a_may_is_no_failure():
    assert explored(lambda _: [MAY])[1] == []


def test_the_budget_of_runs_ends_the_search():
    def broke(_):
        raise BudgetSpent("spent")

    with pytest.raises(BudgetSpent):
        explored(broke)


def test_what_was_found_before_the_budget_was_spent_stands():
    seen = []

    def judge(number):
        seen.append(number)
        if len(seen) > 3:
            raise BudgetSpent("spent")
        return [MUST] if len(seen) == 3 else []

    assert [row for row, _ in explored(judge)[1]] == [MUST]


def hears_badly(faithful):
    """Metadata that is not ASCII comes back garbled."""

    def shape_run(item, *, sse=False):
        garbled = {key: value.encode("ascii", "replace").decode() for key, value in item.metadata.items()}
        return faithful.shape_run(item, sse=sse) | {"metadata": garbled}

    return replace(faithful, shape_run=shape_run)


LOOSE = ("temperature", "top_p", "max_prompt_tokens", "max_completion_tokens", "parallel_tool_calls")


def takes_any_setting(faithful):
    """Some settings are not looked at."""

    def check_body(schema, body, edition):
        loose = isinstance(body, dict) and schema == "create_run_request"
        strict = {name: value for name, value in body.items() if name not in LOOSE} if loose else body
        faithful.check_body(schema, strict, edition)

    return replace(faithful, check_body=check_body)


def failures(fault, explore, monkeypatch):
    monkeypatch.setitem(EXAMPLES, "standard", (15, 150))
    with running(ReferenceOptions(faults=(fault,))) as url, session(choose(url, {}.get)) as live:
        bench = Bench(live, frozenset())
        explore(bench, CREATE_RUN)
        return [one for one in bench.findings if one.failed]


def test_a_live_target_is_explored_with_valid_bodies(monkeypatch):
    [told] = failures(hears_badly, explore_valid, monkeypatch)
    assert told.requirement == "response.echo.metadata"
    assert told.where.startswith("run /metadata/")


def test_a_live_target_is_explored_with_faulty_bodies(monkeypatch):
    told = failures(takes_any_setting, explore_violating, monkeypatch)
    assert "refuse." in told[0].requirement
    assert {one.case.split()[4] for one in told} <= {f"/{name}" for name in LOOSE}
    assert len({one.requirement for one in told}) > 1
