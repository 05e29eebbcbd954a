"""Generated bodies: valid for the edition and for what the target has; with one fault, exactly that one."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs_conformance.contract.schemas import violations
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN, OPERATIONS, SCHEMAS
from runs_conformance.stimuli.bodies import bodies, faults, messages, metadata, one_violation, violating

EDITIONS = ("2024-04-17", "2024-05-20", "2024-06-10", "2026-08-21")
NO_TOOLS = ("tools.function", "tools.file-search", "tools.code-interpreter", "json-schema")
some = settings(
    max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def breaches(operation, body, edition):
    return violations(SCHEMAS[operation], {"assistant_id": "asst_a", **body}, variant="sent", edition=edition)


@some
@given(st.data(), st.sampled_from(OPERATIONS), st.sampled_from(EDITIONS))
def test_valid_bodies_are_valid(data, operation, edition):
    body = data.draw(bodies(operation, "gpt-4o", edition))
    assert breaches(operation, body, edition) == ()
    assert body.get("model") in (None, "gpt-4o")
    assert body.get("stream") in (None, False)


@some
@given(st.data(), st.sampled_from(OPERATIONS))
def test_what_the_target_lacks_is_not_asked_for(data, operation):
    body = data.draw(bodies(operation, "gpt-4o", lacks=NO_TOOLS))
    assert not body.get("tools")
    assert "parallel_tool_calls" not in body
    assert "json_schema" not in repr(body.get("response_format"))


@some
@given(st.data(), st.sampled_from(NO_TOOLS[:3]))
def test_one_missing_kind_of_tool(data, lacking):
    body = data.draw(bodies(CREATE_RUN, "gpt-4o", lacks=[lacking]))
    kinds = {f"tools.{tool['type'].replace('_', '-')}" for tool in body.get("tools") or []}
    assert lacking not in kinds


@some
@given(bodies(CREATE_RUN, "gpt-4o"))
def test_what_a_conforming_target_may_refuse_is_left_out(body):
    hosted = any(tool["type"] != "function" for tool in body.get("tools") or [])
    functions = any(tool["type"] == "function" for tool in body.get("tools") or [])
    assert not (hosted and "response_format" in body)
    assert functions or "parallel_tool_calls" not in body
    assert functions or body.get("tool_choice") != "required"
    assert "reasoning_effort" not in body


@some
@given(messages())
def test_messages_say_something_and_the_last_asks_for_json(many):
    assert many[-1]["role"] == "user"
    assert "JSON" in many[-1]["content"]
    for one in many:
        texts = one["content"] if isinstance(one["content"], list) else [{"text": one["content"]}]
        assert all(part["text"].strip() for part in texts)


@some
@given(metadata())
def test_metadata_stays_within_its_limits(pairs):
    assert len(pairs) <= 16
    assert all(1 <= len(key) <= 64 and len(value) <= 512 for key, value in pairs.items())


@some
@given(st.data(), st.sampled_from(OPERATIONS), st.sampled_from(EDITIONS))
def test_one_fault_is_one_violation(data, operation, edition):
    fault, body = data.draw(violating(operation, "gpt-4o", edition))
    asked = body if fault.path[0] == "assistant_id" else {**body, "assistant_id": "asst_a"}
    assert one_violation(operation, asked, edition), fault.name


@pytest.mark.parametrize(
    ("lacks", "gone"),
    [
        (["refusals.bounds"], {"refuse.temperature.range", "refuse.max-tokens.minimum"}),
        (["refusals.unknown-fields"], {"refuse.unknown-property", "refuse.message.unknown-property"}),
    ],
)
def test_faults_that_the_target_does_not_refuse(lacks, gone):
    assert gone <= {case.requirement for case in faults(CREATE_RUN)}
    left = {case.requirement for case in faults(CREATE_RUN, lacks=lacks)}
    assert left
    assert left.isdisjoint(gone)


def test_a_target_that_refuses_nothing_is_sent_no_faults():
    assert faults(CREATE_BOTH, lacks=["refusals"]) == []


def test_one_violation_counts():
    assert one_violation(CREATE_RUN, {"assistant_id": "a", "temperature": 3})
    assert not one_violation(CREATE_RUN, {"assistant_id": "a"})
    assert not one_violation(CREATE_RUN, {"temperature": 3})
