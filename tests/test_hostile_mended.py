"""What the battery found, each by itself: fast enough, small enough, told."""

import gzip
import json
import time

import pytest
from broken_streams import good
from client_servers import RawServer
from command import SECRET, flat, run
from hostile.servers import FINE, does, dumped, http
from hostile.transport import BODY
from test_watch_command import watching

from runs_conformance.contract.judge import Judge
from runs_conformance.contract.model import SMALL, Exchange, Headers, Request, Response, to_bytes, weight
from runs_conformance.contract.schemas import violations
from runs_conformance.contract.violations import MOST_ERRORS
from runs_conformance.recordings.files import MOST_VALUES, read
from runs_conformance.recordings.recorded import Trouble
from runs_conformance.report.results import read_results

JUDGE = Judge()


def judged(count):
    """Seconds of the processor to judge a stream with so many events of a run."""
    event = good.block("thread.run.in_progress", good.run("in_progress"))
    exchange = good.exchange(good.to_body(good.HEAD) + event * count)
    started = time.process_time()
    JUDGE.everything([exchange])
    return time.process_time() - started


def test_judging_a_stream_takes_time_in_proportion_to_its_events():
    judged(10)
    short, long = min(judged(300) for _ in range(2)), judged(2400)
    assert long < 20 * short


def answer(run):
    headers = Headers.of({"content-type": "application/json"})
    request = Request("POST", "/threads/thread_A1/runs", (), Headers(), b'{"assistant_id":"asst_A1"}')
    return Exchange("x1", request, Response(200, headers, to_bytes(run)))


def test_an_object_that_is_wrong_in_thousands_of_places_is_not_explained_to_the_end():
    run = good.run("queued", tools=[{"type": "function"}] * 5000)
    assert len(violations("run", run)) <= MOST_ERRORS
    found = [one for one in JUDGE.exchange(answer(run)) if one.requirement.startswith("response.run.")]
    assert found
    assert all(one.failed for one in found)


def test_large_answers_and_their_events_weigh_more():
    small, large = Response(200, body=b"x" * SMALL), Response(200, body=b"x" * (SMALL + 1))
    assert weight(small) == SMALL
    assert weight(large) == 3 * (SMALL + 1)
    values = Response(200, body=b"," * SMALL * 2)
    assert weight(values) > 10 * weight(small)


def test_a_stream_that_never_comes_is_untestable_and_no_success(tmp_path):
    file = tmp_path / "r.jsonl"
    words = ("--select", "order.done-last", "--profile", "smoke", "--results", file)
    with RawServer(does(lambda *_: None, "stream")) as server:
        done = run("check", server.url, *words, OPENAI_API_KEY=SECRET)
    assert done.returncode == 1
    (verdict,) = (one for one in read_results(file).verdicts if one.id == "order.done-last")
    assert (verdict.outcome, verdict.blocked_by) == ("untestable", "a whole answer")
    assert "closed the connection" in verdict.reason


def line(**more):
    made = {
        "method": "POST", "scheme": "https", "host": "api.openai.com", "path": "/v1/threads/thread_a/runs",
        "status": 200, "response_body": {"object": "thread.run"},
    }  # fmt: skip
    return json.dumps(made | more)


def test_what_echoes_a_recorded_key_is_hidden(tmp_path):
    key = "of-no-known-form-4711"
    body = {"object": "thread.run", "id": key, "status": key}
    (tmp_path / "a.jsonl").write_text(
        line(request_headers={"Authorization": f"Bearer {key}"}, response_body=body)
    )
    done = run("inspect", tmp_path / "a.jsonl", "--results", tmp_path / "r.jsonl")
    assert done.returncode == 1
    assert key not in done.stdout
    assert key not in (tmp_path / "r.jsonl").read_text()


def test_evidence_is_no_longer_than_a_person_reads(tmp_path):
    (tmp_path / "a.jsonl").write_text(line(path=f"/v1/threads/thread_{'x' * 70_000}/runs"))
    run("inspect", tmp_path / "a.jsonl", "--results", tmp_path / "r.jsonl")
    evidence = [one.evidence for one in read_results(tmp_path / "r.jsonl").verdicts if one.evidence]
    assert evidence
    assert max(len(one.actual) for one in evidence) < 5000


TRAPS = {
    "har": (b'{"log":{"entries":[[' + b"[]," * MOST_VALUES + b"[]]]}}", "values"),
    "json": (b'{"log":{"entries":[{"time":' + b"9" * 5000 + b"}]}}", "malformed"),
    "deep.json": (b"[" * 3000, "nested deeper"),
    "deep.har": (b'{"log":{"entries":[' + b'{"a":[' * 3000 + b"]}" * 3000 + b"]}}", "nested deeper"),
    "yaml": (b"interactions:\n- [" + b"1," * 700_000 + b"1]\n", "without end"),
}


@pytest.mark.parametrize("suffix", TRAPS)
def test_an_entry_that_would_fill_the_memory_is_told(suffix, tmp_path):
    data, words = TRAPS[suffix]
    (tmp_path / f"a.{suffix}").write_bytes(data)
    (trouble,) = read(tmp_path / f"a.{suffix}")
    assert isinstance(trouble, Trouble)
    assert words in trouble.text


def test_the_judge_says_so_where_it_did_not_read_an_answer():
    """Packed, it is small; unpacked it is more than is kept."""
    bomb = http(gzip.compress(b" " * (12 << 20)), ("Content-Encoding", "gzip"), *FINE)
    with (
        RawServer(does(lambda connection, _: connection.send(bomb))) as server,
        watching("--upstream", server.url) as (command, client),
    ):
        with client.stream("POST", "/threads/runs", json={"assistant_id": "asst_1"}) as got:
            b"".join(got.iter_raw())
        _, said = command.end()
    assert "the answer is larger than 8388608 bytes the answer was not judged" in flat(said)


@pytest.mark.parametrize(("side", "code"), [("", 0), ("client", 0), ("server", 2), ("any", 2)])
def test_a_server_that_says_nothing_is_no_success_of_watch(side, code):
    words = ["--fail-on-findings", side] if side else []
    with (
        RawServer(lambda _: None) as server,
        watching("--upstream", server.url, *words) as (command, client),
    ):
        client.post("/threads/runs", json={"assistant_id": "asst_1"})
        ended, said = command.end()
    assert ended == code
    assert ("the server sent nothing that could be judged" in flat(said)) == (code == 2)
    assert "no answer to judge" in flat(said)


def test_the_servers_of_the_battery_speak_as_they_should():
    """Without its trick a server of the battery is a sound one: what is found is the trick."""
    assert json.loads(BODY)["object"] == "thread.run"
    with RawServer(does(lambda c, _: c.send(http(dumped(good.run("queued")), *FINE)), "never")) as server:
        done = run(
            "check", server.url, "--select", "accept.create-run.minimal,order.done-last", "--profile", "smoke"
        )
    assert done.returncode == 0


def test_an_id_of_lone_surrogates_is_asked_for_like_any_other():
    run_of_it = http(dumped(good.run("completed", id="run_\ud800")), *FINE)
    with RawServer(does(lambda c, _: c.send(run_of_it), "run", "read")) as server:
        done = run("check", server.url, "--select", "response.retrieve.same", "--profile", "smoke")
    assert "error of the suite" not in done.stderr
    assert done.returncode in (0, 1)
