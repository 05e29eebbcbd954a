"""Whatever a server sends, the checks judge it: none may raise."""

import copy
from typing import Any

from broken_streams import good
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stories import answer_message, cancel, create, get, judged, listing, modify, say, submit

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.judge import Judge
from runs_conformance.contract.model import Exchange

JUDGE = Judge()
STREAMS = [
    ("createRun", good.two_texts),
    ("createRun", good.hosted),
    ("createRun", good.waiting),
    ("createThreadAndRun", good.with_thread),
    ("submitToolOutputs", good.answered),
]
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    [],
    [[]],
    {},
    {"id": []},
    [None],
    [{"index": []}],
    10**30,
    "\ud800",
]
STEPS = [
    good.step(
        "step_1", {"type": "message_creation", "message_creation": {"message_id": "msg_1"}}, "completed"
    )
]
BOUNDED = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) inside a JSON value."""
    found: list[tuple[Any, Any]] = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        found += [(value, key), *spots(inner)]
    return found


def spoil(value: Any, data: st.DataObject) -> None:
    places = spots(value)
    for _ in range(data.draw(st.integers(1, 3)) if places else 0):
        container, key = data.draw(st.sampled_from(places))
        if data.draw(st.booleans()) or isinstance(container, list):
            container[key] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
        else:
            container.pop(key, None)


@BOUNDED
@given(st.data())
def test_spoilt_streams(data: st.DataObject) -> None:
    operation, stream = data.draw(st.sampled_from(STREAMS))
    blocks = copy.deepcopy(stream())
    for _, value in data.draw(st.lists(st.sampled_from(blocks), max_size=3)):
        spoil(value, data)
    kept = data.draw(st.permutations(blocks)) if data.draw(st.booleans()) else blocks
    body = b"".join(block(name, value) for name, value in kept)
    cut = data.draw(st.integers(0, len(body)))
    exchange = good.exchange(body[:cut] if data.draw(st.booleans()) else body, operation)
    assert all(isinstance(one, Finding) for one in JUDGE.everything([exchange]))


def block(name: str, value: Any) -> bytes:
    try:
        return good.block(name, value)
    except UnicodeEncodeError:
        return good.block(name, "{}")


def story() -> list[Exchange]:
    return [
        create(),
        get("requires_action"),
        submit("call_1"),
        get("in_progress"),
        cancel(),
        say(),
        get("completed"),
        listing("steps", copy.deepcopy(STEPS)),
        listing("messages", [answer_message("msg_1", "x")]),
        listing("runs", [good.run("completed")]),
        modify({"a": "b"}),
    ]


@BOUNDED
@given(st.data())
def test_spoilt_answers(data: st.DataObject) -> None:
    exchanges = []
    for exchange in story():
        answer = copy.deepcopy(exchange.answer)
        if data.draw(st.booleans()):
            spoil(answer, data)
        exchanges.append(with_answer(exchange, answer))
    assert judged(*exchanges)


def with_answer(exchange: Exchange, answer: Any) -> Exchange:
    from dataclasses import replace

    from runs_conformance.contract.model import to_bytes

    assert exchange.response is not None
    return replace(exchange, response=replace(exchange.response, body=to_bytes(answer)))
