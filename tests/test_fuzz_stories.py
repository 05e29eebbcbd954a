"""A finding's story: what leads to it again, with other ids; kept, read back, told as a test function."""

import json
from dataclasses import replace

import pytest
from builders import MADE_THREAD, THREAD, assistant, create, error, exchange, refused, run
from hypothesis.database import InMemoryExampleDatabase

from runs_conformance.contract.model import Case
from runs_conformance.fuzzing.replaying import function
from runs_conformance.fuzzing.store import Failure, Part, Store, failure_id, open_database
from runs_conformance.fuzzing.stories import Call, produced, story
from runs_conformance.options import UsageError

SENT = {"content-type": "application/json", "accept": "application/json", "openai-beta": "assistants=v2"}
MADE = exchange("POST", "/assistants", assistant(), {"model": "m"}, id="x1", sent=SENT)
OTHER = exchange("POST", "/assistants", assistant(id="asst_other"), {"model": "m"}, id="x2", sent=SENT)
PLACE = exchange("POST", "/threads", MADE_THREAD, {}, id="x3", sent=SENT)
CASE = Case("temperature 3", ("refuse.temperature.range",), "refused")
BAD = create({"temperature": 3}, id="x4", sent=SENT, case=CASE)


def test_a_story_has_what_made_the_ids_and_nothing_else():
    calls = story(BAD, (MADE, OTHER, PLACE, BAD))
    assert [call.path for call in calls] == ["/assistants", "/threads", "/threads/{{1:id}}/runs"]
    assert json.loads(calls[-1].body) == {"assistant_id": "{{0:id}}", "temperature": 3}
    assert (calls[-1].expect, calls[-1].requirements) == ("refused", ("refuse.temperature.range",))


def test_a_story_is_sent_with_the_ids_of_the_day():
    calls = story(BAD, (MADE, OTHER, PLACE, BAD))
    today = [
        exchange("POST", "/assistants", assistant(id="asst_today"), id="x1"),
        exchange("POST", "/threads", {**MADE_THREAD, "id": "thread_today"}, id="x2"),
    ]
    sent = calls[-1].arguments(today)
    assert sent["path"] == "/threads/thread_today/runs"
    assert json.loads(sent["body"]) == {"assistant_id": "asst_today", "temperature": 3}


def test_what_an_earlier_answer_lacks_is_said():
    calls = story(BAD, (MADE, OTHER, PLACE, BAD))
    with pytest.raises(LookupError, match="call 1 did not answer with a id"):
        calls[-1].arguments([exchange("POST", "/assistants", assistant(id="asst_today")), refused()])


def test_the_thread_of_a_run_made_by_both_is_found_in_its_answer():
    made = exchange("POST", "/threads/runs", run(), {}, id="x1")
    read = exchange("GET", f"/threads/{THREAD}/runs/run_one", run(), id="x2")
    assert produced(made) == {"run_one": "id", THREAD: "thread_id"}
    assert story(read, (made, read))[-1].path == "/threads/{{0:thread_id}}/runs/{{0:id}}"


def test_a_call_keeps_odd_headers_and_leaves_those_of_the_client():
    one = exchange("POST", "/x", error(), b"\xff", sent={**SENT, "x-long": "v", "authorization": "***"})
    call = Call.of(one)
    assert call.headers == (("x-long", "v"),)
    assert call.dropped == ()
    assert call.arguments([])["body"] == b"\xff"
    bare = exchange("POST", "/x", error(), b"{}", sent={"accept": "application/json", "openai-beta": "v1"})
    assert Call.of(bare).dropped == ("content-type",)
    assert Call.of(bare).headers == (("openai-beta", "v1"),)


FAILURE = Failure("0badcafe", "refuse.temperature.range", "createRun", "w", "a", (Call.of(BAD),))


def test_a_failure_is_kept_and_read_back():
    store = Store(InMemoryExampleDatabase())
    store.keep(FAILURE)
    store.keep(FAILURE)
    assert store.all() == [FAILURE]
    assert store.get("0BADCAFE") == FAILURE
    store.drop(FAILURE.id)
    assert store.all() == []


def test_what_is_not_kept_is_said_with_the_closest():
    store = Store(InMemoryExampleDatabase())
    with pytest.raises(UsageError, match="nothing is kept there"):
        store.get("00000000")
    store.keep(FAILURE)
    with pytest.raises(UsageError, match='did you mean "0badcafe"'):
        store.get("0badcaff")


def test_what_another_version_wrote_is_passed_over():
    database = InMemoryExampleDatabase()
    Store(database).keep(FAILURE)
    for name, text in (("1", b"{"), ("2", b'{"id": 1}'), ("3", b"\xff")):
        database.save(b"runs-conformance/failures", name.encode())
        database.save(b"runs-conformance/failure/" + name.encode(), text)
    assert Store(database).all() == [FAILURE]


def test_a_directory_is_a_database_that_others_can_read(tmp_path):
    Store(open_database(str(tmp_path / "kept"))).keep(FAILURE)
    assert Store(open_database(str(tmp_path / "kept"))).all() == [FAILURE]


def test_redis_is_a_database_that_a_team_shares(monkeypatch):
    fakeredis = pytest.importorskip("fakeredis")
    import redis

    server = fakeredis.FakeServer()
    monkeypatch.setattr(redis.Redis, "from_url", lambda *_, **__: fakeredis.FakeRedis(server=server))
    Store(open_database("redis://127.0.0.1:6379/0")).keep(FAILURE)
    assert Store(open_database("redis://127.0.0.1:6379/0")).all() == [FAILURE]


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("github:owner", "write it as github:OWNER/REPOSITORY"),
        ("http://x", "give a directory, redis://"),
        ("redis://127.0.0.1:1/0", "no answer from Redis"),
        ("/dev/null/x", "can't be a directory"),
    ],
)
def test_a_database_that_can_not_be_is_said(named, told):
    with pytest.raises(UsageError, match=told):
        open_database(named)


def test_parts_of_a_database_do_not_meet():
    whole = InMemoryExampleDatabase()
    Part(whole, "createRun").save(b"key", b"value")
    assert set(Part(whole, "createRun").fetch(b"key")) == {b"value"}
    assert not set(Part(whole, "createThread").fetch(b"key"))


def test_an_id_is_the_same_everywhere_and_another_for_another_place():
    assert failure_id("a.b", "createRun", "x") == failure_id("a.b", "createRun", "x")
    assert failure_id("a.b", "createRun", "x") != failure_id("a.b", "createRun", "y")


def test_the_function_is_python():
    for failure in (FAILURE, replace(FAILURE, calls=(Call("POST", "/x", "y" * 9_000),))):
        text = function(failure, "http://127.0.0.1:1/v1", None, 'A "quoted" \\ sentence.')
        compile(text, "printed", "exec")
        assert "test_refuse_temperature_range_0badcafe" in text
