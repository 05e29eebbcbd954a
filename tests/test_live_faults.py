"""End to end.

A reference target with one small fault each; exactly the rows that speak of it fail, no others.

Each fault is judged by the chapters that could notice it, so a row in `fails` that is missing is a defect not
found, and one too many a false alarm.
"""

import json
from dataclasses import replace

import pytest

from runs_conformance.cli import main
from runs_conformance.contract.register import load
from runs_conformance.reference import ReferenceOptions, running
from runs_conformance.reference.objects import put_message
from runs_conformance.reference.refusals import Refusal

ANSWERS = "response,isolation.no-leak-between-runs,isolation.metadata-separate"
REFUSALS = "refusal,errors"
ACCEPTS = "acceptance"


def shown(change):
    """Every run is shown with what `change` makes of it."""
    return lambda faithful: replace(
        faithful, shape_run=lambda item, *, sse=False: change(faithful.shape_run(item, sse=sse), item)
    )


def set_to(**values):
    return shown(lambda run, _: run | values)


def settled(change):
    """What a run uses is what `change` makes of it."""
    return lambda faithful: replace(
        faithful, settings=lambda body, assistant: replace(
            faithful.settings(body, assistant), **change(body, assistant),
        )
    )


def taken(change):
    """Bodies are checked as if they were what `change` makes of them."""

    def fault(faithful):
        def check_body(schema, body, edition):
            create = isinstance(body, dict) and schema.startswith("create_") and "run" in schema
            faithful.check_body(schema, change(body) if create else body, edition)

        return replace(faithful, check_body=check_body)

    return fault


def refused_as(**changes):
    def shape_error(faithful, call, refusal):
        return {"error": faithful.shape_error(call, refusal)["error"] | changes}

    return lambda faithful: replace(faithful, shape_error=lambda *told: shape_error(faithful, *told))


def turned_down(rule):
    """Creates whose body `rule` finds fault with are refused for no documented reason."""

    def fault(faithful):
        def check_body(schema, body, edition):
            faithful.check_body(schema, body, edition)
            if schema.startswith("create_") and "run" in schema and rule(body):
                raise Refusal("That is not supported.")

        return replace(faithful, check_body=check_body)

    return fault


def statuses(change):
    return lambda faithful: replace(faithful, status=lambda call, status: change(call, status))


def unchecked(name):
    return lambda faithful: replace(faithful, **{name: lambda *_: None})


def some_headers(change):
    def fault(faithful):
        def headers(options, call, **about):
            return change(faithful.headers(options, call, **about))

        return replace(faithful, headers=headers)

    return fault


def without(document, *names):
    return {key: value for key, value in document.items() if key not in names}


def garbled(run, _):
    pairs = {key: value.encode("ascii", "replace").decode() for key, value in run["metadata"].items()}
    return run | {"metadata": pairs}


def leaks_metadata():
    """A run without metadata shows that of the run before it."""
    last = {}

    def change(run, item):
        if item.metadata:
            last.update(item.metadata)
        return run if item.metadata else run | {"metadata": dict(last)}

    return shown(change)


def keeps_messages(faithful):
    """A refused call has put its messages on the thread before it was judged."""

    def shape_error(call, refusal):
        thread = call.project.threads.get(call.ids.get("thread_id"))
        added = call.body.get("additional_messages") if isinstance(call.body, dict) else None
        for one in added if thread and isinstance(added, list) else ():
            if isinstance(one, dict) and isinstance(one.get("content"), str):
                put_message(WORLD(call), thread, {"role": "user", "content": one["content"]})
        return faithful.shape_error(call, refusal)

    return replace(faithful, shape_error=shape_error)


class WORLD:  # noqa: N801 - stands in for the server's own, which a fault does not see
    """What `put_message` asks of a world."""

    def __init__(self, call):
        self.call = call

    def new_id(self, prefix, size=24):
        return f"{prefix}{self.call.number:0{size}}"

    def now(self, *_):
        return int(__import__("time").time())


def repeats_a_key(faithful):
    def encode_json(call, payload):
        data = faithful.encode_json(call, payload)
        return data.replace(b'"object": "thread.run"', b'"object": "thread.run", "object": "thread.run"', 1)

    return replace(faithful, encode_json=encode_json)


FAULTS = {}
