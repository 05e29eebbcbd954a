"""Runs, threads, messages and lists that do not go through their lives as they should."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference import script
from runs_conformance.reference.faults.points import (
    answers,
    around,
    behaviour,
    bodies,
    created,
    dropped,
    messages,
    pages,
    polled_runs,
    retrieved,
    runs,
    steps,
)
from runs_conformance.reference.faults.record import Kind, Rows
from runs_conformance.reference.records import Step
from runs_conformance.reference.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call, PageRequest
    from runs_conformance.reference.records import Json, Message, Run, Thread

lifecycle = Kind("lifecycle")
NEW = "lifecycle.new-run-queued"
MOVES = "lifecycle.legal-moves"
ACTION = "lifecycle.required-action-iff"
FORM = "lifecycle.submit.form"


def _when(statuses: str, **values: Any) -> Callable[[Run, Json], Json]:
    """Show values in place of others while a run has one of the statuses (separated by blanks; - before: in all others)."""
    negated = statuses.startswith("-")
    names = statuses.removeprefix("-").split()

    def change(_run: Run, shaped: Json) -> Json:
        fits = (shaped["status"] in names) is not negated
        return shaped | (values if fits else {})

    return change


ERROR = {"code": "server_error", "message": "Sorry."}
USED = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
_ROWS_1: Rows = (
    ("usage-while-queued", "A run that is queued shows a usage of zeros.", _when("queued", usage=USED), ("lifecycle.usage-null-before-end",)),
    ("usage-while-waiting", "A run that waits for tool outputs shows a usage.", _when("requires_action", usage=USED), ("lifecycle.usage-null-before-end",)),
    ("usage-null-at-the-end", "A completed run shows no usage.", _when("completed", usage=None), ("lifecycle.usage-completed",)),
    ("usage-null-when-incomplete", "An incomplete run shows no usage.", _when("incomplete", usage=None), ("lifecycle.usage-other-ends",)),
    ("usage-null-when-cancelled", "A cancelled run shows no usage.", _when("cancelled", usage=None), ("lifecycle.usage-other-ends",)),
    ("last-error-when-completed", "A completed run has a last_error.", _when("completed", last_error=ERROR), ("lifecycle.last-error-when",)),
    ("last-error-missing", "A failed run has no last_error.", _when("failed", last_error=None), ("lifecycle.last-error-when",)),
    ("last-error-while-queued", "A queued run has a last_error.", _when("queued", last_error=ERROR), ("lifecycle.last-error-when",)),
    ("incomplete-details-when-completed", "A completed run has incomplete_details.", _when("completed", incomplete_details={}), ("lifecycle.incomplete-details-iff",)),
    ("incomplete-details-missing", "An incomplete run has no incomplete_details.", _when("incomplete", incomplete_details=None), ("lifecycle.incomplete-details-iff",)),
    ("required-action-missing", "A run that waits for tool outputs does not say for which.", _when("requires_action", required_action=None), (ACTION,)),
    ("completed-at-missing", "A completed run has no completed_at.", _when("completed", completed_at=None), ("lifecycle.completed-at",)),
    ("failed-at-missing", "A failed run has no failed_at.", _when("failed", failed_at=None), ("lifecycle.failed-at",)),
    ("cancelled-at-missing", "A cancelled run has no cancelled_at.", _when("cancelled", cancelled_at=None), ("lifecycle.cancelled-at",)),
    ("expires-at-missing", "A run that waits for tool outputs has no expires_at.", _when("requires_action", expires_at=None), ("lifecycle.expires-at-active",)),
    ("expires-at-null", "A run never has expires_at.", lambda _r, s: s | {"expires_at": None}, ("lifecycle.expires-at-active",)),
    ("expires-at-an-hour", "A run expires after an hour.", lambda r, s: s | {"expires_at": s["expires_at"] and r.created_at + 3600}, ("lifecycle.expires-at-ten-minutes",)),
    ("expires-at-off-by-one", "A run expires after 599 seconds.", lambda r, s: s | {"expires_at": s["expires_at"] and r.created_at + 599}, ("lifecycle.expires-at-ten-minutes",)),
    ("expires-at-kept", "A run that has ended keeps its expires_at.", lambda r, s: s | {"expires_at": r.expires_at}, ("lifecycle.expires-at-completed",)),
    ("started-at-null", "A run never has started_at.", lambda _r, s: s | {"started_at": None}, ("lifecycle.started-at",)),
    ("started-at-from-creation", "A run has started_at from its creation on.", lambda r, s: s | {"started_at": r.started_at or r.created_at}, ("lifecycle.started-at",)),
    ("started-at-lost-when-queued-again", "A run that is queued again after tool outputs has no started_at.", _when("queued", started_at=None), ("lifecycle.started-at",)),
    ("cancelled-at-while-cancelling", "A run that is being cancelled has cancelled_at.", lambda r, s: s | ({"cancelled_at": r.created_at + 1} if r.status == "cancelling" else {}), ("lifecycle.cancelled-at",)),
    ("completed-at-when-failed", "A failed run has completed_at too.", lambda r, s: s | {"completed_at": s["completed_at"] or s["failed_at"]}, ("lifecycle.completed-at",)),
    ("completed-at-when-cancelled", "A cancelled run has completed_at too.", lambda _r, s: s | {"completed_at": s["completed_at"] or s["cancelled_at"]}, ("lifecycle.completed-at",)),
    ("completed-at-while-queued", "A queued run has completed_at.", lambda r, s: s | {"completed_at": s["completed_at"] or (r.created_at if r.status == "queued" else None)}, ("lifecycle.completed-at",)),
    ("failed-at-when-expired", "An expired run has failed_at.", lambda r, s: s | ({"failed_at": r.created_at + 600} if r.status == "expired" else {}), ("lifecycle.failed-at",)),
    ("cancelling-as-cancelled-then-not", "A run that is being cancelled is shown as in_progress.", _when("cancelling", status="in_progress"), ("lifecycle.cancel.accepted", "event.run-status")),
    ("incomplete-as-completed", "A run that was cut short is shown as completed.", _when("incomplete", status="completed", incomplete_details=None), ("lifecycle.token-limit-incomplete",)),
    ("incomplete-as-failed", "A run that was cut short is shown as failed.", lambda r, s: s | ({"status": "failed", "failed_at": r.completed_at, "last_error": ERROR, "incomplete_details": None, "completed_at": None} if s["status"] == "incomplete" else {}), ("lifecycle.token-limit-incomplete",)),
    ("incomplete-other-limit", "A run that was cut short names the other limit.", lambda _r, s: s | ({"incomplete_details": {"reason": "max_prompt_tokens"}} if s["status"] == "incomplete" else {}), ("lifecycle.token-limit-incomplete",)),
    ("expired-as-failed", "A run that expired is shown as failed.", lambda r, s: s | ({"status": "failed", "failed_at": r.expires_at, "last_error": ERROR} if s["status"] == "expired" else {}), ("lifecycle.expiry.requires-action", "lifecycle.expiry.in-progress")),
)  # fmt: skip
for _name, _sentence, _small, _breaks in _ROWS_1:
    lifecycle.add(_name, _sentence, runs(_small), *_breaks, rare="queued" not in _name)


@lifecycle(polled_runs, ACTION, rare=True)
def required_action_lingers(run: Run, shaped: Json) -> Json:
    """required_action stays after the outputs were submitted."""
    calls = [call for step in run.steps for call in step.calls if call["type"] == "function"]
    if run.status == "requires_action" or not calls:
        return shaped
    listed = [{"id": c["id"], "type": "function", "function": dropped(c["function"], "output")} for c in calls]
    return shaped | {"required_action": {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": listed}}}


@lifecycle(created, NEW)
def created_in_progress(_call: Call, run: Json) -> Json:
    """A new run is answered as in_progress."""
    return run | {"status": "in_progress", "started_at": run["created_at"]}


@lifecycle(created, NEW)
def created_completed(_call: Call, run: Json) -> Json:
    """A create call waits for the end of the run and answers it completed, as a gateway was seen to do."""
    return run | {
        "status": "completed", "started_at": run["created_at"], "completed_at": run["created_at"], "expires_at": None,
        "usage": USED | {"prompt_token_details": None},
    }  # fmt: skip


@lifecycle(polled_runs, NEW, MOVES, "lifecycle.final-is-final")
def status_random(run: Run, shaped: Json) -> Json:
    """A run's status is any of the nine, as by a mock that takes a word at random."""
    words = ("queued", "completed", "expired", "in_progress", "failed", "cancelled")
    run.idle += 1
    return shaped | {"status": words[(run.idle + ord(run.id[-1])) % len(words)]}


@lifecycle(around("moves_on"), "lifecycle.queued-moves-on", "lifecycle.ends-in-time")
def stays_queued(_inner: Any) -> Any:
    """A run never leaves queued."""
    return lambda run: run.status != "queued"


@lifecycle(around("moves_on"), "lifecycle.ends-in-time", "lifecycle.lock.released")
def stays_in_progress(_inner: Any) -> Any:
    """A run never leaves in_progress."""
    return lambda run: run.status != "in_progress"


@lifecycle(around("moves_on"), "lifecycle.cancel.ends", rare=True)
def stays_cancelling(_inner: Any) -> Any:
    """A run that is being cancelled stays so."""
    return lambda run: run.status != "cancelling"


@lifecycle(around("moves_on"), "lifecycle.ends-in-time", "lifecycle.queued-moves-on", rare=True)
def stays_queued_after_outputs(_inner: Any) -> Any:
    """A run stays queued after tool outputs."""
    return lambda run: run.status != "queued" or not run.steps


@lifecycle(around("moves_on"), "lifecycle.queued-moves-on", "lifecycle.ends-in-time", rare=True)
def second_run_stays_queued(_inner: Any) -> Any:
    """The second run of a thread never starts."""
    return lambda run: run.status != "queued" or next(iter(run.thread.runs)) == run.id


@lifecycle(behaviour, "lifecycle.final-is-final", rare=True)
def completed_reverts(faithful: Behaviour) -> Behaviour:
    """A run read three times after its end is in_progress again, as from a replica that lags."""
    seen: dict[str, int] = {}

    def shape(item: Run, *, sse: bool = False) -> Json:
        shaped = faithful.shape_run(item, sse=sse)
        if sse or item.active:
            return shaped
        seen[item.id] = seen.get(item.id, 0) + 1
        return shaped | ({"status": "in_progress", "usage": None} if seen[item.id] == 3 else {})

    return replace(faithful, shape_run=shape)


@lifecycle(behaviour, MOVES, rare=True)
def queued_again(faithful: Behaviour) -> Behaviour:
    """A run in progress is read as queued once more."""
    seen: set[str] = set()

    def shape(item: Run, *, sse: bool = False) -> Json:
        shaped = faithful.shape_run(item, sse=sse)
        if sse or item.status != "in_progress":
            return shaped
        first = item.id not in seen
        seen.add(item.id)
        return shaped if first else shaped | {"status": "queued"}

    return replace(faithful, shape_run=shape, moves_on=lambda run: run.status != "in_progress" or _later(run))


def _later(run: Run) -> bool:
    """Not at the first read."""
    run.completed_at = (run.completed_at or 0) + 1
    return run.completed_at > 2


@lifecycle(around("move"), "lifecycle.legal-moves", "lifecycle.cancel.ends", rare=True)
def cancelled_run_completes(inner: Any) -> Any:
    """A run that is being cancelled ends as requires_action."""

    def move(run: Run, status: str, now: int, reason: str | None) -> None:
        inner(run, "requires_action" if status == "cancelled" else status, now, reason)

    return move


@lifecycle(around("check_cancel"), "lifecycle.cancel.final-refused", rare=True)
def cancel_after_the_end_taken(_inner: Any) -> Any:
    """A run that has ended can be cancelled."""
    return lambda _run: None


@lifecycle(answers, "lifecycle.cancel.final-refused", "lifecycle.final-is-final", rare=True)
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
    ("outputs-taken-twice", "A call may be answered twice in one submission.", lambda run, out: run.status == "requires_action" and {o["tool_call_id"] for o in out} == _ids(run), ("lifecycle.submit.partial-refused",)),
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


@lifecycle(answers, "lifecycle.submit.accepted", rare=True)
def submit_answers_in_progress(call: Call, payload: Any) -> Any:
    """Submitting outputs answers the run as in_progress."""
    told = call.operation == "submit_tool_outputs" and "error" not in payload
    return payload | {"status": "in_progress"} if told else payload


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
lifecycle.add("submit-without-outputs-taken", "A submission without tool_outputs is taken.", _submit_body(lambda body: {"tool_outputs": [], **body}), FORM, "lifecycle.submit.partial-refused", rare=True)
lifecycle.add("submit-stream-word-taken", "A submission's stream may be a word.", _submit_body(lambda body: body | {"stream": body.get("stream") is True}), "lifecycle.submit.stream", rare=True)
lifecycle.add("submit-null-stream-refused", "A submission's stream may not be null.", _submit_body(lambda body: body | ({"stream": "null"} if body.get("stream", ...) is None else {})), "lifecycle.submit.accepted", "lifecycle.submit.stream", rare=True)


@lifecycle(around("check_message_lock"), "lifecycle.lock.message-refused")
def message_beside_a_run_taken(_inner: Any) -> Any:
    """A message can be added while a run is at work."""
    return lambda _thread: None


@lifecycle(around("check_message_lock"), "lifecycle.lock.message-refused", rare=True)
def message_beside_a_waiting_run_taken(inner: Any) -> Any:
    """A message can be added while a run waits for tool outputs."""

    def check(thread: Thread) -> None:
        newest = next(reversed(thread.runs.values()), None)
        if newest is None or newest.status != "requires_action":
            inner(thread)

    return check


def _locked(statuses: set[str]) -> Callable[[Any], Any]:
    def wrap(inner: Any) -> Any:
        def check(thread: Thread) -> None:
            inner(thread)
            newest = next(reversed(thread.runs.values()), None)
            if newest is not None and newest.status in statuses:
                raise Refusal(f"Thread {thread.id} already has an active run {newest.id}.")

        return check

    return wrap


for _status in ("completed", "cancelled", "incomplete", "failed", "expired"):
    lifecycle.add(
        f"lock-kept-after-{_status}",
        f"A thread whose run was {_status} takes no further message.",
        around("check_message_lock")(_locked({_status})),
        "lifecycle.lock.released",
        rare=_status != "completed",
    )
    lifecycle.add(
        f"no-run-after-{_status}",
        f"A thread whose run was {_status} takes no further run.",
        around("check_run_lock")(_locked({_status})),
        "lifecycle.lock.released",
        "accept.*",
        rare=True,
    )


def _create(change: Callable[[Json], Json]) -> Any:
    return bodies(lambda call, body: change(dict(body)) if call.path.endswith("/runs") and isinstance(body, dict) else body)


def _lists(body: Json) -> bool:
    return isinstance(body.get("additional_messages"), list)


FIRST = "lifecycle.additional-messages-first"
lifecycle.add("additional-messages-reversed", "additional_messages are put on the thread in the opposite order.", _create(lambda body: body | {"additional_messages": body["additional_messages"][::-1]} if _lists(body) else body), FIRST, rare=True)


@lifecycle(behaviour, FIRST)
def additional_messages_lost(faithful: Behaviour) -> Behaviour:
    """additional_messages are accepted and thrown away."""
    return _after_start(faithful, _lose)


@lifecycle(behaviour, FIRST, rare=True)
def additional_messages_before_the_others(faithful: Behaviour) -> Behaviour:
    """additional_messages are put before the messages that the thread had."""

    def reorder(run: Run, given: list[str]) -> None:
        held = run.thread.messages
        ordered = {name: held[name] for name in (*given, *(one for one in held if one not in given))}
        held.clear()
        held.update(ordered)

    return _after_start(faithful, reorder)


@lifecycle(behaviour, FIRST, rare=True)
def only_the_first_additional_message(faithful: Behaviour) -> Behaviour:
    """Of several additional_messages only the first is kept."""
    return _after_start(faithful, lambda run, given: _lose(run, given[1:]))


@lifecycle(behaviour, FIRST, rare=True)
def additional_messages_of_the_assistant(faithful: Behaviour) -> Behaviour:
    """additional_messages get the role assistant."""

    def change(run: Run, given: list[str]) -> None:
        for one in given:
            run.thread.messages[one].role = "assistant"

    return _after_start(faithful, change)


@lifecycle(behaviour, "lifecycle.client-message-run-id", FIRST, rare=True)
def additional_messages_bear_the_run(faithful: Behaviour) -> Behaviour:
    """additional_messages have the run's id as run_id."""

    def change(run: Run, given: list[str]) -> None:
        for one in given:
            run.thread.messages[one].run_id = run.id

    return _after_start(faithful, change)


def _lose(run: Run, given: list[str]) -> None:
    for one in given:
        del run.thread.messages[one]


def _after_start(faithful: Behaviour, change: Callable[[Run, list[str]], None]) -> Behaviour:
    """When a run starts: what is to happen to the messages that its request brought (their ids, oldest first)."""

    def move(run: Run, status: str, now: int, reason: str | None) -> None:
        if status == "in_progress" and not run.steps and run.request.get("additional_messages"):
            own = [one.id for one in run.thread.messages.values() if one.run_id is None]
            change(run, own[-len(run.request["additional_messages"]) :])
        faithful.move(run, status, now, reason)

    return replace(faithful, move=move)


@lifecycle(messages, "lifecycle.client-message-run-id", "response.message.form")
def client_messages_run_id_empty(_message: Message, shaped: Json) -> Json:
    """A client's messages have an empty run_id."""
    return shaped | {"run_id": shaped["run_id"] or ""}


@lifecycle(around("find_thread"), "lifecycle.run-messages", rare=True)
def run_messages_lost(inner: Any) -> Any:
    """Messages of a run are not on its thread when it has ended."""

    def find(project: Any, identifier: str) -> Thread:
        thread: Thread = inner(project, identifier)
        if not any(run.active for run in thread.runs.values()):
            for name in [one.id for one in thread.messages.values() if one.run_id is not None]:
                del thread.messages[name]
        return thread

    return find


@lifecycle(messages, "lifecycle.run-messages", rare=True)
def run_messages_without_assistant(message: Message, shaped: Json) -> Json:
    """Messages of a run name no assistant."""
    return shaped | ({"assistant_id": None} if message.run_id else {})


@lifecycle(messages, "lifecycle.run-messages", rare=True)
def run_messages_without_run(message: Message, shaped: Json) -> Json:
    """Messages of a run name no run in JSON answers."""
    return shaped | ({"run_id": None} if message.run_id and "status" not in shaped else {})


@lifecycle(around("plan"), "lifecycle.token-limit-incomplete", rare=True)
def completion_limit_ignored(inner: Any) -> Any:
    """max_completion_tokens has no effect."""
    return lambda prompt: inner(replace(prompt, completion_limit=None))


@lifecycle(around("plan"), "lifecycle.token-limit-incomplete", rare=True)
def prompt_limit_ignored(inner: Any) -> Any:
    """max_prompt_tokens has no effect."""
    return lambda prompt: inner(replace(prompt, prompt_limit=None))


@lifecycle(around("plan"), "lifecycle.tool-choice.none", rare=True)
def tool_choice_none_ignored(inner: Any) -> Any:
    """A run with tool_choice none calls its tools."""
    return lambda prompt: inner(replace(prompt, tool_choice="required") if prompt.tool_choice == "none" and prompt.tools else prompt)


@lifecycle(around("plan"), "lifecycle.tool-choice.forced", rare=True)
def tool_choice_ignored(inner: Any) -> Any:
    """tool_choice has no effect."""
    return lambda prompt: inner(replace(prompt, tool_choice="auto", last_user="Hello."))


@lifecycle(around("plan"), "lifecycle.tool-choice.forced", rare=True)
def tool_choice_required_ignored(inner: Any) -> Any:
    """tool_choice required has no effect."""
    return lambda prompt: inner(replace(prompt, tool_choice="none") if prompt.tool_choice == "required" else prompt)


@lifecycle(around("plan"), "lifecycle.tool-choice.forced", rare=True)
def another_tool_called(inner: Any) -> Any:
    """A named tool_choice calls a tool that the run does not have."""

    def plan(prompt: script.Prompt) -> script.Action:
        action: script.Action = inner(prompt)
        if isinstance(action, script.CallFunctions):
            return script.CallFunctions(tuple((f"{name}_2", arguments) for name, arguments in action.calls))
        return action

    return plan


@lifecycle(around("plan"), "lifecycle.parallel-tool-calls-false", rare=True)
def parallel_false_ignored(inner: Any) -> Any:
    """parallel_tool_calls false has no effect: two calls at once."""

    def plan(prompt: script.Prompt) -> script.Action:
        action: script.Action = inner(prompt)
        if isinstance(action, script.CallFunctions) and not prompt.parallel:
            return script.CallFunctions(action.calls * 2)
        return action

    return plan


def _said(fits: Callable[[Any], bool], change: Callable[[str], str]) -> Callable[[Any], Any]:
    """What is said in some response_format."""

    def wrap(inner: Any) -> Any:
        def plan(prompt: script.Prompt) -> script.Action:
            action: script.Action = inner(prompt)
            if isinstance(action, script.Say) and isinstance(prompt.response_format, dict) and fits(prompt.response_format):
                return replace(action, pieces=script.pieces(change("".join(action.pieces))))
            return action

        return plan

    return wrap


_ROWS_3: Rows = (
    ("json-object-ignored", "response_format json_object has no effect.", lambda f: f["type"] == "json_object", lambda _t: "Of course: here you are.", ("lifecycle.json-mode",)),
    ("json-schema-ignored", "response_format json_schema has no effect.", lambda f: f["type"] == "json_schema", lambda _t: "Of course: here you are.", ("lifecycle.json-mode", "lifecycle.json-schema-strict")),
    ("json-in-a-fence", "JSON is said in a Markdown fence.", lambda f: f["type"].startswith("json"), lambda t: f"```json\n{t}\n```", ("lifecycle.json-mode",)),
    ("json-schema-not-kept", "With json_schema and strict the JSON said does not fit the schema.", lambda f: f["type"] == "json_schema", lambda _t: '{"answer": 1}', ("lifecycle.json-schema-strict",)),
    ("json-schema-extra-member", "With json_schema and strict the JSON said has a member too many.", lambda f: f["type"] == "json_schema", lambda t: t.replace("{", '{"note": "", ', 1), ("lifecycle.json-schema-strict",)),
)  # fmt: skip
for _name, _sentence, _fits, _change, _breaks in _ROWS_3:
    lifecycle.add(_name, _sentence, around("plan")(_said(_fits, _change)), *_breaks, rare=True)


@lifecycle(steps, "lifecycle.steps-end-with-run", rare=True)
def steps_left_open(step: Step, shaped: Json) -> Json:
    """A step that its run's end cut short is shown as in_progress."""
    cut = step.status in {"cancelled", "failed", "expired"}
    return shaped | ({"status": "in_progress", "usage": None, "failed_at": None, "last_error": None, "cancelled_at": None} if cut else {})


@lifecycle(messages, "lifecycle.message-ends-with-run", "event.message-status", rare=True)
def cut_messages_completed(message: Message, shaped: Json) -> Json:
    """A message that its run's failure cut short is shown as completed."""
    cut = message.status == "incomplete" and message.incomplete_reason != "max_tokens" and "status" in shaped
    return shaped | ({"status": "completed"} if cut else {})


@lifecycle(answers, "lifecycle.modify.answer", rare=True)
def modify_ignored(call: Call, payload: Any) -> Any:
    """Modifying a run answers it with the metadata that it had."""
    return payload | {"metadata": {}} if call.operation == "modify_run" and "error" not in payload else payload


@lifecycle(retrieved, "lifecycle.modify.answer", rare=True)
def modify_not_kept(_call: Call, run: Json) -> Json:
    """What modifying a run set is gone when it is read again."""
    return run | ({"metadata": {}} if "changed" in run["metadata"] else {})


def _modify_lax(matches: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def wrap(inner: Any) -> Any:
        def check(schema: str, body: Any, edition: str | None = None) -> None:
            if schema != "modify_request" or not matches(body):
                inner(schema, body, edition)

        return check

    return wrap


lifecycle.add("modify-unknown-taken", "Modifying a run takes unknown members.", around("check_body")(_modify_lax(lambda b: isinstance(b, dict) and "model" in b)), "lifecycle.modify", rare=True)
lifecycle.add("modify-not-looked-at", "Modifying a run takes metadata of any form.", around("check_body")(_modify_lax(lambda _b: True)), "lifecycle.modify", rare=True)


@lifecycle(answers, "lifecycle.modify.answer", "lifecycle.modify", "response.retrieve.same", rare=True)
def modify_changes_the_model(call: Call, payload: Any) -> Any:
    """Modifying a run answers it with another model."""
    return payload | {"model": "gpt-3.5"} if call.operation == "modify_run" and "error" not in payload else payload


Page = dict[str, Any]


def _relist(items: list[Json], wanted: PageRequest, page: Page) -> list[Json]:
    del page
    return items if wanted.order == "asc" else items[::-1]


_ROWS_4: Rows = (
    ("list-order-ignored", "Lists are always newest first.", lambda items, wanted, page: page | {"data": page["data"][::-1]} if wanted.order == "asc" else page, ("lifecycle.list.order",)),
    ("list-default-oldest-first", "Lists are oldest first.", lambda items, wanted, page: page | {"data": page["data"][::-1]} if wanted.order == "desc" else page, ("lifecycle.list.order",)),
    ("list-limit-ignored", "Lists hold all entries, whatever limit says.", lambda items, wanted, page: page | {"data": _relist(items, wanted, page), "has_more": False}, ("lifecycle.list.limit",)),
    ("list-limit-off-by-one", "Lists hold one entry more than limit says.", lambda items, wanted, page: page | {"data": _relist(items, wanted, page)[: wanted.limit + 1]} if not wanted.after and not wanted.before else page, ("lifecycle.list.limit",)),
    ("list-after-included", "A list after an entry starts with that entry.", lambda items, wanted, page: page | {"data": [*(o for o in items if o["id"] == wanted.after), *page["data"]][: wanted.limit]}, ("lifecycle.list.after",)),
    ("list-after-ignored", "after has no effect.", lambda items, wanted, page: page | {"data": _relist(items, wanted, page)[: wanted.limit]} if wanted.after else page, ("lifecycle.list.after",)),
    ("list-before-ignored", "before has no effect.", lambda items, wanted, page: page | {"data": _relist(items, wanted, page)[: wanted.limit]} if wanted.before else page, ("lifecycle.list.before",)),
    ("list-has-more-never", "has_more is always false.", lambda items, wanted, page: page | {"has_more": False}, ("lifecycle.list.has-more",)),
    ("list-has-more-always", "has_more is always true.", lambda items, wanted, page: page | {"has_more": True}, ("lifecycle.list.has-more", "lifecycle.list.empty")),
    ("list-has-more-when-full", "has_more is true whenever a page is full.", lambda items, wanted, page: page | {"has_more": len(page["data"]) >= wanted.limit}, ("lifecycle.list.has-more",)),
    ("list-last-id-first", "last_id is the first entry's.", lambda items, wanted, page: page | {"last_id": page["first_id"]}, ("lifecycle.list.first-last-id",)),
    ("list-ids-null", "first_id and last_id are always null.", lambda items, wanted, page: page | {"first_id": None, "last_id": None}, ("lifecycle.list.first-last-id",)),
    ("list-empty-ids", "first_id and last_id of an empty list are empty strings.", lambda items, wanted, page: page if page["data"] else page | {"first_id": "", "last_id": ""}, ("lifecycle.list.empty",)),
    ("list-newest-only", "Lists of several entries leave the oldest out.", lambda items, wanted, page: page | {"data": [o for o in page["data"] if len(items) < 3 or o["id"] != items[0]["id"]]}, ("lifecycle.list.*", FIRST, "response.list.form")),
)  # fmt: skip
for _name, _sentence, _small, _breaks in _ROWS_4:
    lifecycle.add(_name, _sentence, pages(_small), *_breaks, rare="ignored" not in _name)


@lifecycle(around("make_page"), "lifecycle.list.*", "response.retrieve.same", rare=True)
def new_runs_not_listed(inner: Any) -> Any:
    """A list of runs lacks the newest one."""
    return lambda items, wanted, kind: inner(items[:-1] if kind == "run" else items, wanted, kind)


@lifecycle(around("includes_content"), "event.step-search-content", rare=True)
def search_content_always(_inner: Any) -> Any:
    """file_search results show their content, asked for or not."""
    return lambda _call: True
