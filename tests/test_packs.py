"""Packing inside values into few bodies, and the search for the one that a target turns down."""

import itertools

import pytest

from runs_conformance.contract.schemas import violations
from runs_conformance.stimuli.base import CREATE_RUN, OPERATIONS, SCHEMAS
from runs_conformance.stimuli.inside import compose, inside
from runs_conformance.stimuli.packs import Pack, culprits, pack

EDITIONS = ("2024-04-17", "2024-06-10", "2026-08-21")


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_packs_are_valid_and_hold_every_value_once(operation, edition):
    values = inside(operation, edition=edition)
    packs = pack(operation, values)
    assert sorted(map(id, itertools.chain.from_iterable(one.parts for one in packs))) == sorted(
        map(id, values)
    )
    for one in packs:
        body = one.body("asst_a", "text")
        assert violations(SCHEMAS[operation], body, variant="sent", edition=edition) == (), one.name


@pytest.mark.parametrize("operation", OPERATIONS)
def test_packs_are_few(operation):
    assert len(pack(operation, inside(operation))) <= 11


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_value_is_really_in_its_body(operation):
    for one in pack(operation, inside(operation)):
        body = one.body("asst_a", "text")
        for part in one.parts:
            alone = compose(operation, (part,), "asst_a", "text")
            assert all(body[name] == alone[name] for name, _ in part.fields if name != "thread"), part.name
            assert all(tool in body["tools"] for tool in part.tools), part.name
            assert not part.message or dict(part.message) in _messages(body), part.name


def _messages(body):
    return body.get("additional_messages") or (body.get("thread") or {}).get("messages") or []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_made_up_resources_stand_apart(operation):
    for one in pack(operation, inside(operation)):
        assert len({bool(part.resource) for part in one.parts}) == 1


def test_structured_output_never_meets_hosted_tools():
    for one in pack(CREATE_RUN, inside(CREATE_RUN)):
        body = one.body("asst_a", "text")
        structured = (
            isinstance(body.get("response_format"), dict) and body["response_format"]["type"] == "json_schema"
        )
        assert not structured or all(tool["type"] == "function" for tool in body.get("tools") or [])


def test_requirements_query_and_name_of_a_pack():
    [one] = [one for one in pack(CREATE_RUN, inside(CREATE_RUN)) if ("include[]" in dict(one.query))]
    assert "accept.include.value" in one.requirements
    assert "include[] in the query" in one.name
    assert Pack(CREATE_RUN, ()).body("a", "t")["assistant_id"] == "a"


@pytest.mark.parametrize(
    ("bad", "groups"),
    [
        ([{3}], [(3,)]),
        ([{0}, {7}], [(0,), (7,)]),
        ([{2}, {3}], [(2,), (3,)]),
        ([{1, 6}], [(1, 6)]),
        ([{0, 7}], [(0, 7)]),
        ([{4}, {1, 2}], [(1, 2), (4,)]),
        ([{n} for n in range(8)], [(n,) for n in range(8)]),
    ],
)
def test_culprits(bad, groups):
    asked = []

    def accepted(parts):
        asked.append(tuple(parts))
        return not any(group <= set(parts) for group in bad)

    assert sorted(culprits(range(8), accepted)) == groups
    assert len(asked) <= 14


def test_one_culprit_of_many_is_found_in_few_requests():
    asked = []

    def accepted(parts):
        asked.append(parts)
        return 57 not in parts

    assert culprits(range(100), accepted) == [(57,)]
    assert len(asked) <= 2 * 7
