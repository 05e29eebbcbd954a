"""The catalogue of faults: its form, that each one changes something, and samples of what they do."""

import fnmatch
import re
import subprocess
import sys
from collections import Counter

import pytest
from reference_client import Client

from runs_conformance.contract.register import load
from runs_conformance.contract.schemas import walk
from runs_conformance.reference import ReferenceOptions
from runs_conformance.reference.behaviour import Behaviour
from runs_conformance.reference.faults import CATALOGUE, HAND_MADE, UnknownFaultError, named
from runs_conformance.reference.faults.record import KINDS, Kind

ROWS = [row.id for row in load()]


def client_with(*names):
    return Client(ReferenceOptions(faults=tuple(CATALOGUE[name] for name in names)))


def test_there_are_enough_of_every_kind():
    counts = Counter(fault.kind for fault in HAND_MADE.values())
    assert len(HAND_MADE) >= 150
    assert {kind for kind in KINDS if counts[kind] < 10} <= {"bounds"}  # those are derived
    assert len(CATALOGUE) - len(HAND_MADE) > 500


@pytest.mark.parametrize("fault", HAND_MADE.values(), ids=lambda fault: fault.name)
def test_a_fault_says_what_it_is(fault):
    assert re.fullmatch(rf"{fault.kind}\.[a-z0-9]+(-[a-z0-9]+)*", fault.name)
    assert fault.sentence.endswith(".")
    assert fault.breaks
    assert all(fnmatch.filter(ROWS, pattern) for pattern in (*fault.breaks, *fault.also))


@pytest.mark.parametrize("fault", HAND_MADE.values(), ids=lambda fault: fault.name)
def test_a_fault_changes_the_behaviour_and_leaves_the_faithful_one(fault):
    faithful = Behaviour()
    assert fault(faithful) != faithful
    assert faithful == Behaviour()


def test_every_limit_of_the_request_schemas_has_faults():
    for schema, short in (("create_run_request", "run"), ("create_thread_and_run_request", "both")):
        for site in walk(schema, variant="documented"):
            if site.keyword == "format" or site.path == ("tool_choice", "type"):
                continue  # no server that ignores it can be told from one that does not
            place = f"bounds.{short}:{'/'.join(site.path) or 'body'}"
            found = [name for name in CATALOGUE if name.startswith(place) and f":{site.keyword}-" in name]
            assert found, place


def test_a_bound_gets_one_fault_on_each_side():
    names = [f"bounds.run:temperature:maximum-{how}" for how in ("wide", "narrow", "ignored")]
    assert all(name in CATALOGUE for name in names)


@pytest.mark.parametrize(
    ("fault", "sent", "status"),
    [
        ("bounds.run:temperature:maximum-wide", {"temperature": 2.5}, 200),
        ("bounds.run:temperature:maximum-wide", {"temperature": 3.5}, 400),
        ("bounds.run:temperature:maximum-narrow", {"temperature": 2}, 400),
        ("bounds.run:temperature:maximum-narrow", {"temperature": 1.9}, 200),
        ("bounds.run:temperature:maximum-ignored", {"temperature": 99}, 200),
        ("bounds.run:temperature:type-coerced", {"temperature": "1.5"}, 200),
        ("bounds.run:temperature:type-null-refused", {"temperature": None}, 400),
        ("bounds.run:metadata:maxProperties-wide", {"metadata": {str(n): "" for n in range(17)}}, 200),
        ("bounds.both:temperature:maximum-ignored", {"temperature": 99}, 400),
    ],
)
def test_derived_faults_of_create_run(fault, sent, status):
    with client_with(fault) as client:
        path = f"/threads/{client.thread('Hello.')}/runs"
        answer = client.send("POST", path, {"assistant_id": client.assistant(), **sent})
        assert answer.status_code == status, answer.text


def test_a_value_dependent_fault_shows_for_its_value_only():
    with client_with("echo.temperature-zero-becomes-the-default") as client:
        path = f"/threads/{client.thread('Hello.')}/runs"
        zero = client.post(path, {"assistant_id": client.assistant(), "temperature": 0})
        assert zero["temperature"] == 1
    with client_with("echo.temperature-zero-becomes-the-default") as client:
        path = f"/threads/{client.thread('Hello.')}/runs"
        assert client.post(
            path, {"assistant_id": client.assistant(), "temperature": 0.5},
        )["temperature"] == 0.5


def test_two_servers_with_a_fault_share_no_state():
    for _ in range(2):
        with client_with("concurrency.ids-repeat") as client:
            first = client.post("/threads/runs", {"assistant_id": client.assistant(instructions="x")})
            second = client.post("/threads/runs", {"assistant_id": client.assistant(instructions="x")})
            assert first["id"] == second["id"]
            assert first["thread_id"] != second["thread_id"]


def test_faults_add_up():
    with client_with("shape.object-run", "shape.created-at-milliseconds") as client:
        run = client.post("/threads/runs", {"assistant_id": client.assistant(instructions="x")})
        assert run["object"] == "run"
        assert run["created_at"] > 10**12


def test_a_name_may_be_a_pattern():
    assert {fault.kind for fault in named("stream-*")} == {"stream-bytes", "stream-order", "stream-meaning"}


def test_an_unknown_name_is_told_with_the_closest():
    with pytest.raises(UnknownFaultError, match=r"echo\.tools-lost"):
        named("echo.tool-lost")


def test_a_fault_is_named_after_its_function():
    kind = Kind("shape")

    @kind(lambda change: change, "response.run.identity", rare=True)
    def some_thing_is_wrong(behaviour):
        """Some thing
        is wrong.
        """
        return behaviour

    assert [(one.name, one.sentence, one.rare) for one in kind.faults] == [
        ("shape.some-thing-is-wrong", "Some thing is wrong.", True)
    ]


@pytest.mark.parametrize(("words", "code"), [(["--list-faults"], 0), (["--fault", "no.such-fault"], 2)])
def test_the_command_lists_faults_and_knows_their_names(words, code):
    done = subprocess.run(
        [
            sys.executable, "-m", "runs_conformance", "serve", *words,
        ], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert ("shape.object-run" in done.stdout) is (code == 0)
