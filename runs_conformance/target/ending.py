"""Bringing a run to its end, so that its thread is open for the next one."""

from __future__ import annotations

from typing import Any, Final

from runs_conformance.contract.checks.steps import call_ids
from runs_conformance.contract.operations import segment
from runs_conformance.contract.timeline import FINAL
from runs_conformance.contract.traces import answer_run
from runs_conformance.target.client import Client

# A run may ask for tools again and again.
ROUNDS: Final = 3


def end(client: Client, thread_id: str, run_id: str) -> dict[str, Any]:
    """The run as it was shown last: waited for, else cancelled, else given the outputs that it waits for."""
    run = answer_run(client.poll(thread_id, run_id)[-1])
    for _ in range(ROUNDS):
        if run.get("status") in FINAL or not (_cancelled(client, thread_id, run_id) or _fed(client, run)):
            break
        run = answer_run(client.poll(thread_id, run_id, {*FINAL, "requires_action"})[-1])
    return run


def _cancelled(client: Client, thread_id: str, run_id: str) -> bool:
    lacks = client.profile.lacks("runs.cancel") is not None
    return not lacks and client.send("POST", f"{_path(thread_id, run_id)}/cancel").ok


def _fed(client: Client, run: dict[str, Any]) -> bool:
    """Whether outputs were taken for all that the run waits for."""
    calls = sorted(call_ids(run))
    if not calls or client.profile.lacks("runs.submit") is not None:
        return False
    body = {"tool_outputs": [{"tool_call_id": each, "output": "none"} for each in calls]}
    path = f"{_path(str(run.get('thread_id')), str(run.get('id')))}/submit_tool_outputs"
    return client.send("POST", path, body=body).ok


def _path(thread_id: str, run_id: str) -> str:
    return f"/threads/{segment(thread_id)}/runs/{segment(run_id)}"
