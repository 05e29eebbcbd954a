"""Drivers tried: what targets answer never breaks it, what clients send is judged, verdicts are borne out."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from builders import create, exchange, message
from hypothesis import given
from hypothesis import strategies as st

from runs_conformance.clients.agreeing import agreements
from runs_conformance.clients.cases import ClientCase
from runs_conformance.clients.catalogue import Sent, chosen
from runs_conformance.clients.comparing import compare, truth
from runs_conformance.clients.trying import REQUESTS, Spoken, requests
from runs_conformance.contract.findings import Finding, Outcome
from runs_conformance.contract.model import Event
from runs_conformance.contract.register import load

WORDS = st.sampled_from([
    "object", "thread.run", "thread.message.delta", "status", "data", "delta", "content", "type", "text",
    "value", "refusal", "role", "assistant", "required_action", "submit_tool_outputs", "tool_calls",
    "function", "last_error", "incomplete_details", "error", "message", "id", "completed", "failed",
])  # fmt: skip
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=6), max_leaves=30,
)
MESSAGES = "/threads/t/messages"
PATHS = st.sampled_from(["/threads/runs", MESSAGES, f"{MESSAGES}/m", "/threads/t/runs/r"])


def answered(path, answer, status, *, streamed):
    """An exchange with this answer, or with a stream whose events hold it."""
    data = json.dumps(answer)
    made = exchange("POST" if path == "/threads/runs" else "GET", path, data.encode(), status=status)
    if not streamed:
        return made
    names = ("thread.message.delta", "error")
    events = tuple(Event(index, name, data, 0, 1, 0.1, b"") for index, name in enumerate(names))
    return replace(made, response=replace(made.response, events=events))


@given(st.lists(st.tuples(PATHS, ANY, st.sampled_from([200, 400]), st.booleans()), max_size=4), ANY)
def test_whatever_is_answered_or_reported_is_compared(answers, odd):
    seen = [
        replace(answered(path, answer, status, streamed=streamed), id=str(number))
        for number, (path, answer, status, streamed) in enumerate(answers)
    ]
    report = {"calls": odd, "error": odd, "last_error": odd, "text": odd, "status": odd}
    for outcome in ("ended", "error"):
        assert isinstance(compare({"outcome": outcome, **report}, truth(seen)), str)


def test_a_message_that_is_retrieved_alone_is_part_of_the_truth():
    said = message(id="msg_1", role="assistant", content=[{"type": "text", "text": {"value": "Hello."}}])
    seen = truth([create(), exchange("GET", "/threads/t/messages/msg_1", said)])
    assert seen.said("text") == "Hello."


DRIVER = chosen(["azure-ai-agents"])[0]
SPOKEN = Spoken(DRIVER, "poll", range(3, 8))
BETA = "headers.beta-sent"


def failed(row, number):
    return Finding(row, Outcome.FAILED, exchange=str(number))


@pytest.mark.parametrize(
    ("findings", "outcome", "why"),
    [
        ([], "served", ""),
        ([failed(BETA, 2), failed(BETA, 8)], "served", ""),
        ([failed("event.framing", 3)], "served", ""),
        ([failed(BETA, 3), failed(BETA, 7)], "known", f"{BETA} was broken in 2 of 5 requests [its source]"),
        ([failed("client.body.type", 4)], "wrong", "client.body.type was broken in 1 of 5 requests"),
        ([failed(BETA, 3), failed("client.body.type", 4)], "wrong", f"{BETA} was broken in 1 of"),
    ],
)
def test_requests_are_judged_use_by_use(findings, outcome, why):
    case = requests(SPOKEN, findings, load(), [Sent("azure-ai-agents", BETA, "its source")])
    assert (case.client, case.case, case.outcome) == ("azure-ai-agents poll", REQUESTS, outcome)
    assert case.why.startswith(why)
    assert bool(case.why) == bool(why)


def verdict(said):
    return {"client": DRIVER.title, "use": dict(DRIVER.uses)["poll"], "verdict": said}


def cases(*outcomes):
    use = "azure-ai-agents poll"
    made = [ClientCase(use, str(number), one, "why") for number, one in enumerate(outcomes)]
    return [*made, ClientCase(use, REQUESTS, "wrong", "its own fault")]


NAME = "azure-ai-agents runs.create_and_process()"


@pytest.mark.parametrize(
    ("derived", "outcomes", "told"),
    [
        ("works", ["served", "served"], f"confirmed: {NAME}: derived works, the client works"),
        ("breaks", ["served", "refused"], f"confirmed: {NAME}: derived breaks, the client breaks"),
        ("works", ["served", "wrong"], f"corrected: {NAME}: derived works, the client breaks (1: why)"),
        ("breaks", ["served"], f"corrected: {NAME}: derived breaks, the client works"),
        ("unknown", ["served"], f"decided: {NAME}: the check could not tell, the client works"),
        ("breaks", ["served", "known"], f"open: {NAME}: derived breaks, the client says nothing"),
    ],
)
def test_a_real_client_confirms_or_corrects(derived, outcomes, told):
    [found] = agreements([DRIVER], [verdict(derived)], cases(*outcomes))
    assert found.told == told
    assert found.differs == told.startswith("corrected")


def test_a_use_that_nobody_tried_is_not_compared():
    assert not list(agreements([DRIVER], [verdict("works")], []))
    assert not list(agreements([DRIVER], [], cases("served")))


def command(*words):
    return subprocess.run(
        [sys.executable, "-m", "runs_conformance", "clients", *words], capture_output=True, text=True,
        check=False, timeout=300,
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "can't be read"), ('{"kind": "header"}\n', "holds no verdict on clients"),
        (None, "can't be read"),
    ],
)
def test_a_file_without_verdicts_is_told(tmp_path, text, sentence):
    results = tmp_path / "check.jsonl"
    if text is not None:
        results.write_text(text, "utf-8")
    toml = f'[mine]\ncommand = [{json.dumps(sys.executable)}]\nuses = {{ poll = "poll" }}\n'
    (tmp_path / "drivers.toml").write_text(toml, "utf-8")
    done = command("--drivers", str(tmp_path), "--verdicts", str(results))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (None, "drivers.toml"), ("[mine]\nuses = {}\n", "mine"),
        ('[mine]\ncommand = ["x"]\npins = "p"\nuses = { a = "b" }\n', "mine"),
        ('[mine]\ncommand = ["no-such"]\nuses = { a = "b" }\n', "no-such is not installed here"),
    ],
)
def test_a_folder_of_drivers_that_can_not_be_used_is_told(tmp_path, toml, sentence):
    if toml is not None:
        (tmp_path / "drivers.toml").write_text(toml, "utf-8")
    done = command("--drivers", str(tmp_path), "--folder", str(tmp_path))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


EXAMPLE = Path(__file__).resolve().parent.parent / "docs" / "examples" / "driver"


@pytest.mark.skipif(shutil.which("perl") is None, reason="perl is not installed here")
def test_the_documented_driver_is_right(tmp_path):
    scenarios = ("plain-text", "parallel-tool-calls", "incomplete", "refused")
    words = [word for name in scenarios for word in ("--scenario", name)]
    done = command("--drivers", str(EXAMPLE), "--folder", str(tmp_path), *words)
    assert (done.returncode, done.stdout.splitlines()) == (
        0, ["perl poll: 5 of 5 right", "5 tasks: 5 right."],
    ), done.stderr


OWN = """
import json, sys
from urllib import request
print(json.dumps({"hello": {"client": "mine", "version": "1", "uses": ["poll"]}}), flush=True)
for line in sys.stdin:
    task = json.loads(line)
    body = json.dumps({"assistant_id": task["assistant_id"], "temperature": 9}).encode()
    headers = {"Authorization": f"Bearer {task['key']}", "Content-Type": "application/json"}
    headers["OpenAI-Beta"] = "assistants=v2"
    asked = request.Request(f"{task['base_url']}/threads/runs", body, headers)
    told = {"class": "HTTPError", "message": "no idea", "status": 404, "code": None, "param": None}
    try:
        request.urlopen(asked)
    except request.HTTPError as error:
        error.read()
        print(json.dumps({"task": task["task"], "outcome": "error", "error": told}), flush=True)
"""


def test_a_driver_of_ones_own_is_judged_as_ours_are(tmp_path):
    (tmp_path / "own.py").write_text(OWN, "utf-8")
    toml = f'[mine]\ncommand = [{json.dumps(sys.executable)}, "own.py"]\nuses = {{ poll = "poll" }}\n'
    (tmp_path / "drivers.toml").write_text(toml, "utf-8")
    results = tmp_path / "results.jsonl"
    done = command(
        "--drivers", str(tmp_path), "--folder", str(tmp_path / "homes"), "--scenario", "plain-text",
        "--results", str(results),
    )
    assert done.returncode == 1, done.stderr
    lines = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    told = {one["case"]: one["why"] for one in lines if one["kind"] == "client_case"}
    assert told["plain-text"].startswith("the error's status 400 was reported as 404; the error's message")
    assert told[REQUESTS] == "client.body.bound was broken in 1 of 1 requests"
