"""The automata, and how a broken order is shown."""

import pytest
from broken_streams import good
from broken_streams.faults import CATALOGUE
from test_broken_streams import findings

from runs_conformance.contract.grammar import MESSAGE, NAMES, STEP, STREAMS, SYMBOLS, Automaton
from runs_conformance.contract.judge import Judge
from runs_conformance.contract.register import load

AUTOMATA = {**STREAMS, "step": STEP, "message": MESSAGE}


@pytest.mark.parametrize("automaton", AUTOMATA.values(), ids=AUTOMATA)
def test_an_automaton_is_total_and_blames_rows_that_exist(automaton: Automaton) -> None:
    symbols = {symbol for moves in automaton.table.values() for symbol in moves}
    for moves in automaton.table.values():
        assert moves.keys() == symbols
        assert {state for state, _ in moves.values()} <= automaton.table.keys()
        assert {row for _, row in moves.values() if row} <= load().rows.keys()


@pytest.mark.parametrize("operation", STREAMS)
def test_every_name_is_a_symbol_of_every_stream(operation: str) -> None:
    assert set(SYMBOLS) == set(NAMES)
    assert set(SYMBOLS.values()) == STREAMS[operation].table["start"].keys()


@pytest.mark.parametrize("operation", STREAMS)
def test_done_ends_every_stream(operation: str) -> None:
    for state, moves in STREAMS[operation].table.items():
        assert moves["done"][0] == "done", state


def test_a_failure_shows_the_events_around_and_what_was_expected() -> None:
    broken = next(one for one in CATALOGUE if one.name == "no_queued")
    [found] = findings(broken.exchange)
    assert found.where == "event 1"
    assert found.expected[0] == "thread.run.queued"
    assert found.actual.startswith(
        "0 thread.run.created, >1 thread.run.in_progress<, 2 thread.run.step.created"
    )


def test_unnamed_events_leave_the_order_undecided() -> None:
    broken = next(one for one in CATALOGUE if one.name == "no_event_lines_at_all")
    told = {one.requirement for one in Judge().everything([broken.exchange])}
    assert {one for one in told if one.startswith("order.")} == {"order.done-last"}


def litellm(blocks: good.Blocks) -> bytes:
    return b"".join(good.block(name, value).partition(b"\n")[2] for name, value in blocks[:-1])


def test_a_proxy_that_drops_names_and_the_end_is_found_out() -> None:
    found = {one.requirement for one in findings(good.exchange(litellm(good.text())))}
    assert found == {"event.framing", "order.done-last"}


def test_the_step_that_outputs_close_is_the_one_that_waited() -> None:
    blocks = good.answered()
    blocks[0][1]["id"] = "step_other"
    pair = [
        good.exchange(good.to_body(good.waiting())),
        good.exchange(good.to_body(blocks), "submitToolOutputs"),
    ]
    found = {one.requirement for one in Judge().everything(pair) if one.failed}
    assert "order.submit-start" in found
    fine = [pair[0], good.exchange(good.to_body(good.answered()), "submitToolOutputs")]
    assert not {one.requirement for one in Judge().everything(fine) if one.failed} & {"order.submit-start"}


@pytest.mark.parametrize("status", ["completed", "in_progress"])
def test_a_stream_and_a_later_read_agree(status: str) -> None:
    from stories import failures, get

    found = failures(good.exchange(good.to_body(good.text())), get(status))
    assert ("order.final-state-retrieved" in found) == (status != "completed")
