"""Bodies that must be refused, and what a refused call leaves: which rows are judged, and what is said.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from builders import (
    BOTH,
    MADE_THREAD,
    RUN,
    RUNS,
    THREAD,
    assistant,
    both,
    create,
    done,
    error,
    exchange,
    get,
    listing,
    lost,
    message,
    refusal_case,
    refused,
    run,
)

from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Case, Exchange
from runs_conformance.contract.register import NEWEST, load

HEAT, TOP, TYPE = "refuse.temperature.range", "refuse.top-p.range", "refuse.field-type"
UNKNOWN, TOOL, LEFT = (
    "refuse.unknown-property",
    "refuse.tool-choice.tool-absent",
    "isolation.refused-run-no-trace",
)
REFUSALS = tuple(row.id for row in load() if row.id.startswith("refuse.") and row.id != TOOL)
HOT = {"temperature": 3}
REFUSAL = "a 4xx refusal with the error body, and nothing created"
TAKEN = f"status 200, run {RUN} queued"
Told = tuple[str, ...]


def told(
    rows: str | tuple[str, ...], *story: Exchange, edition: str = NEWEST, absent: tuple[str, ...] = ()
) -> list[Told]:
    """Exchange (with its row, if several were asked for) and place; of a failure, expected and actual too."""
    asked = (rows,) if isinstance(rows, str) else rows
    named = [replace(one, id=f"x{number}") for number, one in enumerate(story, 1)]
    context = Context(edition=edition, absent=frozenset(absent))
    return [
        (*((one.requirement,) * (len(asked) > 1)), one.exchange, one.where)
        + ((" or ".join(one.expected), one.actual) if one.failed else ())
        for one in Judge(context, frozenset(asked)).everything(named)
    ]


def broken(body: dict[str, Any], **known: Any) -> list[tuple[str, str]]:
    """Row and place of each breach that an acceptance of this body is told of."""
    return [(row, where) for row, _, where, *_ in told(REFUSALS, create(body), **known)]


def said(**message: Any) -> dict[str, Any]:
    return {"additional_messages": [{"role": "user", "content": "x", **message}]}


def searching(**options: Any) -> dict[str, Any]:
    return {"tools": [{"type": "file_search", "file_search": options}]}


def function(**fields: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": {"name": "f", **fields}}]}


FIRST = "request /additional_messages/0"
BREACHES: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "one": (HOT, [(HEAT, "request /temperature (must be at most 2)")]),
    "two": (
        HOT | {"top_p": 2},
        [
            (HEAT, "request /temperature (must be at most 2)"),
            (TOP, "request /top_p (must be at most 1)"),
        ],
    ),
    "one beside a null that nobody decides": (
        HOT | {"metadata": {"a": None}},
        [(HEAT, "request /temperature (must be at most 2)")],
    ),
    "null for what is needed": (
        {"assistant_id": None},
        [("refuse.assistant-id.type", "request /assistant_id (must be of type string)")],
    ),
    "null for an entry": (
        {"tools": [None]},
        [("refuse.tool.type", "request /tools/0 (must be of type object)")],
    ),
    "null for a named function": (
        {"tool_choice": {"type": "function", "function": None}},
        [
            (
                "refuse.tool-choice.function-name-missing",
                "request /tool_choice/function (must be of type object)",
            )
        ],
    ),
    "null for the function of a tool": (
        {"tools": [{"type": "function", "function": None}]},
        [("refuse.function.name-missing", "request /tools/0/function (must be of type object)")],
    ),
    "null for a count": (
        {"truncation_strategy": {"type": "last_messages", "last_messages": None}},
        [
            (
                "refuse.truncation.count-missing",
                "request /truncation_strategy/last_messages (must be of type integer)",
            )
        ],
    ),
    "null for a role": (
        said(role=None),
        [("refuse.message.form", f"{FIRST}/role (must be of type string)")],
    ),
    "null for a text, deep": (
        said(content=[{"type": "text", "text": None}]),
        [("refuse.message.part", f"{FIRST}/content/0/text (must be of type string)")],
    ),
    "another type for what may be left out": (
        said(metadata={"k": 1}),
        [("refuse.metadata.value-type", f"{FIRST}/metadata/k (must be of type string)")],
    ),
    "null for metadata of a message": (said(metadata={"k": None}), []),
    "null for the detail of an image": (
        said(
            content=[
                {"type": "text", "text": "x"},
                {"type": "image_url", "image_url": {"url": "https://a", "detail": None}},
            ]
        ),
        [],
    ),
    "null for the parameters of a function": (function(parameters=None), []),
    "null for what a search may leave out": (searching(max_num_results=None), []),
    "null for the options of a search": ({"tools": [{"type": "file_search", "file_search": None}]}, []),
    "null for a function that is not meant": (
        {"tool_choice": {"type": "code_interpreter", "function": None}},
        [],
    ),
    "nothing": ({}, []),
}


@pytest.mark.parametrize(("body", "wanted"), BREACHES.values(), ids=BREACHES)
def test_a_success_is_told_of_each_row_that_the_body_breaks(body: dict[str, Any], wanted: Any) -> None:
    assert broken(body) == wanted
    assert all(one[3:] == (REFUSAL, TAKEN) for one in told(REFUSALS, create(body)))


@pytest.mark.parametrize("body", [b"[]", b'"x"'])
def test_a_body_that_is_no_object_breaks_its_whole(body: bytes) -> None:
    [found] = told("refuse.body.form", exchange("POST", RUNS, run(), body))
    assert found == ("x1", "request / (must be of type object)", REFUSAL, TAKEN)


EDITIONS: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "allowed later": ({"reasoning_effort": "low"}, "2024-12-01", []),
    "allowed later, beside a breach": (HOT | {"reasoning_effort": "low"}, "2024-12-01", [HEAT]),
    "never allowed": ({"surprise": 1}, "2024-12-01", [UNKNOWN]),
    "never allowed, beside what is later": (
        {"surprise": 1, "reasoning_effort": "low"},
        "2024-12-01",
        [UNKNOWN],
    ),
    "parts are allowed later": (said(content=[{"type": "text", "text": "a"}]), "2024-05-08", []),
    "what breaks a later form too": (
        said(content=[{"type": "text", "text": 7}]),
        "2024-05-08",
        ["refuse.message.form"],
    ),
    "another entry breaks it": (
        {
            "additional_messages": [
                {"role": "user", "content": [{"type": "text", "text": "a"}]},
                {"role": "user", "content": 7},
            ]
        },
        "2024-05-08",
        ["refuse.message.form"],
    ),
    "not yet a breach": ({"max_completion_tokens": 16}, "2024-05-12", []),
    "a breach of today": ({"max_completion_tokens": 16}, NEWEST, ["refuse.max-tokens.minimum"]),
}


@pytest.mark.parametrize(("body", "edition", "wanted"), EDITIONS.values(), ids=EDITIONS)
def test_what_a_later_edition_allows_is_no_breach(
    body: dict[str, Any], edition: str, wanted: list[str]
) -> None:
    assert [row for row, _ in broken(body, edition=edition)] == wanted


ABSENT: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "none": ((), [HEAT, UNKNOWN, TYPE]),
    "all": (("refusals",), []),
    "bounds": (("refusals.bounds",), [UNKNOWN, TYPE]),
    "unknown fields": (("refusals.unknown-fields",), [HEAT, TYPE]),
    "both": (("refusals.bounds", "refusals.unknown-fields"), [TYPE]),
    "something else": (("streaming", "refusals.other"), [HEAT, UNKNOWN, TYPE]),
}


@pytest.mark.parametrize(("absent", "wanted"), ABSENT.values(), ids=ABSENT)
def test_what_a_target_declares_not_to_refuse_is_excused(absent: tuple[str, ...], wanted: list[str]) -> None:
    body = HOT | {"surprise": 1, "stream": "true"}
    assert sorted(row for row, _ in broken(body, absent=absent)) == sorted(wanted)


@pytest.mark.parametrize(
    "body",
    [
        {"max_completion_tokens": 255},
        {"tools": [{"type": "code_interpreter"}] * 21},
        {"metadata": {f"k{n}": "v" for n in range(17)}},
        {"metadata": {"k" * 65: "v"}},
        {"metadata": {"k": "v" * 513}},
        {"tools": [{"type": "function", "function": {"name": "a b"}}]},
    ],
)
def test_each_bound_is_excused_with_the_bounds(body: dict[str, Any]) -> None:
    assert len(broken(body)) == 1
    assert broken(body, absent=("refusals.bounds",)) == []


def test_a_case_is_not_judged_by_what_is_excused() -> None:
    meant = refusal_case(HEAT)
    for one in refused(HOT, case=meant), create(HOT, case=meant):
        assert told(HEAT, one, absent=("refusals.bounds",)) == []
    assert told(HEAT, refused({}, case=meant), absent=("refusals.bounds",)) == [("x1", "")]
    beside = refused(HOT | {"stream": "true"})
    assert told((HEAT, TYPE), beside, absent=("refusals.bounds",)) == [(TYPE, "x1", "")]


OURS = refusal_case(HEAT)
PLACE = "request /temperature (must be at most 2)"
ANSWERS: dict[str, tuple[Exchange, list[Told]]] = {
    "refused": (refused(HOT), [("x1", "")]),
    "refused with the last of its kind": (refused(HOT, 499), [("x1", "")]),
    "taken": (create(HOT), [("x1", PLACE, REFUSAL, TAKEN)]),
    "taken with a run that has no status": (
        create(HOT, {"object": "thread.run", "id": "run_9"}),
        [("x1", PLACE, REFUSAL, "status 200, run run_9 None")],
    ),
    "taken without a run": (create(HOT, {"a": 1}), [("x1", PLACE, REFUSAL, "status 200")]),
    "an error": (refused(HOT, 500), [("x1", PLACE, REFUSAL, "status 500")]),
    "another place": (refused(HOT, 302), [("x1", PLACE, REFUSAL, "status 302")]),
    "our case, taken": (create({}, case=OURS), [("x1", "request a case", REFUSAL, TAKEN)]),
    "our case with a breach, taken": (create(HOT, case=OURS), [("x1", PLACE, REFUSAL, TAKEN)]),
    "our case, refused": (refused({}, case=OURS), [("x1", "")]),
    "our case, lost": (
        lost("deadline", {}, case=OURS),
        [("x1", "request a case", REFUSAL, "no answer: the answer: deadline")],
    ),
    "our case, lost without a word": (
        replace(lost("deadline", {}, case=OURS), failure=None),
        [("x1", "request a case", REFUSAL, "no answer: nothing came")],
    ),
    "our case that is to be taken": (create({}, case=Case("a case", (HEAT,), "accepted")), []),
    "our case of any answer, refused": (refused({}, case=Case("a case", (HEAT,))), []),
    "our case of another row": (refused({}, case=refusal_case(TOP)), []),
    "two breaches, refused": (refused(HOT | {"top_p": 2}), []),
    "two breaches of one row, refused": (
        refused({"tools": [{"type": "x"}, {"type": "y"}], "temperature": 1}),
        [],
    ),
    "two breaches, one of them meant, refused": (refused(HOT | {"top_p": 2}, case=OURS), [("x1", "")]),
    "busy": (refused(HOT, 503), []),
    "no key": (refused(HOT, 401), []),
    "no key, our case": (refused(HOT, 401, case=OURS), [("x1", "")]),
    "of another operation": (exchange("POST", "/threads", MADE_THREAD, HOT), []),
    "without a body": (exchange("POST", RUNS, run()), []),
    "that is no JSON": (exchange("POST", RUNS, run(), b"{"), []),
}


@pytest.mark.parametrize(("one", "wanted"), ANSWERS.values(), ids=ANSWERS)
def test_what_an_answer_says_on_a_row(one: Exchange, wanted: list[Told]) -> None:
    assert told(HEAT, one) == wanted


def test_a_refusal_proves_what_its_case_means_and_a_single_row() -> None:
    assert told((HEAT, TOP), refused(HOT | {"top_p": 2}, case=OURS)) == [(HEAT, "x1", "")]
    assert told((HEAT, TOP), refused({}, case=refusal_case(HEAT, TOP, "response.success"))) == [
        (HEAT, "x1", ""),
        (TOP, "x1", ""),
    ]
    assert told("refuse.tool.type", refused({"tools": [{"type": "x"}, {"type": "y"}]})) == [("x1", "")]
    assert told(HEAT, refused(HOT | {"metadata": {"a": None}})) == []
    other = exchange("POST", "/assistants", assistant(), HOT, case=OURS)
    assert [one[1] for one in told(HEAT, other)] == ["request a case"]


def test_only_what_a_row_forbids_counts_as_a_mistake_in_a_field() -> None:
    row, undecided = "error.status-400", {"metadata": {"a": None}}
    assert told(row, refused(HOT, 422)) == [("x1", "", "status 400", "status 422")]
    assert told(row, refused(undecided, 422)) == []
    assert [one[-1] for one in told(row, refused(HOT | undecided, 422))] == ["status 422"]


ABSENT_CASE = refusal_case(TOOL)
EITHER = "a 4xx refusal or a run that fails"


def chosen(status: int = 200, case: Case | None = ABSENT_CASE) -> Exchange:
    return create({}, run() if status == 200 else error(), status=status, case=case)


def got_to(status: str, **changes: Any) -> Exchange:
    return get(run(status=status, **changes))


CHOSEN: dict[str, tuple[list[Exchange], list[Told]]] = {
    "refused": ([chosen(400)], [("x1", "")]),
    "an error": ([chosen(500)], [("x1", "request a case", REFUSAL, "status 500")]),
    "failed": ([chosen(), got_to("queued"), got_to("failed")], [("x1", "request a case")]),
    **{
        status: (
            [chosen(), got_to("queued"), got_to(status)],
            [("x1", "request a case", EITHER, f"status 200, and a run that got to {status}")],
        )
        for status in ("completed", "incomplete", "requires_action")
    },
    "after a call of no case": (
        [chosen(case=None), chosen(400), create({}, case=OURS), chosen(), got_to("failed")],
        [("x2", ""), ("x4", "request a case")],
    ),
    "the last status counts": (
        [chosen(), got_to("requires_action"), got_to("cancelled")],
        [],
    ),
    "expired": ([chosen(), got_to("expired")], []),
    "not over": ([chosen(), got_to("in_progress")], []),
    "of another run": (
        [chosen(), exchange("GET", f"{RUNS}/run_2", run(id="run_2", status="completed"))],
        [],
    ),
    "without a run": ([create({}, {"a": 1}, case=ABSENT_CASE)], []),
    "no such case": ([chosen(case=OURS), got_to("completed")], []),
}


@pytest.mark.parametrize(("story", "wanted"), CHOSEN.values(), ids=CHOSEN)
def test_a_tool_that_the_run_does_not_have_fails_it(story: list[Exchange], wanted: list[Told]) -> None:
    assert told(TOOL, *story) == wanted


def test_nobody_asks_for_a_refusal_of_a_target_that_refuses_nothing() -> None:
    assert told(TOOL, chosen(), got_to("completed"), absent=("refusals",)) == []
    assert len(told(TOOL, chosen(), got_to("completed"), absent=("refusals.bounds",))) == 1


MADE = exchange("POST", "/threads", MADE_THREAD, {})


def speaks(content: Any, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": content}


def turned_away(*messages: Any) -> Exchange:
    return refused(HOT | {"additional_messages": list(messages)})


def stands(text: Any, role: str = "user", **changes: Any) -> dict[str, Any]:
    part = {"type": "text", "text": {"value": text, "annotations": []}}
    return message(role=role, **({"content": [part]} | changes))


def messages(*entries: Any, **more: Any) -> Exchange:
    body = {"object": "list", "data": list(entries), "has_more": False}
    return exchange("GET", f"/threads/{THREAD}/messages", body, **more)


def runs(*entries: Any) -> Exchange:
    return exchange("GET", RUNS, {"object": "list", "data": list(entries), "has_more": False})


NO_MESSAGE = "no message of a refused call on the thread"
STANDS = ("message msg_one", NO_MESSAGE, 'the refused call\'s message "SECRET" is on the thread')
SECRET, LISTED = turned_away(speaks("SECRET")), messages(stands("SECRET"))
STOOD: dict[str, tuple[list[Exchange], list[Told]]] = {
    "on the thread": (
        [MADE, SECRET, messages(stands("other"), stands("SECRET"))],
        [("x2", *STANDS)],
    ),
    "of the second call": (
        [MADE, turned_away(), SECRET, messages(stands("SECRET", id="msg_9"))],
        [
            (
                "x3",
                "message msg_9",
                NO_MESSAGE,
                'the refused call\'s message "SECRET" is on the thread',
            )
        ],
    ),
    "long": (
        [MADE, turned_away(speaks("s" * 100)), messages(stands("s" * 100))],
        [
            (
                "x2",
                "message msg_one",
                NO_MESSAGE,
                f"the refused call's message \"{'s' * 58}… is on the thread",
            )
        ],
    ),
    "of parts": (
        [
            MADE,
            turned_away(
                7,
                speaks(7),
                speaks([7, {"type": "image_file"}, {"type": "text", "text": "a"}]),
                speaks([{"type": "text", "text": "b"}], "assistant"),
            ),
            messages(7, {}, stands(7), stands("b"), stands("b", "assistant", id="msg_b")),
        ],
        [("x2", "message msg_b", NO_MESSAGE, 'the refused call\'s message "b" is on the thread')],
    ),
    "in the second list": (
        [MADE, SECRET, messages(), LISTED],
        [
            ("x3", ""),
            ("x2", *STANDS),
        ],
    ),
    "on a thread made with a run": (
        [both(), SECRET, LISTED],
        [("x2", *STANDS)],
    ),
    "of another role": ([MADE, SECRET, messages(stands("SECRET", "assistant"))], [("x3", "")]),
    "given with the thread": (
        [exchange("POST", "/threads", MADE_THREAD, {"messages": [speaks("SECRET")]}), SECRET, LISTED],
        [("x3", "")],
    ),
    "given with the thread of a run": (
        [both({"thread": {"messages": [speaks("SECRET")]}}), SECRET, LISTED],
        [("x3", "")],
    ),
    "given with no thread of a run": ([both({"thread": 7}), SECRET, messages()], [("x3", "")]),
    "given as a message": (
        [MADE, exchange("POST", f"/threads/{THREAD}/messages", message(), speaks("SECRET")), SECRET, LISTED],
        [("x4", "")],
    ),
    "given with a run": (
        [MADE, SECRET, create({"additional_messages": [speaks("SECRET")]}), LISTED],
        [("x4", "")],
    ),
    "given with a run later": (
        [MADE, SECRET, LISTED, create({"additional_messages": [speaks("SECRET")]})],
        [("x3", "")],
    ),
    "given with a run, of another role": (
        [MADE, SECRET, create({"additional_messages": [speaks("SECRET", "assistant")]}), LISTED],
        [("x2", *STANDS)],
    ),
    "refused for all it was": ([MADE, refused(HOT), LISTED], [("x3", "")]),
    "no list of messages in the call": (
        [MADE, refused({"additional_messages": {"a": "b"}}), messages(stands("b"))],
        [("x3", "")],
    ),
    "no list": ([MADE, SECRET, exchange("GET", f"/threads/{THREAD}/messages", {"data": 7})], [("x3", "")]),
    "listed in vain": ([MADE, SECRET, messages(stands("SECRET"), status=500)], []),
    "listed before": ([MADE, LISTED, SECRET], []),
    "on a thread of before": ([SECRET, LISTED], []),
    "on a thread that was not made": (
        [exchange("POST", f"/threads/{THREAD}", MADE_THREAD, {}), SECRET, LISTED],
        [],
    ),
    "nothing refused": ([MADE, create(), LISTED], []),
    "unanswered": ([MADE, lost("idle", {"additional_messages": []}), LISTED], []),
    "failed": (
        [MADE, refused({"additional_messages": [speaks("SECRET")]}, 500), LISTED],
        [],
    ),
    "another call refused": (
        [
            MADE,
            exchange("POST", f"/threads/{THREAD}/messages", error(), speaks("SECRET"), status=400),
            LISTED,
        ],
        [],
    ),
}


@pytest.mark.parametrize(("story", "wanted"), STOOD.values(), ids=STOOD)
def test_what_a_refused_call_left_of_its_messages(story: list[Exchange], wanted: list[Told]) -> None:
    assert told(LEFT, *story) == wanted


def ghost(*names: str) -> Told:
    shown = ", ".join(f'"{name}"' for name in names)
    return (
        "response /data",
        "only runs of accepted calls",
        f"a run that no accepted call made: [{shown}]",
    )


GHOST = run(id="run_ghost")
RAN: dict[str, tuple[list[Exchange], list[Told]]] = {
    "nothing": ([MADE, SECRET, runs()], [("x3", "response /data")]),
    "a run that was made": ([MADE, SECRET, create(), runs(done())], [("x4", "response /data")]),
    "a run made with its thread": ([both(), SECRET, runs(done())], [("x3", "response /data")]),
    "a run made later": (
        [MADE, SECRET, runs(done()), create()],
        [("x3", "response /data")],
    ),
    "what is no run": ([MADE, SECRET, runs(7)], [("x3", "response /data")]),
    "a ghost": ([MADE, SECRET, runs(GHOST)], [("x3", *ghost("run_ghost"))]),
    "a ghost beside a run": (
        [MADE, create(), SECRET, runs(done(), GHOST)],
        [("x4", *ghost("run_ghost"))],
    ),
    "four ghosts": (
        [MADE, SECRET, runs(*(run(id=f"run_{n}") for n in range(4)))],
        [("x3", *ghost("run_0", "run_1", "run_2"))],
    ),
    "one call broke off": ([MADE, SECRET, lost("deadline"), runs(GHOST)], []),
    "one call failed": ([MADE, SECRET, create(answer=error(), status=500), runs(GHOST)], []),
    "one call of many broke off": ([MADE, SECRET, create(), lost("deadline"), runs(GHOST)], []),
    "nothing refused": ([MADE, create(), runs(GHOST)], []),
    "refused later": ([MADE, runs(GHOST), SECRET], []),
    "listed in vain": ([MADE, SECRET, exchange("GET", RUNS, error(), status=404)], []),
    "another list": ([MADE, SECRET, exchange("GET", f"{RUNS}/{RUN}/steps", listing(GHOST))], []),
}


@pytest.mark.parametrize(("story", "wanted"), RAN.values(), ids=RAN)
def test_which_runs_a_refused_call_left(story: list[Exchange], wanted: list[Told]) -> None:
    assert told(LEFT, *story) == wanted


def test_a_refused_call_for_thread_and_run_is_judged_too() -> None:
    sent = exchange("POST", BOTH, error(), {"assistant_id": "a", **HOT}, status=400)
    assert told(HEAT, sent) == [("x1", "")]
    taken = exchange("POST", f"{RUNS}/{RUN}", run(), {"metadata": {"k": 1}})
    assert [one[1] for one in told("refuse.metadata.value-type", taken)] == [
        "request /metadata/k (must be of type string)"
    ]


LIMITS = "response.echo.token-limits"
PROMPT, COMPLETION = "run /max_prompt_tokens", "run /max_completion_tokens"


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (16, [("x1", PROMPT)]),
        (500, [("x1", PROMPT), ("x1", COMPLETION, "500, the value in force", "256")]),
    ],
    ids=["too few for today", "allowed in both"],
)
@pytest.mark.parametrize("edition", ["2024-05-12", NEWEST])
def test_what_becomes_of_a_value_that_breaks_todays_contract_is_not_told(
    asked: int, wanted: list[Told], edition: str
) -> None:
    taken = create({"max_completion_tokens": asked}, run(max_completion_tokens=256))
    assert told(LIMITS, taken, edition=edition) == wanted
