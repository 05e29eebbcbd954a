"""Bodies that must be refused, answers that say nothing on a body, and what a refused call leaves behind."""

import pytest
from builders import (
    BOTH,
    GONE,
    MADE_THREAD,
    RUN,
    RUNS,
    THREAD,
    both,
    create,
    done,
    error,
    exchange,
    failure,
    findings,
    get,
    holds,
    listing,
    lost,
    message,
    outcomes,
    refusal_case,
    refused,
    run,
)

from runs_conformance.contract.findings import Outcome
from runs_conformance.contract.model import Failure

HOT = {"temperature": 3}
ROW = "refuse.temperature.range"
LEFT = "isolation.refused-run-no-trace"
OURS = refusal_case(ROW)


def says(text, role="user", **more):
    return message(role=role, content=[{"type": "text", "text": {"value": text, "annotations": []}}], **more)


@pytest.mark.parametrize(
    ("row", "body"),
    [
        (ROW, HOT),
        (ROW, {"temperature": -0.01}),
        ("refuse.assistant-id.type", {"assistant_id": None}),
        ("refuse.max-tokens.minimum", {"max_completion_tokens": 255}),
        ("refuse.field-type", {"stream": "true"}),
        ("refuse.field-type", {"max_prompt_tokens": 300.5}),
        ("refuse.unknown-property", {"surprise": 1}),
        ("refuse.create-run.thread-id-in-body", {"thread_id": THREAD}),
        ("refuse.tool.retrieval", {"tools": [{"type": "retrieval"}]}),
        ("refuse.tools.maximum", {"tools": [{"type": "code_interpreter"}] * 21}),
        ("refuse.metadata.pairs", {"metadata": {f"k{n}": "v" for n in range(17)}}),
        ("refuse.metadata.lengths", {"metadata": {"k": "v" * 513}}),
        ("refuse.metadata.lengths", {"metadata": {"k" * 65: "v"}}),
        ("refuse.metadata.value-type", {"metadata": {"k": True}}),
        ("refuse.message.form", {"additional_messages": [{"role": "user"}]}),
        ("refuse.reasoning-effort.unknown", {"reasoning_effort": ""}),
    ],
)
def test_a_refusal_proves_a_row_and_a_success_breaks_it(row, body):
    assert holds(row, refused(body))
    assert holds(row, refused(body, 422))
    where, expected, actual = failure(row, create(body))
    assert where.startswith("request /")
    assert "a 4xx refusal" in expected
    assert actual == f"status 200, run {RUN} queued"


@pytest.mark.parametrize(
    ("body", "schema_path"),
    [
        (None, "request no body"),
        (b"[]", "request / (must be of type object)"),
        (b'"x"', "request / (must be"),
    ],
)
def test_bodies_that_are_no_object(body, schema_path):
    case = refusal_case("refuse.body.form")
    sent = exchange("POST", RUNS, run(), body, case=case if body is None else None)
    assert failure("refuse.body.form", sent)[0].startswith(schema_path.replace("no body", "a case"))
    assert holds("refuse.body.form", exchange("POST", RUNS, error(), body, status=400, case=case))


@pytest.mark.parametrize(
    ("one", "actual"),
    [
        (refused(HOT, 500), "status 500"),
        (refused(HOT, 302), "status 302"),
        (refused(HOT, 200, b"[]"), "status 200"),
        (refused(HOT, 502, case=OURS), "status 502"),
        (lost("disconnected", HOT, case=OURS), "no answer: the answer: disconnected"),
        (create(HOT, answer=error()), "status 200"),
    ],
)
def test_neither_refused_nor_accepted(one, actual):
    assert failure(ROW, one)[2] == actual


@pytest.mark.parametrize(
    "one",
    [
        refused(HOT, 429),
        refused(HOT, 503),
        refused(HOT, 408),
        refused(HOT, 400, throttled=True),
        refused(HOT, 429, case=OURS),
        refused(HOT, 503, case=OURS),
        refused(HOT, 401),
        refused(HOT, 403),
        refused(HOT, 404),
        refused(HOT, 405),
        refused(HOT, 502),
        lost("disconnected", HOT),
        lost("deadline", HOT),
        lost("unreachable", HOT, case=OURS),
        lost("tls", HOT, case=OURS),
    ],
)
def test_answers_that_say_nothing_on_the_body(one):
    assert findings(ROW, one) == []


@pytest.mark.parametrize("status", [401, 403, 404])
def test_our_own_cases_know_that_key_and_thread_are_good(status):
    assert holds(ROW, refused(HOT, status, case=OURS))


def test_one_refusal_proves_one_row():
    two = HOT | {"top_p": 2}
    assert findings(ROW, refused(two)) == []
    assert failure(ROW, create(two))[0] == "request /temperature (must be at most 2)"
    assert failure("refuse.top-p.range", create(two))[0] == "request /top_p (must be at most 1)"
    beside_a_null = HOT | {"additional_messages": [{"role": "user", "content": "x", "metadata": {"k": None}}]}
    assert findings(ROW, refused(beside_a_null)) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"temperature": None},
        {"tools": None},
        {"temperature": 2},
        {"metadata": {}},
        {"max_prompt_tokens": 256},
        {"truncation_strategy": {"type": "auto", "last_messages": None}},
        {"tools": [{"type": "function", "function": {"name": "f", "strict": None, "description": None}}]},
        {"additional_messages": [{"role": "user", "content": "x", "attachments": None, "metadata": None}]},
        {"tool_choice": {"type": "code_interpreter", "function": None}},
    ],
)
def test_valid_bodies_break_no_row(body):
    rows = {
        one.requirement
        for one in _everything(create(body))
        if one.failed and one.requirement.startswith("refuse.")
    }
    assert rows == set()


def _everything(one):
    from runs_conformance.contract.judge import Judge

    return Judge().exchange(one)


def test_editions():
    body = {"max_completion_tokens": 16}
    assert findings("refuse.max-tokens.minimum", create(body), edition="2024-05-12") == []
    assert failure("refuse.max-tokens.minimum", create(body), edition="2024-05-13")
    newer, row = {"reasoning_effort": "low"}, "refuse.unknown-property"
    assert findings(row, create(newer), edition="2024-12-01") == []
    assert findings(row, create(newer | HOT), edition="2024-12-01") == []
    assert failure(row, create({"surprise": 1}), edition="2024-12-01")
    assert failure(ROW, create(newer | HOT), edition="2024-12-01")


def test_other_operations_that_take_a_body():
    submit = f"{RUNS}/{RUN}/submit_tool_outputs"
    assert failure(
        "lifecycle.submit.form", exchange("POST", submit, run(), {"tool_outputs": [], "surprise": 1})
    )
    assert (
        findings("refuse.unknown-property", exchange("POST", "/threads", MADE_THREAD, {"surprise": 1})) == []
    )
    assert (
        failure("refuse.thread.null", both({"thread": None}))[0] == "request /thread (must be of type object)"
    )


MADE = exchange("POST", "/threads", MADE_THREAD, {})
REFUSED = refused(HOT | {"additional_messages": [{"role": "user", "content": "SECRET"}]})


def messages(*entries):
    return exchange("GET", f"/threads/{THREAD}/messages", listing(*entries))


def runs(*entries):
    return exchange("GET", RUNS, listing(*entries))


@pytest.mark.parametrize(
    "story",
    [
        (MADE, REFUSED, messages()),
        (MADE, REFUSED, runs()),
        (MADE, REFUSED, create(), runs(done())),
        (MADE, REFUSED, messages(says("other"))),
        (MADE, REFUSED, messages(says("SECRET", role="assistant", run_id=RUN))),
        (
            MADE,
            REFUSED,
            create({"additional_messages": [{"role": "user", "content": "SECRET"}]}),
            messages(says("SECRET")),
        ),
        (
            MADE,
            exchange("POST", f"/threads/{THREAD}/messages", message(), {"role": "user", "content": "SECRET"}),
            REFUSED,
            messages(says("SECRET")),
        ),
        (
            exchange("POST", "/threads", MADE_THREAD, {"messages": [{"role": "user", "content": "SECRET"}]}),
            REFUSED,
            messages(says("SECRET")),
        ),
    ],
)
def test_nothing_is_left(story):
    assert holds(LEFT, *story)


@pytest.mark.parametrize(
    ("story", "where", "actual"),
    [
        ((MADE, REFUSED, messages(says("SECRET"))), "message msg_one", 'message "SECRET" is on the thread'),
        (
            (MADE, REFUSED, runs(run(id="run_ghost"))),
            "response /data",
            'no accepted call made: ["run_ghost"]',
        ),
        ((MADE, create(), REFUSED, runs(done(), run(id="run_ghost"))), "response /data", '["run_ghost"]'),
        (
            (
                MADE,
                refused(
                    {"additional_messages": [{"role": "user", "content": [{"type": "text", "text": "S"}]}]}
                ),
                messages(says("S")),
            ),
            "message msg_one",
            '"S"',
        ),
    ],
)
def test_something_is_left(story, where, actual):
    told = failure(LEFT, *story)
    assert told[0] == where
    assert actual in told[2]


@pytest.mark.parametrize(
    "story",
    [
        (REFUSED, messages(says("SECRET"))),
        (MADE, messages(says("SECRET")), REFUSED),
        (MADE, REFUSED, lost("deadline"), runs(run(id="run_ghost"))),
        (MADE, REFUSED, create(status=500, answer=error()), runs(run(id="run_ghost"))),
        (MADE, create(), runs(run(id="run_ghost"))),
        (MADE, REFUSED, exchange("GET", RUNS, error(), status=500)),
        (MADE, REFUSED, get(done())),
    ],
)
def test_leftovers_that_can_not_be_decided(story):
    assert outcomes(LEFT, *story) == set()


def test_a_broken_off_list_is_no_list():
    cut = exchange("GET", RUNS, listing(run(id="x")), broken=Failure("disconnected", "cut"))
    assert findings(LEFT, MADE, REFUSED, cut) == []
    assert Outcome.FAILED in outcomes(LEFT, MADE, REFUSED, runs(run(id=GONE) | {"id": 7}))


def test_the_address_names_the_thread():
    other = exchange("POST", BOTH, error(), {"assistant_id": "a", **HOT}, status=400)
    assert holds(ROW, other)
