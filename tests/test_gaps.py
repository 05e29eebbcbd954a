"""Known gaps: what they cover, when they have to be mended, and that no seed decides it."""

import datetime as dt
import re
import sys
from dataclasses import replace

import pytest
from command import flat, run
from report_samples import ROWS, failed, passed, stuck, summary

from runs_conformance.reference import faults
from runs_conformance.reference.options import ReferenceOptions
from runs_conformance.reference.server import running
from runs_conformance.report import gapfile
from runs_conformance.report.ending import exit_code
from runs_conformance.report.records import Gap, Outcome
from runs_conformance.report.results import read_results

ROW = "refuse.temperature.range"
TODAY = "2026-11-21"
GAP = Gap(id=ROW, reason="not yet")
BAD, GOOD = failed(ROW, "3", "x1"), passed(ROW, "3", "x1")
OTHER = failed(ROW, "9", "x2")


def generated(finding):
    return replace(finding, case="a generated body", exchange="x9", generated=True)


def made(gap, *findings, **more):
    """The row's outcome, the gap's state, the exit code."""
    found = summary(passed("accept.minimal"), *findings, gaps=(gap,), today=TODAY, **more)
    (verdict,) = (each for each in found.verdicts if each.id == ROW)
    return verdict.outcome, found.gaps[0].state, exit_code(found)


@pytest.mark.parametrize(
    ("gap", "findings", "outcome", "state", "code"),
    [
        (GAP, (BAD,), Outcome.GAP, "covers", 0),
        (GAP, (GOOD,), Outcome.PASSED, "stale", 1),
        (GAP, (BAD, OTHER), Outcome.GAP, "covers", 0),
        (GAP, (stuck(ROW, "a thread"),), Outcome.GAP, "covers", 0),
        (GAP, (), Outcome.NOT_TESTED, "not-judged", 0),
        (replace(GAP, case="3"), (BAD,), Outcome.GAP, "covers", 0),
        (replace(GAP, case="3"), (BAD, OTHER), Outcome.FAILED, "covers", 1),
        (replace(GAP, case="3"), (GOOD, OTHER), Outcome.FAILED, "stale", 1),
        (replace(GAP, case="three"), (GOOD,), Outcome.PASSED, "unknown", 1),
        (replace(GAP, case="three"), (OTHER,), Outcome.FAILED, "not-judged", 1),
        (replace(GAP, until="2026-11-21"), (BAD,), Outcome.GAP, "covers", 0),
        (replace(GAP, until="2026-11-20"), (BAD,), Outcome.FAILED, "expired", 1),
        (replace(GAP, until="2026-11-20"), (GOOD,), Outcome.PASSED, "expired", 1),
        (replace(GAP, id="refuse.temprature.range"), (GOOD,), Outcome.PASSED, "unknown", 1),
    ],
)
def test_what_becomes_of_a_gap(gap, findings, outcome, state, code):
    assert made(gap, *findings) == (outcome, state, code)


@pytest.mark.parametrize("luck", [(), (generated(GOOD),), (generated(BAD),)])
@pytest.mark.parametrize(
    ("gap", "fixed", "state", "code"),
    [
        (GAP, (GOOD,), "stale", 1),
        (GAP, (BAD,), "covers", 0),
        (replace(GAP, case="3"), (BAD,), "covers", 0),
    ],
)
def test_no_seed_decides_a_gap_of_fixed_cases(gap, fixed, state, code, luck):
    found = made(gap, *fixed, *luck)
    # What is made up beside a covered case is no part of that gap: it is red with and without it.
    beside = bool(gap.case) and luck == (generated(BAD),)
    assert found[1:] == (state, 1 if beside else code)


@pytest.mark.parametrize(("luck", "state"), [((), "unseen"), ((GOOD,), "unseen"), ((BAD,), "covers")])
def test_a_gap_of_generated_cases_is_never_stale(luck, state):
    gap = replace(GAP, generated=True)
    assert made(gap, GOOD, *map(generated, luck))[1:] == (state, 0)


def test_a_gap_of_generated_cases_covers_no_fixed_one():
    assert made(replace(GAP, generated=True), BAD)[0] is Outcome.FAILED


def test_a_stale_gap_that_only_generated_cases_need_says_so():
    found = summary(GOOD, generated(BAD), gaps=(GAP,), today=TODAY)
    assert "generated = true" in found.gaps[0].problem


def test_the_evidence_is_that_of_what_is_not_covered():
    found = summary(BAD, OTHER, gaps=(replace(GAP, case="3"),), today=TODAY)
    (verdict,) = found.of(Outcome.FAILED)
    assert verdict.evidence.case == "9"


def test_a_closest_name_is_offered():
    found = summary(GOOD, gaps=(replace(GAP, id="refuse.temprature.range"),), today=TODAY)
    assert "closest is 'refuse.temperature.range'" in found.gaps[0].problem


# The file.


def read(tmp_path, text):
    file = tmp_path / "gaps.toml"
    file.write_text(text, "utf-8")
    return gapfile.read(file, ROWS)


def test_a_file_is_read(tmp_path):
    text = f'[[gap]]\nid = "{ROW}"\ncase = "3"\nreason = "r"\nissue = "i"\nuntil = 2027-01-31\n'
    assert read(tmp_path, text) == (Gap(id=ROW, case="3", reason="r", issue="i", until="2027-01-31"),)
    assert read(tmp_path, "# nothing yet\n") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[gap]\n", "not TOML"),
        ("gap = 1\n", r"\[\[gap\]\]"),
        ("[[gaps]]\n", "unknown key 'gaps'"),
        (f'[[gap]]\nid = "{ROW}"\n', "entry 1: reason is missing"),
        ('[[gap]]\nreason = "r"\n', "entry 1: id is missing"),
        ('[[gap]]\nid = "refuse.temprature.range"\nreason = "r"\n', "closest is 'refuse.temperature.range'"),
        (f'[[gap]]\nid = "{ROW}"\nreason = "r"\nuntill = 1\n', "closest is 'until'"),
        (f'[[gap]]\nid = "{ROW}"\nreason = "r"\nuntil = "soon"\n', "until is a date"),
        (f'[[gap]]\nid = "{ROW}"\nreason = 3\n', "reason is a string"),
        (f'[[gap]]\nid = "{ROW}"\nreason = "r"\n' * 2, "entry 2: .* stands twice"),
        (f'[[gap]]\nid = "{ROW}"\nreason = "r"\ngenerated = 1\n', "true or false"),
    ],
)
def test_a_file_that_can_t_be_used_is_named(text, said, tmp_path):
    with pytest.raises(gapfile.GapsError, match=said):
        read(tmp_path, text)


TEXT = f"""# ours
# second line

[[gap]]  # the first
id = "error.envelope"
reason = "known"   # why

# before the second
[[gap]]
id = "{ROW}"
reason = "passes by now"

[[gap]]
id = "accept.null"
reason = "stays"
"""


def rewritten(tmp_path, text, *findings):
    gaps = read(tmp_path, text)
    found = summary(*findings, gaps=gaps, today=TODAY)
    return gapfile.updated(tmp_path / "gaps.toml", found.gaps, found.verdicts, findings, TODAY)


def test_an_update_keeps_comments_and_order(tmp_path):
    text, added, gone = rewritten(
        tmp_path, TEXT, failed("error.envelope", "a"), GOOD,
        failed("accept.minimal", "b", actual="status 500"),
    )
    assert (added, gone) == (1, 1)
    assert re.findall(r'id = "(.*)"', text) == ["error.envelope", "accept.null", "accept.minimal"]
    for comment in ("# ours\n# second line\n", "# the first", "# why"):
        assert comment in text
    assert f'reason = "seen on {TODAY}: status 500"' in text
    assert "until = 2027-02-19" in text


def test_an_update_of_what_is_right_changes_nothing(tmp_path):
    findings = (failed("error.envelope", "a"), BAD, failed("accept.null", "c"))
    assert rewritten(tmp_path, TEXT, *findings) == (TEXT, 0, 0)


def test_an_update_does_not_prolong(tmp_path):
    text = f'[[gap]]\nid = "{ROW}"\nreason = "r"\nuntil = 2026-01-31\n'
    assert rewritten(tmp_path, text, BAD) == (text, 0, 0)


def test_an_update_says_when_only_generated_cases_fail(tmp_path):
    text, *_ = rewritten(tmp_path, "", generated(BAD))
    assert "generated = true" in text


# The command, against a target with a fault.


@pytest.fixture(scope="module")
def faulty():
    with running(ReferenceOptions(faults=faults.named("refusal.temperature*"))) as url:
        yield url


def check(url, folder, *more):
    file = folder / "gaps.toml"
    return run("check", url, "--select", f"{ROW},refuse.top-p.range", "--gaps", file, *more)


def test_from_red_to_a_gap_to_stale(faulty, tmp_path):
    """Update makes the file; with it the run is green; against a sound target the entry is stale."""
    results = tmp_path / "r.jsonl"
    assert check(faulty, tmp_path, "--update-gaps").returncode == 0
    done = check(faulty, tmp_path, "--results", results)
    assert done.returncode == 0
    assert "1 known gap" in flat(done.stdout)
    assert [each.state for each in read_results(results).gaps] == ["covers"]
    sound = check("embedded", tmp_path)
    assert sound.returncode == 1
    assert f"stale {ROW}: the requirement passes" in flat(sound.stdout)
    assert "1 entry of the gaps file to mend" in flat(sound.stdout)
    assert check("embedded", tmp_path, "--update-gaps").returncode == 0
    assert "[[gap]]" not in (tmp_path / "gaps.toml").read_text()


def test_a_gap_in_pytest_is_an_expected_failure(faulty, tmp_path):
    (tmp_path / "gaps.toml").write_text(f'[[gap]]\nid = "{ROW}"\nreason = "not yet"\n')
    words = ("-m", "pytest", "--pyargs", "suites", "-p", "no:cacheprovider", "-q")
    done = run(
        *words, "--target", faulty, "--select", ROW, "--gaps", tmp_path / "gaps.toml",
        program=[sys.executable], cwd=gapfile.__file__.partition("runs_conformance")[0],
    )
    assert done.returncode == 0, done.stdout
    assert "xfailed" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--update-gaps",), "name the file with --gaps"),
        (("--gaps", "none.toml"), "--update-gaps makes one"),
        (("--gaps", "no/such/folder.toml", "--update-gaps"), "there is no folder"),
    ],
)
def test_bad_options_get_a_sentence(words, said, tmp_path):
    done = run("check", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr


def test_today_is_a_date():
    from runs_conformance.report.gaps import today

    assert dt.date.fromisoformat(today())
