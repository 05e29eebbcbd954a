"""Clients that can't all run here, as `watch` sees them: nothing is held against what a client may send, and
each thing that it is known to send outside of the contract is found."""

import json

import pytest

from runs_conformance.clients.capture import Capture
from runs_conformance.clients.dialects import ABSENT, load, names
from runs_conformance.clients.judging import Watcher, side_of
from runs_conformance.clients.sending import cases, outgoing, strange
from runs_conformance.contract.register import NEWEST
from runs_conformance.contract.register import load as load_register
from runs_conformance.stimuli.inside import compose

REGISTER = load_register()
PATHS = {"createRun": b"/v1/threads/thread_1/runs", "createThreadAndRun": b"/v1/threads/runs"}
BOTH = [(name, operation) for name in names() for operation in load(name).operations]


def found(dialect, operation, body):
    """The rows about clients that one request breaks, for the judge of `watch`."""
    sent = outgoing(dialect, operation, body)
    data = sent.body if isinstance(sent.body, bytes) else json.dumps(sent.body).encode()
    headers = {"Authorization": "Bearer sk-x", "Content-Type": "application/json", **dict(sent.headers)}
    headers = {"OpenAI-Beta": "assistants=v2", **headers}
    headers = {name: held for name, held in headers.items() if name not in sent.drop_headers}
    query = "&".join(f"{name}={value}" for name, value in sent.query).encode()
    target = PATHS[operation] + (b"?" + query if query else b"")
    watcher = Watcher("http://127.0.0.1:1/v1", NEWEST, REGISTER)
    judged = watcher.see(Capture(1, "POST", target, list(headers.items()), 1.0, data))
    assert not judged.trouble
    return {one.requirement for one in judged.failures if side_of(one.requirement, REGISTER) == "client"}


# What is always so of a client's requests, whatever the user asks for.
ALWAYS = {"azure-ai-agents": {"headers.beta-sent"}, "utdk-openai": {"headers.beta-sent"}}


@pytest.mark.parametrize(("name", "operation"), BOTH)
def test_nothing_is_held_against_what_a_client_may_send(name, operation):
    dialect = load(name)
    for one in cases(dialect, operation):
        body = compose(operation, (one,), "asst_1", "Say hello.")
        assert found(dialect, operation, body) == ALWAYS.get(name, set()), one.name


KNOWN = {
    ("psopenai", "reasoning_effort on create thread and run"): "client.body.unknown-field",
    ("psopenai", "last_messages without a count"): "client.body.type",
    # A null in a nested field that could be left out is held against nobody (client.body.type).
    ("psopenai", "a function without parameters"): "",
    ("psopenai", "tool_choice retrieve"): "client.body.value",
    ("psai", "stream as an object"): "client.body.type",
    ("psai", "response_format json"): "client.body.value",
    ("psai", "response_format text"): "client.body.value",
    ("psai", "stress"): "client.body.unknown-field",
    ("psai", "tool_choices"): "client.body.unknown-field",
    ("openai-cli", "a tool outside of a list"): "client.body.type",
    ("hosted-form", "response_format none"): "client.body.value",
    ("hosted-form", "no assistant_id"): "client.body.required",
    ("azure-ai-agents", "no OpenAI-Beta header"): "headers.beta-sent",
    ("utdk-openai", "no OpenAI-Beta header"): "headers.beta-sent",
}


def test_every_known_deviation_stands_here():
    assert set(KNOWN) == {(name, one.name) for name in names() for one in load(name).deviations}


@pytest.mark.parametrize(("name", "deviation"), KNOWN)
def test_a_known_deviation_is_found(name, deviation):
    dialect = load(name)
    one, operation = next(
        (each, operation) for operation in dialect.operations for each in strange(dialect, operation)
        if each.deviation.name == deviation
    )
    made = {**compose(operation, (), "asst_1", "Say hello."), **one.body}
    body = {key: held for key, held in made.items() if held != ABSENT}
    row = KNOWN[name, deviation]
    assert row in found(dialect, operation, body) if row else not found(dialect, operation, body)
