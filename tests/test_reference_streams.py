"""Streams: their grammar in each scenario, what they add up to, and how their bytes are cut."""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from reference_client import TIME, WEATHER, Client, events, path_of

from runs_conformance.contract.schemas import events as known_events
from runs_conformance.contract.schemas import violations
from runs_conformance.reference import ReferenceOptions

HEAD = "run.created run.queued run.in_progress "
OPEN = "run.step.created run.step.in_progress "
MESSAGE = OPEN + "message.created message.in_progress (message.delta )+"
SAID = MESSAGE + "message.completed run.step.completed "
HOSTED = OPEN + "(run.step.delta )+run.step.completed "
ASKED = OPEN + "(run.step.delta )+run.requires_action done"
SCENARIOS = [
    ("hello", {}, HEAD + SAID + "run.completed done"),
    ("call get_weather", {}, HEAD + ASKED),
    ("hello", {"tool_choice": "required"}, HEAD + ASKED),
    ("call get_weather in parallel", {}, HEAD + ASKED),
    ("call file_search then call code_interpreter", {}, HEAD + HOSTED + HOSTED + SAID + "run.completed done"),
    ("call code_interpreter then call get_time", {}, HEAD + HOSTED + ASKED),
    ("fail", {}, HEAD + MESSAGE + "message.incomplete run.step.failed run.failed done"),
    ("fail early", {}, HEAD + "run.failed done"),
    ("break the stream", {}, HEAD + MESSAGE + "error done"),
    (
        "write 300 words",
        {"max_completion_tokens": 256},
        HEAD + MESSAGE + "message.incomplete run.step.completed run.incomplete done",
    ),
    ("word " * 300, {"max_prompt_tokens": 256}, HEAD + "run.incomplete done"),
]
TOOLS = [WEATHER, TIME, {"type": "file_search"}, {"type": "code_interpreter"}]


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as made:
        yield made


def names(stream: list[tuple[str, Any]]) -> str:
    return " ".join(name.removeprefix("thread.") for name, _ in stream)


@pytest.mark.parametrize(("text", "fields", "grammar"), SCENARIOS, ids=lambda value: str(value)[:24])
def test_the_order_of_events(client, text, fields, grammar):
    stream = client.stream(text, tools=TOOLS, **fields)
    assert re.fullmatch("created " + grammar, names(stream))
    assert stream[-1] == ("done", "[DONE]")


@pytest.mark.parametrize(("text", "fields", "grammar"), SCENARIOS, ids=lambda value: str(value)[:24])
def test_the_data_of_events(client, text, fields, grammar):
    del grammar
    for name, data in client.stream(text, tools=TOOLS, **fields)[:-1]:
        event = known_events()[name]
        assert any(violations(schema, data) == () for schema in event.schemas), (name, data)
        assert not event.status or data["status"] in event.status


@pytest.mark.parametrize(("text", "fields", "grammar"), SCENARIOS[:8], ids=lambda value: str(value)[:24])
def test_the_last_run_event_is_what_a_read_shows(client, text, fields, grammar):
    del grammar
    last = [
        data for name, data in client.stream(text, tools=TOOLS, **fields) if name.startswith("thread.run.")
    ][-1]
    assert client.read(last) == {**last, "tool_resources": {}}


def test_a_stream_on_a_thread_starts_with_the_run(client):
    body = {"assistant_id": client.assistant(), "stream": True}
    response = client.send("POST", f"/threads/{client.thread('hi')}/runs", body)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert "content-length" not in response.headers
    assert re.fullmatch(HEAD + SAID + "run.completed done", names(events(response.content)))


def test_opening_events_are_equal_byte_by_byte(client):
    body = {"assistant_id": client.assistant(), "stream": True}
    lines = client.send("POST", f"/threads/{client.thread('hi')}/runs", body).content.split(b"\n")
    data = [line for line in lines if line.startswith(b"data:")]
    assert data[0] == data[1]
    assert data[3] == data[4]
    assert data[5] == data[6]
    assert b'"object":"thread.run"' in data[0]


def test_what_sse_adds(client):
    stream = dict(client.stream())
    run, message, step = (stream[f"thread.{kind}.completed"] for kind in ("run", "message", "run.step"))
    assert run["tool_resources"] == {"code_interpreter": {"file_ids": []}}
    assert list(message)[6:10] == ["status", "incomplete_details", "incomplete_at", "completed_at"]
    assert (run["expires_at"], step["expires_at"]) == (None, run["created_at"] + 600)


def test_deltas_add_up_to_the_message(client):
    stream = client.stream("call file_search", tools=TOOLS)
    deltas = [data["delta"]["content"][0] for name, data in stream if name == "thread.message.delta"]
    assert deltas[0]["text"]["annotations"] == []
    assert all("annotations" not in delta["text"] for delta in deltas[1:-1])
    (whole,) = dict(stream)["thread.message.completed"]["content"]
    assert "".join(delta["text"]["value"] for delta in deltas) == whole["text"]["value"]
    (cited,) = whole["text"]["annotations"]
    assert whole["text"]["value"][cited["start_index"] : cited["end_index"]] == cited["text"]


def test_deltas_add_up_to_the_arguments(client):
    stream = client.stream("call get_weather in parallel", tools=TOOLS)
    found: dict[int, str] = {}
    for name, data in stream:
        if name == "thread.run.step.delta":
            (call,) = data["delta"]["step_details"]["tool_calls"]
            found[call["index"]] = found.get(call["index"], "") + call["function"]["arguments"]
    calls = dict(stream)["thread.run.requires_action"]["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert found == {index: call["function"]["arguments"] for index, call in enumerate(calls)}
    assert all(json.loads(text) == {"city": "value"} for text in found.values())


def submit(client: Client, stream: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    run = dict(stream)["thread.run.requires_action"]
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": call["id"], "output": f"out {index}"} for index, call in enumerate(calls)]
    body = {"tool_outputs": outputs, "stream": True}
    return events(client.send("POST", f"{path_of(run)}/submit_tool_outputs", body).content)


def test_a_submit_stream(client):
    stream = submit(client, client.stream("call get_weather in parallel", tools=TOOLS))
    assert re.fullmatch(
        "run.step.completed run.queued run.in_progress " + SAID + "run.completed done", names(stream)
    )
    closed, queued = stream[0][1], stream[1][1]
    outputs = [call["function"]["output"] for call in closed["step_details"]["tool_calls"]]
    assert outputs == ["out 0", "out 1"]
    assert isinstance(queued["started_at"], int)
    assert "out 1" in dict(stream)["thread.message.completed"]["content"][0]["text"]["value"]


def test_a_submit_stream_that_asks_again(client):
    first = client.stream("call get_weather, call get_time", tools=TOOLS, parallel_tool_calls=False)
    second = submit(client, first)
    assert re.fullmatch("run.step.completed run.queued run.in_progress " + ASKED, names(second))
    assert submit(client, second)[-2][0] == "thread.run.completed"


def test_run_usage_is_the_sum_of_its_steps(client):
    stream = client.stream("call file_search then call code_interpreter", tools=TOOLS)
    steps = [data["usage"] for name, data in stream if name == "thread.run.step.completed"]
    usage = dict(stream)["thread.run.completed"]["usage"]
    for key in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert usage[key] == sum(step[key] for step in steps)


@pytest.mark.parametrize(
    ("schema", "strict", "value"),
    [
        (None, None, None),
        (
            {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]},
            True,
            {"n": 3},
        ),
        ({"type": "string", "pattern": "^z$"}, False, "value"),
    ],
)
def test_json_modes(client, schema, strict, value):
    form = {"type": "json_object"}
    if schema is not None:
        form = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": strict}}
    message = dict(client.stream("json please", response_format=form))["thread.message.completed"]
    said = json.loads(message["content"][0]["text"]["value"])
    assert said == value or value is None


def test_a_strict_schema_that_cannot_be_kept_is_refused_in_words(client):
    schema = {"name": "n", "schema": {"type": "string", "pattern": "^z$"}, "strict": True}
    stream = client.stream("json", response_format={"type": "json_schema", "json_schema": schema})
    pieces = [
        data["delta"]["content"][0]["refusal"] for name, data in stream if name == "thread.message.delta"
    ]
    assert dict(stream)["thread.message.completed"]["content"] == [
        {"type": "refusal", "refusal": "".join(pieces)}
    ]


def sent_pieces(chunking: Any) -> list[bytes]:
    """What the server writes, piece by piece, for the same request to the same fresh app."""
    pieces: list[bytes] = []
    with Client(ReferenceOptions(chunking=chunking)) as client:
        assistant, thread = client.assistant(), client.thread("hello")
        with Client() as other:
            other.app = spied(client.app, pieces)
            other.send("POST", f"/threads/{thread}/runs", {"assistant_id": assistant, "stream": True})
    return [piece for piece in pieces if piece]


def spied(app: Any, pieces: list[bytes]) -> Any:
    async def recorded(scope: Any, receive: Any, send: Any) -> None:
        async def spy(message: Any) -> None:
            pieces.append(message.get("body", b""))
            await send(message)

        await app(scope, receive, spy)

    return recorded


def test_chunking_changes_the_pieces_only():
    whole, single, mixed = (sent_pieces(chunking) for chunking in ("event", "byte", "random"))
    assert all(piece.endswith(b"\n\n") for piece in whole)
    assert {len(piece) for piece in single} == {1}
    assert any(split_inside_a_character(piece) for piece in mixed)
    assert stable(whole) == stable(single) == stable(mixed)


def stable(pieces: list[bytes]) -> bytes:
    """Without what the clock says."""
    return re.sub(rb"\d{10}", b"0", b"".join(pieces))


def split_inside_a_character(piece: bytes) -> bool:
    try:
        piece.decode()
    except UnicodeDecodeError:
        return True
    return False


async def newest_message(http: Any, path: str) -> Any:
    return (await http.get(f"{path}/messages")).json()["data"][0]


async def cut_short(http: Any, thread: str, assistant: str, how: str) -> bytes:
    """Stream a run; once its message has a piece, cancel it or move the clock; give the whole stream."""
    path = f"/v1/threads/{thread}"
    body = {"assistant_id": assistant, "stream": True}
    streaming = asyncio.ensure_future(http.post(f"{path}/runs", json=body))
    while not (await newest_message(http, path))["run_id"]:  # noqa: ASYNC110 - the condition is the server's
        await asyncio.sleep(0)
    while not (await newest_message(http, path))["content"]:  # noqa: ASYNC110
        await asyncio.sleep(0)
    run = (await http.get(f"{path}/runs")).json()["data"][0]
    assert run["status"] == "in_progress"
    cancel = (f"{path}/runs/{run['id']}/cancel", None)
    url, sent = cancel if how == "cancel" else ("/_reference/clock", {"advance": 700, "thread_id": thread})
    assert (await http.post(url, json=sent)).status_code == 200
    return (await asyncio.wait_for(streaming, 5)).content


@pytest.mark.parametrize(("how", "status"), [("cancel", "cancelled"), ("clock", "expired")])
def test_a_stream_cut_short_from_outside(how, status):
    with Client(ReferenceOptions(slow_pace=0.005)) as client:
        thread, assistant = client.thread("write 100 words slowly"), client.assistant()
        ending = names(events(client.do(lambda http: cut_short(http, thread, assistant, how))))
        cancelling = "run.cancelling " if how == "cancel" else ""
        assert ending.endswith(
            f"message.delta {cancelling}message.incomplete run.step.{status} run.{status} done"
        )


def test_a_streamed_and_a_polled_run_agree(client):
    fields = {"metadata": {"a": "1"}, "temperature": 0.5, "tools": [TIME]}
    streamed = dict(client.stream(**fields))["thread.run.completed"]
    polled = client.read(client.run(**fields), 2)
    differing = {key for key in polled if streamed[key] != polled[key]}
    assert differing <= {
        "id",
        "thread_id",
        "assistant_id",
        "created_at",
        "started_at",
        "completed_at",
        "tool_resources",
    }
