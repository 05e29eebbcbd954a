"""The table on disk, the curve, and the processes that compute it."""

import os
import time

import pytest

from benchmarks.matrix import checking, computing, costs, jobs, table
from benchmarks.matrix.checking import Spent
from benchmarks.matrix.table import FULL, Row, Sound, Table
from runs_conformance.contract.register import load
from runs_conformance.reference.faults import CATALOGUE, HAND_MADE

SOUND = Sound(
    {"minimal_body createRun": (3, 1), "t": (4, 0), "t: x": (1, 0), "t: y": (1, 0), "story s": (10, 2)},
    Spent(19, 3, 1.5, 1.4),
)


def row(fault, *units, failed=("a",), first=None):
    return Row(fault, "e/o", FULL, ("a",), failed, first=first, units=units)


TABLE = Table(
    SOUND,
    Sound({"t: x": (1, 0)}, Spent(1, 0, 0.1, 0.1)),
    {
        one.fault: one
        for one in (
            row("echo.one", "t: x", "t: y", "story s", first=Spent(4, 1, 0.2, 0.1)), row("echo.two", "t: y"),
            row("echo.three", "story s"), row("echo.four", "t: never sent to a sound target"),
            row("echo.five", failed=()),
        )
    },
)  # fmt: skip


def test_a_table_comes_back_as_it_was(tmp_path):
    table.save(TABLE, tmp_path / "t.jsonl")
    again = table.load(tmp_path / "t.jsonl")
    assert again == TABLE
    names = [one.fault for one in again.rows.values()]
    assert names == sorted(names)


def test_no_table_is_an_empty_one(tmp_path):
    assert table.load(tmp_path / "none.jsonl") == Table()


@pytest.mark.parametrize("text", ["{", "[]", '{"units":[]}', '{"fault":"x"}\n{"fault":"y"}'])
def test_a_damaged_table_is_told_in_a_sentence(tmp_path, text):
    (tmp_path / "t.jsonl").write_text(text)
    with pytest.raises(table.TableError, match="not a table of this format"):
        table.load(tmp_path / "t.jsonl")


@pytest.mark.parametrize(("numbers", "text"), [([], ""), ([3], "3"), ([0, 1, 2, 7, 9, 10], "0-2,7,9-10")])
def test_numbers_in_short(numbers, text):
    assert table.ranges(numbers) == text
    assert table.numbers_of(text) == numbers


def test_what_a_test_sets_up_is_shared_out():
    assert costs.prices(SOUND) == {
        "minimal_body createRun": (3, 1), "t: x": (3.0, 0), "t: y": (3.0, 0), "story s": (10, 2),
    }  # fmt: skip


def test_the_curve_as_sent_and_the_best():
    assert [(one.requests, one.caught) for one in costs.as_sent(TABLE)] == [(3, 0), (6, 1), (9, 2), (19, 3)]
    best = costs.greedy(TABLE)
    assert [one.unit for one in best] == ["minimal_body createRun", "t: y", "story s"]
    assert (best[-1].requests, best[-1].runs, best[-1].caught) == (16, 3, 3)


def test_shares_of_a_curve():
    reached = costs.at(costs.greedy(TABLE), (0.4, 0.6, 1.0), 5)
    assert [(share, one.requests) for share, one in reached] == [(0.4, 6.0), (0.6, 16.0)]


def test_what_adds_nothing():
    sorts = costs.redundant(TABLE)
    assert sorts == {"nothing": ["minimal_body createRun"], "again": ["t: x"], "alone": ["t: y", "story s"]}


def test_stale_is_what_has_no_row_or_another_key():
    asked = computing.Wanted({}, {"echo.one": "e/o", "echo.two": "e/changed", "echo.new": "e/o"})
    assert asked.stale(TABLE) == ["echo.two", "echo.new"]


def test_a_sample_of_the_derived_faults_is_checked_wholly():
    full = [name for name in CATALOGUE if computing.how(name) == FULL]
    assert set(HAND_MADE) <= set(full)
    derived = {name for name in full if name not in HAND_MADE}
    meant = {checking.meant(fault, load()) for fault in CATALOGUE.values() if fault.site is not None}
    assert {checking.meant(CATALOGUE[name], load()) for name in derived} == meant
    assert len(meant) <= len(derived) < 150


def _tells(_, tell):
    tell("early")


def _raises(_, __):
    raise ValueError("no")


def _dies(_, __):
    os._exit(3)


def _hangs(_, __):
    time.sleep(60)


@pytest.mark.parametrize(
    ("work", "found"),
    [
        (lambda folder, _: folder.is_dir(), True),
        (_tells, "early"),
        (_raises, jobs.Broken("ValueError: no")),
        (_dies, jobs.Broken("the process ended with 3")),
        (_hangs, jobs.Broken("no end within 0.5 s")),
    ],
)
def test_a_job_ends_with_a_result_whatever_happens(work, found):
    assert list(jobs.run([("one", work)], 1, deadline=0.5 if work is _hangs else 60)) == [("one", found)]


def test_jobs_run_side_by_side():
    jobs_ = [(str(number), lambda _, __: os.getpid()) for number in range(5)]
    found = dict(jobs.run(jobs_, 2))
    assert set(found) == set("01234")
    assert len(set(found.values())) == 5


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("lifecycle.list-has-more-never", "story "),
        ("bounds.run:temperature:maximum-wide", "derived_faults createRun: /temperature"),
    ],
)
def test_a_fault_is_caught_by_what_is_meant_and_told_by_what(name, unit):
    asked = computing.wanted([name], load())
    (found,) = computing.detected([name], asked, 1)
    assert found.verdict == "caught", found
    assert found.first.requests < 200
    assert any(one.startswith(unit) for one in found.units), found.units


def test_a_whole_check_tells_what_each_stimulus_cost():
    ((_, seen),) = jobs.run([("smoke", checking.sound("smoke"))], 1)
    assert (seen.code, seen.failed, seen.error) == (0, (), "")
    assert sum(sent for sent, _ in seen.costs.values()) == seen.all.requests
    assert sum(runs for _, runs in seen.costs.values()) == seen.all.runs
    assert {"minimal_body createRun", "story plain"} <= set(seen.costs)
