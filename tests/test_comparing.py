"""`compare` and `matrix`: what changed, and the exit code that says whether it got worse."""

import json
import os
from pathlib import Path

import pytest
import result_files
from command import flat, run
from report_samples import failed, passed

from runs_conformance.reference import faults
from runs_conformance.reference.options import ReferenceOptions
from runs_conformance.reference.server import running
from runs_conformance.report.comparing import compare
from runs_conformance.report.matrix import matrix
from runs_conformance.report.results import read_results
from runs_conformance.report.text import columns
from runs_conformance.report.views import differences, sidebyside

SNAPSHOTS = Path(__file__).parent / "snapshots"
GOOD = passed("accept.minimal", "a", "x0")
BAD = failed("accept.minimal", "a", "x0")
OTHER = passed("error.envelope", "b", "x1")
MAY = failed("refuse.duplicate-key", "b", "x1")


@pytest.fixture
def made(tmp_path):
    def make(name, *findings, **more):
        return read_results(result_files.write(tmp_path / name, findings, **more))

    return make


@pytest.mark.parametrize(
    ("old", "new", "kind", "code"),
    [
        ((GOOD,), (BAD,), "broken", 1),
        ((BAD,), (GOOD,), "fixed", 0),
        ((OTHER,), (OTHER, GOOD), "new", 0),
        ((OTHER,), (OTHER, BAD), "new-broken", 1),
        ((OTHER, GOOD), (OTHER,), "gone", 3),
        ((OTHER,), (OTHER, MAY), "new-broken", 0),
    ],
)
def test_a_change_has_a_kind_and_an_exit_code(made, old, new, kind, code):
    found = compare(made("old", *old), made("new", *new))
    assert [each.kind for each in found.changes] == [kind]
    assert found.exit_code == code
    assert f"exit {code}" in differences.conclusion(found)


def test_nothing_changed(made):
    found = compare(made("old", GOOD, BAD, OTHER), made("new", GOOD, BAD, OTHER))
    assert (found.changes, found.exit_code) == ((), 0)
    assert (found.same_good, found.same_bad) == (1, 1)


def test_a_row_of_an_older_register_is_gone(made):
    small = result_files.register_of(*(each for each in result_files.ROWS if each.id != "accept.minimal"))
    found = compare(made("old", GOOD, OTHER), made("new", OTHER, rows=small))
    assert [(each.kind, each.new) for each in found.changes] == [("gone", None)]


def test_what_else_differs_is_said(made):
    found = compare(made("old", GOOD), made("new", GOOD, target="http://127.0.0.1:9/v1", strict=True))
    assert any(note.startswith("target: ") for note in found.notes)
    assert any(note.startswith("strict: ") for note in found.notes)


def test_views_of_a_comparison_name_the_change(made):
    found = compare(made("old", GOOD), made("new", BAD))
    for text in (differences.text(found), differences.markdown(found), differences.as_json(found)):
        assert "accept.minimal" in text
    assert json.loads(differences.as_json(found))["broken"][0]["new"] == "failed"


def test_a_hostile_target_stays_text_in_comparisons(tmp_path):
    old, new = result_files.clean(tmp_path / "old"), result_files.hostile(tmp_path / "new")
    for words in ((), ("--markdown",), ("--json",)):
        done = run("compare", old, new, *words)
        assert done.returncode == 1
        assert "\x1b" not in done.stdout
        assert "\u202e" not in done.stdout


def test_the_command_ends_with_the_comparisons_code(tmp_path):
    clean, mixed = result_files.clean(tmp_path / "clean"), result_files.mixed(tmp_path / "mixed")
    worse, same = run("compare", clean, mixed), run("compare", clean, clean)
    assert worse.returncode == 1
    assert "WORSE (exit 1)" in flat(worse.stdout)
    assert same.returncode == 0
    assert run("compare", clean, tmp_path / "none").returncode == 2


def test_a_fault_is_what_compare_finds(tmp_path):
    """Two real runs of one requirement: the second against a reference target with a fault."""
    words = ("--select", "refuse.temperature.range", "--results")
    assert run("check", *words, tmp_path / "old").returncode == 0
    faulty = ReferenceOptions(faults=faults.named("refusal.temperature*"))
    with running(faulty) as url:
        assert run("check", url, *words, tmp_path / "new").returncode == 1
    done = run("compare", tmp_path / "old", tmp_path / "new", "--json")
    assert done.returncode == 1
    assert [each["id"] for each in json.loads(done.stdout)["broken"]] == ["refuse.temperature.range"]


def test_a_matrix_counts_by_chapter_and_shows_where_targets_differ(made):
    found = matrix([("one", made("a", GOOD, OTHER)), ("two", made("b", BAD, OTHER))])
    cells = dict(found.chapters)
    assert [(one.passed, one.decided) for one in cells["acceptance"]] == [(1, 1), (0, 1)]
    assert [each.id for each in sidebyside.lines_of(found, every=False)] == ["accept.minimal"]


def test_one_target_twice_is_told_apart(made):
    assert matrix([("a", made("a", GOOD)), ("a", made("b", GOOD))]).names == ("a (1)", "a (2)")


@pytest.mark.parametrize("view", [(), ("--markdown",), ("--html",), ("--json",)])
def test_the_matrix_command_has_views(view, tmp_path):
    clean, mixed = result_files.clean(tmp_path / "clean"), result_files.mixed(tmp_path / "mixed")
    done = run("matrix", f"first={clean}", mixed, *view)
    assert done.returncode == 0
    assert "first" in done.stdout
    assert "refuse.temperature.range" in done.stdout


def test_a_hostile_name_is_text_in_a_matrix(tmp_path):
    source = result_files.hostile(tmp_path / "h")
    page = run("matrix", source, source, "--html").stdout
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in page
    for view in ((), ("--markdown",), ("--json",)):
        assert "\x1b" not in run("matrix", source, source, *view).stdout


# What is printed, compared with snapshots (UPDATE_SNAPSHOTS=1 writes them anew).


@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("view", ["compare", "matrix"])
def test_what_is_printed_looks_as_ever(view, width, tmp_path):
    clean = read_results(result_files.clean(tmp_path / "clean"))
    mixed = read_results(result_files.mixed(tmp_path / "mixed", target="http://127.0.0.1:9000/v1"))
    if view == "compare":
        text = differences.text(compare(clean, mixed), width)
    else:
        text = sidebyside.text(matrix([("one of them", clean), ("a name of some length", mixed)]), width)
    file = SNAPSHOTS / f"{view}-{width}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")
    assert all(columns(line) <= width for line in text.splitlines())


def test_colour_is_asked_for(made):
    found = compare(made("old", GOOD), made("new", BAD))
    assert "\x1b[1;31m" in differences.text(found, colour=True)
    assert "\x1b" not in differences.text(found)
