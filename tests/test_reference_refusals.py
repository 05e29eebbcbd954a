"""Every refusal once: status, code, param, and the envelope around them."""

from collections.abc import Iterator
from typing import Any

import pytest
from reference_client import WEATHER, Client, path_of

from runs_conformance.reference import ReferenceOptions

RUNS = "/threads/runs"
LONG = "x" * 65


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as made:
        yield made


def error_of(response: Any, status: int = 400) -> tuple[Any, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert error["type"] == "invalid_request_error"
    return error["code"], error["param"]


def tool(**function: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": function}]}


def search(**overrides: Any) -> dict[str, Any]:
    return {"tools": [{"type": "file_search", "file_search": overrides}]}


def message(**fields: Any) -> dict[str, Any]:
    return {"thread": {"messages": [{"role": "user", "content": "hi", **fields}]}}


def store(**chunks: Any) -> dict[str, Any]:
    strategy = {"chunking_strategy": {"type": "static", "static": chunks}}
    return {"thread": {"tool_resources": {"file_search": {"vector_stores": [strategy]}}}}


STORES = "thread.tool_resources.file_search.vector_stores[0].chunking_strategy.static"
BODIES = [
    ({"nope": 1}, "unknown_parameter", "nope"),
    ({"thread_id": "thread_1"}, "unknown_parameter", "thread_id"),
    ({"assistant_id": None}, "invalid_type", "assistant_id"),
    ({"assistant_id": "wf_1"}, "invalid_value", "assistant_id"),
    ({"temperature": "hot"}, "invalid_type", "temperature"),
    ({"temperature": 2.5}, "decimal_above_max_value", "temperature"),
    ({"temperature": -1}, "decimal_below_min_value", "temperature"),
    ({"top_p": 2}, "decimal_above_max_value", "top_p"),
    ({"max_prompt_tokens": 255}, "integer_below_min_value", "max_prompt_tokens"),
    ({"max_completion_tokens": 256.5}, "invalid_type", "max_completion_tokens"),
    ({"stream": "true"}, "invalid_type", "stream"),
    ({"parallel_tool_calls": None}, "invalid_type", "parallel_tool_calls"),
    ({"metadata": {str(n): "" for n in range(17)}}, "object_above_max_properties", "metadata"),
    ({"metadata": {LONG: ""}}, "property_name_above_max_length", "metadata"),
    ({"metadata": {"key": "x" * 513}}, "string_above_max_length", "metadata.key"),
    ({"metadata": {"key": True}}, "invalid_type", "metadata.key"),
    ({"tools": [WEATHER] * 21}, "array_above_max_length", "tools"),
    ({"tools": [{"type": "retrieval"}]}, "invalid_value", "tools[0].type"),
    ({"tools": [{}]}, "missing_required_parameter", "tools[0].type"),
    (tool(), "missing_required_parameter", "tools[0].function.name"),
    (tool(name=LONG), "string_above_max_length", "tools[0].function.name"),
    (tool(name="a b"), "invalid_value", "tools[0].function.name"),
    (tool(name="a\n"), "invalid_value", "tools[0].function.name"),
    (tool(name="a", parameters=[]), "invalid_type", "tools[0].function.parameters"),
    (search(max_num_results=51), "integer_above_max_value", "tools[0].file_search.max_num_results"),
    (
        search(ranking_options={}),
        "missing_required_parameter",
        "tools[0].file_search.ranking_options.score_threshold",
    ),
    (
        search(ranking_options={"score_threshold": 1.5}),
        "decimal_above_max_value",
        "tools[0].file_search.ranking_options.score_threshold",
    ),
    (
        {"truncation_strategy": {"type": "last_messages"}},
        "missing_required_parameter",
        "truncation_strategy.last_messages",
    ),
    (
        {"truncation_strategy": {"type": "last_messages", "last_messages": 0}},
        "integer_below_min_value",
        "truncation_strategy.last_messages",
    ),
    ({"tool_choice": "any"}, "invalid_value", "tool_choice"),
    ({"tool_choice": {"type": "function", "function": {"name": "absent"}}}, "invalid_value", "tool_choice"),
    ({"tool_choice": {"type": "file_search"}}, "invalid_value", "tool_choice"),
    ({"response_format": "json"}, "invalid_value", "response_format"),
    (
        {"response_format": {"type": "json_schema"}},
        "missing_required_parameter",
        "response_format.json_schema",
    ),
    (message(role="system"), "invalid_value", "thread.messages[0].role"),
    (message(content=[]), "array_below_min_length", "thread.messages[0].content"),
    (message(file_ids=[]), "unknown_parameter", "thread.messages[0].file_ids"),
    (
        message(attachments=[{"file_id": "f"}]),
        "missing_required_parameter",
        "thread.messages[0].attachments[0].tools",
    ),
    ({"thread": None}, "invalid_type", "thread"),
    (
        store(max_chunk_size_tokens=99, chunk_overlap_tokens=1),
        "integer_below_min_value",
        f"{STORES}.max_chunk_size_tokens",
    ),
    (
        store(max_chunk_size_tokens=200, chunk_overlap_tokens=101),
        "invalid_value",
        f"{STORES}.chunk_overlap_tokens",
    ),
]


@pytest.mark.parametrize(("change", "code", "param"), BODIES, ids=lambda value: str(value)[:50])
def test_a_body_is_refused_for_its_one_fault(client, change, code, param):
    body = {"assistant_id": client.assistant(instructions="hi"), **change}
    assert error_of(client.send("POST", RUNS, body)) == (code, param)
    assert error_of(client.send("POST", RUNS, {**body, "stream": True, **change})) == (code, param)


def test_the_body_without_a_fault_is_accepted(client):
    assert client.send("POST", RUNS, {"assistant_id": client.assistant(instructions="hi")}).status_code == 200


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b'{"a": NaN}', b'{"a": 1e999}', b'{"a": "\\ud800"}', b"[" * 9000]
)
def test_what_is_not_json_is_refused(client, raw):
    headers = {"content-type": "application/json"}
    response = client.send("POST", RUNS, content=raw, headers=headers)
    assert error_of(response) == (None, None)
    assert "JSON" in response.json()["error"]["message"]


@pytest.mark.parametrize("body", [[], "text", 1])
def test_a_body_that_is_no_object_is_refused(client, body):
    assert error_of(client.send("POST", RUNS, body)) == ("invalid_type", None)


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_media_type_is_refused(client, media_type):
    response = client.send("POST", RUNS, content=b"{}", headers={"content-type": media_type})
    assert error_of(response) == (None, None)


def test_a_charset_beside_the_media_type_is_fine(client):
    raw = b'{"assistant_id": "%s"}' % client.assistant(instructions="hi").encode()
    response = client.send(
        "POST", RUNS, content=raw, headers={"content-type": "application/json; charset=utf-8"}
    )
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("value", "code"),
    [("", None), ("Bearer ", None), ("Basic sk-one", None), ("Bearer sk-invalid", "invalid_api_key")],
)
def test_a_key_is_wanted(client, value, code):
    assert error_of(client.send("POST", RUNS, {}, headers={"authorization": value}), 401) == (code, None)


def test_only_the_keys_given_are_accepted():
    with Client(ReferenceOptions(keys=frozenset({"sk-one"}))) as client:
        assert client.send("GET", "/assistants").status_code == 200
        response = client.send("GET", "/assistants", headers={"authorization": "Bearer sk-two"})
        assert error_of(response, 401) == ("invalid_api_key", None)


@pytest.mark.parametrize("value", ["", "assistants=v1"])
def test_the_beta_header_is_wanted(client, value):
    assert error_of(client.send("POST", RUNS, {}, headers={"openai-beta": value})) == ("invalid_beta", None)


def test_key_before_beta_before_body(client):
    no_key = client.send("POST", RUNS, content=b"{", headers={"authorization": "", "openai-beta": ""})
    no_beta = client.send("POST", RUNS, content=b"{", headers={"openai-beta": ""})
    assert (no_key.status_code, no_beta.json()["error"]["code"]) == (401, "invalid_beta")


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/threads/thread_x", 404, "No thread found with id 'thread_x'."),
        ("GET", "/assistants/asst_x", 404, "No assistant found with id 'asst_x'."),
        (
            "GET",
            "/threads/undefined",
            400,
            "Invalid 'thread_id': 'undefined'. Expected an ID that begins with 'thread'.",
        ),
        ("GET", "/nothing", 404, "Invalid URL (GET /v1/nothing)"),
        ("PUT", "/threads", 405, "Not allowed to PUT on /v1/threads."),
        ("GET", "/threads/runs", 405, "Not allowed to GET on /v1/threads/runs."),
    ],
)
def test_ids_and_paths(client, method, path, status, message):
    response = client.send(method, path)
    error_of(response, status)
    assert response.json()["error"]["message"] == message


def test_ids_below_a_thread(client):
    run = client.run()
    thread = f"/threads/{run['thread_id']}"
    for path in (f"{thread}/runs/run_x", f"{thread}/messages/msg_x", f"{path_of(run)}/steps/step_x"):
        assert error_of(client.send("GET", path), 404) == (None, None)


def test_an_unknown_assistant_is_not_found(client):
    response = client.send("POST", f"/threads/{client.thread()}/runs", {"assistant_id": "asst_x"})
    assert error_of(response, 404) == (None, None)


def test_an_empty_thread_needs_instructions(client):
    bare = {"assistant_id": client.assistant()}
    assert error_of(client.send("POST", RUNS, bare)) == ("invalid_thread", None)
    assert client.send("POST", RUNS, {**bare, "instructions": "say hi"}).status_code == 200


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("limit=0", "integer_below_min_value", "limit"),
        ("limit=101", "integer_above_max_value", "limit"),
        ("limit=x", "invalid_type", "limit"),
        ("order=up", "invalid_value", "order"),
        ("after=run_x", None, None),
    ],
)
def test_pages_asked_for_wrongly(client, query, code, param):
    response = client.send("GET", f"/threads/{client.thread()}/runs?{query}")
    assert error_of(response, 404 if code is None else 400) == (code, param)


def test_include_has_one_value(client):
    path = f"/threads/{client.thread('hi')}/runs"
    body = {"assistant_id": client.assistant()}
    assert error_of(client.send("POST", f"{path}?include[]=other", body)) == ("invalid_value", "include[0]")
    good = "include%5B%5D=step_details.tool_calls%5B*%5D.file_search.results%5B%2A%5D.content"
    assert client.send("POST", f"{path}?{good}", body).status_code == 200


@pytest.mark.parametrize(
    ("outputs", "code", "param"),
    [
        ([], None, None),
        ([{"tool_call_id": "call_x", "output": ""}], None, None),
        ([{"output": ""}], "missing_required_parameter", "tool_outputs[0].tool_call_id"),
        ([{"tool_call_id": "call_x", "output": 1}], "invalid_type", "tool_outputs[0].output"),
    ],
)
def test_outputs_that_do_not_fit(client, outputs, code, param):
    run = client.read(client.run("call get_weather", tools=[WEATHER]), 2)
    response = client.send("POST", f"{path_of(run)}/submit_tool_outputs", {"tool_outputs": outputs})
    assert error_of(response) == (code, param)
    assert client.read(run)["status"] == "requires_action"


def test_outputs_in_a_wrong_status(client):
    run = client.run()
    response = client.send("POST", f"{path_of(run)}/submit_tool_outputs", {"tool_outputs": []})
    error_of(response)
    assert response.json()["error"]["message"] == 'Runs in status "queued" do not accept tool outputs.'


def test_cancel_in_a_final_status(client):
    run = client.read(client.run(), 2)
    response = client.send("POST", f"{path_of(run)}/cancel")
    error_of(response)
    assert response.json()["error"]["message"] == "Cannot cancel run with status 'completed'."


def test_a_fault_of_the_server_is_enveloped(client, monkeypatch):
    def broken(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("runs_conformance.reference.objects.make_thread", broken)
    response = client.send("POST", "/threads", {})
    assert response.status_code == 500
    assert response.json()["error"]["type"] == "server_error"


def test_refused_calls_leave_nothing(client):
    thread = client.thread("hi")
    body = {"assistant_id": client.assistant(), "additional_messages": [{"role": "user", "content": "more"}]}
    client.send("POST", f"/threads/{thread}/runs", {**body, "temperature": 3})
    client.send("POST", f"/threads/{thread}/runs", {**body, "tool_choice": {"type": "file_search"}})
    assert client.get(f"/threads/{thread}/runs")["data"] == []
    assert len(client.get(f"/threads/{thread}/messages")["data"]) == 1
