"""Judging beside the traffic: it can't disturb it, its memory is bounded, it never tells a key."""

import json
import pickle
import threading

import pytest
from watched_traffic import KEY, client, judged, proxied

from runs_conformance.clients import beside, exchanges
from runs_conformance.clients.beside import Beside, End, Settings
from runs_conformance.clients.capture import Capture
from runs_conformance.clients.exchanges import Reader
from runs_conformance.clients.judge import judged as judge_process
from runs_conformance.clients.judging import Watcher
from runs_conformance.contract.register import NEWEST
from runs_conformance.recordings.inspecting import ROOM
from runs_conformance.reference import ReferenceOptions, running

BASE = "http://server.test/v1"
SENT = [
    ("authorization", f"Bearer {KEY}"),
    ("openai-beta", "assistants=v2"),
    ("content-type", "application/json"),
]
ANSWERED = [("content-type", "application/json"), ("x-request-id", "req_1")]


def capture(number=1, target=b"/v1/threads", body=b"{}", answer=None, **more):
    thread = {
        "id": f"thread_{number}",
        "object": "thread",
        "created_at": 1_790_000_000,
        "metadata": {},
        "tool_resources": {},
    }
    data = json.dumps(thread if answer is None else answer).encode()
    fields = {"status": 200, "answered": ANSWERED, "ended": True, **more}
    return Capture(
        number, "POST", target, SENT, 1_790_000_000.0 + number, body, pieces=[(0.1, data)], **fields
    )


def read(reader, sent):
    reader.learn(sent)
    return reader.call(sent)


def settings(**more):
    return Settings(BASE, BASE, NEWEST, **more)


PLACES = {
    b"/v1/threads/t/runs": ("http://server.test/v1", "/threads/t/runs"),
    b"/scenario/gzip/v1/threads/runs?x=1": ("http://server.test/scenario/gzip/v1", "/threads/runs"),
    b"/threads/api/v1/threads": ("http://server.test/threads/api/v1", "/threads"),
    b"/v1/models": None,
    b"/v1/threads/t/other": None,
}


@pytest.mark.parametrize("target", PLACES)
def test_calls_of_the_contract_are_found_below_any_base(target):
    made = Reader(BASE).call(capture(target=target))
    assert (made and (made.exchange.base_url, made.exchange.request.path)) == PLACES[target]


def test_the_key_is_hidden_wherever_it_stands():
    body = json.dumps({"metadata": {"k": KEY}}).encode()
    answer = {
        "id": "thread_1",
        "object": "thread",
        "created_at": 1_790_000_000,
        "metadata": {"k": KEY},
        "tool_resources": {},
    }
    sent = capture(target=b"/v1/threads?api-key=my-azure-key-123", body=body, answer=answer)
    made = read(Reader(BASE), sent).exchange
    assert KEY not in repr(made)
    assert "my-azure-key-123" not in repr(made)
    assert made.request.headers.get("authorization") == "Bearer ***"


def test_a_key_that_another_client_sent_is_hidden_too():
    reader = Reader(BASE)
    read(reader, capture())
    other = capture(2, answer={"id": KEY})
    other.headers = [("openai-beta", "assistants=v2")]
    assert KEY not in repr(read(reader, other).exchange)
    assert KEY not in reader.clean(f"x {KEY} y")


@pytest.mark.parametrize("coding", ["identity", "unheard-of"])
def test_a_key_in_a_headers_name_is_hidden_too(coding):
    sent = capture(answered=[*ANSWERED, (KEY, "1"), ("content-encoding", coding)])
    made = read(Reader(BASE), sent).exchange
    assert KEY not in repr(made)
    assert ("***", "1") in made.response.headers.lines


def test_a_key_that_a_library_quotes_is_hidden_in_the_line(capsys):
    broken = capture(status=None, answered=[], failure=("protocol", f"illegal header line: {KEY}"))
    judge_process(settings(), iter([broken, End(1, 1)]))
    said = capsys.readouterr().out
    assert "illegal header line: ***" in said
    assert KEY not in said


def test_encodings_that_can_not_be_read_are_nobodys_fault():
    sent = capture(answered=[*ANSWERED, ("content-encoding", "unheard-of")])
    assert judged([sent], BASE) == {"client": set(), "server": set()}


def test_the_first_version_is_another_contract():
    sent = capture(answer={"id": "thread_1", "object": "nothing of v2"})
    sent.headers = [*SENT[:1], ("openai-beta", "assistants=v1"), SENT[2]]
    found = judged([sent], BASE)
    assert found == {"client": {("headers.beta-sent", "request header openai-beta")}, "server": set()}


def test_an_error_of_our_own_is_counted_and_the_next_exchange_is_judged(monkeypatch, capsys):
    real = exchanges.Reader.call

    def broken(self, one):
        if one.number < 4:
            raise RuntimeError(f"no {KEY}")
        return real(self, one)

    monkeypatch.setattr(exchanges.Reader, "call", broken)
    captures = [capture(number) for number in range(1, 6)]
    code = judge_process(settings(fail_on="any"), iter([*captures, End(5, 0)]))
    out, err = capsys.readouterr()
    assert err.count("an error of our own") == 1
    assert "3 could not be judged, through an error of our own: RuntimeError (3)" in out
    assert (code, KEY in out + err) == (2, False)


@pytest.mark.parametrize("broken", ["exchange", "trace"])
def test_an_error_in_a_check_is_told_and_not_raised(broken, monkeypatch):
    def fail(*_):
        raise RecursionError("too deep")

    monkeypatch.setattr(f"runs_conformance.contract.judge.Judge.{broken}", fail)
    watcher = Watcher(BASE, NEWEST)
    told = [watcher.see(capture(number)).trouble for number in (1, 2)] + [watcher.close()]
    assert "RecursionError: too deep" in told
    assert watcher.troubles.total() == 2
    assert watcher.inspector.outcome.judged == 2


def test_thousands_of_threads_are_held_within_bounds():
    watcher, big = Watcher(BASE, NEWEST), json.dumps({"metadata": {"k": "x" * 500}}).encode()
    held = []
    for number in range(1, 3001):
        watcher.see(capture(number, body=big + b" " * 20_000))
        held.append(watcher.inspector._held)
    assert max(held) <= ROOM
    watcher.close()
    assert watcher.inspector.outcome.judged == watcher.inspector.outcome.traces == 3000


def test_a_judge_that_falls_behind_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(beside, "BACKLOG", 10_000)
    monkeypatch.setattr(Beside, "_next", lambda self: End(0, 0))
    judge = Beside(settings(), lambda _sentence: None)
    judge._thread.join()
    for number in range(1, 51):
        judge.see(capture(number, body=b" " * 5_000))
    assert (judge._exchanges, judge._held < 20_000) == (50, True)
    assert judge._passed_over == 48
    judge.kill()


def test_a_judge_that_is_gone_is_told_once():
    told, gone = [], threading.Event()

    def tell(sentence):
        told.append(sentence)
        gone.set()

    judge = Beside(settings(), tell)
    judge._process.kill()
    judge._process.wait()
    for number in range(1, 4):
        judge.see(capture(number))
    assert gone.wait(10)
    judge.see(capture(4))
    assert told == ["the judge has ended before its time; the traffic goes on, and is not judged any more"]
    assert judge.close() == 2


def test_a_capture_goes_through_the_pipe_as_it_is():
    made = capture()
    assert pickle.loads(pickle.dumps(made)) == made


def test_a_later_finding_is_told_with_its_exchange(capsys):
    """A run that goes from completed back to queued is only seen on the whole thread."""
    with running(ReferenceOptions(scenarios=True)) as base_url:
        with proxied(base_url.removesuffix("/v1")) as (address, seen), client(f"{address}/v1") as http:
            body = {"assistant_id": "asst_scenario_plain_text", "instructions": "x", "thread": {}}
            made = http.post("/threads/runs", json=body).json()
            path = f"/threads/{made['thread_id']}/runs/{made['id']}"
            while http.get(path).json()["status"] != "completed":
                pass
            http.get(path)
        seen[-1].pieces = [(at, data.replace(b'"completed"', b'"queued"')) for at, data in seen[-1].pieces]
    judge_process(Settings(base_url, base_url, NEWEST), iter([*seen, End(len(seen), 0)]))
    assert "later  server: lifecycle." in capsys.readouterr().out
