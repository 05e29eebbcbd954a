"""Short stories: a few calls about one run, as exchanges without times (so strictly one after the other)."""

from dataclasses import replace
from typing import Any

from broken_streams.good import ACTION, ASSISTANT, RUN, THREAD, run

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.judge import Judge
from runs_conformance.contract.model import Exchange, Headers, Request, Response, to_bytes

JUDGE = Judge()
RUNS = f"/threads/{THREAD}/runs"
HEADERS = Headers.of({"content-type": "application/json", "x-request-id": "req_1"})
WAITING = {"required_action": ACTION}


def call(
    method: str,
    path: str,
    answer: Any,
    body: Any = None,
    status: int = 200,
    *,
    query: tuple[tuple[str, str], ...] = (),
) -> Exchange:
    sent = None if body is None else to_bytes(body)
    response = Response(status, HEADERS, to_bytes(answer))
    return Exchange("?", Request(method, path, query, Headers(), sent), response, source="recording")


def error(text: str = "no") -> dict[str, Any]:
    return {"error": {"message": text, "type": "invalid_request_error", "param": None, "code": None}}


def create(status: str = "queued", *, body: dict[str, Any] | None = None, **fields: Any) -> Exchange:
    """A create call's answer; the settings in it were asked for."""
    asked = {
        name: fields[name]
        for name in ("tool_choice", "response_format", "max_completion_tokens")
        if name in fields
    }
    return call("POST", RUNS, run(status, **fields), {"assistant_id": ASSISTANT, **asked, **(body or {})})


def get(status: str, **fields: Any) -> Exchange:
    extra = WAITING if status == "requires_action" else {}
    return call("GET", f"{RUNS}/{RUN}", run(status, **{**extra, **fields}))


def submit(*ids: str, answer: str = "queued", status: int = 200, **fields: Any) -> Exchange:
    body = {"tool_outputs": [{"tool_call_id": one, "output": "sunny"} for one in ids]}
    extra = WAITING if answer == "requires_action" else {"started_at": run("in_progress")["started_at"]}
    shown = run(answer, **{**extra, **fields}) if status == 200 else error()
    return call("POST", f"{RUNS}/{RUN}/submit_tool_outputs", shown, body, status)


def cancel(answer: str = "cancelling", status: int = 200) -> Exchange:
    extra = WAITING if answer == "requires_action" else {}
    shown = run(answer, **extra) if status == 200 else error()
    return call("POST", f"{RUNS}/{RUN}/cancel", shown, {}, status)


def say(text: str = "hi", status: int = 200, run_id: str | None = None, refusal: str = "no") -> Exchange:
    shown = client_message("msg_c", text, run_id=run_id) if status == 200 else error(refusal)
    return call("POST", f"/threads/{THREAD}/messages", shown, {"role": "user", "content": text}, status)


def client_message(identity: str, text: str, **changes: Any) -> dict[str, Any]:
    part = {"type": "text", "text": {"value": text, "annotations": []}}
    return {
        "id": identity,
        "object": "thread.message",
        "created_at": 1_761_861_500,
        "assistant_id": None,
        "thread_id": THREAD,
        "run_id": None,
        "role": "user",
        "content": [part],
        "attachments": [],
        "metadata": {},
    } | changes


def answer_message(identity: str, text: str, **changes: Any) -> dict[str, Any]:
    fields = {"run_id": RUN, "assistant_id": ASSISTANT, "role": "assistant", "created_at": 1_761_861_540}
    return client_message(identity, text, **{**fields, **changes})


def listing(what: str, entries: list[dict[str, Any]], *query: tuple[str, str], **changes: Any) -> Exchange:
    """A list of `messages`, `runs` or `steps` as it stands, whole unless changed."""
    ids = [entry["id"] for entry in entries] or [None]
    body = {
        "object": "list",
        "data": entries,
        "first_id": ids[0],
        "last_id": ids[-1],
        "has_more": False,
    } | changes
    path = {"messages": f"/threads/{THREAD}/messages", "runs": RUNS, "steps": f"{RUNS}/{RUN}/steps"}[what]
    return call("GET", path, body, query=query)


def modify(sent: Any, status: str = "completed", **fields: Any) -> Exchange:
    return call("POST", f"{RUNS}/{RUN}", run(status, **fields), {"metadata": sent})


def judged(*exchanges: Exchange) -> list[Finding]:
    return JUDGE.everything([replace(one, id=f"x{number}") for number, one in enumerate(exchanges, 1)])


def failures(*exchanges: Exchange) -> set[str]:
    return {finding.requirement for finding in judged(*exchanges) if finding.failed}


def passes(*exchanges: Exchange) -> set[str]:
    found = judged(*exchanges)
    broken = {finding.requirement for finding in found if finding.failed}
    return {finding.requirement for finding in found} - broken
