"""The requirement register: permanent ids, well-formed rows, and something that tests each of them."""

import datetime as dt
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from runs_conformance.contract import judge
from runs_conformance.contract.capabilities import CAPABILITIES
from runs_conformance.contract.register import (
    NEWEST,
    OLDEST,
    Register,
    RegisterError,
    Requirement,
    UnknownRequirementError,
    load,
    parse,
)
from runs_conformance.paths import SCHEMAS, SUITES

REGISTER = load()
ROWS = [pytest.param(row, id=row.id) for row in REGISTER]
SNAPSHOT = Path(__file__).parent / "snapshots" / "requirement_ids.txt"
CATALOGUE = {f"RQ-{number:03}" for number in range(1, 301)}
OBSERVABLE = ("exchange", "trace", "stream", "live", "client", "no")
RESOURCES = ("", "file", "vector_store", "image_url", "other_model", "second_key", "clock")

# Observable rows that nothing decides, and why that is right. A row that gets a test must leave this list.
UNDECIDED = {
    "accept.parallel-tool-calls.without-tools": "MAY: accepting and refusing are both allowed",
    "accept.reasoning-effort.later": "MAY: which of the later values a model takes is its own affair",
    "accept.response-format.none-legacy": "MAY, and only before 2024-08-06; then a refusal row takes over",
    "accept.truncation.auto-with-count": "MAY: accepting and refusing are both allowed",
    "beyond.own.headers": "judged by `fuzz --openapi FILE`, on operations that are not the contract's",
    "beyond.own.media-type": "judged by `fuzz --openapi FILE`, on operations that are not the contract's",
    "beyond.own.shape": "judged by `fuzz --openapi FILE`, on operations that are not the contract's",
}

COLLECT = """
import json, os, sys, pytest

class Collector:
    def pytest_collection_modifyitems(self, items):
        marks = {True: set(), False: set()}
        for item in items:
            parameters = getattr(getattr(item, "callspec", None), "params", {})
            # A test whose only parameter is a row looks at what the checks say: it decides nothing itself.
            looks = set(parameters) == {"requirement"}
            marks[looks].update(name for mark in item.iter_markers("requirement") for name in mark.args)
        print("MARKS", json.dumps([sorted(marks[False]), sorted(marks[True])]))

options = ["--collect-only", "-c", os.devnull, "-p", "no:terminal", "-p", "no:cacheprovider"]
pytest.main([*options, "-p", "runs_conformance.plugin", sys.argv[1]], plugins=[Collector()])
"""


@cache
def marked():
    """The rows named by suite tests that decide themselves, and by those that only look at findings."""
    command = [sys.executable, "-c", COLLECT, str(SUITES)]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    line = next(line for line in done.stdout.splitlines() if line.startswith("MARKS "))
    return tuple(map(frozenset, json.loads(line.removeprefix("MARKS "))))


def checked():
    judge.load_checks()
    checks = (*judge.EXCHANGE_CHECKS, *judge.TRACE_CHECKS)
    return frozenset(name for check in checks for name in check.requirements)


def test_no_id_was_renamed_or_removed():
    """A new row is appended to the snapshot by whoever adds it; a line of it never goes."""
    assert SNAPSHOT.read_text("utf-8").splitlines() == sorted(REGISTER.rows)


def test_every_catalogue_number_stands_once():
    numbers = [row.rq for row in REGISTER if row.rq]
    assert len(numbers) == len(set(numbers))
    assert set(numbers) == CATALOGUE


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_well_formed(row):
    assert re.fullmatch(r"[a-z]+(\.[a-z0-9]+(-[a-z0-9]+)*)+", row.id)
    assert row.statement.endswith(".")
    assert "\n" not in row.statement
    assert row.source.strip()
    assert row.subject.strip()
    assert row.evidence in ("documented", "recorded", "both", "inferred")
    assert row.observable in OBSERVABLE
    assert row.resource in RESOURCES
    assert row.capability in CAPABILITIES | {""}
    assert row.cases >= 1


@pytest.mark.parametrize("row", ROWS)
def test_a_row_holds_at_some_date_of_the_contract(row):
    dates = [dt.date.fromisoformat(date).isoformat() for date in (row.since, row.until) if date]
    assert dates == sorted(dates)
    assert not row.since or row.since <= NEWEST
    assert not row.until or row.until > OLDEST


@pytest.mark.parametrize("row", ROWS)
def test_the_patterns_of_a_row_name_schemas(row):
    for text in (*row.answer, *row.request):
        schema, path, *_ = text.split()
        assert schema == "*" or (SCHEMAS / f"{schema}.json").is_file()
        assert path.startswith("/")
    assert all(len(text.split()) > 2 for text in row.request), "a request's pattern names keywords"


def test_every_observable_row_is_decided_by_a_check_or_a_stimulus():
    observable = {row.id for row in REGISTER if row.observable != "no"}
    deciding, _ = marked()
    assert observable - checked() - deciding == set(UNDECIDED)


def test_checks_and_suites_name_only_rows_there_are():
    deciding, looking = marked()
    assert checked() | deciding | looking <= set(REGISTER.rows)


def test_nothing_tests_what_can_not_be_observed():
    assert not {row.id for row in REGISTER if row.observable == "no"} & (checked() | marked()[0])


ROW = Requirement("chapter.name", "MUST", "s", "S.", "doc", "both", rq="RQ-001", chapter="chapter")


@pytest.mark.parametrize("pattern", ["chapter.name", "chapter.*", "chapter", "RQ-001"])
def test_a_row_is_selected_by(pattern):
    assert Register({ROW.id: ROW}).select([pattern]) == {ROW.id}


@pytest.mark.parametrize("pattern", ["chapter.nam", "chap", "RQ-1", "*.other", ""])
def test_what_selects_nothing_is_told_the_closest(pattern):
    with pytest.raises(UnknownRequirementError, match=r"matches no requirement; (the closest is|see)"):
        Register({ROW.id: ROW}).select([pattern])


def test_a_row_holds_from_since_until_the_day_before_until():
    row = Requirement("a.b", "MUST", "s", "S.", "doc", "both", since="2024-05-01", until="2024-06-01")
    dates = ("2024-04-30", "2024-05-01", "2024-05-31", "2024-06-01")
    assert [row.applies(date) for date in dates] == [False, True, True, False]


FIELDS = ('id="a.b"', 'level="MUST"', 'subject="s"', 'statement="S."', 'source="d"', 'evidence="both"')
MINIMAL = "\n".join(["[[requirement]]", *FIELDS, ""])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[requirement", "a.toml: "),
        (MINIMAL + "colour=1", "unknown field 'colour'"),
        (MINIMAL.replace('subject="s"\n', ""), "subject"),
        (MINIMAL.replace("MUST", "SHALL"), "none of MUST, SHOULD, MAY"),
        (MINIMAL + 'observable="no"', "`excluded` stands exactly where"),
        (MINIMAL + 'excluded="why"', "`excluded` stands exactly where"),
    ],
)
def test_a_bad_row_is_refused(text, told):
    with pytest.raises(RegisterError, match=re.escape(told)):
        parse(text, "a")


def test_an_id_that_stands_twice_is_refused(tmp_path):
    for chapter in ("acceptance", "refusal"):
        (tmp_path / f"{chapter}.toml").write_text(MINIMAL, "utf-8")
    with pytest.raises(RegisterError, match="stands twice"):
        load(tmp_path)


def test_a_folder_without_rows_is_refused(tmp_path):
    with pytest.raises(RegisterError, match="no requirement rows"):
        load(tmp_path)
