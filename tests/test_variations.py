"""Benign variations: each is declared in full, changes what it says, and none is flagged by the suite."""

import json
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from reference_client import Client

from runs_conformance.cli import main
from runs_conformance.reference import running, variations, world

EVERY = variations.every()
# Seen by connections, in time, or in what a particular request meets: not in a transcript of one client.
UNSEEN = {
    "connection-dropped": "connections", "stream-in-one-piece": "writes", "slow-answers": "time",
    "byte-by-byte": "writes", "slow-events": "time", "slow-runs": "time", "long-queued": "time",
    "instant": "time",
    "newer-than-judged": "a declaration only", "newer-than-structured": "a declaration only",
    "absent-expiry": "a declaration only", "cut-at-random": "writes",
}  # fmt: skip


def test_there_are_enough_and_all_are_declared():
    assert len(EVERY) >= 40
    for one in EVERY:
        assert one.sentence.endswith((".", "?")), one.name
        assert len(one.source) > 10, one.name


def test_every_module_registers_its_own():
    assert {one.name for one in EVERY} == {one.name for one in variations.chosen(one.name for one in EVERY)}
    assert all(module.__doc__ for module in variations.MODULES)


def test_an_unknown_name_tells_the_closest():
    with pytest.raises(variations.UnknownVariationError, match="did you mean json-compact"):
        variations.named("json-compct")


def test_profiles_of_several_add_up():
    both = variations.profile_for(["beta-not-required", "absent-steps", "api-version-required"])
    assert sorted(both["absent"]) == ["beta-header", "steps"]
    assert both["query"] == {"api-version": "2024-07-01-preview"}


def test_one_of_a_group():
    assert not variations.compatible(["crlf", "carriage-returns"])
    assert variations.compatible(["crlf", "gzip"])


def test_order_does_not_depend_on_how_they_are_named():
    one, two = (variations.options_for(names) for names in (["crlf", "gzip"], ["gzip", "crlf"]))
    assert len(one.faults) == len(two.faults) == 1
    assert len(one.wrappers) == len(two.wrappers) == 1


STANDING_STILL = SimpleNamespace(time=lambda: 1_800_000_000.0, monotonic=lambda: 0.0)
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
LOOK_UP = {"type": "function", "function": {"name": "look_up", "parameters": CITY}}
FORCED = {"tools": [LOOK_UP], "tool_choice": {"type": "function", "function": {"name": "look_up"}}}


class Teller:
    """Sends what it is told to and keeps what came back, byte by byte."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.seen: list[object] = []

    def __call__(self, method: str, path: str, body: object = None, **more: object) -> dict:
        answer = self.client.send(method, path, body, **more)
        lines = [line for line in answer.headers.raw if line[0].lower() != b"openai-processing-ms"]
        self.seen.append((method, path, answer.status_code, lines, answer.content))
        kind = answer.headers.get("content-type", "").lower()
        return answer.json() if answer.status_code == 200 and "json" in kind else {}

    def run(self, assistant: str, words: str, **fields: object) -> dict:
        body = {
            "assistant_id": assistant,
            "thread": {"messages": [{"role": "user", "content": words}]},
            **fields,
        }
        return self("POST", "/threads/runs", body)

    def on(self, run: dict, *calls: tuple) -> list[dict]:
        path = f"/threads/{run.get('thread_id', 'thread_x')}/runs/{run.get('id', 'run_x')}"
        return [self(method, path + rest, *body) for method, rest, *body in calls]


READ = ("GET", "")


def tell(say: Teller) -> None:
    """Runs of every kind, refusals of every kind, every route."""
    bare = say("POST", "/assistants", {"model": "gpt-4o"}).get("id", "asst_x")
    owner = say(
        "POST",
        "/assistants",
        {"model": "gpt-4o", "instructions": "Be brief.", "tools": [LOOK_UP]},
    ).get("id", "asst_x")
    say("GET", f"/assistants/{owner}")
    runs(say, owner)
    waiting(say, owner)
    streams(say, bare, owner)
    refusals(say, owner)
    routes(say, bare)


def runs(say: Teller, owner: str) -> None:
    say.on(say.run(owner, "hello"), READ, READ, ("GET", "/steps"))
    for words, more in (
        ("fail", {}),
        ("write 400 words", {"max_completion_tokens": 256}),
        ("call look_up", {}),
    ):
        say.on(say.run(owner, words, **more), READ, READ)
    search = say.run(owner, "call file_search", tools=[{"type": "file_search"}])
    say.on(search, READ, READ, ("GET", "/steps"))
    for words in "abcdefghij":
        say.on(say.run(owner, words), READ, READ)


def waiting(say: Teller, owner: str) -> None:
    for words in ("look up", "call look_up and look_up in parallel"):
        run = say.run(owner, words, **(FORCED if words == "look up" else {"tools": [LOOK_UP]}))
        shown = say.on(run, READ, READ)[-1]
        calls = ((shown.get("required_action") or {}).get("submit_tool_outputs") or {}).get(
            "tool_calls"
        ) or []
        say("POST", "/_reference/clock", {"advance": 3, "thread_id": run.get("thread_id", "thread_x")})
        outputs = {"tool_outputs": [{"tool_call_id": call["id"], "output": "1"} for call in calls]}
        say.on(
            run,
            ("POST", "/submit_tool_outputs", outputs),
            READ,
            READ,
            ("POST", "", {"metadata": {"a": "b"}}),
        )
    for times in range(2):
        run = say.run(owner, "write 20 words")
        say.on(run, *[READ] * times, ("POST", "/cancel"), READ, ("GET", "/steps"))
    run = say.run(owner, "hello")
    say("POST", "/_reference/clock", {"advance": 700, "thread_id": run.get("thread_id", "thread_x")})
    say.on(run, READ)


def streams(say: Teller, bare: str, owner: str) -> None:
    for words, more in (
        ("hello", {}),
        ("break the stream", {}),
        ("write 300 words", {"max_completion_tokens": 256}),
        ("look up", FORCED),
    ):
        say.run(bare, words, stream=True, **more)
    say.run(owner, "hello", stream=True)


def refusals(say: Teller, owner: str) -> None:
    good = {"assistant_id": owner, "thread": {"messages": [{"role": "user", "content": "hi"}]}}
    wrong = (
        {"assistant_id": 7}, {"temperature": 3}, {"unknown": 1}, {
            "reasoning_effort": "max"
        }, {"tools": [{"type": "x"}]},
        {
            "tool_choice": {"type": "function", "function": {"name": "gone"}}, "tools": [LOOK_UP],
        }, {"tools": [{"type": "code_interpreter"}]},
        {
            "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}
        }, {"tools": [{"type": "function"}]},
        {"tool_resources": {"code_interpreter": {"file_ids": ["file-1"]}}},
        {
            "thread": {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "http://x.test/x"}}],
                    }
                ]
            }
        },
    )  # fmt: skip
    for change in wrong:
        say("POST", "/threads/runs", {**good, **change})
    for headers in ({"openai-beta": ""}, {"authorization": ""}, {"content-type": "text/plain"}):
        say("POST", "/threads/runs", good, headers=headers)


def routes(say: Teller, bare: str) -> None:
    thread = say("POST", "/threads", {"messages": [{"role": "user", "content": "hi"}]}).get("id", "thread_x")
    say("GET", f"/threads/{thread}")
    say("POST", f"/threads/{thread}/messages", {"role": "user", "content": "more"})
    say("GET", f"/threads/{thread}/messages")
    fields = {
        "reasoning_effort": "low",
        "additional_instructions": "And be kind.",
        "instructions": "Be brief.",
    }
    say("POST", f"/threads/{thread}/runs", {"assistant_id": bare, **fields})
    say("POST", f"/threads/{thread}/runs", {"assistant_id": bare})
    say("POST", f"/threads/{thread}/runs", {"assistant_id": bare, "reasoning_effort": "max"})
    say("GET", f"/threads/{thread}/runs")


def transcript(names: tuple[str, ...]) -> list[object]:
    options = replace(variations.options_for(names), tick=60.0)
    with Client(options) as client:
        say = Teller(client)
        tell(say)
    return say.seen


@pytest.fixture(scope="module")
def faithful() -> list[object]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world, "time", STANDING_STILL)
        return transcript(())


def test_the_transcript_repeats(faithful, monkeypatch):
    monkeypatch.setattr(world, "time", STANDING_STILL)
    assert transcript(()) == faithful


@pytest.mark.parametrize("name", [one.name for one in EVERY if one.name not in UNSEEN])
def test_a_variation_is_seen(name, faithful, monkeypatch):
    monkeypatch.setattr(world, "time", STANDING_STILL)
    assert transcript((name,)) != faithful


def test_unseen_ones_exist():
    assert set(UNSEEN) <= {one.name for one in EVERY}


def test_the_command_lists_them(capsys):
    assert main(["serve", "--list-variations"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed] == [one.name for one in EVERY]


def test_the_command_refuses_an_unknown_one(capsys):
    assert main(["serve", "--variation", "gzipp"]) == 2
    assert "did you mean gzip?" in capsys.readouterr().err


MANY = (
    "gzip", "no-content-length", "header-case", "charset-upper", "azure-headers", "extra-fields",
    "extra-fields-inside", "numbers-short",
    "ids-uuid", "json-key-order", "codes-null", "params-dotted", "cancelled-at-once", "empty-deltas",
    "unknown-events", "comments", "crlf",
    "cut-at-random", "model-resolved", "tool-defaults-filled",
)  # fmt: skip


def test_none_is_flagged_when_many_meet(tmp_path):
    """The whole command, strict.

    Benchmarks/variations.py does this for each variation and for random sets.
    """
    assert variations.compatible(MANY)
    results = tmp_path / "results.jsonl"
    with running(variations.options_for(MANY)) as url:
        command = [
            sys.executable,
            "-m",
            "runs_conformance",
            "check",
            url,
            "--strict",
            "--results",
            str(results),
        ]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stdout
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    outcomes = {line["outcome"] for line in lines if line["kind"] == "requirement"}
    assert not outcomes & {"failed", "warning", "untestable"}
