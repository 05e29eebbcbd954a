"""What is said of a client's requests: the place, what is documented, what was sent, to the word.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from builders import ASSISTANT, BOTH, MADE_THREAD, RUN, RUNS, THREAD, create, error, exchange, findings
from builders import run as made_run

from runs_conformance.contract.checks.clients import BODY_ROWS, row_of
from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Exchange, Failure

FORM, UNKNOWN, NEEDED = "client.body.form", "client.body.unknown-field", "client.body.required"
TYPE, VALUE, BOUND = "client.body.type", "client.body.value", "client.body.bound"
MEDIA, KEY = "client.header.content-type", "client.header.authorization"
NAMES, VALUES = "client.query.known", "client.query.value"
OUTPUTS = "client.flow.all-outputs"
SENT = {"Authorization": "Bearer ***", "Content-Type": "application/json"}
Told = tuple[str, str, str]


def found(row: str, *seen: Exchange, **known: Any) -> list[Finding]:
    """The findings, all of which are about the last exchange."""
    named = [replace(one, id=f"x{number}") for number, one in enumerate(seen, 1)]
    told = findings(row, *named, **known)
    assert {one.exchange for one in told} <= {f"x{len(named)}"}
    return told


def failed(row: str, *seen: Exchange, **known: Any) -> list[Told]:
    """Where, expected and actual of each failure."""
    return [
        (one.where, " or ".join(one.expected), one.actual) for one in found(row, *seen, **known) if one.failed
    ]


def passed(row: str, *seen: Exchange, **known: Any) -> list[str]:
    return [one.where for one in found(row, *seen, **known) if not one.failed]


def call(method: str, path: str, body: Any = None, answer: Any = None, **more: Any) -> Exchange:
    """A call that passed a proxy."""
    given = {"source": "watched", "sent": SENT, **more}
    return exchange(method, path, made_run() if answer is None else answer, body, **given)


def sent(body: Any, **more: Any) -> Exchange:
    return call("POST", RUNS, body, **more)


def asked(**fields: Any) -> Exchange:
    return sent({"assistant_id": ASSISTANT, **fields})


# The body's form

OBJECT = "one JSON object"


@pytest.mark.parametrize(
    ("body", "actual"),
    [
        (b"", "Expecting value at character 0"),
        (b"null", "null, which is no object"),
        (b"7", "7, which is no object"),
        (b'"' + b"a" * 40 + b'"', f'"{"a" * 38}…, which is no object'),
        (b'["a"]', '["a"], which is no object'),
        (b'{"assistant_id": "\xff"}', "not UTF-8 at byte 18"),
        (b'\xef\xbb\xbf{"a": 1, "a": 2}', "starts with a byte order mark"),
        (b'\xef\xbb\xbf["a"]', "starts with a byte order mark"),
    ],
)
def test_a_body_that_is_no_object_is_shown(body: bytes, actual: str) -> None:
    assert failed(FORM, sent(body)) == [("request body", OBJECT, actual)]


def test_a_body_of_a_wrong_form_is_read_all_the_same_if_it_can_be() -> None:
    odd = sent(b'\xef\xbb\xbf{"assistant_id": "a", "strem": true}')
    assert [one[0] for one in failed(UNKNOWN, odd)] == ["request /strem"]
    assert passed(NEEDED, odd) == [""]
    for body in (b"[]", b"{", b"null"):
        assert [row for row in BODY_ROWS if found(row, sent(body))] == []


def test_an_object_passes_whatever_it_holds() -> None:
    assert passed(FORM, sent(b"{}")) == ["request body"]
    assert passed(FORM, call("post", RUNS, {"strem": True})) == ["request body"]
    assert passed(FORM, call("POST", f"{RUNS}/{RUN}/cancel", {"a": 1})) == ["request body"]


LEFT_OUT = {
    "createThread": "/threads",
    "modifyThread": f"/threads/{THREAD}",
    "modifyRun": f"{RUNS}/{RUN}",
    "modifyMessage": f"/threads/{THREAD}/messages/msg_1",
    "modifyAssistant": f"/assistants/{ASSISTANT}",
    "cancelRun": f"{RUNS}/{RUN}/cancel",
}
FORMLESS: dict[str, Exchange] = {
    "not watched": sent(b"[]", source="live"),
    "no operation": call("POST", "/elsewhere", b"[]"),
    "reading": call("GET", RUNS, b"[]"),
    "no body": sent(None),
    **{name: call("POST", path, b"") for name, path in LEFT_OUT.items()},
}


@pytest.mark.parametrize("one", FORMLESS.values(), ids=FORMLESS)
def test_of_which_body_nothing_is_said(one: Exchange) -> None:
    assert found(FORM, one) == []


# Its fields

TEXT = {"type": "function", "function": {"name": "f"}}
FIELDS: dict[str, tuple[str, Exchange, list[Told]]] = {
    "unknown": (
        UNKNOWN,
        asked(strem=True),
        [("request /strem", "must not have 'strem'", f'{{"assistant_id": "{ASSISTANT}", "strem": true}}')],
    ),
    "needed": (NEEDED, sent({}), [("request /assistant_id", "must have 'assistant_id'", "{}")]),
    "a type": (
        TYPE,
        asked(temperature="hot"),
        [("request /temperature", "must be of type number or null", '"hot"')],
    ),
    "a value": (
        VALUE,
        asked(tool_choice="sometimes"),
        [("request /tool_choice", "must be one of none, auto or required", '"sometimes"')],
    ),
    "two bounds": (
        BOUND,
        asked(temperature=3, top_p=-1),
        [
            ("request /temperature", "must be at most 2", "3"),
            ("request /top_p", "must be at least 0", "-1"),
        ],
    ),
    "a slash in a name": (
        UNKNOWN,
        call("POST", f"{RUNS}/{RUN}", {"a/b": 1}),
        [("request /a~1b", "must not have 'a/b'", '{"a/b": 1}')],
    ),
    "inside": (
        NEEDED,
        asked(tools=[TEXT, {"type": "function"}]),
        [("request /tools/1/function", "must have 'function'", '{"type": "function"}')],
    ),
    "of an assistant": (
        NEEDED,
        call("POST", "/assistants", {"name": "x"}),
        [("request /model", "must have 'model'", '{"name": "x"}')],
    ),
    "inside an assistant that is modified": (
        NEEDED,
        call("POST", f"/assistants/{ASSISTANT}", {"tools": [{"type": "function"}]}),
        [("request /tools/0/function", "must have 'function'", '{"type": "function"}')],
    ),
    "a type of an assistant that is modified": (
        TYPE,
        call("POST", f"/assistants/{ASSISTANT}", {"model": 7}),
        [("request /model", "must be of type string", "7")],
    ),
    "null where a text is needed": (
        TYPE,
        asked(
            additional_messages=[
                {"role": "user", "content": "x", "attachments": [{"tools": None, "file_id": None}]}
            ]
        ),
        [("request /additional_messages/0/attachments/0/file_id", "must be of type string", "null")],
    ),
}


@pytest.mark.parametrize(("row", "one", "told"), FIELDS.values(), ids=FIELDS)
def test_a_wrong_field_is_shown_and_the_other_rows_pass(row: str, one: Exchange, told: list[Told]) -> None:
    assert failed(row, one) == told
    assert passed(row, one) == []
    for other in BODY_ROWS:
        if other != row:
            assert [(one.failed, one.where) for one in found(other, one)] == [(False, "")]


ALONE = {"role": "user", "content": "x", "attachments": [{"file_id": "f", "tools": None}]}
ALLOWED: dict[str, Exchange] = {
    "a run": asked(),
    "a thread and a run": call("POST", BOTH, {"assistant_id": ASSISTANT}),
    "an assistant by parts": call("POST", f"/assistants/{ASSISTANT}", {"name": "x"}),
    "null of what may be left out": asked(additional_messages=[ALONE]),
    "a message": call("POST", f"/threads/{THREAD}/messages", {"role": "user", "content": "x"}),
    "a thread": call("POST", f"/threads/{THREAD}", {"metadata": {}}, MADE_THREAD),
}


@pytest.mark.parametrize("one", ALLOWED.values(), ids=ALLOWED)
def test_an_allowed_body_passes_by_each_row(one: Exchange) -> None:
    assert [passed(row, one) for row in BODY_ROWS] == [[""]] * len(BODY_ROWS)
    assert [failed(row, one) for row in BODY_ROWS] == [[]] * len(BODY_ROWS)


def test_null_of_what_may_be_left_out_hides_no_mistake_after_it() -> None:
    wrong = asked(additional_messages=[ALONE], temperature=3, strem=1)
    assert [one[0] for row in BODY_ROWS for one in failed(row, wrong)] == [
        "request /strem",
        "request /temperature",
    ]
    parts = call("POST", f"/assistants/{ASSISTANT}", {"temperature": 3})
    assert [one[0] for one in failed(BOUND, parts)] == ["request /temperature"]


def test_of_a_call_without_a_schema_no_field_is_judged() -> None:
    cancel = call("POST", f"{RUNS}/{RUN}/cancel", {"strem": 1})
    assert [row for row in BODY_ROWS if found(row, cancel)] == []


@pytest.mark.parametrize(
    ("keyword", "row"),
    [
        ("additionalProperties", UNKNOWN),
        ("unevaluatedProperties", UNKNOWN),
        ("required", NEEDED),
        ("type", TYPE),
        ("maxItems", BOUND),
        ("propertyNames", BOUND),
        ("enum", VALUE),
        ("pattern", VALUE),
    ],
)
def test_each_keyword_has_its_row(keyword: str, row: str) -> None:
    assert row_of(keyword) == row


# Its headers


def with_headers(**headers: str) -> Exchange:
    return sent({}, sent={name.replace("_", "-"): value for name, value in headers.items()})


GOOD = "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("one", "actual"),
    [
        (with_headers(), "none"),
        (with_headers(content_type="text/plain; a=b"), "text/plain; a=b"),
    ],
)
def test_another_content_type_is_shown(one: Exchange, actual: str) -> None:
    assert failed(MEDIA, one) == [("request header content-type", "application/json", actual)]


def test_a_content_type_passes_at_its_header() -> None:
    assert passed(MEDIA, with_headers(content_type=GOOD)) == ["request header content-type"]


@pytest.mark.parametrize(
    "one",
    [
        call("GET", RUNS, sent={}),
        sent(b"", sent={}),
        sent({}, sent={}, source="live"),
        call("POST", "/elsewhere", {}, sent={}),
    ],
)
def test_of_which_content_type_nothing_is_said(one: Exchange) -> None:
    assert found(MEDIA, one) == []


BEARER = "Authorization: Bearer and a key"


@pytest.mark.parametrize(
    ("value", "actual"),
    [
        (None, "none, without a key"),
        ("", "none, without a key"),
        ("Bearer", "Bearer, without a key"),
        ("Bearer  ", "Bearer, without a key"),
        ("Basic", "Basic, without a key"),
        ("sk-abc", "a key without a scheme"),
        ("Basic abc", 'the scheme "Basic"'),
        (f"{'b' * 30} abc", f'the scheme "{"b" * 18}…'),
    ],
)
def test_a_missing_key_is_shown(value: str | None, actual: str) -> None:
    one = with_headers() if value is None else with_headers(authorization=value)
    assert failed(KEY, one) == [("request header authorization", BEARER, actual)]


@pytest.mark.parametrize(
    "headers", [{"authorization": "bearer x"}, {"AUTHORIZATION": "  BEARER   x "}, {"api_key": "x"}]
)
def test_a_key_passes_at_its_header(headers: dict[str, str]) -> None:
    assert passed(KEY, with_headers(**headers)) == ["request header authorization"]
    assert failed(KEY, with_headers(**headers)) == []


def test_of_which_key_nothing_is_said() -> None:
    assert found(KEY, with_headers(), absent=frozenset({"auth"})) == []
    assert len(found(KEY, with_headers(), absent=frozenset({"streams"}))) == 1
    assert found(KEY, sent({}, sent={}, source="live")) == []
    assert found(KEY, call("POST", "/elsewhere", {}, sent={})) == []
    # a target without keys has content types all the same
    assert len(failed(MEDIA, with_headers(), absent=frozenset({"auth"}))) == 1


# Its query

PAGE = "none but after, before, limit, order"
INCLUDE = "step_details.tool_calls[*].file_search.results[*].content"
STEPS, STEP = f"{RUNS}/{RUN}/steps", f"{RUNS}/{RUN}/steps/step_1"
MESSAGES = f"/threads/{THREAD}/messages"


def queried(path: str, *query: tuple[str, str], method: str = "GET", **more: Any) -> Exchange:
    return call(method, path, query=query, **more)


@pytest.mark.parametrize(
    ("one", "expected", "actual"),
    [
        (queried(RUNS, ("page", "2"), ("limit", "1"), ("size", "3")), PAGE, "page, size"),
        (queried(RUNS, *((name, "") for name in "abcdef")), PAGE, "a, b, c, d, e"),
        (queried("/assistants", ("run_id", "x")), PAGE, "run_id"),
        (queried(MESSAGES, ("page", "2")), "none but after, before, limit, order, run_id", "page"),
        (queried(STEPS, ("page", "2")), "none but after, before, include[], limit, order", "page"),
        (queried(STEP, ("limit", "2")), "none but include[]", "limit"),
        (queried(RUNS, ("limit", "2"), method="POST"), "none but include[]", "limit"),
        (queried(f"{RUNS}/{RUN}", ("limit", "2")), "no query", "limit"),
        (queried(f"{RUNS}/{RUN}", ("api-version", "1"), ("x", "2")), "no query", "x"),
    ],
)
def test_a_name_that_is_not_documented_is_shown(one: Exchange, expected: str, actual: str) -> None:
    assert failed(NAMES, one) == [("request query", expected, actual)]
    assert failed(VALUES, one) == []


@pytest.mark.parametrize(
    ("path", "pair"),
    [
        (RUNS, ("limit", "0")),
        (RUNS, ("limit", "101")),
        (RUNS, ("limit", "1000")),
        (RUNS, ("limit", "")),
        (RUNS, ("limit", "-1")),
        (RUNS, ("limit", "1.5")),
        (RUNS, ("limit", "\u0663")),
        (RUNS, ("order", "ASC")),
        (RUNS, ("after", "")),
        (MESSAGES, ("run_id", "")),
        (STEPS, ("include[]", "x")),
        (STEPS, ("include", "x")),
    ],
)
def test_a_value_that_is_not_documented_is_shown(path: str, pair: tuple[str, str]) -> None:
    name, value = pair
    told = (f"request query {name}", "a documented value", ascii(value).replace("'", '"'))
    assert failed(VALUES, queried(path, ("before", "x"), pair, ("limit", "x"))) == [told]
    assert failed(NAMES, queried(path, pair)) == []


def test_a_documented_query_passes() -> None:
    for path, *query in (
        (RUNS, ("limit", "1"), ("order", "asc"), ("after", "run_1")),
        (MESSAGES, ("limit", "100"), ("order", "desc"), ("run_id", "run_1")),
        (STEPS, ("limit", "10"), ("before", "step_1"), ("include[]", INCLUDE), ("include", INCLUDE)),
    ):
        assert passed(NAMES, queried(path, *query)) == ["request query"]
        assert passed(VALUES, queried(path, *query)) == [""]
        assert failed(VALUES, queried(path, *query)) == []


@pytest.mark.parametrize(
    "one",
    [
        queried(RUNS),
        queried(RUNS, ("api-version", "1")),
        queried(RUNS, ("page", "2"), source="live"),
        queried("/elsewhere", ("page", "2")),
    ],
)
def test_of_which_query_nothing_is_said(one: Exchange) -> None:
    assert found(NAMES, one) == []
    assert found(VALUES, one) == []


# The outputs of its functions


def waiting(*ids: str, run: str = RUN, **changes: Any) -> Exchange:
    calls = [{"id": name, "type": "function", "function": {"name": "f", "arguments": "{}"}} for name in ids]
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
    given = {"id": run, "status": "requires_action", "required_action": action} | changes
    return call("GET", f"{RUNS}/{run}", answer=made_run(**given))


def submitted(*ids: str, run: str = RUN, **more: Any) -> Exchange:
    outputs = {"tool_outputs": [{"tool_call_id": name, "output": "x"} for name in ids]}
    given = {"answer": made_run(id=run), **more}
    return call("POST", f"{RUNS}/{run}/submit_tool_outputs", given.pop("body", outputs), **given)


REFUSED = {"answer": error(), "status": 400}


@pytest.mark.parametrize("more", [{}, REFUSED, {"answer": error(), "status": 500}])
@pytest.mark.parametrize(
    ("ids", "actual"),
    [
        (("c1",), '["c1"]'),
        ((), "[]"),
        (("c2", "c2"), '["c2", "c2"]'),
        (("c3", "c2", "c1"), '["c1", "c2", "c3"]'),
    ],
)
def test_outputs_for_other_calls_are_shown(ids: tuple[str, ...], actual: str, more: dict[str, Any]) -> None:
    told = ("request /tool_outputs", 'outputs for ["c1", "c2"]', f"outputs for {actual}")
    assert failed(OUTPUTS, create(), waiting("c2", "c1"), submitted(*ids, **more)) == [told]
    assert passed(OUTPUTS, waiting("c2", "c1"), submitted("c1", "c2", **more)) == ["request /tool_outputs"]


@pytest.mark.parametrize(
    ("body", "actual"),
    [
        ({}, "[]"),
        ({"tool_outputs": {"tool_call_id": "c1"}}, "[]"),
        ({"tool_outputs": [{"output": "x"}, "c1"]}, '["None"]'),
        (b"[]", "[]"),
    ],
)
def test_a_body_without_outputs_is_shown(body: Any, actual: str) -> None:
    [(*_, seen)] = failed(OUTPUTS, waiting("c1"), submitted(body=body))
    assert seen == f"outputs for {actual}"


@pytest.mark.parametrize(
    "action",
    [None, "x", {}, {"submit_tool_outputs": None}, {"submit_tool_outputs": {"tool_calls": {"id": "c1"}}}],
)
def test_a_run_that_names_no_calls_waits_for_none(action: Any) -> None:
    assert passed(OUTPUTS, waiting(required_action=action), submitted()) == ["request /tool_outputs"]
    [(_, expected, _)] = failed(OUTPUTS, waiting(required_action=action), submitted("c1"))
    assert expected == "outputs for []"


UNANSWERED: dict[str, tuple[Exchange, ...]] = {
    "not watched": (waiting("c1"), submitted(source="live")),
    "the run unseen": (submitted(),),
    "the run at work": (waiting("c1", status="in_progress"), submitted()),
    "seen at work since": (waiting("c1"), call("GET", f"{RUNS}/{RUN}"), submitted()),
    "another run": (waiting("c1"), submitted(run="run_two")),
    "another run, refused": (waiting("c1"), submitted(run="run_two", **REFUSED)),
    "another call, refused": (
        waiting("c1"),
        submitted("c1", source="live"),
        call("POST", f"{RUNS}/{RUN}/cancel", {}, **REFUSED),
    ),
}


@pytest.mark.parametrize("story", UNANSWERED.values(), ids=UNANSWERED)
def test_of_which_outputs_nothing_is_said(story: tuple[Exchange, ...]) -> None:
    assert found(OUTPUTS, *story) == []


def test_outputs_whose_answer_was_lost_were_sent_all_the_same() -> None:
    gone = replace(submitted("c2"), response=None, failure=Failure("disconnected", "it broke off"))
    assert len(failed(OUTPUTS, waiting("c1"), gone)) == 1


def test_each_submission_of_each_run_is_judged() -> None:
    two = "run_two"
    first = submitted("c0")
    again = (waiting("c1"), submitted("c2", **REFUSED))
    assert [one[2] for one in failed(OUTPUTS, first, *again)] == ['outputs for ["c2"]']
    other = (waiting("d1", run=two), submitted("d2", run=two))
    assert [one[2] for one in failed(OUTPUTS, first, *again[:1], *other)] == ['outputs for ["d2"]']
    late = (submitted("c0", **REFUSED), waiting("c1"), submitted("c3"))
    assert [one[2] for one in failed(OUTPUTS, *late)] == ['outputs for ["c3"]']
