"""Small exchanges and traces as literals: what a faithful server answers, and one change of it."""

from typing import Any

from runs_conformance.contract.findings import Finding, Outcome
from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Case, Exchange, Failure, Headers, Request, Response, to_bytes
from runs_conformance.contract.register import NEWEST

THREAD, ASSISTANT, RUN = "thread_one", "asst_one", "run_one"
RUNS, BOTH = f"/threads/{THREAD}/runs", "/threads/runs"
CREATED = 1_790_000_000
JSON = {"content-type": "application/json", "x-request-id": "req_one"}
USAGE = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}
MADE_THREAD = {"id": THREAD, "object": "thread", "created_at": CREATED, "metadata": {}, "tool_resources": {}}
GONE = object()
"""A member that is left out."""


def without(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {key: value for key, value in (document | changes).items() if value is not GONE}


def run(**changes: Any) -> dict[str, Any]:
    """A queued run as it is recorded."""
    nulls = ("started_at", "cancelled_at", "failed_at", "completed_at", "required_action", "last_error")
    nulls += ("max_completion_tokens", "max_prompt_tokens", "incomplete_details", "usage")
    settings = {"temperature": 1.0, "top_p": 1.0, "tool_choice": "auto", "response_format": "auto"}
    settings |= {"truncation_strategy": {"type": "auto", "last_messages": None}, "parallel_tool_calls": True}
    made = {"id": RUN, "object": "thread.run", "created_at": CREATED, "expires_at": CREATED + 600}
    made |= {"assistant_id": ASSISTANT, "thread_id": THREAD, "status": "queued", "model": "gpt-4o"}
    made |= {"instructions": None, "tools": [], "metadata": {}, **settings, **dict.fromkeys(nulls)}
    return without(made, **changes)


def done(**changes: Any) -> dict[str, Any]:
    times = {"started_at": CREATED + 1, "completed_at": CREATED + 3, "expires_at": None}
    return run(**({"status": "completed", "usage": USAGE, **times} | changes))


def message(**changes: Any) -> dict[str, Any]:
    made = {
        "id": "msg_one",
        "object": "thread.message",
        "created_at": CREATED,
        "thread_id": THREAD,
        "role": "user",
    }
    made |= {"content": [{"type": "text", "text": {"value": "hello", "annotations": []}}], "attachments": []}
    return without({**made, "metadata": {}, "assistant_id": None, "run_id": None}, **changes)


def assistant(**changes: Any) -> dict[str, Any]:
    made = {"id": ASSISTANT, "object": "assistant", "created_at": CREATED, "model": "gpt-4o", "name": None}
    made |= {"instructions": None, "tools": [], "temperature": 1.0, "top_p": 1.0, "response_format": "auto"}
    return without({**made, "metadata": {}, "description": None, "tool_resources": {}}, **changes)


def listing(*entries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    ids = [entry["id"] for entry in entries] or [None]
    made = {
        "object": "list",
        "data": list(entries),
        "first_id": ids[0],
        "last_id": ids[-1],
        "has_more": False,
    }
    return without(made, **changes)


def error(**changes: Any) -> dict[str, Any]:
    made = {"message": "no", "type": "invalid_request_error", "param": None, "code": None}
    return {"error": without(made, **changes)}


def exchange(method: str, path: str, answer: Any = None, body: Any = None, **more: Any) -> Exchange:
    """`answer` and `body`: JSON values or bytes; `headers`: the answer's; `status`: 200 unless given."""
    response = None
    if answer is not None:
        headers = Headers.of(more.pop("headers", JSON))
        response = Response(
            more.pop("status", 200), headers, _bytes(answer), failure=more.pop("broken", None)
        )
    request = Request(method, path, more.pop("query", ()), Headers.of(more.pop("sent", {})), _bytes(body))
    return Exchange(**{"id": "x1", "request": request, "response": response, **more})


def _bytes(value: Any) -> Any:
    return value if value is None or isinstance(value, bytes) else to_bytes(value)


def create(body: dict[str, Any] | None = None, answer: Any = None, **more: Any) -> Exchange:
    shown = run() if answer is None else answer
    return exchange("POST", RUNS, shown, {"assistant_id": ASSISTANT, **(body or {})}, **more)


def both(body: dict[str, Any] | None = None, answer: Any = None, **more: Any) -> Exchange:
    shown = run() if answer is None else answer
    return exchange("POST", BOTH, shown, {"assistant_id": ASSISTANT, **(body or {})}, **more)


def get(answer: Any, **more: Any) -> Exchange:
    return exchange("GET", f"{RUNS}/{RUN}", answer, **more)


def refused(
    body: dict[str, Any] | None = None, status: int = 400, answer: Any = None, **more: Any
) -> Exchange:
    return create(body, error() if answer is None else answer, status=status, **more)


def lost(kind: str, body: dict[str, Any] | None = None, **more: Any) -> Exchange:
    sent = {"assistant_id": ASSISTANT, **(body or {})}
    return exchange("POST", RUNS, None, sent, failure=Failure(kind, f"the answer: {kind}"), **more)


def refusal_case(*rows: str) -> Case:
    return Case("a case", rows, "refused")


def findings(row: str, *exchanges: Exchange, edition: str = NEWEST, **known: Any) -> list[Finding]:
    judge = Judge(Context(edition=edition, **known), frozenset({row}))
    return judge.everything(exchanges)


def outcomes(row: str, *exchanges: Exchange, **known: Any) -> set[Outcome]:
    return {one.outcome for one in findings(row, *exchanges, **known)}


def holds(row: str, *exchanges: Exchange, **known: Any) -> bool:
    """Judged, and nothing wrong; an AssertionError shows what was."""
    found = outcomes(row, *exchanges, **known)
    assert Outcome.FAILED not in found, findings(row, *exchanges, **known)
    return Outcome.PASSED in found


def failure(row: str, *exchanges: Exchange, **known: Any) -> tuple[str, str, str]:
    """Where, expected and actual of the only failure."""
    [told] = [one for one in findings(row, *exchanges, **known) if one.failed]
    assert told.requirement == row
    return told.where, " or ".join(told.expected), told.actual
