"""Cancelling, and tool outputs that are taken, kept or refused wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import (
    answers,
    around,
    behaviour,
    bodies,
    steps,
)
from runs_conformance.reference.faults.record import Kind, Rows
from runs_conformance.reference.records import Step
from runs_conformance.reference.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Json, Run

lifecycle = Kind("lifecycle")
ACTION = "lifecycle.required-action-iff"
FORM = "lifecycle.submit.form"


@lifecycle(around("check_cancel"), "lifecycle.cancel.final-refused", rare=True)
def cancel_after_the_end_taken(_inner: Any) -> Any:
    """A run that has ended can be cancelled."""
    return lambda _run: None


@lifecycle(answers, "lifecycle.cancel.accepted", "lifecycle.legal-moves", rare=True)
def cancel_answers_queued(call: Call, payload: Any) -> Any:
    """Cancelling answers the run as queued."""
    return payload | {"status": "queued"} if call.operation == "cancel_run" and "error" not in payload else payload


@lifecycle(around("check_cancel"), "lifecycle.cancel.accepted", rare=True)
def cancel_refused(_inner: Any) -> Any:
    """No run can be cancelled."""

    def check(_run: Run) -> None:
        raise Refusal("Runs can't be cancelled.")

    return check


@lifecycle(around("check_cancel"), "lifecycle.cancel.final-refused", rare=True)
def cancel_after_the_end_404(inner: Any) -> Any:
    """Cancelling a run that has ended is answered with 404."""

    def check(run: Run) -> None:
        try:
            inner(run)
        except Refusal as refused:
            raise Refusal(refused.message, status=404) from refused

    return check


def _outputs(wrong: Callable[[Run, list[Json]], bool]) -> Callable[[Any], Any]:
    """Outputs that are taken though they must be refused."""

    def wrap(inner: Any) -> Any:
        def check(run: Run, outputs: list[Json]) -> None:
            if not wrong(run, outputs):
                inner(run, outputs)

        return check

    return wrap


def _ids(run: Run) -> set[str]:
    return {call["id"] for call in run.asked_calls}


_ROWS_2: Rows = (
    ("partial-outputs-taken", "A part of the outputs is enough.", lambda run, out: run.status == "requires_action" and {o["tool_call_id"] for o in out} < _ids(run), ("lifecycle.submit.partial-refused",)),
    ("no-outputs-taken", "No outputs at all are enough.", lambda run, out: run.status == "requires_action" and not out, ("lifecycle.submit.partial-refused",)),
    ("unknown-outputs-taken", "Outputs of calls that nobody made are ignored.", lambda run, out: run.status == "requires_action" and {o["tool_call_id"] for o in out} > _ids(run), ("lifecycle.submit.unknown-call-refused",)),
)  # fmt: skip
for _name, _sentence, _wrong, _breaks in _ROWS_2:
    lifecycle.add(_name, _sentence, around("check_outputs")(_outputs(_wrong)), *_breaks, rare=True)


@lifecycle(behaviour, "lifecycle.submit.wrong-status-refused", rare=True)
def late_outputs_taken(faithful: Behaviour) -> Behaviour:
    """Outputs for a run that does not wait are taken with 200 and thrown away."""

    def status(call: Call, found: int) -> int:
        submit = call.operation == "submit_tool_outputs" and found == 400 and isinstance(call.body, dict)
        waits = any(
            run.status == "requires_action"
            for thread in call.project.threads.values()
            for run in thread.runs.values()
            if run.id == call.ids.get("run_id")
        )
        return 200 if submit and not waits else faithful.status(call, found)

    return replace(faithful, status=status)


@lifecycle(answers, "lifecycle.submit.accepted", ACTION, rare=True)
def submit_answers_requires_action(call: Call, payload: Any) -> Any:
    """Submitting outputs answers the run as it was before."""
    if call.operation != "submit_tool_outputs" or "error" in payload:
        return payload
    calls = [{"id": o["tool_call_id"], "type": "function", "function": {"name": "f", "arguments": "{}"}} for o in call.body["tool_outputs"]]
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
    return payload | {"status": "requires_action", "required_action": action}


@lifecycle(answers, "lifecycle.submit.accepted", "response.success", "response.run.identity", rare=True)
def submit_answers_ok(call: Call, payload: Any) -> Any:
    """Submitting outputs answers {"ok": true}."""
    return {"ok": True} if call.operation == "submit_tool_outputs" and "error" not in payload else payload


@lifecycle(around("move"), "lifecycle.expires-at-fixed", rare=True)
def expires_at_moves_with_outputs(inner: Any) -> Any:
    """Submitting outputs gives a run ten minutes more."""

    def move(run: Run, status: str, now: int, reason: str | None) -> None:
        inner(run, status, now, reason)
        if status == "queued":
            run.expires_at = now + 660

    return move


@lifecycle(steps, "event.step-output", rare=True)
def outputs_not_shown(_step: Step, shaped: Json) -> Json:
    """A completed step shows its calls without their outputs."""
    return _with_output(shaped, lambda _output: None)


@lifecycle(steps, "event.step-output", rare=True)
def outputs_empty_before(step: Step, shaped: Json) -> Json:
    """A call that waits for its output shows an empty one."""
    return _with_output(shaped, lambda output: output if output is not None or not step.open else "")


@lifecycle(steps, "event.step-output", rare=True)
def outputs_cut(_step: Step, shaped: Json) -> Json:
    """Outputs are cut after 20 characters in steps."""
    return _with_output(shaped, lambda output: output and output[:20])


@lifecycle(steps, "event.step-output", rare=True)
def outputs_swapped(_step: Step, shaped: Json) -> Json:
    """Of several calls each shows another's output."""
    calls = shaped["step_details"].get("tool_calls") or []
    told = [one["function"].get("output") for one in calls if "function" in one][::-1]
    return _with_output(shaped, lambda _output: told.pop(0)) if told else shaped


def _with_output(shaped: Json, change: Callable[[Any], Any]) -> Json:
    details = shaped["step_details"]
    if "tool_calls" not in details:
        return shaped
    calls = [
        one | {"function": one["function"] | {"output": change(one["function"].get("output"))}} if "function" in one else one
        for one in details["tool_calls"]
    ]
    return shaped | {"step_details": details | {"tool_calls": calls}}


def _submit_body(change: Callable[[Json], Any]) -> Any:
    def read(call: Call, body: Any) -> Any:
        return change(dict(body)) if call.path.endswith("/submit_tool_outputs") and isinstance(body, dict) else body

    return bodies(read)


lifecycle.add("submit-extra-taken", "A submission may have unknown properties.", _submit_body(lambda body: {k: v for k, v in body.items() if k in {"tool_outputs", "stream"}}), FORM, rare=True)
lifecycle.add("submit-numbers-taken", "An output may be a number.", _submit_body(lambda body: body | {"tool_outputs": [o | {"output": str(o.get("output"))} if isinstance(o, dict) else o for o in body["tool_outputs"]]} if isinstance(body.get("tool_outputs"), list) else body), FORM, rare=True)
lifecycle.add("submit-stream-word-taken", "A submission's stream may be a word.", _submit_body(lambda body: body | {"stream": body.get("stream") is True}), "lifecycle.submit.stream", rare=True)
lifecycle.add("submit-null-stream-refused", "A submission's stream may not be null.", _submit_body(lambda body: body | ({"stream": "null"} if body.get("stream", ...) is None else {})), "lifecycle.submit.accepted", "lifecycle.submit.stream", rare=True)
