"""The schemas against objects written here: every keyword bites; variants and editions differ."""

import json
import math

import jsonschema
import jsonschema_rs
import pytest
from mutations import label, mutations
from schema_examples import ANSWERS, CREATE_RUN, MESSAGE, REQUESTS, RUN, STEP

from runs_conformance.contract import schemas
from runs_conformance.contract.schema_store import editions, files, period
from runs_conformance.contract.schema_variants import VARIANTS
from runs_conformance.contract.violations import Violation
from runs_conformance.paths import SCHEMAS

EXAMPLES = [(name, "sent", REQUESTS[name]) for name in REQUESTS] + [
    (name, "accepted", ANSWERS[name]) for name in ANSWERS
]
SITES = [
    (name, variant, examples, site)
    for name, variant, examples in EXAMPLES
    for site in schemas.walk(name, variant=variant)
    if site.keyword != "format"  # an annotation in this dialect
]
MINIMAL = {"assistant_id": "asst_1"}


def body(**fields):
    return {**MINIMAL, **fields}


def places(name, value, **kwargs):
    return [(v.path, v.keyword, v.property) for v in schemas.violations(name, value, **kwargs)]


def test_the_files_are_what_the_folder_holds_and_valid_schemas():
    assert set(files()) <= {path.name for path in SCHEMAS.glob("*.json")}
    assert len(files()) >= 60
    for name, document in files().items():
        jsonschema.Draft202012Validator.check_schema(document)
        assert document["$id"].endswith(f"/{name}")


def test_each_file_is_referred_to_or_has_an_example():
    text = json.dumps(list(files().values()))
    unused = [
        name for name in files() if f'"$ref": "{name}"' not in text and name[:-5] not in REQUESTS | ANSWERS
    ]
    assert unused == []


@pytest.mark.parametrize(("name", "variant", "examples"), EXAMPLES)
def test_examples_are_valid_in_their_variant_and_as_documented(name, variant, examples):
    for example in examples:
        assert places(name, example, variant=variant) == []
        assert places(name, example, variant="documented") == []
        assert schemas.is_valid(name, example, variant=variant)


@pytest.mark.parametrize(
    ("name", "variant", "examples", "site"), SITES, ids=[f"{case[0]} {label(case[3])}" for case in SITES]
)
def test_an_example_broken_at_a_site_is_refused_there(name, variant, examples, site):
    broken = [mutation for example in examples for mutation in mutations(site, example)]
    assert broken
    for mutation in broken:
        found = places(name, mutation.value, variant=variant)
        wanted = (mutation.path, mutation.keyword, mutation.property)
        assert wanted in found or (mutation.path, "type", None) in found
        assert not schemas.is_valid(name, mutation.value, variant=variant)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"temperature": 2.5}, (("temperature",), "maximum", None)),
        ({"surplus": 1}, ((), "additionalProperties", "surplus")),
        ({"metadata": {"k" * 65: "v"}}, (("metadata",), "propertyNames", "k" * 65)),
        ({"tools": [{"type": "function"}]}, (("tools", 0), "required", "function")),
        ({"tools": [{"type": "retrieval"}]}, (("tools", 0, "type"), "enum", None)),
        ({"tool_choice": "any"}, (("tool_choice",), "enum", None)),
        ({"tool_choice": {"type": "function"}}, (("tool_choice",), "required", "function")),
        ({"response_format": "none"}, (("response_format",), "enum", None)),
        ({"truncation_strategy": {"type": "last_messages"}},
         (("truncation_strategy",), "required", "last_messages")),
        ({"max_prompt_tokens": 255}, (("max_prompt_tokens",), "minimum", None)),
        ({"parallel_tool_calls": None}, (("parallel_tool_calls",), "type", None)),
        ({"temperature": True}, (("temperature",), "type", None)),
        ({"temperature": math.nan}, (("temperature",), "type", None)),
        ({"tools": [{"type": "function", "function": {"name": "a\n"}}]},
         (("tools", 0, "function", "name"), "pattern", None)),
    ],
)  # fmt: skip
def test_a_fault_has_one_precise_place(fields, place):
    assert places("create_run_request", body(**fields), variant="documented") == [place]
    assert not schemas.is_valid("create_run_request", body(**fields), variant="documented")


def test_violations_are_ordered_and_carry_limit_value_and_wording():
    value = body(tools=[{"type": "file_search", "file_search": {"max_num_results": 51}}] * 11, temperature=-1)
    first, *rest = schemas.violations("create_run_request", value, variant="documented")
    assert first == Violation(("temperature",), "minimum", 0, "must be at least 0", -1)
    assert [violation.path[1] for violation in rest] == list(range(11))


@pytest.mark.parametrize(
    "value",
    [body(instructions="\ud800"), body(metadata={"\ud800": "v"}), body(max_prompt_tokens=10**40)],
    ids=["surrogate", "surrogate-name", "long-integer"],
)
def test_odd_but_valid_values_are_accepted_by_both_validators(value):
    assert schemas.is_valid("create_run_request", value, variant="sent")
    assert places("create_run_request", value, variant="sent") == []


def test_exactly_one_kind_of_store_is_demanded():
    for stores in ({}, {"vector_store_ids": [], "vector_stores": []}):
        thread = {"tool_resources": {"file_search": stores}}
        found = places("create_thread_request", thread, variant="documented")
        assert found == [(("tool_resources", "file_search"), "oneOf", None)]


CLOSED_ONLY_WHEN_SENT = [
    {"tools": [{"type": "function", "function": {"name": "f", "surplus": 1}}]},
    {"tools": [{"type": "code_interpreter", "function": {"name": "f"}}]},
    {"tool_choice": {"type": "file_search", "surplus": 1}},
    {"response_format": {"type": "text", "json_schema": {"name": "a"}}},
    {"truncation_strategy": {"type": "auto", "surplus": 1}},
]


@pytest.mark.parametrize("fields", CLOSED_ONLY_WHEN_SENT)
def test_sent_is_closed_where_the_document_is_open(fields):
    assert schemas.is_valid("create_run_request", body(**fields), variant="documented")
    assert not schemas.is_valid("create_run_request", body(**fields), variant="sent")


def test_accepted_is_open_where_the_document_is_closed():
    attachments = [{"file_id": "f", "surplus": 1, "tools": [{"type": "file_search", "surplus": 1}]}]
    message = {**MESSAGE, "surplus": 1, "attachments": attachments}
    assert not schemas.is_valid("message", message, variant="documented")
    assert schemas.is_valid("message", message, variant="accepted")
    for name, value in (("run", RUN), ("run_step", STEP), ("create_run_request", MINIMAL)):
        assert schemas.is_valid(name, {**value, "surplus": {}}, variant="accepted")


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_variant_keeps_an_annotation_and_accepted_keeps_nothing_closed(variant):
    for edition in ("2024-04-17", schemas.NEWEST):
        for name in files():
            text = json.dumps(schemas.schema(name, variant, edition))
            assert '"x-' not in text
            assert variant != "accepted" or '"additionalProperties": false' not in text


def test_sent_closes_every_object_that_names_its_properties():
    def left_open(node, inside_condition=False):
        if isinstance(node, list):
            return [hit for entry in node for hit in left_open(entry)]
        if not isinstance(node, dict):
            return []
        hits = [hit for key, sub in node.items() if key != "if" for hit in left_open(sub)]
        return hits + ([node] if "properties" in node and "additionalProperties" not in node else [])

    assert left_open([schemas.schema(name, "sent") for name in REQUESTS]) == []


TEXT = {"type": "text", "text": ""}
EDITIONS = [
    ("2024-06-05", "2024-06-06", {"parallel_tool_calls": True}),
    ("2025-02-04", "2025-02-05", {"reasoning_effort": "low"}),
    ("2025-08-06", "2025-08-07", {"reasoning_effort": "minimal"}),
    ("2025-11-12", "2025-11-13", {"reasoning_effort": "none"}),
    ("2025-12-03", "2025-12-04", {"reasoning_effort": "xhigh"}),
    ("2026-07-08", "2026-07-09", {"reasoning_effort": "max"}),
    ("2024-04-28", "2024-04-29", {"tool_choice": "required"}),
    ("2024-08-05", "2024-08-06", {"response_format": {"type": "json_schema", "json_schema": {"name": "a"}}}),
    ("2024-05-08", "2024-05-09", {"additional_messages": [{"role": "user", "content": ""}]}),
    ("2024-05-08", "2024-05-09", {"additional_messages": [{"role": "user", "content": [TEXT]}]}),
]  # fmt: skip


@pytest.mark.parametrize(("before", "since", "fields"), EDITIONS)
def test_what_came_later_is_no_part_of_earlier_bodies(before, since, fields):
    for variant in ("sent", "documented"):
        assert not schemas.is_valid("create_run_request", body(**fields), variant=variant, edition=before)
        assert schemas.is_valid("create_run_request", body(**fields), variant=variant, edition=since)


SEARCH = {"type": "file_search", "file_search": {"ranking_options": {}}}
ENDED = [
    ("2024-08-05", "2024-08-06", {"response_format": "none"}),
    ("2024-05-12", "2024-05-13", {"max_completion_tokens": 16}),
    ("2024-09-12", "2024-09-13", {"tools": [SEARCH]}),
]


@pytest.mark.parametrize(("before", "since", "fields"), ENDED)
def test_what_was_allowed_once_is_refused_since(before, since, fields):
    assert schemas.is_valid("create_run_request", body(**fields), variant="documented", edition=before)
    assert not schemas.is_valid("create_run_request", body(**fields), variant="documented", edition=since)


def test_later_keys_of_an_answer_are_not_required_but_judged():
    early = {name: value for name, value in RUN.items() if name != "parallel_tool_calls"}
    assert schemas.is_valid("run", early, edition="2024-06-05")
    assert places("run", early, edition="2024-06-06") == [((), "required", "parallel_tool_calls")]
    odd = {**early, "parallel_tool_calls": "yes"}
    assert places("run", odd, edition="2024-06-05") == [(("parallel_tool_calls",), "type", None)]


@pytest.mark.parametrize(
    "changes",
    [
        {"instructions": None, "usage": {**RUN["usage"], "prompt_token_details": {"cached_tokens": 0}}},
        {"last_error": {"code": "invalid_engine_error", "message": "no such model"}},
        {"tools": [{"type": "file_search", "file_search": {"ranking_options": {
            "ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}}}]},
        {"tools": [{"type": "code_interpreter"}] * 128},
        {"incomplete_details": {}},
    ],
)  # fmt: skip
def test_answers_may_hold_what_was_recorded(changes):
    assert places("run", {**RUN, **changes}) == []


def test_state_of_a_message_is_required_in_events_only():
    group = ("status", "incomplete_details", "completed_at", "incomplete_at")
    plain = {name: value for name, value in MESSAGE.items() if name not in group}
    assert schemas.is_valid("message", plain)
    assert places("event_message", plain) == [((), "required", name) for name in sorted(group)]


def test_a_changed_message_may_carry_file_ids_in_place_of_attachments():
    bare = {name: value for name, value in MESSAGE.items() if name != "attachments"}
    assert places("message", bare) == [((), "required", "attachments")]
    assert places("message", {**bare, "file_ids": []}) == []


def test_events_are_the_documented_25():
    events = schemas.events()
    assert len(events) == 25
    assert "thread.run.incomplete" not in schemas.events("2024-05-27")
    assert events["error"].schemas == ("error_object", "error")
    assert events["done"].literal == "[DONE]"
    assert events["thread.run.completed"].status == ("completed",)
    assert schemas.events("2024-05-27")["thread.run.completed"].status == ("completed", "incomplete")
    assert all(schema in ANSWERS for event in events.values() for schema in event.schemas)


def test_a_schema_stands_by_itself():
    alone = schemas.schema("create_run_request", "sent")
    assert jsonschema_rs.Draft202012Validator(alone).is_valid(CREATE_RUN)
    assert not jsonschema_rs.Draft202012Validator(alone).is_valid(body(temperature=3))
    assert jsonschema.Draft202012Validator(alone).is_valid(CREATE_RUN)
    assert not jsonschema.Draft202012Validator(alone).is_valid(body(metadata={"k": 1}))


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(KeyError, match=r"no schema named 'runs'.*run\.json"):
        schemas.is_valid("runs", {})


@pytest.mark.parametrize(
    ("bound", "holders"),
    [
        ('"minimum": 256', ["token_limit.json"]),
        ('"maximum": 2}', ["temperature.json"]),
        ('"maxProperties": 16', ["metadata.json"]),
        ('"maxItems": 20', ["code_interpreter_files.json", "requested_tools.json"]),
        ('"maximum": 50', ["file_search_overrides.json"]),
        ('"maximum": 4096', ["static_chunking.json"]),
        ('"default_2024_08_21"', ["ranker.json"]),
        ('"^[A-Za-z0-9_-]+$"', ["name.json"]),
        ('"requires_action"', ["run_status.json"]),
        ('"xhigh", "max"', ["reasoning_effort.json"]),
    ],
)
def test_each_bound_stands_in_one_file(bound, holders):
    assert [name for name, document in files().items() if bound in json.dumps(document)] == holders


def test_the_end_of_a_period_is_the_start_of_the_next():
    assert editions()[0] == ""
    assert {"2024-05-13", "2024-06-06", "2024-09-13"} < set(editions())
    assert period("2024-05-12") < "2024-05-13" == period("2024-05-13")


def test_an_integer_of_400_digits_is_a_number_and_breaks_no_check():
    value = body(max_prompt_tokens=10**400, temperature=10**400)
    assert places("create_run_request", value, variant="documented") == [(("temperature",), "maximum", None)]
