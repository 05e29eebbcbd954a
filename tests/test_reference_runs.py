"""Runs that are polled: shape, settings, lifecycle, locks, expiry, pages, isolation."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from reference_client import TIME, WEATHER, Client, path_of

from runs_conformance.contract.schemas import violations
from runs_conformance.reference import ReferenceOptions
from runs_conformance.reference.behaviour import Behaviour

RUN_KEYS = (
    "id object created_at assistant_id thread_id status started_at expires_at cancelled_at failed_at "
    "completed_at required_action last_error model instructions tools tool_resources metadata temperature "
    "top_p reasoning_effort max_completion_tokens max_prompt_tokens truncation_strategy incomplete_details "
    "usage response_format tool_choice parallel_tool_calls"
)
STEP_KEYS = (
    "id object created_at run_id assistant_id thread_id type status cancelled_at completed_at expires_at "
    "failed_at last_error step_details usage"
)
MESSAGE_KEYS = "id object created_at assistant_id thread_id run_id role content attachments metadata"
INCLUDE = "step_details.tool_calls[*].file_search.results[*].content"


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as made:
        yield made


def create(client: Client, thread: str, **fields: Any) -> Any:
    return client.send("POST", f"/threads/{thread}/runs", {"assistant_id": client.assistant(), **fields})


def test_a_run_has_the_recorded_keys_in_their_order_and_defaults(client):
    run = client.run()
    assert " ".join(run) == RUN_KEYS
    assert run["expires_at"] == run["created_at"] + 600
    wanted = {
        "tool_resources": {},
        "metadata": {},
        "temperature": 1.0,
        "tool_choice": "auto",
        "reasoning_effort": None,
    }
    wanted |= {"truncation_strategy": {"type": "auto", "last_messages": None}, "parallel_tool_calls": True}
    assert {key: run[key] for key in wanted} == wanted
    assert isinstance(run["temperature"], float)


def test_json_is_indented_and_carries_the_recorded_headers(client):
    response = client.send("GET", "/assistants")
    assert response.text.startswith('{\n  "object": "list",\n  "data": []')
    assert response.headers["content-type"] == "application/json"
    assert response.headers["openai-version"] == "2020-10-01"
    assert {"x-request-id", "openai-processing-ms", "openai-organization"} <= set(response.headers)


def test_everything_sent_comes_back(client):
    sent = {
        "model": "m", "instructions": "i", "metadata": {"k": "é"}, "temperature": 0, "top_p": 1,
        "max_prompt_tokens": 256, "max_completion_tokens": 300, "parallel_tool_calls": False,
        "truncation_strategy": {"type": "last_messages", "last_messages": 2},
        "response_format": {"type": "json_object"},
        "tool_choice": {"type": "function", "function": {"name": "get_time"}},
    }  # fmt: skip
    run = create(client, client.thread("hi"), **sent, tools=[TIME], reasoning_effort="low").json()
    assert {key: run[key] for key in sent} == sent
    assert run["reasoning_effort"] == "low"
    resources = {"code_interpreter": {"file_ids": ["f"]}}
    run = client.run(**sent, tools=[TIME], tool_resources=resources)
    assert {key: run[key] for key in sent} == sent
    assert run["tool_resources"] == resources


def test_tools_are_echoed_filled_in(client):
    tools = [WEATHER, {"type": "file_search"}, {"type": "code_interpreter"}]
    run = create(client, client.thread("hi"), tools=tools).json()
    assert run["tools"][0]["function"] == {**WEATHER["function"], "strict": False}
    ranking = {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}
    assert run["tools"][1] == {"type": "file_search", "file_search": {"ranking_options": ranking}}
    assert run["tools"][2] == {"type": "code_interpreter"}


def test_nulls_inherit_and_an_empty_list_overrides(client):
    assistant = client.assistant(instructions="be kind", tools=[WEATHER], temperature=0.5)
    body = {
        "assistant_id": assistant,
        "instructions": None,
        "tools": None,
        "temperature": None,
        "metadata": None,
    }
    first = client.post("/threads/runs", body)
    assert (first["instructions"], len(first["tools"]), first["temperature"]) == ("be kind", 1, 0.5)
    second = client.post("/threads/runs", {**body, "tools": [], "instructions": "be brief"})
    assert (second["instructions"], second["tools"]) == ("be brief", [])
    assert client.get(f"/assistants/{assistant}")["instructions"] == "be kind"


def test_additional_instructions_end_the_instructions(client):
    thread = client.thread("hi")
    run = create(client, thread, instructions="one", additional_instructions="two").json()
    assert run["instructions"] == "one\ntwo"


def test_a_polled_run_moves_with_its_reads(client):
    run = client.run()
    seen = [run["status"], *(client.read(run)["status"] for _ in range(4))]
    assert seen == ["queued", "in_progress", "completed", "completed", "completed"]


def test_a_completed_run(client):
    run = client.read(client.run(), 2)
    assert run["created_at"] <= run["started_at"] <= run["completed_at"]
    assert run["expires_at"] is None
    usage = run["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0
    assert list(usage)[3:] == ["prompt_token_details", "completion_tokens_details"]
    steps = client.get(f"{path_of(run)}/steps")["data"]
    assert [" ".join(step) for step in steps] == [STEP_KEYS]
    assert steps[0]["usage"] == usage


def test_its_message_is_on_the_thread(client):
    run = client.read(client.run(), 2)
    newest, oldest = client.get(f"/threads/{run['thread_id']}/messages")["data"]
    assert " ".join(newest) == MESSAGE_KEYS
    assert (newest["role"], newest["run_id"], newest["assistant_id"]) == (
        "assistant",
        run["id"],
        run["assistant_id"],
    )
    assert (oldest["role"], oldest["run_id"], oldest["assistant_id"]) == ("user", None, None)
    assert not newest["content"][0]["text"]["value"].isascii()


def test_tool_outputs(client):
    run = client.read(client.run("call get_weather", tools=[WEATHER]), 2)
    (call,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert call["function"] == {"name": "get_weather", "arguments": '{"city":"value"}'}
    outputs = {"tool_outputs": [{"tool_call_id": call["id"], "output": "sunny"}]}
    again = client.post(f"{path_of(run)}/submit_tool_outputs", outputs)
    assert (again["status"], again["required_action"]) == ("queued", None)
    assert (again["started_at"], again["expires_at"]) == (run["started_at"], run["expires_at"])
    assert client.read(run, 2)["status"] == "completed"
    step = client.get(f"{path_of(run)}/steps?order=asc")["data"][0]
    assert step["step_details"]["tool_calls"][0]["function"]["output"] == "sunny"


@pytest.mark.parametrize(("parallel", "calls"), [(True, 2), (False, 1)])
def test_parallel_calls(client, parallel, calls):
    text = "call get_weather and call get_time in parallel"
    run = client.read(client.run(text, tools=[WEATHER, TIME], parallel_tool_calls=parallel), 2)
    assert len(run["required_action"]["submit_tool_outputs"]["tool_calls"]) == calls


@pytest.mark.parametrize(
    ("choice", "status"),
    [
        ("none", "completed"), ("auto", "completed"), ("required", "requires_action"),
        ({"type": "function", "function": {"name": "get_time"}}, "requires_action"),
    ],
)  # fmt: skip
def test_tool_choice(client, choice, status):
    text = "call get_weather" if choice == "none" else "hello"
    run = client.read(client.run(text, tools=[WEATHER, TIME], tool_choice=choice), 2)
    assert run["status"] == status


def test_hosted_tools_and_include(client):
    run = client.read(client.run(tools=[{"type": "file_search"}], tool_choice={"type": "file_search"}), 2)
    plain, full = client.get(f"{path_of(run)}/steps"), client.get(f"{path_of(run)}/steps?include[]={INCLUDE}")
    found = [
        page["data"][1]["step_details"]["tool_calls"][0]["file_search"]["results"][0]
        for page in (plain, full)
    ]
    assert ["content" in one for one in found] == [False, True]
    step = plain["data"][1]
    assert client.get(f"{path_of(run)}/steps/{step['id']}") == step


def test_a_run_that_fails(client):
    run = client.read(client.run("fail please"), 2)
    assert (run["status"], run["last_error"]["code"]) == ("failed", "server_error")
    assert isinstance(run["failed_at"], int)
    assert [step["status"] for step in client.get(f"{path_of(run)}/steps")["data"]] == ["failed"]


@pytest.mark.parametrize(
    ("text", "limit", "reason"),
    [
        ("write 400 words", "max_completion_tokens", "max_completion_tokens"),
        ("word " * 300, "max_prompt_tokens", "max_prompt_tokens"),
    ],
)
def test_token_limits(client, text, limit, reason):
    run = client.read(client.run(text, **{limit: 256}), 2)
    assert (run["status"], run["incomplete_details"]) == ("incomplete", {"reason": reason})
    assert run["usage"]["completion_tokens"] in {0, 256}
    assert client.read(client.run(text), 2)["status"] == "completed"


def test_token_limits_count_over_all_turns(client):
    run = client.read(client.run("call get_time " + "word " * 200, tools=[TIME], max_prompt_tokens=256), 2)
    call = run["required_action"]["submit_tool_outputs"]["tool_calls"][0]["id"]
    client.post(
        f"{path_of(run)}/submit_tool_outputs", {"tool_outputs": [{"tool_call_id": call, "output": "x"}]}
    )
    assert client.read(run, 2)["incomplete_details"] == {"reason": "max_prompt_tokens"}


def test_truncation_hides_older_messages(client):
    texts = ("The code word is zebra.", "Fine.", "What is the code word?")
    for last, known in ((3, True), (2, False)):
        thread = client.thread(*texts)
        strategy = {"type": "last_messages", "last_messages": last}
        run = create(client, thread, truncation_strategy=strategy).json()
        client.read(run, 2)
        assert ("zebra" in answer(client, run)) is known


def answer(client: Client, run: dict[str, Any]) -> str:
    return client.get(f"/threads/{run['thread_id']}/messages")["data"][0]["content"][0]["text"]["value"]


def test_additional_messages_are_read(client):
    added = [
        {"role": "assistant", "content": "The code word is lynx."},
        {"role": "user", "content": "code word?"},
    ]
    run = create(client, client.thread(), additional_messages=added).json()
    client.read(run, 2)
    assert "lynx" in answer(client, run)


@pytest.mark.parametrize("reads", [0, 1, 2])
def test_cancel(client, reads):
    run = client.read(client.run("call get_weather", tools=[WEATHER]), reads)
    cancelling = client.post(f"{path_of(run)}/cancel")
    assert (cancelling["status"], cancelling["cancelled_at"]) == ("cancelling", None)
    cancelled = client.read(run)
    assert (cancelled["status"], type(cancelled["cancelled_at"])) == ("cancelled", int)
    assert {step["status"] for step in client.get(f"{path_of(run)}/steps")["data"]} <= {"cancelled"}


@pytest.mark.parametrize("reads", [0, 1, 2])
def test_the_lock(client, reads):
    run = client.read(client.run("call get_weather", tools=[WEATHER]), reads)
    thread = run["thread_id"]
    refused = create(client, thread).json()["error"]["message"]
    assert refused == f"Thread {thread} already has an active run {run['id']}."
    message = client.send("POST", f"/threads/{thread}/messages", {"role": "user", "content": "hi"})
    assert (
        message.json()["error"]["message"]
        == f"Can't add messages to {thread} while a run {run['id']} is active."
    )
    client.post(f"{path_of(run)}/cancel")
    assert client.read(run)["status"] == "cancelled"
    assert create(client, thread).status_code == 200


@pytest.mark.parametrize("reads", [0, 1, 2])
def test_expiry(client, reads):
    run = client.read(client.run("call get_weather", tools=[WEATHER]), reads)
    client.send("POST", "/_reference/clock", {"advance": 599, "thread_id": run["thread_id"]})
    assert create(client, run["thread_id"]).status_code == 400
    client.send("POST", "/_reference/clock", {"advance": 2, "thread_id": run["thread_id"]})
    expired = client.read(run)
    assert expired["status"] == "expired"
    assert {step["status"] for step in client.get(f"{path_of(run)}/steps")["data"]} <= {"expired"}
    assert create(client, run["thread_id"]).status_code == 200


def test_the_clock_moves_for_one_thread_or_for_all(client):
    one, two = client.run("call get_time", tools=[TIME]), client.run("call get_time", tools=[TIME])
    client.send("POST", "/_reference/clock", {"advance": 601, "thread_id": one["thread_id"]})
    assert [client.read(run)["status"] for run in (one, two)] == ["expired", "in_progress"]
    client.send("POST", "/_reference/clock", {"advance": 601})
    assert client.read(two)["status"] == "expired"
    assert client.send("POST", "/_reference/clock", {"advance": "far"}).status_code == 400
    assert (
        client.send("POST", "/_reference/clock", {"advance": 1, "thread_id": "thread_x"}).status_code == 404
    )


def test_of_two_creates_one_wins(client):
    path, body = f"/v1/threads/{client.thread('hi')}/runs", {"assistant_id": client.assistant()}

    async def both(http: Any) -> list[int]:
        answers = await asyncio.gather(*(http.post(path, json=body) for _ in range(2)))
        return sorted(answer.status_code for answer in answers)

    assert client.do(both) == [200, 400]


def test_a_run_that_nobody_reads_moves_on():
    async def until_free(http: Any, path: str) -> None:
        while (await http.post(path, json={"role": "user", "content": ""})).is_error:  # noqa: ASYNC110
            await asyncio.sleep(0)

    with Client(ReferenceOptions(tick=0.001, idle_ticks=2)) as client:
        thread = client.run()["thread_id"]
        path = f"/v1/threads/{thread}/messages"
        client.do(lambda http: asyncio.wait_for(until_free(http, path), 5))
        assert client.get(f"/threads/{thread}/runs")["data"][0]["status"] == "completed"


def test_pages(client):
    thread = client.thread(*"abcde")
    ids = [one["id"] for one in client.get(f"/threads/{thread}/messages?order=asc")["data"]]

    def page(query: str) -> tuple[list[int], bool]:
        found = client.get(f"/threads/{thread}/messages?{query}")
        assert (found["first_id"], found["last_id"]) == (found["data"][0]["id"], found["data"][-1]["id"])
        return [ids.index(one["id"]) for one in found["data"]], found["has_more"]

    assert page("limit=2") == ([4, 3], True)
    assert page(f"limit=3&after={ids[3]}") == ([2, 1, 0], False)
    assert page(f"order=asc&limit=2&after={ids[0]}") == ([1, 2], True)
    assert page(f"order=asc&limit=2&before={ids[3]}") == ([1, 2], True)
    assert page(f"order=asc&after={ids[0]}&before={ids[3]}") == ([1, 2], False)


def test_an_empty_page(client):
    empty = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    assert client.get(f"/threads/{client.thread()}/runs") == empty


def test_runs_are_listed_newest_first_and_moved(client):
    run = client.run()
    client.read(run, 2)
    second = create(client, run["thread_id"]).json()
    listed = client.get(f"/threads/{run['thread_id']}/runs")["data"]
    assert [one["id"] for one in listed] == [second["id"], run["id"]]
    assert [one["status"] for one in listed] == ["in_progress", "completed"]


def test_modify_changes_metadata_only(client):
    run = client.run(metadata={"a": "1"})
    changed = client.post(path_of(run), {"metadata": {"b": "2"}})
    assert changed == {**run, "metadata": {"b": "2"}}
    assert client.send("POST", path_of(run), {"model": "m"}).json()["error"]["code"] == "unknown_parameter"
    assert client.get(f"/threads/{run['thread_id']}")["metadata"] == {}


def test_projects_do_not_see_each_other(client):
    run = client.run()
    other = {"authorization": "Bearer sk-two"}
    assert client.send("GET", path_of(run), headers=other).status_code == 404
    assert client.send("GET", f"/assistants/{run['assistant_id']}", headers=other).status_code == 404
    assert client.send("GET", "/assistants", headers=other).json()["data"] == []


def test_a_run_is_found_under_its_own_thread_only(client):
    run = client.run()
    assert client.send("GET", f"/threads/{client.thread()}/runs/{run['id']}").status_code == 404


@pytest.mark.parametrize("kind", ["assistants", "threads", "messages"])
def test_deleted_objects_are_gone(client, kind):
    thread = client.thread("hi")
    message = client.get(f"/threads/{thread}/messages")["first_id"]
    path = {"threads": f"/threads/{thread}", "messages": f"/threads/{thread}/messages/{message}"}.get(
        kind, f"/assistants/{client.assistant()}"
    )
    assert client.send("DELETE", path).json()["deleted"] is True
    assert client.send("GET", path).status_code == 404


def test_content_parts_and_attachments(client):
    parts = [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}},
    ]
    files = [{"file_id": "file-1", "tools": [{"type": "code_interpreter"}]}]
    body = {"role": "user", "content": parts, "attachments": files, "metadata": {"k": "v"}}
    message = client.post(f"/threads/{client.thread()}/messages", body)
    assert message["content"][0] == {"type": "text", "text": {"value": "look", "annotations": []}}
    assert message["content"][1]["image_url"] == {"url": "https://a.example/x.png", "detail": "auto"}
    assert (message["attachments"], message["metadata"]) == (files, {"k": "v"})


def test_assistants_threads_and_messages_can_be_modified(client):
    thread = client.thread("hi")
    message = client.get(f"/threads/{thread}/messages")["first_id"]
    for path in (
        f"/threads/{thread}",
        f"/threads/{thread}/messages/{message}",
        f"/assistants/{client.assistant()}",
    ):
        assert client.post(path, {"metadata": {"k": "v"}})["metadata"] == {"k": "v"}
        assert client.get(path)["metadata"] == {"k": "v"}


def test_a_helper_store_becomes_an_id(client):
    resources = {"file_search": {"vector_stores": [{}]}, "code_interpreter": {"file_ids": ["f"]}}
    thread = client.post("/threads", {"tool_resources": resources})
    assert thread["tool_resources"]["file_search"]["vector_store_ids"][0].startswith("vs_")
    assert thread["tool_resources"]["code_interpreter"] == {"file_ids": ["f"]}


@pytest.mark.parametrize("text", ["hello", "fail", "fail early", "call get_weather", "write 400 words"])
@pytest.mark.parametrize("reads", [0, 1, 2])
def test_answers_keep_the_schemas(client, text, reads):
    run = client.read(
        client.run(text, tools=[WEATHER, {"type": "file_search"}], max_completion_tokens=256), reads
    )
    assert violations("run", run) == ()
    for step in client.get(f"{path_of(run)}/steps")["data"]:
        assert violations("run_step", step) == ()
    for message in client.get(f"/threads/{run['thread_id']}/messages")["data"]:
        assert violations("message", message) == ()
    assert violations("assistant", client.get(f"/assistants/{run['assistant_id']}")) == ()
    assert violations("thread", client.get(f"/threads/{run['thread_id']}")) == ()


def test_a_behaviour_can_be_wrapped():
    def forgets_metadata(faithful: Behaviour) -> Behaviour:
        def shape_run(item: Any, *, sse: bool = False) -> Any:
            return faithful.shape_run(item, sse=sse) | {"metadata": {}}

        return replace(faithful, shape_run=shape_run)

    with Client(ReferenceOptions(faults=(forgets_metadata,))) as client:
        assert client.run(metadata={"a": "1"})["metadata"] == {}


def test_the_base_path_is_free():
    with Client(ReferenceOptions(base_path="/openai")) as client:
        assert client.do(lambda http: http.get("/openai/assistants")).status_code == 200
        assert client.do(lambda http: http.get("/v1/assistants")).status_code == 404


def test_the_same_requests_give_the_same_ids():
    with Client() as one, Client() as two, Client(ReferenceOptions(seed=1)) as three:
        first, same, other = (client.run()["id"] for client in (one, two, three))
    assert first == same != other
