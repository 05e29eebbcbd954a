"""The messages of a request on the thread: what counts as the same, what is said when one is lost.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from broken_streams.good import THREAD, message, run
from stories import RUNS, answer_message, call, client_message, create, error, get, listing

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Exchange

ROW = "response.echo.messages"
Told = list[tuple[str, str, str]]
SAID = {"role": "user", "content": "hello"}


def found(*story: Exchange) -> list[Finding]:
    named = [replace(one, id=f"x{number}") for number, one in enumerate(story, 1)]
    return Judge(Context(), frozenset({ROW})).everything(named)


def given(*sent: Any) -> Exchange:
    return create(body={"additional_messages": list(sent)})


def with_thread(*sent: Any, status: int = 200) -> Exchange:
    body = {"assistant_id": "asst_A1", "thread": {"messages": list(sent)}}
    return call("POST", "/threads/runs", run("queued") if status == 200 else error(), body, status)


def listed(*shown: dict[str, Any], **changes: Any) -> Exchange:
    return listing("messages", list(shown), **changes)


def shown(content: Any = None, text: str = "hello", **changes: Any) -> dict[str, Any]:
    changes |= {} if content is None else {"content": content}
    return client_message("msg_1", text, **changes)


def words(text: Any) -> dict[str, Any]:
    return {"type": "text", "text": text}


def picture(detail: str | None = "low", url: str = "https://example.com/a.png") -> dict[str, Any]:
    named = {"url": url} | ({} if detail is None else {"detail": detail})
    return {"type": "image_url", "image_url": named}


def photo(identity: str = "file_1") -> dict[str, Any]:
    return {"type": "image_file", "image_file": {"file_id": identity}}


def attached(identity: str = "file_1", *tools: str) -> dict[str, Any]:
    return {"file_id": identity, "tools": [{"type": one} for one in tools]}


def said(content: Any = "hello", **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": content, **more}


VALUE = {"value": "hello", "annotations": []}
SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a text": (said(), shown()),
    "parts of a text": (said([words("hel"), words("lo")]), shown()),
    "the assistant's": (said(role="assistant"), shown(role="assistant")),
    "no metadata": (said(metadata={}), shown(metadata=None)),
    "metadata in any order": (
        said(metadata={"a": "1", "b": "2"}),
        shown(metadata={"b": "2", "a": "1"}),
    ),
    "an image of no detail": (
        said([words("hello"), picture(None)]),
        shown([words(VALUE), picture("auto")]),
    ),
    "an image of its detail": (
        said([words("hello"), picture("low")]),
        shown([words(VALUE), picture("low")]),
    ),
    "an image file": (said([words("hello"), photo()]), shown([words(VALUE), photo()])),
    "files in any order, tools too": (
        said(attachments=[attached("f1", "file_search", "code_interpreter"), attached("f2")]),
        shown(attachments=[attached("f2"), attached("f1", "code_interpreter", "file_search")]),
    ),
    "no attachments": (said(attachments=None), shown(attachments=None)),
}


@pytest.mark.parametrize(("sent", "seen"), SAME.values(), ids=SAME)
@pytest.mark.parametrize("creation", [given, with_thread])
def test_a_message_that_is_there_passes_at_the_list(creation: Any, sent: Any, seen: Any) -> None:
    [told] = found(creation(sent), listed(answer_message("msg_2", "x"), seen))
    assert (told.requirement, told.failed, told.exchange, told.where) == (ROW, False, "x2", "response /data")


WANT = 'a message that says "hello" by user'
OTHER: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "another text": (said(), shown(text="other"), WANT, "1 messages, none with that text"),
    "another role": (said(), shown(role="assistant"), WANT, "1 messages, none with that text"),
    "no text": (said(), shown([]), WANT, "1 messages, none with that text"),
    "a number for a text": (said(), shown([words({"value": 7})]), WANT, "1 messages, none with that text"),
    "other metadata": (
        said(metadata={"a": "1"}),
        shown(),
        f'{WANT}, metadata {{"a": "1"}}',
        '"hello" by user',
    ),
    "metadata added": (said(), shown(metadata={"a": "1"}), WANT, '"hello" by user, metadata {"a": "1"}'),
    "several differences": (
        said(metadata={"a": "1"}, attachments=[attached("f1")]),
        shown(),
        f'{WANT}, attachments [["f1", []]], metadata {{"a": "1"}}',
        '"hello" by user',
    ),
    "another detail": (
        said([words("hello"), picture()]),
        shown([words(VALUE), picture(None)]),
        f'{WANT}, images [["image_url", "https://example.com/a.png", "low"]]',
        '"hello" by user, images [["image_url", "https://example.com/a.png", "auto"]]',
    ),
    "another image": (
        said([words("hello"), picture(None, "https://a")]),
        shown([words(VALUE), picture(None, "https://b")]),
        f'{WANT}, images [["image_url", "https://a", "auto"]]',
        '"hello" by user, images [["image_url", "https://b", "auto"]]',
    ),
    "another image file": (
        said([words("hello"), photo()]),
        shown([words(VALUE), photo("file_2")]),
        f'{WANT}, images [["image_file", "file_1", "auto"]]',
        '"hello" by user, images [["image_file", "file_2", "auto"]]',
    ),
    "images in the other order": (
        said([words("hello"), photo("f1"), photo("f2")]),
        shown([words(VALUE), photo("f2"), photo("f1")]),
        f'{WANT}, images [["image_file", "f1", "auto"], ["image_file", "f2", "auto"]]',
        '"hello" by user, images [["image_file", "f2", "auto"], ["image_file", "f1", "auto"]]',
    ),
    "another file": (
        said(attachments=[attached("f1", "file_search")]),
        shown(attachments=[attached("f2", "file_search")]),
        f'{WANT}, attachments [["f1", ["file_search"]]]',
        '"hello" by user, attachments [["f2", ["file_search"]]]',
    ),
    "another tool": (
        said(attachments=[attached("f1", "file_search")]),
        shown(attachments=[attached("f1", "code_interpreter")]),
        f'{WANT}, attachments [["f1", ["file_search"]]]',
        '"hello" by user, attachments [["f1", ["code_interpreter"]]]',
    ),
    "no tools": (
        said(attachments=[attached("f1", "file_search")]),
        shown(attachments=[{"file_id": "f1"}, {"tools": [{}]}]),
        f'{WANT}, attachments [["f1", ["file_search"]]]',
        '"hello" by user, attachments [["None", ["None"]], ["f1", []]]',
    ),
}


@pytest.mark.parametrize(("sent", "seen", "expected", "actual"), OTHER.values(), ids=OTHER)
@pytest.mark.parametrize("creation", [given, with_thread])
def test_a_lost_message_is_shown_with_what_is_near(
    creation: Any, sent: Any, seen: Any, expected: str, actual: str
) -> None:
    [told] = found(creation(sent), listed(seen))
    assert (told.requirement, told.failed, told.exchange, told.where) == (ROW, True, "x2", "response /data")
    assert (told.expected, told.actual) == ((expected,), actual)


def test_a_message_given_twice_must_be_there_twice() -> None:
    one, two = shown(), shown(id="msg_2")
    assert [told.failed for told in found(given(SAID, SAID), listed(one, two))] == [False]
    [told] = found(given(SAID, SAID), listed(one))
    assert (told.failed, told.actual) == (True, '"hello" by user')


def test_the_first_message_that_is_lost_is_told() -> None:
    [told] = found(given(SAID, said("one"), said("two")), listed(shown(), shown(text="three", id="msg_2")))
    assert told.expected == ('a message that says "one" by user',)
    assert told.actual == "2 messages, none with that text"


DELETED = call("DELETE", f"/threads/{THREAD}/messages/msg_1", {"id": "msg_1", "deleted": True})
MODIFIED = call("POST", f"/threads/{THREAD}/messages/msg_1", message("msg_1"), {"metadata": {}})
NOTHING: dict[str, tuple[Exchange, ...]] = {
    "nothing given": (create(), listed()),
    "an empty list given": (given(), listed()),
    "no list": (given(SAID), get("completed")),
    "only the first page": (given(SAID), listed(has_more=True)),
    "only one run's": (given(SAID), listing("messages", [], ("run_id", "run_A1"))),
    "listed before": (listed(), given(SAID)),
    "deleted": (given(SAID), DELETED, listed()),
    "modified": (given(SAID), MODIFIED, listed()),
    "refused": (
        call("POST", RUNS, error(), {"assistant_id": "a", "additional_messages": [SAID]}, 400),
        listed(),
    ),
    "messages against the contract": (given(said(metadata={"a" * 65: "1"})), listed()),
    "a thread's against the contract": (with_thread(said(metadata={"a" * 65: "1"})), listed()),
    "another call's": (
        call("POST", f"/threads/{THREAD}/runs/run_A1", run("queued"), {"additional_messages": [SAID]}),
        listed(),
    ),
    "messages of a thread that there is already": (
        create(body={"thread": {"messages": [SAID]}}),
        listed(),
    ),
}


@pytest.mark.parametrize("story", NOTHING.values(), ids=NOTHING)
def test_of_which_nothing_is_said(story: tuple[Exchange, ...]) -> None:
    assert found(*story) == []


def test_a_breach_elsewhere_in_the_request_leaves_its_messages_judged() -> None:
    broken = create(body={"additional_messages": [SAID], "temperature": 7})
    assert [told.failed for told in found(broken, listed())] == [True]


def test_each_create_is_held_against_the_first_list_after_it() -> None:
    later = given(said("two"))
    story = (listed(), create(), given(SAID), listed(shown()), later, listed(), listed(shown(text="two")))
    assert [(told.exchange, told.failed) for told in found(*story)] == [("x4", False), ("x6", True)]
