"""What was measured of real clients: the page, the table's completeness, and the dialects against it.

`tox -e clients` measures anew. Here the derived verdicts of today are held against what real clients did.
"""

import json
import subprocess
import sys

import pytest

from benchmarks.real_clients import page, table
from benchmarks.real_clients.__main__ import complaints
from runs_conformance.clients.agreeing import Agreement
from runs_conformance.clients.catalogue import drivers
from runs_conformance.clients.trying import REQUESTS
from runs_conformance.reference import faults
from runs_conformance.reference.options import ReferenceOptions
from runs_conformance.reference.scenarios import every
from runs_conformance.reference.server import running

TABLE = table.load()
NAMELESS = "stream-bytes.event-name-inside-data"
# Nobody could run these here: see docs/clients.md.
WITHOUT_PWSH = [one for one in drivers() if one.runs_on != "pwsh"]


def test_the_page_is_up_to_date():
    told = "run: python -m benchmarks.real_clients --page"
    assert page.PLACE.read_text("utf-8") == page.text(TABLE), told


def test_every_driver_was_measured_in_its_pinned_version_and_every_use():
    measured = {name: (one["version"], one["uses"]) for name, one in TABLE.clients.items()}
    assert measured == {one.name: (one.version, [use for use, _ in one.uses]) for one in WITHOUT_PWSH}


def test_every_scenario_was_measured():
    assert set(TABLE.scenarios) == {one.name for one in every()} | {REQUESTS}


def test_all_that_is_not_right_has_a_source():
    assert not complaints(TABLE)
    assert all(one["why"].endswith("]") and "[" in one["why"] for one in TABLE.cells)
    assert {one["outcome"] for one in TABLE.cells} == {"known"}


def test_each_target_breaks_some_client_or_none_as_was_measured():
    assert tuple(TABLE.agreements) == table.TARGETS
    assert all(any(one.driver == "works" for one in found) for found in TABLE.agreements.values())


def test_a_difference_and_a_client_that_is_not_right_are_complaints():
    wrong = {"client": "a poll", "case": "failed", "outcome": "wrong", "why": "it hung"}
    differing = {"x": (Agreement("a", "b()", "works", "breaks", "why"),)}
    told = complaints(table.Table(TABLE.clients, (), (wrong,), differing))
    assert told == [
        "a poll, failed: it hung", "x: corrected: a b(): derived works, the client breaks (why)",
    ]
    assert "openai-python-3 was not run" in complaints(table.Table({}, (), (), {}))


def test_a_table_holds_nothing_that_differs_from_run_to_run():
    why = "headers.beta-sent was broken in 7 of 7 requests; x was broken in 1 of 7 requests"
    line = {"kind": "client_case", "client": "a poll", "case": REQUESTS, "outcome": "known", "why": why}
    found = {"x": [Agreement("a", "b()", "works", "breaks", "it took 3.1 s")]}
    made = table.of([line], found)
    [cell] = made.cells
    assert cell["why"] == "headers.beta-sent was broken in all requests; x was broken in some requests"
    assert made.agreements["x"][0].why == ""


@pytest.mark.slow
def test_what_is_derived_today_is_what_real_clients_did(tmp_path):
    """At a target whose streams have no event: lines; the other targets of the table are tox's (clients)."""
    results = tmp_path / "results.jsonl"
    with running(ReferenceOptions(faults=faults.named(NAMELESS))) as url:
        words = ["check", url, "--profile", "smoke", "--results", str(results)]
        command = [sys.executable, "-m", "runs_conformance", *words]
        subprocess.run(command, check=False, timeout=600, capture_output=True)
    lines = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    derived = {(one["client"], one["use"]): one["verdict"] for one in lines if one["kind"] == "client"}
    done = {(one.client, one.use): one.driver for one in TABLE.agreements[NAMELESS]}
    assert {use: derived[use] for use in done} == done
    assert set(done.values()) == {"works", "breaks"}
