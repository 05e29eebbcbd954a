"""The setup ladder: what it sends, what blocks it, and the sentences that say what to do."""

from __future__ import annotations

import json

import pytest
from client_servers import KEY, RawServer, always, answering, client_of
from test_client import with_body

from runs_conformance.target.stage import Blocked, Stage

HTML = b"<!DOCTYPE html><title>404</title>"


def sound(connection):
    """Assistants and threads with ids by number; DELETE answers too."""
    made = iter(range(1, 1000))
    while request := connection.request():
        method, path, _ = request.split(b" ", 2)
        kind = {b"/v1/assistants": "asst", b"/v1/threads": "thread"}.get(path)
        name = f"{kind}_{next(made)}" if kind else path.decode().rsplit("/", 1)[-1]
        connection.answer(json.dumps({"id": name, "deleted": method == b"DELETE"}).encode())


def lines(server: RawServer) -> list[str]:
    return [request.split(b" HTTP")[0].decode() for request in server.requests]


def bodies(server: RawServer) -> list[dict]:
    return [json.loads(request.split(b"\r\n\r\n", 1)[1] or b"{}") for request in server.requests]


def test_one_assistant_for_the_same_fields_and_a_fresh_thread_each_time():
    with RawServer(sound) as server, client_of(server, model="m") as client:
        stage = Stage(client)
        assert [stage.assistant(), stage.assistant(), stage.assistant(model="n")] == [
            "asst_1",
            "asst_1",
            "asst_2",
        ]
        assert [stage.thread(), stage.thread([])] == ["thread_3", "thread_4"]
    default, other, thread, empty = bodies(server)
    assert (default["model"], default["instructions"], other["model"]) == ("m", "Answer briefly.", "n")
    assert (thread["messages"][0]["role"], empty) == ("user", {})
    assert set(stage.assistants) == {"asst_1", "asst_2"}


def test_what_the_profile_names_is_used_where_it_can_not_be_made():
    absent = {"absent": ["assistants.create", "threads"], "assistant_id": "asst_x", "thread_id": "thread_x"}
    with RawServer(sound) as server, client_of(server, **absent) as client:
        stage = Stage(client)
        assert (stage.assistant(), stage.thread()) == ("asst_x", "thread_x")
        for wanted in (
            lambda: stage.assistant(tools=[]),
            lambda: stage.thread([]),
            lambda: stage.thread(metadata={}),
        ):
            with pytest.raises(Blocked, match="declared absent") as caught:
                wanted()
            assert (caught.value.not_applicable, caught.value.fatal) == (True, False)
    assert lines(server) == ["GET /v1/assistants/asst_x"]


def test_nothing_to_stand_on():
    with RawServer(sound) as server, client_of(server, absent=["assistants.create", "threads"]) as client:
        with pytest.raises(Blocked, match="give assistant_id"):
            Stage(client).assistant()
        with pytest.raises(Blocked, match="give thread_id"):
            Stage(client).thread()


@pytest.mark.parametrize(
    ("data", "rung", "sentence"),
    [
        (b"", "reachable", "is the target running"),
        (
            with_body(HTML, "404 Not Found", Content_Type="text/html"),
            "reachable",
            "HTML page: is the base URL right?",
        ),
        (with_body(HTML), "reachable", "HTML page"),
        (
            with_body(b'{"error":{"message":"Bad key"}}', "401 Unauthorized"),
            "authorised",
            '"Bad key"; the key came from',
        ),
        (with_body(b"no", "403 Forbidden"), "authorised", "OPENAI_API_KEY"),
    ],
)
def test_what_ends_everything_is_asked_for_once(data, rung, sentence):
    with RawServer(answering(data)) as server, client_of(server) as client:
        stage = Stage(client)
        for deed in (stage.reachable, stage.assistant, stage.thread):
            with pytest.raises(Blocked) as caught:
                deed()
            assert (caught.value.rung, caught.value.fatal) == (rung, True)
            assert sentence in caught.value.sentence
            assert KEY not in caught.value.sentence
    assert client.requests == 1


def test_a_refused_key_when_none_was_set():
    with RawServer(answering(with_body(b"{}", "401 Unauthorized"))) as server:
        with (
            client_of(server, key_env="NOT_SET") as client,
            pytest.raises(Blocked, match="no key was set: set the env"),
        ):
            Stage(client).reachable()
        with client_of(server, no_key=True) as client, pytest.raises(Blocked, match="leave out --no-key"):
            Stage(client).reachable()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            with_body(b'{"detail":"x"}', "404 Not Found"),
            'declare absent = ["assistants.create"] and give assistant_id',
        ),
        (with_body(b'{"error":{"message":"\\u001b[31m"}}', "500 Oops"), '"\\u001b[31m"'),
        (with_body(b"[]"), "without an id"),
        (with_body(b'{"id":'), "without an id"),
        (with_body(b'{"id":""}'), "without an id"),
        (with_body(b'{"id":"asst_1"}', Content_Length="99"), "closed the connection"),
    ],
)
def test_a_broken_rung_blocks_without_ending_everything(data, sentence):
    with RawServer(answering(data)) as server, client_of(server) as client:
        stage = Stage(client)
        for _ in range(2):
            with pytest.raises(Blocked) as caught:
                stage.assistant()
            assert (caught.value.rung, caught.value.fatal, caught.value.not_applicable) == (
                "assistant",
                False,
                False,
            )
            assert sentence in caught.value.sentence
        stage.reachable()
    assert client.requests == 1


def test_after_a_first_answer_a_refusal_is_no_longer_fatal():
    answers = [with_body(b'{"id":"asst_1"}'), with_body(b"{}", "403 Forbidden")]

    def handler(connection):
        for answer in answers:
            connection.request()
            connection.send(answer)

    with RawServer(handler) as server, client_of(server) as client:
        stage = Stage(client)
        stage.assistant()
        with pytest.raises(Blocked) as caught:
            stage.thread()
    assert (caught.value.rung, caught.value.fatal) == ("thread", False)


def test_cleanup_deletes_what_was_made():
    with RawServer(sound) as server, client_of(server) as client:
        stage = Stage(client)
        stage.assistant()
        for _ in range(20):
            stage.thread()
        made = len(server.requests)
        stage.cleanup()
        stage.cleanup()
    deleted = lines(server)[made:]
    assert len(deleted) == 21
    assert "DELETE /v1/assistants/asst_1" in deleted[:8]


def test_cleanup_can_be_off_and_gives_up_on_a_target_without_it():
    with (
        RawServer(always(with_body(b'{"id":"thread_1"}'))) as server,
        client_of(server, cleanup=False) as client,
    ):
        stage = Stage(client)
        stage.thread()
        stage.cleanup()
        assert client.requests == 1
    with RawServer(answering(with_body(b'{"id":"thread_1"}'))) as server, client_of(server) as client:
        stage = Stage(client)
        for _ in range(20):
            stage.thread()
        server.handler = lambda connection: None
        stage.cleanup()
    assert all(line.startswith("POST") for line in lines(server))
