"""The terminal report, compared with snapshots (UPDATE_SNAPSHOTS=1 writes them anew)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from report_samples import COST, ROWS, SECRET, exchange, failed, header, passed, register, row, stuck, summary

from runs_conformance.contract.findings import Finding, Outcome
from runs_conformance.report.curl import curl
from runs_conformance.report.records import Cost
from runs_conformance.report.redact import Redactor
from runs_conformance.report.terminal import render
from runs_conformance.report.text import columns

if TYPE_CHECKING:
    from runs_conformance.report.summary import Summary

SNAPSHOTS = Path(__file__).parent / "snapshots"
LINE = curl(exchange("x5"), Redactor((SECRET,)))
NO_STREAMS = {"stream.first-event": "the profile declares streams absent"}

CLEAN = summary(
    *(
        passed(each.id, "packed", "x1")
        for each in ROWS
        if each.chapter != "events" and each.observable != "no"
    ),
    not_applicable=NO_STREAMS,
)
FAILING = summary(
    passed("accept.minimal", "minimal", "x0"),
    *(failed("refuse.temperature.range", f"temperature={n / 10}", f"x{n}") for n in range(-5, 7)),
    passed("refuse.temperature.range", "temperature=3", "x9"),
    failed("refuse.unknown-field", "an unknown field", "x1"),
    failed("refuse.duplicate-key", "a key twice", "x2", actual="200"),
    failed(
        "error.envelope",
        "hostile",
        "x7",
        expected=('{"error": {...}}',),
        where="response \x1b[2J",
        actual="\x1b]0;owned\x07\u202etxt",
    ),
    Finding("accept.null", Outcome.GAP, actual="null instructions are refused (#12)"),
    not_applicable=NO_STREAMS,
    curls={"x5": LINE},
)
LADDER = summary(
    failed("accept.minimal", "minimal", "x5", expected=("200 and a run",), actual="500", where="response"),
    stuck("accept.tools.twenty", "accept.minimal", "no run could be created"),
    stuck("accept.null", "accept.minimal", "no run could be created"),
    stuck("refuse.temperature.range", "accept.tools.twenty", "blocked"),
    stuck("error.envelope", "", "the thread's messages could not be listed: 404"),
    passed("refuse.unknown-field", "field", "x1"),
    curls={"x5": LINE},
)
EMPTY = summary(selected=frozenset(), not_applicable=NO_STREAMS)


@pytest.mark.parametrize(
    ("name", "made", "width", "colour"),
    [
        ("clean", CLEAN, 80, False),
        ("failing", FAILING, 80, False),
        ("failing-narrow", FAILING, 40, False),
        ("failing-colour", FAILING, 110, True),
        ("untestable", LADDER, 80, False),
        ("empty", EMPTY, 80, False),
    ],
)
def test_snapshot(name: str, made: Summary, width: int, colour: bool) -> None:
    text = render(made, header(), COST, width, colour, results="results.jsonl")
    file = SNAPSHOTS / f"terminal-{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def test_a_run_that_could_not_go_on() -> None:
    text = render(
        summary(), header(seed=None), Cost(), code=2, reason="connection refused; is the server up?"
    )
    assert text.endswith(
        "It took 0 requests, 0 runs, 0.0 s.\nCOULD NOT RUN (exit 2): connection refused; is the server up?\n"
    )
    assert "seed" not in text
    assert "not exercised" not in text
    assert "not exercised" in render(summary(), header(), Cost())


@pytest.mark.parametrize("made", [CLEAN, FAILING, LADDER, EMPTY])
@pytest.mark.parametrize("width", [60, 80, 200])
def test_only_a_curl_line_is_wider_than_the_window(made: Summary, width: int) -> None:
    lines = render(made, header(), COST, width).splitlines()
    assert all(columns(line) <= width for line in lines if "curl -sS" not in line)


def test_without_colour_every_character_is_printable() -> None:
    assert render(FAILING, header(target="\x1b[1mfake\n"), COST).replace("\n", "").isprintable()


def test_each_failed_requirement_stands_once() -> None:
    text = render(FAILING, header(), COST)
    assert text.count("FAILED refuse.temperature.range") == 1
    assert "12 of 13 cases failed" in text


def test_a_very_long_curl_line_is_left_in_the_file() -> None:
    made = summary(failed("accept.minimal", "m", "x5"), curls={"x5": "curl " + "y" * 3000})
    assert "3,005 characters: it stands in r.jsonl, exchange x5" in " ".join(
        render(made, header(), COST, results="r.jsonl").split()
    )
    assert "yyyy" not in render(made, header(), COST)


def test_two_hundred_failures_take_a_screen_or_two_each_line_bounded() -> None:
    rows = register(*(row(f"accept.r{n}") for n in range(200)))
    made = summary(*(failed(each.id, "c" * 5000, actual="日" * 5000) for each in rows), rows=rows)
    text = render(made, header(), COST)
    assert text.count("FAILED ") == 200
    assert len(text) < 200 * 4000
