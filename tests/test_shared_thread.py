"""A thread that all runs share: a run that waits for tools is ended before the next, one way or another."""

import pytest

from runs_conformance.reference import ReferenceOptions, running
from runs_conformance.target.client import Client
from runs_conformance.target.reading import load
from runs_conformance.target.stage import Blocked, Stage

TOOL = {"type": "function", "function": {"name": "look_up"}}


def waiting(url: str, *absent: str) -> Stage:
    """A stage on a thread whose run waits for a tool's output."""
    with Client(load(overrides={"cleanup": False}), url) as client:
        own = Stage(client)
        thread, assistant = own.thread(), own.assistant(tools=[TOOL])
    settings = {"absent": ["threads", *absent], "thread_id": thread, "timeouts": {"poll": 1.0}}
    shared = Stage(Client(load(overrides=settings), url))
    body = {"assistant_id": assistant, "tool_choice": "required"}
    assert shared.client.send("POST", f"/threads/{thread}/runs", body=body).ok
    return shared


@pytest.mark.parametrize(
    ("absent", "status"),
    [((), "cancelled"), (("runs.cancel",), "completed"), (("runs.submit",), "cancelled")],
)
def test_the_run_is_ended_first(absent, status):
    with running(ReferenceOptions()) as url:
        stage = waiting(url, *absent)
        thread = stage.thread()
        runs = stage.client.send("GET", f"/threads/{thread}/runs").answer["data"]
        stage.client.close()
    assert [run["status"] for run in runs] == [status]


def test_a_run_that_nothing_ends_locks_the_thread():
    with running(ReferenceOptions()) as url:
        stage = waiting(url, "runs.cancel", "runs.submit")
        for _ in range(2):
            with pytest.raises(Blocked, match=r"is locked: its run run_.* stays requires_action") as caught:
                stage.thread()
            assert not caught.value.not_applicable
        stage.client.close()
