"""Derived faults: one breach each, known to the register, none forgotten, and a body that can be sent."""

import json

import pytest

from runs_conformance.contract.checks.refusals import faults, undecided
from runs_conformance.contract.judge import Context
from runs_conformance.contract.model import Exchange, Request
from runs_conformance.contract.operations import template
from runs_conformance.contract.register import load
from runs_conformance.contract.schemas import violations
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN, OPERATIONS, SCHEMAS
from runs_conformance.stimuli.outside import REMOVE, _readable, density, outside

EDITIONS = ("2024-04-17", "2024-06-10", "2024-10-01", "2026-08-21")


def sent(case, edition):
    """The row that the checks see in the body that is sent, by their own way."""
    body = case.body("asst_alive", "the message")
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    method, path = template(case.operation)
    exchange = Exchange("x", Request(method, path.replace("{thread}", "thread_a"), body=data), None)
    return faults(exchange, Context(edition=edition))


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_case_breaks_exactly_its_row(operation, edition):
    cases = outside(operation, edition)
    assert len(cases) > 200
    for case in cases:
        assert [row for row, _ in sent(case, edition)] == [case.requirement], case.name
        assert load()[case.requirement].applies(edition)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_rule_of_the_register_has_a_case(operation):
    """Bounds that ended before the newest edition, and lists of a hundred million files, are left."""
    have = {(case.requirement, case.keyword) for case in outside(operation)}
    missing = set()
    for row in load():
        for schema, _, keywords in (rule.split() for rule in row.request):
            if schema in ("*", SCHEMAS[operation]) and row.applies("2026-08-21"):
                missing |= {(row.id, word.split("=")[0]) for word in keywords.split(",")} - have
    assert missing == {("refuse.message.form", "minLength"), ("refuse.message.form", "maxLength")}


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (CREATE_RUN, "/temperature 3 (maximum)"),
        (CREATE_RUN, "/temperature -1 (minimum)"),
        (CREATE_RUN, "/max_prompt_tokens 255 (minimum)"),
        (CREATE_RUN, '/stream "true" (type)'),
        (CREATE_RUN, "/assistant_id left out (required)"),
        (CREATE_RUN, '/thread_id "thread_a" (additionalProperties)'),
        (CREATE_RUN, "/parallel_tool_calls null (type)"),
        (CREATE_RUN, '/tools/0/type "retrieval" (enum)'),
        (CREATE_RUN, "/truncation_strategy/last_messages null (type)"),
        (CREATE_BOTH, "/thread null (type)"),
        (CREATE_BOTH, "/additional_messages [] (additionalProperties)"),
        (CREATE_BOTH, "/thread/tool_resources/file_search {} (oneOf)"),
    ],
)
def test_cases_that_must_be_there(operation, name):
    assert name in {case.name for case in outside(operation)}


def test_a_metadata_key_of_65_characters_is_a_case():
    bad = [case for case in outside(CREATE_RUN) if case.keyword == "propertyNames"]
    assert {case.path for case in bad} == {("metadata",), ("additional_messages", 0, "metadata")}
    assert all(len(next(iter(case.value))) == 65 for case in bad)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_body_is_about_the_living_assistant_and_a_findable_message(operation):
    for case in outside(operation):
        body = case.body("asst_alive", "the message")
        if isinstance(body, bytes):
            assert case.path == ()
            continue
        assert "placeholder" not in json.dumps(body), case.name
        assert case.path == ("assistant_id",) or body["assistant_id"] == "asst_alive"


def test_a_removed_place_is_gone():
    [case] = [case for case in outside(CREATE_RUN) if case.path == ("assistant_id",) and case.value is REMOVE]
    assert "assistant_id" not in case.body("asst_alive", "m")
    assert case.name == "/assistant_id left out (required)"


def test_the_model_stands_alone():
    """A target that does not know it would refuse every other fault that stands beside it."""
    with_model = [case for case in outside(CREATE_RUN) if case.path and "model" in case.template]
    assert {case.path for case in with_model} == {("model",)}


def test_densities_nest():
    cases = outside(CREATE_RUN)
    smoke, standard = density(cases, "smoke"), density(cases, "standard")
    assert set(map(id, smoke)) <= set(map(id, standard)) <= set(map(id, cases))
    assert {case.requirement for case in smoke} == {case.requirement for case in cases}
    assert len(smoke) == len({case.requirement for case in cases})
    assert density(cases, "thorough") == cases


def test_smoke_sends_the_shallowest_case():
    paths = {case.requirement: case.path for case in density(outside(CREATE_RUN), "smoke")}
    assert paths["refuse.metadata.pairs"] == ("metadata",)
    assert paths["refuse.unknown-property"] == ("unknown_property",)


def test_smoke_sends_what_no_coercion_makes_valid_where_it_can():
    for operation in (CREATE_RUN, CREATE_BOTH):
        cases = density(outside(operation), "standard")
        text = [case for case in density(cases, "smoke") if _readable(case.value)]
        others = {(case.requirement, len(case.path)) for case in cases if not _readable(case.value)}
        assert not [case for case in text if (case.requirement, len(case.path)) in others]


@pytest.mark.parametrize(
    ("body", "doubtful"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": None}}]}, True),
        ({"additional_messages": [{"role": "user", "content": "x", "metadata": {"k": None}}]}, True),
        ({"additional_messages": [{"role": "user", "content": None}]}, False),
        ({"truncation_strategy": {"type": "last_messages", "last_messages": None}}, False),
        ({"tools": [{"type": "function", "function": None}]}, False),
        ({"tools": [None]}, False),
        ({"assistant_id": None}, False),
    ],
)
def test_nulls_that_no_source_decides(body, doubtful):
    document = {"assistant_id": "a", **body}
    errors = violations("create_run_request", document, variant="documented")
    assert [undecided(one, document) for one in errors] == [doubtful]
