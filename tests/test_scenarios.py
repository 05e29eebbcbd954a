"""Scenarios: each ends as it says, is chosen in three ways, and breaks only what it says it breaks."""

import re
import subprocess
import sys

import httpx2
import pytest
from watched_traffic import client, follow, judged, proxied

from runs_conformance.reference import ReferenceOptions, running, scenarios, variations

ALL = scenarios.every()
OWN = [one for one in ALL if one.group != "variation"]
MADE = [one for one in OWN if one.error in ("", "event", "cut")]
THREAD = {"messages": [{"role": "user", "content": "hi"}]}


def ids(found):
    return [pytest.param(one, id=one.name) for one in found]


@pytest.fixture(scope="module")
def base_url():
    with running(ReferenceOptions(scenarios=True)) as url:
        yield url


@pytest.fixture(scope="module")
def http(base_url):
    with client(base_url) as made:
        yield made


def start(http, **body):
    return http.post("/threads/runs", json={"thread": THREAD, **body})


def events(text):
    return re.findall(r"^event: ?(\S+)", text, re.MULTILINE)


@pytest.mark.parametrize("one", ids(ALL))
def test_a_scenario_is_told_in_sentences(one):
    assert one.sentence.endswith(".")
    assert one.must
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.name)
    assert scenarios.of_model(one.model) == scenarios.of_assistant(one.assistant_id) == one.name


def test_every_benign_variation_is_a_scenario():
    found = {one.name for one in ALL if one.group == "variation"}
    assert found == {f"variation-{each.name}" for each in variations.every()}


@pytest.mark.parametrize("one", ids(MADE))
def test_a_polled_run_ends_as_its_scenario_says(one, http):
    answer = start(http, assistant_id=one.assistant_id)
    assert answer.status_code == 200, answer.text
    seen = follow(http, answer.json())
    assert seen[-1] == (one.ends or "completed")
    assert seen.count("requires_action") == min(one.calls, 2 if "rounds" in one.name else 1)


@pytest.mark.parametrize("one", ids(one for one in MADE if one.error != "cut"))
def test_a_stream_comes_to_its_stop(one, http):
    answer = start(http, assistant_id=one.assistant_id, stream=True)
    names = events(answer.text)
    stop = "error" if one.error == "event" else f"thread.run.{'requires_action' if one.calls else one.ends}"
    assert stop in names
    assert names[-1] == "done"


def test_a_cut_stream_breaks_the_connection(http):
    with pytest.raises(httpx2.RemoteProtocolError):
        start(http, model="scenario:stream-cut", assistant_id="asst_scenario_plain_text", stream=True)


@pytest.mark.parametrize("one", ids(one for one in OWN if one.error == "refused"))
def test_a_refusal_stays(one, http):
    statuses = {start(http, assistant_id=one.assistant_id).status_code for _ in range(3)}
    assert len(statuses) == 1
    assert statuses.pop() >= 400


@pytest.mark.parametrize(
    "one", ids(one for one in OWN if one.error == "retried" and "polling" not in one.name)
)
def test_only_the_first_try_meets_the_error(one, http):
    tries = [start(http, assistant_id=one.assistant_id) for _ in range(4)]
    assert [try_.status_code == 200 for try_ in tries] == [False, True, False, True]
    assert ("retry-after" in tries[0].headers) == ("Retry-After: 1" in one.sentence)


def test_reading_is_answered_with_an_error_once(http):
    run = start(http, assistant_id="asst_scenario_busy_while_polling").json()
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    assert [http.get(path).status_code for _ in range(2)] == [503, 200]


def failed_by(http, base_url, way, name="failed-early"):
    root = base_url.removesuffix("/v1")
    plain = http.post("/assistants", json={"model": f"scenario:{name}"}).json()["id"]
    ways = {
        "model": ("", {"model": f"scenario:{name}", "assistant_id": "asst_scenario_plain_text"}),
        "assistant id": ("", {"assistant_id": f"asst_scenario_{name.replace('-', '_')}"}),
        "assistant's model": ("", {"assistant_id": plain}),
        "address": (f"{root}/scenario/{name}/v1", {"assistant_id": "asst_scenario_plain_text"}),
    }
    address, body = ways[way]
    return http.post(f"{address}/threads/runs", json={"thread": THREAD, **body}).json()


@pytest.mark.parametrize("way", ["model", "assistant id", "assistant's model", "address"])
def test_a_scenario_is_chosen_by(way, http, base_url):
    """What the run was made with holds for reads that say nothing of it, but for an address."""
    run = failed_by(http, base_url, way)
    there = base_url.replace("/v1", "/scenario/failed-early/v1") if way == "address" else base_url
    with client(there) as reader:
        assert follow(reader, run)[-1] == "failed"


def test_the_page_of_a_bad_gateway_has_one_content_type(http):
    answer = start(http, assistant_id="asst_scenario_bad_gateway")
    assert answer.status_code == 502
    assert [value for name, value in answer.headers.multi_items() if name == "content-type"] == ["text/html"]


@pytest.mark.parametrize("way", ["model", "address"])
def test_an_unknown_scenario_is_refused_with_the_closest(way, http, base_url):
    body = {"model": "scenario:fialed", "assistant_id": "asst_scenario_plain_text", "thread": THREAD}
    address = base_url.replace("/v1", "/scenario/fialed/v1") if way == "address" else base_url
    answer = http.post(f"{address}/threads/runs", json=body)
    assert answer.status_code in (400, 404)
    assert "did you mean failed?" in answer.json()["error"]["message"]


def test_a_run_without_the_tool_it_needs_is_told_what_to_do(http):
    answer = start(http, assistant_id="asst_scenario_plain_text", model="scenario:tool-call")
    assert answer.status_code == 400
    assert "asst_scenario_tool_call" in answer.json()["error"]["message"]


def test_the_functions_of_the_client_are_called(http):
    tools = [{"type": "function", "function": {"name": "mine", "parameters": {}}}]
    asked = {"assistant_id": "asst_scenario_plain_text", "model": "scenario:tool-call", "tools": tools}
    run = start(http, **asked).json()
    for _ in range(2):
        run = http.get(f"/threads/{run['thread_id']}/runs/{run['id']}").json()
    assert run["required_action"]["submit_tool_outputs"]["tool_calls"][0]["function"]["name"] == "mine"


def test_a_thread_without_a_scenario_takes_any(http):
    thread = http.post("/threads", json=THREAD).json()["id"]
    statuses = []
    for name in ("failed", "plain-text"):
        body = {"assistant_id": "asst_scenario_plain_text", "model": f"scenario:{name}"}
        statuses.append(follow(http, http.post(f"/threads/{thread}/runs", json=body).json())[-1])
    assert statuses == ["failed", "completed"]


def tell(http, one, stream):
    """A run as a plain client has it; busy answers are tried again."""
    for _ in range(3):
        try:
            answer = start(http, assistant_id=one.assistant_id, stream=stream)
        except httpx2.RemoteProtocolError:
            return
        if answer.status_code == 200:
            break
    if answer.status_code == 200 and not stream and "runs-retrieve" not in one.name:
        follow(http, answer.json())
        http.get(f"/threads/{answer.json()['thread_id']}/messages")


def watched(one, base_url):
    params = dict(one.profile).get("query", {})
    with proxied(base_url.removesuffix("/v1")) as (address, seen):
        with client(one.base_url(address), params=params) as http:
            http.headers["api-key"] = http.headers["authorization"].removeprefix("Bearer ")
            tell(http, one, stream=False)
            tell(http, one, stream=True)
        return judged(seen, base_url)


@pytest.mark.parametrize("one", ids(OWN))
def test_watching_finds_the_server_wrong_only_where_the_scenario_says_so(one, base_url):
    found = watched(one, base_url)
    assert found["client"] == set()
    assert bool(found["server"]) <= (not one.conforms)


@pytest.mark.slow
@pytest.mark.parametrize("one", ids(one for one in ALL if one.group == "variation"))
def test_watching_finds_no_variation_wrong(one, base_url):
    test_watching_finds_the_server_wrong_only_where_the_scenario_says_so(one, base_url)


def test_serve_lists_them():
    command = [sys.executable, "-m", "runs_conformance", "serve", "--list-scenarios"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == len(ALL)
    assert all(re.fullmatch(r"\S+ +\S.*\.", line) for line in lines)
