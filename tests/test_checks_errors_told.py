"""What is said of error answers: the exchange, the place, what should have come and what came, to the word.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from builders import (
    GONE,
    JSON,
    MADE_THREAD,
    RUN,
    RUNS,
    THREAD,
    both,
    create,
    error,
    exchange,
    findings,
    get,
    lost,
    refusal_case,
    refused,
    run,
)

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Event, Exchange, Failure, to_bytes

ENVELOPE, FIELDS, LIMITED, TYPE = "error.envelope", "error.fields", "error.rate-limit", "error.type"
PARAM, CODE, BAD_REQUEST = "error.param", "error.code", "error.status-400"
UNKNOWN, ACTIVE, BEFORE = "refuse.unknown-property.code", "error.active-run", "error.before-stream"
Told = tuple[str, str, str]
HOT = {"temperature": 3}
HTML = {"content-type": "text/html; charset=utf-8"}


def found(row: str, *seen: Exchange) -> list[Finding]:
    """The findings, all of which are about the last exchange."""
    named = [replace(one, id=f"x{number}") for number, one in enumerate(seen, 1)]
    told = findings(row, *named)
    assert {one.exchange for one in told} <= {f"x{len(named)}"}
    return told


def failed(row: str, *seen: Exchange) -> list[Told]:
    """Where, expected and actual of each failure."""
    return [(one.where, " or ".join(one.expected), one.actual) for one in found(row, *seen) if one.failed]


def passed(row: str, *seen: Exchange) -> list[str]:
    return [one.where for one in found(row, *seen) if not one.failed]


def deleted(**more: Any) -> Exchange:
    return exchange("DELETE", f"/threads/{THREAD}", status=404, **{"answer": error(), **more})


def elsewhere(**more: Any) -> Exchange:
    return exchange("GET", "/elsewhere", status=404, **{"answer": error(), **more})


# The envelope

WRAPPED = 'an object {"error": {...}}'


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 501, 505])
def test_an_envelope_is_judged_under_every_status_of_a_mistake(status: int) -> None:
    row, other = (LIMITED, ENVELOPE) if status == 429 else (ENVELOPE, LIMITED)
    assert passed(row, refused(status=status)) == ["response", "header content-type"]
    assert passed(FIELDS, refused(status=status)) == ["response /error"]
    assert found(other, refused(status=status)) == []
    told = failed(row, refused(status=status, answer=b"", headers=HTML))
    assert told == [
        ("response", WRAPPED, "an empty body"),
        ("header content-type", "application/json", "text/html"),
    ]


@pytest.mark.parametrize(
    ("answer", "actual"),
    [
        (b"", "an empty body"),
        (b"oops", 'a body that is not JSON: "oops"'),
        (b"caf\xc3\xa9 \xff", 'a body that is not JSON: "caf\\u00e9 \\ufffd"'),
        (b"x" * 81, f'a body that is not JSON: "{"x" * 80}"'),
        (b"null", "null"),
        (
            [error()],
            '[{"error": {"message": "no", "type": "invalid_request_error", "param": null, "code": null}}]',
        ),
        ({"error": None}, '{"error": null}'),
        ({"error": {}}, '{"error": {}}'),
        ({"Error": {"message": "no"}}, '{"Error": {"message": "no"}}'),
    ],
)
def test_what_came_in_place_of_an_envelope_is_shown(answer: Any, actual: str) -> None:
    one = refused(answer=answer)
    assert failed(ENVELOPE, one) == [("response", WRAPPED, actual)]
    assert passed(ENVELOPE, one) == ["header content-type"]
    assert found(FIELDS, one) == []


@pytest.mark.parametrize(
    ("headers", "actual"), [({"x": "y"}, "no content-type"), ({"content-type": "text/json"}, "text/json")]
)
def test_another_content_type_of_an_error_is_shown(headers: dict[str, str], actual: str) -> None:
    told = failed(ENVELOPE, refused(headers=headers))
    assert told == [("header content-type", "application/json", actual)]


def test_without_headers_the_body_alone_is_judged() -> None:
    assert passed(ENVELOPE, refused(headers={})) == ["response"]


@pytest.mark.parametrize(
    ("changes", "actual"),
    [
        ({"code": GONE}, '{"message": "no", "type": "invalid_request_error", "param": null}'),
        ({"message": 7, "type": GONE, "param": GONE, "code": GONE}, '{"message": 7}'),
    ],
)
def test_wrong_fields_are_shown_whole(changes: dict[str, Any], actual: str) -> None:
    expected = "message and type strings, param and code strings or null, all four present"
    assert failed(FIELDS, refused(answer=error(**changes))) == [("response /error", expected, actual)]


SILENT: dict[str, Exchange] = {
    "no answer": lost("disconnected"),
    "a success": create(answer=error()),
    "a redirection": create(answer=error(), status=399),
    "a gateway": refused(status=502),
    "an unavailable gateway": refused(status=503),
    "a gateway's time-out": refused(status=504),
    "a path that the contract lacks": elsewhere(),
    "deleting": deleted(),
}


@pytest.mark.parametrize("row", [ENVELOPE, FIELDS, LIMITED, TYPE])
@pytest.mark.parametrize("one", SILENT.values(), ids=SILENT)
def test_of_which_envelope_nothing_is_said(one: Exchange, row: str) -> None:
    assert found(row, one) == []


# The type


@pytest.mark.parametrize("status", [400, 401, 404])
def test_another_type_is_shown(status: int) -> None:
    place, right = "response /error/type", "invalid_request_error"
    assert passed(TYPE, refused(status=status)) == [place]
    told = failed(TYPE, refused(status=status, answer=error(type="bad")))
    assert told == [(place, right, '"bad"')]
    told = failed(TYPE, refused(status=status, answer=error(type=GONE)))
    assert told == [(place, right, "nothing")]


@pytest.mark.parametrize(
    "one", [*(refused(status=n) for n in (403, 409, 422, 429, 500)), refused(answer=b"x")]
)
def test_of_which_type_nothing_is_said(one: Exchange) -> None:
    assert found(TYPE, one) == []


# One mistake in a field


@pytest.mark.parametrize("status", [409, 422])
def test_another_status_for_a_mistake_in_a_field_is_shown(status: int) -> None:
    told = ("", "status 400", f"status {status}")
    assert failed(BAD_REQUEST, refused(HOT, status)) == [told]
    assert passed(BAD_REQUEST, refused(HOT, 400)) == [""]
    # an answer of any form has a status
    assert failed(BAD_REQUEST, refused(HOT, status, answer=b"x")) == [told]
    assert passed(BAD_REQUEST, refused({**HOT, "top_p": 2})) == [""]


DEEP = {"tools": [{"type": "function", "function": {"name": "a b"}}]}
NAMED: dict[str, tuple[dict[str, Any], Any, str]] = {
    "none": (HOT, None, "temperature"),
    "another": (HOT, "top_p", "temperature"),
    "an empty one": (HOT, "", "temperature"),
    "only brackets": (HOT, "[]", "temperature"),
    "no text": (HOT, ["temperature"], "temperature"),
    "three steps up": (DEEP, "tools", "tools[0].function.name"),
    "another entry": (DEEP, "tools[1].function.name", "tools[0].function.name"),
    "another key": ({"metadata": {"k": True}}, "metadata.other", "metadata.k"),
    "a key of nothing but dots": ({"metadata": {"..": True}}, "metadata.None", "metadata..."),
}


@pytest.mark.parametrize(("body", "param", "field"), NAMED.values(), ids=NAMED)
def test_another_field_than_the_wrong_one_is_shown(body: Any, param: Any, field: str) -> None:
    actual = to_bytes(param).decode()
    told = failed(PARAM, refused(body, answer=error(param=param)))
    assert told == [("response /error/param", f"the path of the field, {field}", actual)]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (HOT, "temperature"),
        (HOT, "temperature.value"),
        (DEEP, "tools[0].function.name"),
        (DEEP, "tools[0].function"),
        (DEEP, "tools.0"),
        (DEEP, "name"),
        ({"metadata": {"..": True}}, "metadata"),
    ],
)
def test_the_wrong_field_by_any_name_passes(body: Any, param: str) -> None:
    assert passed(PARAM, refused(body, answer=error(param=param))) == ["response /error/param"]


def test_any_code_in_words_is_noted() -> None:
    assert passed(CODE, refused(HOT, answer=error(code="x"))) == [""]
    assert found(CODE, refused(HOT, answer=error(code=7))) == []
    assert found(CODE, refused({**HOT, "top_p": 2}, answer=error(code="x"))) == []


UNFIT: dict[str, Exchange] = {
    "no mistake": refused({}, 422),
    "no answer": lost("disconnected", HOT),
    "accepted": create(HOT),
    "a broken server": refused(HOT, 500),
    "a key": refused(HOT, 401, case=refusal_case("refuse.temperature.range")),
    "a permission": refused(HOT, 403, case=refusal_case("refuse.temperature.range")),
    "turned away": refused(HOT, 404),
    "throttled": replace(refused(HOT), throttled=True),
}


@pytest.mark.parametrize("row", [BAD_REQUEST, PARAM, CODE])
@pytest.mark.parametrize("one", UNFIT.values(), ids=UNFIT)
def test_of_which_mistake_nothing_is_said(one: Exchange, row: str) -> None:
    assert found(row, one) == []


def test_param_is_judged_of_one_mistake_in_an_envelope() -> None:
    assert found(PARAM, refused({**HOT, "top_p": 2}, answer=error(param="x"))) == []
    assert found(PARAM, refused(HOT, answer=b"x")) == []
    assert found(PARAM, exchange("POST", RUNS, error(param="x"), b"[]", status=400)) == []


# Answers that are known exactly

EXACT: dict[str, tuple[str, int, dict[str, Any], str]] = {
    "a key": ("refuse.key.invalid", 401, {}, "status 401"),
    "a foreign assistant": (
        "refuse.assistant-id.prefix",
        400,
        {"code": "invalid_value", "param": "assistant_id"},
        "status 400, code invalid_value, param assistant_id",
    ),
    "a foreign thread": ("refuse.thread-id.prefix", 400, {}, "status 400"),
    "no version": (
        "refuse.beta-header.missing",
        400,
        {"code": "invalid_beta"},
        "status 400, code invalid_beta",
    ),
    "an old version": ("refuse.beta-header.v1", 400, {}, "status 400"),
    "an empty thread": (
        "refuse.empty-thread",
        400,
        {"code": "invalid_thread"},
        "status 400, code invalid_thread",
    ),
}


@pytest.mark.parametrize(("row", "status", "fields", "expected"), EXACT.values(), ids=EXACT)
def test_another_answer_than_the_known_one_is_shown(
    row: str, status: int, fields: dict[str, Any], expected: str
) -> None:
    case = refusal_case(row)
    told = failed(row, refused(status=418, answer=error(**fields), case=case))
    seen = {"code": None, "param": None} | fields
    code, param = (to_bytes(seen[name]).decode() for name in ("code", "param"))
    assert ("", expected, f"status 418, code {code}, param {param}") in told
    for name in fields:
        other = refused(status=status, answer=error(**{**fields, name: "x"}), case=case)
        assert [one[1] for one in failed(row, other)] == [expected]
    for answer in (error(**fields), error(**fields, message="other", type="other")):
        assert failed(row, refused(status=status, answer=answer, case=case)) == []
        assert "" in passed(row, refused(status=status, answer=answer, case=case))


def test_a_param_of_the_known_answer_may_be_spelled_as_a_pointer() -> None:
    row = "refuse.assistant-id.prefix"
    case = refusal_case(row)
    right = refused(answer=error(code="invalid_value", param="/assistant_id"), case=case)
    assert failed(row, right) == []
    wrong = refused(answer=error(code="invalid_value", param=["assistant_id"]), case=case)
    assert [one[2] for one in failed(row, wrong)] == [
        'status 400, code "invalid_value", param ["assistant_id"]'
    ]


def test_an_exact_answer_is_judged_for_the_case_that_means_it() -> None:
    row = "refuse.key.invalid"
    case = refusal_case(row)
    wrong = refused(status=400, case=case)
    assert [one[1] for one in failed(row, wrong)] == ["status 401"]
    assert failed(row, replace(wrong, case=None)) == []
    assert failed(row, replace(wrong, case=replace(case, expect="any"))) == []
    assert failed(row, replace(wrong, case=refusal_case("refuse.thread-id.prefix"))) == []
    assert failed(row, replace(wrong, throttled=True)) == []


# Fields that the contract does not know


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"surprise": 1}, "surprise"),
        ({"additional_messages": [{"role": "user", "content": "x", "z": 1}]}, "additional_messages[0].z"),
    ],
)
def test_another_answer_to_an_unknown_field_is_shown(body: dict[str, Any], field: str) -> None:
    expected = f"status 400, code unknown_parameter, param naming {field}"
    right = {"code": "unknown_parameter", "param": field}
    assert passed(UNKNOWN, refused(body, answer=error(**right))) == [""]
    named = f'code "unknown_parameter", param "{field}"'
    for status, change, actual in (
        (422, {}, f"status 422, {named}"),
        (400, {"code": None}, f'status 400, code null, param "{field}"'),
        (400, {"param": "x"}, 'status 400, code "unknown_parameter", param "x"'),
        (400, {"param": [field]}, f'status 400, code "unknown_parameter", param ["{field}"]'),
        (400, {"param": GONE}, 'status 400, code "unknown_parameter", param null'),
    ):
        told = failed(UNKNOWN, refused(body, status, answer=error(**{**right, **change})))
        assert told == [("", expected, actual)]


def test_an_unknown_field_may_be_named_from_its_own_object() -> None:
    body = {"additional_messages": [{"role": "user", "content": "x", "z": 1}]}
    for param in ("z", "messages.z", "$.additional_messages[0]['z']"):
        assert passed(UNKNOWN, refused(body, answer=error(param=param, code="unknown_parameter"))) == [""]
    dotted = {"surprise": 1, "a.b": 1}
    assert found(UNKNOWN, refused(dotted)) == []
    dotted.pop("surprise")
    assert passed(UNKNOWN, refused(dotted, answer=error(param="a.b", code="unknown_parameter"))) == [""]
    assert len(failed(UNKNOWN, refused(dotted, answer=error(param="b", code="unknown_parameter")))) == 1


STRANGE = {"surprise": 1}
KNOWN: dict[str, Exchange] = {
    "no answer": lost("disconnected", STRANGE),
    "accepted": create(STRANGE),
    "a broken server": refused(STRANGE, 500),
    "another mistake": refused(HOT),
    "two mistakes": refused({**STRANGE, **HOT}),
    "no mistake": refused(),
    "turned away": refused(STRANGE, 404),
}


@pytest.mark.parametrize("one", KNOWN.values(), ids=KNOWN)
def test_of_which_unknown_field_nothing_is_said(one: Exchange) -> None:
    assert found(UNKNOWN, one) == []


# Ids that name nothing

MEANT = {
    "refuse.assistant-id.unknown": "error.not-found",
    "refuse.thread-id.unknown": "error.not-found",
    "error.not-found.run": "error.not-found.run",
}
NOBODY = "status 404, type invalid_request_error, param null, code null"
NOWHERE = refusal_case("refuse.thread-id.unknown")
PLAIN = '{"type": "invalid_request_error", "param": null, "code": null}'


@pytest.mark.parametrize(("meant", "row"), MEANT.items())
def test_another_answer_for_an_id_of_nothing_is_shown(meant: str, row: str) -> None:
    def answer(status: int, shown: Any) -> Exchange:
        return get(shown, status=status, case=refusal_case(meant))

    assert set(passed(row, answer(404, error(message="other")))) == {""}
    assert failed(row, answer(404, b"no envelope")) == []
    for status, shown, actual in (
        (400, error(), f"status 400, {PLAIN}"),
        (400, b"", 'status 400, {"type": null, "param": null, "code": null}'),
        (404, error(type="x"), 'status 404, {"type": "x", "param": null, "code": null}'),
        (404, error(param="x"), 'status 404, {"type": "invalid_request_error", "param": "x", "code": null}'),
        (404, error(code="x"), 'status 404, {"type": "invalid_request_error", "param": null, "code": "x"}'),
    ):
        assert failed(row, answer(status, shown)) == [("", NOBODY, actual)]
    [other] = set(MEANT.values()) - {row}
    assert found(other, answer(400, error())) == []


def test_two_ids_of_nothing_are_one_finding() -> None:
    case = refusal_case("refuse.assistant-id.unknown", "refuse.thread-id.unknown", "refuse.key.invalid")
    assert len(failed("error.not-found", get(error(), status=400, case=case))) == 1


@pytest.mark.parametrize(
    "one",
    [
        get(error(), status=400),
        get(run(), case=NOWHERE),
        lost("disconnected", case=NOWHERE),
        get(error(), status=503, case=NOWHERE),
        get(error(), status=400, case=refusal_case("refuse.key.invalid")),
    ],
)
def test_of_which_id_nothing_is_said(one: Exchange) -> None:
    assert found("error.not-found", one) == []


# A run that is still active

PLAINLY = "status 400, type invalid_request_error, param and code null"
LOCKED = f"{PLAINLY}, the thread's and the run's id in the message"
RIGHT = f"{THREAD} has {RUN}"
BUSY = refusal_case("refuse.thread.active-run")


def locked(status: int = 400, **changes: Any) -> Exchange:
    return refused(status=status, answer=error(**{"message": RIGHT, **changes}), case=BUSY)


def opened(broken: Failure | None = None) -> Exchange:
    """The stream of a thread and a run that broke off after the thread."""
    one = both({"stream": True}, MADE_THREAD)
    assert one.response is not None
    event = Event(0, "thread.created", to_bytes(MADE_THREAD).decode(), 0, 0, 0.0)
    return replace(one, response=replace(one.response, events=(event,), failure=broken))


INNER = f'{{"message": "{RIGHT}", "type": "invalid_request_error", "param": null, "code": null}}'


@pytest.mark.parametrize(
    ("one", "actual"),
    [
        (locked(409), f"status 409, {INNER}"),
        (locked(type="x"), "status 400, " + INNER.replace("invalid_request_error", "x")),
        (locked(param="x"), "status 400, " + INNER.replace('"param": null', '"param": "x"')),
        (locked(code="x"), "status 400, " + INNER.replace('"code": null', '"code": "x"')),
        (locked(message=RUN), "status 400, " + INNER.replace(RIGHT, RUN)),
        (locked(message=THREAD), "status 400, " + INNER.replace(RIGHT, THREAD)),
        (locked(message=GONE, param=GONE), 'status 400, {"type": "invalid_request_error", "code": null}'),
        (locked(message="m" * 400), "status 400, " + INNER.replace(RIGHT, "m" * 400)[:299] + "…"),
        (refused(answer=b"busy", case=BUSY), "status 400, {}"),
    ],
)
def test_another_answer_while_a_run_is_active_is_shown(one: Exchange, actual: str) -> None:
    assert failed(ACTIVE, create(), one) == [("", LOCKED, actual)]


def test_the_run_need_not_be_named_where_nobody_can_tell() -> None:
    unseen = locked(message=f"{THREAD} has run_unseen")
    assert len(failed(ACTIVE, create(), unseen)) == 1
    assert passed(ACTIVE, unseen) == [""]
    broke = Failure("disconnected", "the answer broke off")
    for before in (replace(create(), response=None), opened(broke), refused(status=500)):
        assert passed(ACTIVE, create(), before, unseen) == [""]
    # a refused create made none
    assert len(failed(ACTIVE, create(), refused(), unseen)) == 1
    assert passed(ACTIVE, create(answer=run(id=7)), locked(message=f"{THREAD}: 7")) == [""]


def test_any_run_of_the_thread_may_be_the_one_named() -> None:
    other = create(answer=run(id="run_two"))
    assert passed(ACTIVE, create(), other, locked()) == [""]
    assert passed(ACTIVE, create(), other, locked(message=f"{THREAD} has run_two")) == [""]
    assert len(failed(ACTIVE, create(), other, locked(message=f"{THREAD} has run_three"))) == 1


FREE: dict[str, Exchange] = {
    "another case": refused(case=refusal_case("refuse.key.invalid")),
    "no case": refused(),
    "no answer": lost("disconnected", case=BUSY),
    "accepted": create(case=BUSY),
    "a broken server": refused(status=500, case=BUSY),
    "throttled": replace(refused(case=BUSY), throttled=True),
    "another call": exchange("POST", f"/threads/{THREAD}/messages", error(), {}, status=409, case=BUSY),
}


@pytest.mark.parametrize("one", FREE.values(), ids=FREE)
def test_of_which_active_run_nothing_is_said(one: Exchange) -> None:
    assert found(ACTIVE, create(), one) == []
    # and one that is judged may come after it
    assert len(findings(ACTIVE, create(), one, locked(409))) == 1


# Before the stream

STREAM = {"stream": True}
EVENTS = {"content-type": "text/event-stream; charset=utf-8"}
NO_STREAM = "an application/json error, not an event stream"


def streamed(one: Exchange, *events: tuple[str | None, Any]) -> Exchange:
    """The same call answered with these events."""
    assert one.response is not None
    told = tuple(
        Event(at, name, to_bytes(data).decode(), 0, 0, 0.0) for at, (name, data) in enumerate(events)
    )
    return replace(one, response=replace(one.response, events=told))


def submitted(**more: Any) -> Exchange:
    body = {"tool_outputs": [], "stream": True}
    return exchange("POST", f"{RUNS}/{RUN}/submit_tool_outputs", error(), body, status=400, **more)


@pytest.mark.parametrize(
    "one",
    [
        refused(STREAM),
        both(STREAM, error(), status=404),
        submitted(),
        refused(STREAM, 499, headers={"content-type": "application/json; charset=utf-8"}),
    ],
)
def test_a_plain_error_passes_at_its_content_type(one: Exchange) -> None:
    assert passed(BEFORE, one) == ["header content-type"]
    assert failed(BEFORE, one) == []
    assert one.response is not None
    plain = replace(one, response=replace(one.response, headers=type(one.response.headers).of(EVENTS)))
    told = failed(BEFORE, plain)
    assert told == [("header content-type", NO_STREAM, EVENTS["content-type"])]


@pytest.mark.parametrize(
    ("one", "actual"),
    [
        (refused(STREAM, headers=HTML), HTML["content-type"]),
        (refused(STREAM, headers={}), "no content-type"),
        (streamed(refused(STREAM), ("error", error())), JSON["content-type"]),
    ],
)
def test_no_plain_error_is_shown(one: Exchange, actual: str) -> None:
    assert failed(BEFORE, one) == [("header content-type", NO_STREAM, actual)]


NO_RUN = "a 4xx or 5xx with a plain JSON error, for there is no run"
MISTAKEN = create({**STREAM, **HOT})
CASE = create(STREAM, case=refusal_case("refuse.thread.active-run"))


@pytest.mark.parametrize(
    "one",
    [
        streamed(MISTAKEN, ("error", error())),
        streamed(CASE, ("error", error())),
        streamed(MISTAKEN, ("error", error()), ("done", "[DONE]")),
        streamed(CASE, ("message", {"object": "error"})),
        streamed(CASE, (None, {"object": "error"}), ("error", {})),
        streamed(both({**STREAM, **HOT}), ("error", error())),
        streamed(replace(MISTAKEN, case=replace(refusal_case("x"), expect="any")), ("error", {})),
    ],
)
def test_a_stream_of_an_error_alone_is_shown(one: Exchange) -> None:
    actual = "status 200 and a stream that holds an error and no run"
    assert [told[1:] for told in failed(BEFORE, one)] == [(NO_RUN, actual)]


def test_the_status_of_a_stream_of_an_error_is_shown() -> None:
    one = streamed(create({**STREAM, **HOT}, status=202), ("error", {}))
    [(*_, actual)] = failed(BEFORE, one)
    assert actual == "status 202 and a stream that holds an error and no run"


QUIET: dict[str, Exchange] = {
    "a run began": streamed(MISTAKEN, ("thread.run.created", run()), ("error", error())),
    "a run began, by its object": streamed(CASE, ("message", run()), ("error", error())),
    "no error": streamed(CASE, ("done", "[DONE]")),
    "no events": streamed(CASE),
    "no mistake": streamed(create(STREAM), ("error", error())),
    "taken by the case": streamed(
        create(STREAM, case=replace(refusal_case("x"), expect="accepted")), ("error", error())
    ),
    "not asked for": streamed(create(HOT), ("error", error())),
    "asked for with a number": streamed(create({**HOT, "stream": 1}), ("error", error())),
    "accepted": create(STREAM),
    "no answer": lost("disconnected", STREAM),
    "a broken server": refused(STREAM, 500, headers=EVENTS),
    "refused, not asked for": refused({}, headers=EVENTS),
    "refused, asked for with a number": refused({"stream": 1}, headers=EVENTS),
    "another call": exchange("POST", "/threads", error(), STREAM, status=400, headers=EVENTS),
}


@pytest.mark.parametrize("one", QUIET.values(), ids=QUIET)
def test_of_which_stream_nothing_is_said(one: Exchange) -> None:
    assert found(BEFORE, one) == []


@pytest.mark.parametrize(
    ("events", "where"),
    [
        ([("error", error()), ("done", "[DONE]")], "event 0"),
        ([("vendor.news", {}), ("error", error())], "event 1"),
        ([("vendor.news", {}), (None, {"object": "error"}), ("error", {})], "event 1"),
    ],
)
def test_the_event_that_tells_the_error_is_named(events: list[tuple[Any, Any]], where: str) -> None:
    actual = "status 200 and a stream that holds an error and no run"
    assert failed(BEFORE, streamed(MISTAKEN, *events)) == [(where, NO_RUN, actual)]
