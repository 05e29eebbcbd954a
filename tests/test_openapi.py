"""The OpenAPI document: as the schemas have it, whole, and of use to the tools that read such documents."""

import json
import re

import pytest
from openapi_spec_validator import validate

from runs_conformance.cli import main
from runs_conformance.contract import schemas
from runs_conformance.contract.judge import Judge
from runs_conformance.contract.model import Exchange, Headers, Request, Response, to_bytes
from runs_conformance.contract.operations import ANSWERS, STREAMABLE, names, template
from runs_conformance.contract.sse import read
from runs_conformance.openapi import compose, examples
from runs_conformance.openapi.table import LINKS, REQUESTS, SUMMARIES
from runs_conformance.paths import SCHEMAS

COMMITTED = (SCHEMAS / "openapi.json").read_text("utf-8")
DOCUMENT = json.loads(COMMITTED)
OPERATIONS = {
    each["operationId"]: each for path in DOCUMENT["paths"].values() for each in path.values()
}
EDITIONS = ("2024-04-17", "2024-08-06", schemas.NEWEST)


def refs(node):
    if isinstance(node, dict):
        yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
        node = list(node.values())
    for each in node if isinstance(node, list) else ():
        yield from refs(each)


def at(pointer, document):
    for part in pointer.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        document = document[int(key) if isinstance(document, list) else key]
    return document


def content(name):
    return OPERATIONS[name]["responses"]["200"]["content"]


def test_the_committed_document_is_what_the_schemas_give():
    """If this fails: runs-conformance openapi --output schemas/openapi.json."""
    assert compose.text() == COMMITTED


@pytest.mark.parametrize("edition", EDITIONS)
def test_it_is_an_openapi_document(edition):
    made = compose.document(edition)
    validate(made)
    assert [at(ref, made) for ref in refs(made)]
    assert made["info"]["version"] == edition


def test_each_operation_of_the_contract_stands_in_it():
    assert set(OPERATIONS) == set(names()) == set(SUMMARIES) == set(ANSWERS)
    for name in names():
        method, path = template(name)
        assert DOCUMENT["paths"][compose.public_path(path)][method.lower()]["operationId"] == name


def test_a_bound_of_the_document_is_the_schemas_own():
    shown = DOCUMENT["components"]["schemas"]
    assert shown["temperature"] == {
        key: value for key, value in schemas.schema("temperature", "documented").items() if key[0] != "$"
    }
    assert shown["requested_tools"]["maxItems"] == 20


def test_bodies_are_closed_and_answers_open():
    shown = DOCUMENT["components"]["schemas"]
    assert shown["create_run_request"]["additionalProperties"] is False
    assert "additionalProperties" not in shown["message"]
    assert "additionalProperties" in shown["attachment"] | shown["create_message_request"]


def test_an_edition_has_no_property_of_a_later_one():
    def known(edition):
        return compose.document(edition)["components"]["schemas"]["create_run_request"]["properties"]

    assert "reasoning_effort" in known(schemas.NEWEST)
    assert "reasoning_effort" not in known("2024-08-06")


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_the_examples_of_a_body_are_valid(name):
    shown = OPERATIONS[name]["requestBody"]["content"]["application/json"]["examples"]
    for body in (each["value"] for each in shown.values()):
        found = schemas.violations(REQUESTS[name], body, variant="sent")
        assert [each.keyword for each in found] == (["required"] if name == "modifyAssistant" else [])


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_the_example_of_an_answer_breaks_nothing(name):
    method, path = template(name)
    path = re.sub(r"\{(\w+)\}", lambda found: getattr(examples, f"{found[1].upper()}_ID"), path)
    media = {"content-type": "application/json", "x-request-id": "req_1"}
    answer = Response(200, Headers.of(media), to_bytes(content(name)["application/json"]["example"]))
    exchange = Exchange("x1", Request(method, path), answer)
    found = Judge().exchange(exchange)
    assert not [each for each in found if each.failed]
    assert found


@pytest.mark.parametrize("status", sorted(DOCUMENT["components"]["responses"]))
def test_the_example_of_an_error_is_one(status):
    shown = DOCUMENT["components"]["responses"][status]["content"]["application/json"]["example"]
    assert not schemas.violations("error", shown)


@pytest.mark.parametrize("name", sorted(STREAMABLE))
def test_the_example_of_a_stream_breaks_nothing(name):
    raw = content(name)["text/event-stream"]["example"].encode()
    events = read(raw).events
    media = {"content-type": "text/event-stream; charset=utf-8", "x-request-id": "req_1"}
    path = {
        "createRun": f"/threads/{examples.THREAD_ID}/runs", "createThreadAndRun": "/threads/runs",
        "submitToolOutputs": f"/threads/{examples.THREAD_ID}/runs/{examples.RUN_ID}/submit_tool_outputs",
    }[name]
    asked = next(iter(examples.requests(name, schemas.NEWEST).values()))
    request = Request("POST", path, body=to_bytes({**asked, "stream": True}))
    exchange = Exchange("x1", request, Response(200, Headers.of(media), raw, events=events))
    found = Judge().exchange(exchange)
    assert not [each for each in found if each.failed]
    assert {"order.done-last", "event.done"} & {each.requirement for each in found}


@pytest.mark.parametrize("name", sorted(LINKS))
def test_a_link_leads_to_an_operation_and_fills_its_path(name):
    for link in OPERATIONS[name]["responses"]["200"]["links"].values():
        asked = OPERATIONS[link["operationId"]]["parameters"]
        wanted = {each["name"] for each in asked if each.get("in") == "path"}
        assert set(link.get("parameters", {})) in (wanted, set())
        for place in link.get("parameters", {}).values():
            inner = place.removeprefix("$response.body#")
            assert at("#" + inner, content(name)["application/json"]["example"])


def test_an_operation_that_streams_says_so():
    assert {name for name in OPERATIONS if "text/event-stream" in content(name)} == STREAMABLE


def test_the_command_prints_it(capsys, tmp_path):
    assert main(["openapi"]) == 0
    assert capsys.readouterr().out == COMMITTED
    assert main(["openapi", "--edition", "2024-06-06", "--output", str(tmp_path / "old.json")]) == 0
    assert json.loads((tmp_path / "old.json").read_text("utf-8"))["info"]["version"] == "2024-06-06"


@pytest.mark.parametrize(
    ("words", "told"),
    [(["--edition", "soon"], "not a date"), (["--output", "/no/such/folder/x"], "can't be written")],
)
def test_what_can_not_be_printed_is_said_in_a_sentence(words, told, capsys):
    assert main(["openapi", *words]) == 2
    assert told in capsys.readouterr().err
