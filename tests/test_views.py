"""One result in every view: equal counts, valid formats, and nothing of a target's that is more than text."""

import json
import re
from collections import Counter
from xml.etree import ElementTree as ET

import pytest
import result_files
from command import run

from runs_conformance.report.records import Outcome
from runs_conformance.report.results import read_results
from runs_conformance.report.views import VIEWS
from runs_conformance.report.views.markdown import LONGEST, plain
from runs_conformance.report.views.words import OUTCOMES, UNSEEN

MADE = {"clean": result_files.clean, "mixed": result_files.mixed, "hostile": result_files.hostile}
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(params=MADE)
def results(request, tmp_path):
    return read_results(MADE[request.param](tmp_path / "results.jsonl"))


def counts(results):
    return {str(one): results.summary.count(one) for one in Outcome}


def markdown_counts(text):
    names, _, *_, total = [line for line in text.splitlines() if line.startswith("|")]
    cells = zip(names.split(" | ")[1:], total.split(" | ")[1:], strict=True)
    words = {word: str(one) for one, word in OUTCOMES.items()}
    return {words[name.strip(" |")]: int(cell.strip(" |*")) for name, cell in cells}


def page_counts(text):
    rows = re.findall(r'<details class="req s-([a-z-]+) ', text)
    squares = re.findall(r'<g class="cell s-([a-z-]+)"', text)
    assert Counter(rows) == Counter(squares)
    return Counter(rows)


def junit_counts(text):
    pairs = {each.get("name"): each.get("value") for each in ET.fromstring(text).iter("property")}
    return {str(one): int(pairs[one]) for one in Outcome}


def test_every_view_tells_the_same_counts(results):
    real = counts(results)
    document = json.loads(VIEWS["json"](results))
    chapters = Counter()
    for one in document["chapters"].values():
        chapters.update(one)
    assert document["footer"]["outcomes"] == real == chapters
    assert Counter(each["outcome"] for each in document["requirements"]) == Counter(real)
    assert junit_counts(VIEWS["junit"](results)) == real
    assert page_counts(VIEWS["html"](results)) == {name: n for name, n in real.items() if n}
    shown = markdown_counts(VIEWS["markdown"](results))
    assert shown == {name: real[name] for name in shown}
    assert sum(shown.values()) == sum(real.values())


def test_the_terminal_counts_the_same(results):
    total = re.search(r"^total +(.*)", VIEWS["text"](results), re.MULTILINE)[1].split()
    summary = results.summary
    assert int(total[0].replace("-", "0")) == summary.count(Outcome.PASSED)
    assert int(total[1].replace("-", "0")) == summary.count(Outcome.FAILED)


def test_the_badge_counts_the_same(results):
    badge = json.loads(VIEWS["badge"](results))
    assert set(badge) <= {"schemaVersion", "label", "message", "color", "isError"}
    summary = results.summary
    decided = summary.tested + summary.count(Outcome.UNTESTABLE)
    assert badge["message"] == f"{summary.count(Outcome.PASSED)}/{decided} passed"
    assert badge["schemaVersion"] == 1


def test_junit_has_a_case_for_each_row_that_was_looked_at(results):
    root = ET.fromstring(VIEWS["junit"](results))
    cases = root.findall("testsuite/testcase")
    summary = results.summary
    assert len(cases) == int(root.get("tests")) == len(results.verdicts) - summary.count(*UNSEEN)
    assert int(root.get("failures")) == len(root.findall(".//failure")) == summary.count(Outcome.FAILED)
    assert int(root.get("errors")) == len(root.findall(".//error")) == summary.count(Outcome.UNTESTABLE)
    skipped = summary.count(Outcome.GAP, Outcome.NOT_APPLICABLE, Outcome.NOT_TESTED)
    assert int(root.get("skipped")) == len(root.findall(".//skipped")) == skipped


@pytest.mark.parametrize("view", VIEWS)
def test_no_control_of_a_target_reaches_a_view(view, tmp_path):
    text = VIEWS[view](read_results(result_files.hostile(tmp_path / "r")))
    assert not CONTROLS.search(text)
    assert "evil.test" in text or view == "badge"
    text.encode()


def test_no_markup_of_a_target_reaches_the_page(tmp_path):
    text = VIEWS["html"](read_results(result_files.hostile(tmp_path / "r")))
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert" in text
    assert text.isascii()


def test_no_markup_of_a_target_reaches_markdown(tmp_path):
    text = VIEWS["markdown"](read_results(result_files.hostile(tmp_path / "r")))
    quoted = r"^(`{3,})sh\n.*?^\1$|(`+)(?!`).*?(?<!`)\2(?!`)"
    outside = re.sub(quoted, "", text, flags=re.DOTALL | re.MULTILINE)
    assert "<script" not in outside
    assert "<img" not in outside
    assert "http://evil" not in outside
    assert "@team" not in outside
    assert not re.search(r"(?<!\\)\]\(", outside)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b", r"a\_b"), ("1. x", r"1\. x"), ("- x", r"\- x"), ("<b>", "&lt;b&gt;"), ("@me", "&#64;me"),
        ("#1", r"\#1"),
    ],
)
def test_markdown_of_a_target_stays_text(text, shown):
    assert plain(text) == shown


def test_an_annotation_is_one_line_and_no_other_command(tmp_path):
    lines = VIEWS["annotations"](read_results(result_files.hostile(tmp_path / "r"))).splitlines()
    assert len(lines) == 3
    assert all(re.fullmatch(r"::(error|warning) title=[^:,\n]*::[^\n]*", line) for line in lines)
    assert all("%0A" in line for line in lines if "refuse" in line)


def test_annotations_are_few(tmp_path):
    lines = VIEWS["annotations"](read_results(result_files.huge(tmp_path / "r", 40, 1))).splitlines()
    assert len(lines) == 10
    assert "31 more" in lines[-1]


def test_a_huge_result_stays_readable(tmp_path):
    results = read_results(result_files.huge(tmp_path / "r"))
    assert sum(one.failed for one in results.verdicts) == 2400
    assert len(VIEWS["html"](results)) < 8_000_000
    assert "stands in results.jsonl as exchange" in VIEWS["html"](results)
    assert len(VIEWS["markdown"](results).encode()) <= LONGEST + 200


def test_a_page_has_no_outside_resource(results):
    text = VIEWS["html"](results)
    assert not re.search(r"<(link|iframe|object|embed|base)\b|<img|url\(|@import|<script [^>]*src", text)
    assert not re.search(r'(?:href|src)="(?!#)', text)
    assert "default-src 'none'" in text


def test_the_offending_event_is_marked(tmp_path):
    text = VIEWS["html"](read_results(result_files.mixed(tmp_path / "r")))
    assert '<circle class="ring"' in text
    assert re.search(r'<tr class="wrong"><td>1 &#9664;</td>', text)


def test_the_evidence_names_the_event_as_data(tmp_path):
    results = read_results(result_files.mixed(tmp_path / "r"))
    (verdict,) = (one for one in results.verdicts if one.id == "stream.first-event")
    assert verdict.evidence.event == 1
    assert [one["event"] for one in results.findings if one["requirement"] == verdict.id] == [1]


def test_the_command_writes_every_view(tmp_path):
    source = result_files.mixed(tmp_path / "results.jsonl")
    for view in VIEWS:
        words = () if view == "text" else (f"--{view}",)
        done = run("report", source, *words, "--output", tmp_path / view)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert (tmp_path / view).read_text("utf-8").strip()


def test_the_command_prints_what_the_run_printed(tmp_path):
    done = run("check", "--select", "accept.create-run.minimal", "--results", tmp_path / "r.jsonl")
    shown = run("report", tmp_path / "r.jsonl")
    assert done.returncode == shown.returncode == 0
    assert shown.stdout == done.stdout


def test_a_file_that_is_cut_off_is_said(tmp_path):
    source = result_files.mixed(tmp_path / "r.jsonl")
    source.write_text("".join(source.read_text().splitlines(keepends=True)[:-1]))
    done = run("report", source, "--html", "--output", tmp_path / "page.html")
    assert done.returncode == 2
    assert "the footer is missing" in done.stderr
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none.jsonl",), "No such file"),
        (("r.jsonl", "--output", "no/such/folder"), "can't be written"),
        (("r.jsonl", "--output", "r.jsonl"), "the results file itself"),
        (("r.jsonl", "--html", "--badge"), "not allowed with"),
    ],
)
def test_bad_input_gets_a_sentence(words, said, tmp_path):
    result_files.clean(tmp_path / "r.jsonl")
    done = run("report", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
