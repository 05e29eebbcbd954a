"""The results file: what is written is valid, comes back as it was, and survives being cut anywhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from report_samples import COST, ROWS, SECRET, events, exchange, failed, header, passed, stuck, summary

from runs_conformance.contract.model import Event, Failure, Response
from runs_conformance.paths import SCHEMAS
from runs_conformance.report.ending import exit_code, footer
from runs_conformance.report.records import Note, finding_of
from runs_conformance.report.redact import Redactor
from runs_conformance.report.results import (
    EmptyResultsError,
    MalformedLineError,
    MissingFooterError,
    Results,
    ResultsError,
    ResultsWriter,
    UnreadableResultsError,
    read_results,
)
from runs_conformance.report.saved import (
    AROUND,
    BEGINNING,
    BODY,
    DATA,
    FIRST_EVENTS,
    LAST_EVENTS,
    STREAM,
    Recorder,
)
from runs_conformance.report.writer import KEPT

SCHEMA = json.loads((SCHEMAS / "result_line.json").read_text())
RECORDER = Recorder(ROWS, hide=Redactor((SECRET,)))
FINDINGS = (
    passed("accept.minimal", "a", "x0"),
    failed("refuse.temperature.range", "t=2.01", "x1"),
    stuck("error.envelope", "auth", "401"),
)
MADE = summary(*FINDINGS, not_applicable={"stream.first-event": "no streams"}, curls={"x1": "curl x"})


def write(path: Path) -> Path:
    with ResultsWriter(path) as writer:
        writer.header(header())
        writer.note(Note(text="a note"))
        for finding in FINDINGS:
            for record in RECORDER.records(finding, exchange(finding.exchange) if finding.exchange else None):
                writer.write(record)
        for verdict in MADE.verdicts:
            writer.requirement(verdict)
        writer.footer(footer(MADE, COST, exit_code(MADE)))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "results.jsonl")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_line_fits_the_schema(file: Path) -> None:
    assert [line["kind"] for line in lines(file)][:6] == [
        "header",
        "note",
        "finding",
        "finding",
        "exchange",
        "finding",
    ]
    for line in lines(file):
        jsonschema.validate(line, SCHEMA)


def test_what_was_written_comes_back(file: Path) -> None:
    results = read_results(file)
    assert results.header == header()
    assert results.verdicts == MADE.verdicts
    assert tuple(map(finding_of, results.findings)) == FINDINGS
    assert list(results.exchanges) == ["x1"]
    assert results.notes == (Note(text="a note"),)


def test_the_summary_of_a_file_is_that_of_the_run(file: Path) -> None:
    results = read_results(file)
    assert results.summary == MADE
    assert results.summary.causes == MADE.causes
    assert results.footer
    assert results.footer.outcomes == MADE.outcomes
    assert results.footer.exit_code == exit_code(results.summary) == 1


def test_no_secret_is_in_the_file(file: Path) -> None:
    assert SECRET not in file.read_text()
    assert "$OPENAI_API_KEY" in file.read_text()


def test_a_file_cut_at_any_byte_can_be_read_up_to_its_last_whole_line(file: Path, tmp_path: Path) -> None:
    whole, cut = file.read_bytes(), tmp_path / "cut.jsonl"
    for end in range(0, len(whole) - 1, 7):
        cut.write_bytes(whole[:end])
        with pytest.raises((MissingFooterError, EmptyResultsError)) as caught:
            read_results(cut)
        assert (
            _count(caught.value.results) == max(whole[:end].count(b"\n"), 0) or whole[end : end + 1] == b"\n"
        )
    cut.write_bytes(whole[:-1])
    assert read_results(cut) == read_results(file)


def _count(results: Results | None) -> int:
    if results is None:
        return 0
    return 1 + sum(map(len, (results.findings, results.exchanges, results.verdicts, results.notes)))


def test_a_killed_run_leaves_what_it_had(tmp_path: Path) -> None:
    file = tmp_path / "killed.jsonl"
    program = (
        "import pathlib, sys\nsys.path[:0] = sys.argv[2:]\nimport report_samples as s\n"
        "from runs_conformance.report.results import ResultsWriter\n"
        "writer = ResultsWriter(pathlib.Path(sys.argv[1]))\nwriter.header(s.header())\n"
        "print('ready', flush=True)\ninput()\n"
    )
    here = Path(__file__).parent
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(file), str(here), str(here.parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(MissingFooterError, match="cut off after 1 lines") as caught:
        read_results(file)
    assert caught.value.results
    assert caught.value.results.header == header()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("not json", "not JSON"),
        ("[]", "the line"),
        ('{"kind":"verdict"}', "kind"),
        ("", "blank"),
        ('{"kind":"finding","requirement":"a"}', "required"),
        ("\udcff", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"kind":"footer","verdict":"\\ud800"}', "not usable|verdict"),
        ('{"kind":"note","text":1' + "0" * 5000 + "}", "not JSON"),
    ],
)
def test_a_line_that_is_none_is_named(file: Path, line: str, problem: str) -> None:
    text = file.read_text().split("\n")
    text[2] = line
    file.write_text("\n".join(text), errors="surrogateescape")
    with pytest.raises(MalformedLineError, match=problem) as caught:
        read_results(file)
    assert caught.value.line == 3
    assert str(caught.value).startswith("line 3: ")
    assert _count(caught.value.results) == 2


def test_a_header_and_a_footer_have_their_places(file: Path) -> None:
    text = file.read_text().splitlines(keepends=True)
    for wrong in ([*text, text[1]], text[1:], [text[0], *text]):
        file.write_text("".join(wrong))
        with pytest.raises(MalformedLineError, match=r"(footer|header)"):
            read_results(file)


def test_another_format_is_named(file: Path) -> None:
    file.write_text(file.read_text().replace('"format":1', '"format":2'))
    with pytest.raises(MalformedLineError, match="format 2; this version reads format 1"):
        read_results(file)


def test_missing_and_empty_files(tmp_path: Path) -> None:
    with pytest.raises(UnreadableResultsError, match="No such file"):
        read_results(tmp_path / "none.jsonl")
    with pytest.raises(UnreadableResultsError, match="directory"):
        read_results(tmp_path)
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(EmptyResultsError) as caught:
        read_results(tmp_path / "empty.jsonl")
    assert caught.value.hint.endswith(".")


def test_every_error_has_a_hint() -> None:
    assert all(
        issubclass(one, ResultsError) for one in (EmptyResultsError, MissingFooterError, MalformedLineError)
    )


def test_a_passed_case_stands_once_and_an_exchange_once(tmp_path: Path) -> None:
    with ResultsWriter(tmp_path / "r") as writer:
        good = [writer.write(RECORDER.finding(passed("accept.minimal", "a", f"x{n}"))) for n in range(3)]
        bad = failed("error.envelope", "b", "x1")
        again = failed("refuse.temperature.range", "b", "x1")
        told = [writer.write(one) for each in (bad, again) for one in RECORDER.records(each, exchange())]
    assert good == [True, False, False]
    assert told == [True, True, True, False]


def test_a_flood_of_failures_is_bounded_but_the_smallest_stands(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    sizes = [*range(500, 500 + 2 * KEPT), 1, *range(600, 700)]
    with ResultsWriter(file) as writer:
        for size in sizes:
            for one in RECORDER.records(
                failed("error.envelope", "b", f"x{size}"), exchange(f"x{size}", "y" * size)
            ):
                writer.write(one)
    written = lines(file)
    assert len(written) == 2 * (KEPT + 1)
    assert written[-1]["id"] == written[-2]["exchange"] == "x1"


def test_what_could_not_be_tested_takes_no_room_from_failures(tmp_path: Path) -> None:
    with ResultsWriter(tmp_path / "r") as writer:
        told = [writer.write(RECORDER.finding(stuck("error.envelope", "auth"))) for _ in range(KEPT + 1)]
        assert told == [True] * KEPT + [False]
        assert writer.write(RECORDER.finding(failed("error.envelope")))


def test_an_exchange_that_came_with_a_finding_too_many_is_there_for_the_next(tmp_path: Path) -> None:
    flood = [failed("error.envelope", f"c{n}", f"x{n}") for n in range(KEPT + 1)]
    other = failed("refuse.temperature.range", "c", f"x{KEPT}")
    with ResultsWriter(tmp_path / "r") as writer:
        for each in flood:
            for one in RECORDER.records(each, exchange(each.exchange)):
                writer.write(one)
        writer.write(RECORDER.finding(other))
    assert [line["kind"] for line in lines(tmp_path / "r")][-2:] == ["finding", "exchange"]
    assert lines(tmp_path / "r")[-1]["id"] == f"x{KEPT}"


def test_no_path_no_file() -> None:
    with ResultsWriter(None) as writer:
        writer.header(header())
        assert writer.write(RECORDER.finding(FINDINGS[1]))


def saved(**fields: Any) -> dict[str, Any]:
    record = json.loads(json.dumps(RECORDER.exchange(exchange(**fields), "event 900")))
    jsonschema.validate(record, SCHEMA)
    return record


def test_a_long_body_is_cut_and_says_so() -> None:
    body = saved(body=b"x" * (BODY + 1))["request"]["body"]
    assert (body["size"], body["cut"], len(body["text"]) <= BODY) == (BODY + 1, True, True)
    assert saved(body=b"{}")["request"]["body"] == {"size": 2, "cut": False, "text": "{}"}
    assert saved(body=b"\xff")["request"]["body"] == {"size": 1, "cut": False, "base64": "/w=="}
    assert saved(body=None)["request"]["body"] is None


def test_a_long_stream_keeps_its_ends_and_what_is_pointed_at() -> None:
    answer = saved(response=Response(200, events=events(2000)))["response"]
    kept = [event["index"] for event in answer["events"]]
    assert answer["events_total"] == 2000
    assert len(kept) == FIRST_EVENTS + LAST_EVENTS + 11
    assert set(range(895, 906)) <= set(kept)


def test_the_data_of_a_long_stream_are_bounded_but_not_those_pointed_at() -> None:
    long = tuple(Event(n, "n", "d" * 3000, n, n + 1, 0.1) for n in range(1000))
    kept = saved(response=Response(200, events=long))["response"]["events"]
    assert sum(len(event["data"]) for event in kept) < STREAM + 3000 * (2 * AROUND + 2) + BEGINNING * 300
    assert {len(event["data"]) for event in kept if abs(event["index"] - 900) <= AROUND} == {3000}
    assert kept[-1]["cut"]


def test_odd_events_and_failures_are_kept() -> None:
    odd = (
        Event(0, None, None, 0, 1, 0.1),
        Event(1, "n", "d" * (DATA + 1) + "\ud800", 1, 9, 0.2, ended=False),
    )
    answer = saved(response=Response(200, events=odd, failure=Failure("idle", "nothing came")))["response"]
    assert answer["events"][1]["cut"]
    assert len(answer["events"][1]["data"]) == DATA
    assert answer["failure"] == {"kind": "idle", "text": "nothing came"}
    assert saved(response=None, failure=Failure("unreachable", "refused"))["response"] is None
