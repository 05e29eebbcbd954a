"""The parts of a soak that need no load: spreads, markers, ids, the corpus, what the command line takes."""

import importlib.util
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
import report_samples

from runs_conformance.commands import soak as command
from runs_conformance.contract.findings import Outcome
from runs_conformance.contract.model import Exchange, Headers, Request, Response, Trace, to_bytes
from runs_conformance.options import UsageError
from runs_conformance.report import load
from runs_conformance.report.records import Load
from runs_conformance.report.views.plots import plots
from runs_conformance.soaking import corpus
from runs_conformance.soaking.across import Across, leaks
from runs_conformance.soaking.judging import Harvest
from runs_conformance.soaking.spreads import Spread, Times
from runs_conformance.soaking.verdict import latencies
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN
from runs_conformance.target.profile import Profile

MARKER = "soak-0123abcd-1-1z"
OTHER = "soak-0123abcd-2-1z"


def exchange(method, path, answer, body=None, **fields):
    made = {"id": "x1", "started_at": 100.0, "seconds": 0.01, **fields}
    request = Request(method, path, (), Headers(), None if body is None else to_bytes(body))
    return Exchange(request=request, response=Response(200, Headers(), to_bytes(answer)), **made)


def created(thread="thread_1", run="run_1", marker=MARKER, shown=MARKER, **fields):
    answer = {
        "id": run,
        "object": "thread.run",
        "thread_id": thread,
        "metadata": {"k": shown},
        "status": "queued",
    }
    return exchange("POST", f"/threads/{thread}/runs", answer, {"metadata": {"k": marker}}, **fields)


@pytest.mark.parametrize("percent", [1, 50, 95, 99.9, 100])
def test_a_percentile_is_right_to_two_per_cent(percent):
    spread = Spread()
    for number in range(1, 1001):
        spread.note(number / 1000)
    assert spread.percentile(percent) == pytest.approx(max(1, math.ceil(10 * percent)) / 1000, rel=0.021)


def test_times_of_two_processes_add_up_to_those_of_one():
    both, one, two = Times(5.0), Times(5.0), Times(5.0)
    for number in range(200):
        (one if number % 2 else two).note([("answer", "getRun", number / 100)], number / 10)
        both.note([("answer", "getRun", number / 100)], number / 10)
    one.add(Times.of(two.plain))
    assert one.whole["answer", "getRun"].steps == both.whole["answer", "getRun"].steps
    assert {place: spread.count for place, spread in one.windows["answer", "getRun"].items()} == {
        0: 50,
        1: 50,
        2: 50,
        3: 50,
    }


def test_a_harvest_survives_being_sent():
    harvest = Harvest(2.0)
    harvest.passed["a.row"] = 3
    harvest.ids = {b"12345678": b"thread-a"}
    harvest.times.note([("done", "createRun", 0.5)], 1.0)
    other = Harvest.of(harvest.plain)
    assert other.plain == harvest.plain
    other.ids = {b"12345678": b"thread-b"}
    assert harvest.add(other) == 1
    assert harvest.passed["a.row"] == 6


def test_a_marker_of_another_thread_is_a_leak_where_it_stands():
    (finding,) = leaks(Trace((created(shown=OTHER),), "thread_1"))
    assert finding.outcome is Outcome.FAILED
    assert finding.requirement == "response.echo.metadata"
    assert finding.where == "response /metadata/k"
    assert OTHER in finding.actual


def test_a_marker_of_the_same_thread_and_a_piece_of_one_are_none():
    own = [one for one in leaks(Trace((created(),), "thread_1")) if one.failed]
    cut = [one for one in leaks(Trace((created(shown=OTHER[:-1]),), "thread_1")) if one.failed]
    assert not own
    assert not cut


def test_an_id_that_another_thread_had_is_told_once():
    across = Across()
    first = list(across.findings((created(),)))
    again = list(across.findings((created(),)))
    other = [one for one in across.findings((created("thread_2"), created("thread_2"))) if one.failed]
    assert not any(one.failed for one in (*first, *again))
    assert [one.requirement for one in other] == ["response.id-unique"]


def test_the_corpus_is_the_same_for_a_seed_and_survives_being_sent():
    profile = Profile()
    drawn = corpus.draw(profile, 7)
    assert corpus.draw(profile, 7) == drawn
    assert corpus.Corpus.of(drawn.plain) == drawn
    assert {one.operation for one in drawn.valid} == {CREATE_RUN, CREATE_BOTH}
    assert drawn.refused
    assert all("assistant_id" not in one.body for one in drawn.valid)


def test_a_target_without_threads_has_only_the_create_that_makes_one():
    profile = replace(Profile(), absent={"threads": "declared"})
    assert corpus.operations(profile) == (CREATE_BOTH,)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("1.5s", 1.5)]
)
def test_a_time_is_written_as_locust_writes_it(text, seconds):
    assert command.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "10 m", "0s", "-5", "10d"])
def test_another_time_is_refused(text):
    with pytest.raises(UsageError, match="--time"):
        command.duration(text)


def test_without_locust_it_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    given = SimpleNamespace(target="", users="2", time="5s", spawn_rate=None, pause="0", color="never")
    with pytest.raises(UsageError, match=r"pip install 'runs-conformance\[load\]'"):
        command.run(given)


def test_a_load_is_told_in_sentences_and_rows():
    times = Times(1.0)
    for number in range(100):
        times.note([("first event", "createRun", (number + 1) / 1000)], number / 10)
    (one,) = latencies(times)
    what = Load(users=3, seconds=10.0, exchanges=500, traffic_cpu=4.0, judging_cpu=2.0, target_cpu=4.0)
    text = load.told(what, (one,))
    assert "judging is 0.50 of sending, 0.25 of sending and answering" in text
    assert "first event, createRun" in text
    assert [len(one.over), one.count] == [10, 100]
    over, spread = plots((one,))
    assert len(over.median.split()) == 10
    assert sum(count for _, count in one.spread) == one.count
    assert all(y >= 0 and y + height <= 103 for _, y, _, height in spread.bars)


def test_pickled_exchanges_carry_nothing_that_was_worked_out():
    one = report_samples.exchange()
    assert one.shown
    assert one.response.json
    assert set(one.__getstate__()) == set(type(one).__dataclass_fields__)
    assert "json" not in one.response.__getstate__()
