"""Values just inside the contract: valid for their edition, at the bounds of the schemas, none missing."""

import pytest

from runs_conformance.contract.register import load
from runs_conformance.contract.schemas import is_valid, violations
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN, OPERATIONS, SCHEMAS, limit
from runs_conformance.stimuli.inside import Resources, compose, fits, inside

EDITIONS = ("2024-04-17", "2024-05-20", "2024-06-10", "2024-08-10", "2024-10-01", "2025-03-01", "2026-08-21")
# Rows that no inside value is for: single bodies, the stories, or a MAY.
ELSEWHERE = {
    "accept.create-run.minimal",
    "accept.create-thread-and-run.minimal",
    "accept.optional-fields-absent",
    "accept.message.content-string",
    "accept.message.text-part",
    "accept.sampling.together",
    "accept.truncation.auto-with-count",
    "accept.parallel-tool-calls.without-tools",
    "accept.response-format.none-legacy",
    "accept.reasoning-effort.later",
}


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_value_alone_is_valid_in_its_edition(operation, edition):
    values = inside(operation, edition=edition)
    assert len(values) > 50
    for one in values:
        body = compose(operation, (one,), "asst_a", "text")
        assert violations(SCHEMAS[operation], body, variant="sent", edition=edition) == (), one.name
        assert load()[one.requirement].applies(edition)


def test_a_newer_field_is_no_stimulus_for_an_older_edition():
    assert not any("reasoning_effort" in one.name for one in inside(CREATE_RUN, edition="2025-01-01"))
    assert any("reasoning_effort" in one.name for one in inside(CREATE_RUN))
    assert not any("ranker" in one.name for one in inside(CREATE_RUN, edition="2024-06-10"))
    assert not fits(CREATE_RUN, {"assistant_id": "a", "reasoning_effort": None}, "2025-01-01")


def test_every_acceptance_row_has_a_value():
    sent = {name for operation in OPERATIONS for one in inside(operation) for name in one.requirements}
    rows = {row.id for row in load() if row.id.startswith("accept.") and row.applies("2026-08-21")}
    assert rows - sent - ELSEWHERE == set()
    assert sent <= rows | {"headers.bearer", "headers.stream-by-body"}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("temperature", {0, 2}),
        ("top_p", {0, 1}),
        ("max_prompt_tokens", {256, 257}),
        ("max_completion_tokens", {256, 257}),
        ("reasoning_effort", {"low", "medium", "high"}),
    ],
)
def test_bounds_are_reached(field, values):
    sent = [dict(one.fields).get(field) for one in inside(CREATE_RUN)]
    assert values <= {value for value in sent if not isinstance(value, dict | list)}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_one_step_further_is_outside(operation):
    metadata = [dict(one.fields)["metadata"] for one in inside(operation) if "metadata" in dict(one.fields)]
    assert max(len(held) for held in metadata if held) == limit("metadata", "maxProperties")
    for held in (one for one in metadata if one):
        longer = {
            key + "k" * (65 - len(key)): value + "v" * (513 - len(value)) for key, value in held.items()
        }
        assert not is_valid(
            SCHEMAS[operation], {"assistant_id": "a", "metadata": longer}, variant="documented"
        )


def test_profile_resources_are_used():
    named = Resources(file="file-mine", vector_store="vs_mine", image_url="https://mine.example/x.png")
    shown = repr(
        [compose(CREATE_BOTH, (one,), "a", "t") for one in inside(CREATE_BOTH, named) if one.resource]
    )
    for name in ("file-mine", "vs_mine", "https://mine.example/x.png"):
        assert name in shown
    assert "conformance0" not in shown


def test_what_rests_on_a_resource_says_so():
    named = Resources(file="FILE", vector_store="VS", image_url="https://URL", other_model="OTHER")
    for one in inside(CREATE_BOTH, named):
        sent = repr((one.fields, one.message))
        uses = {name for name in ("FILE", "VS", "https://URL", "OTHER") if name in sent}
        assert bool(one.resource) == bool(uses), one.name


def test_non_ascii_metadata_is_counted_in_characters():
    [one] = [one for one in inside(CREATE_RUN) if "non-ASCII characters in metadata" in one.name]
    longest = max(len(value) for value in dict(one.fields)["metadata"].values())
    assert longest == limit("metadata", "maxLength", "*")
