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
from runs_conformance.reference.refusals import Refusal

ANSWERS = "response.success,response.run,response.echo,response.default,response.retrieve,"
ANSWERS += "isolation.no-leak-between-runs"
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
        faithful,
        settings=lambda body, assistant: replace(
            faithful.settings(body, assistant),
            **change(body, assistant),
        ),
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
    return lambda faithful: replace(faithful, status=change)


def unchecked(name):
    return lambda faithful: replace(faithful, **{name: lambda *_: None})


def unstreamed():
    """stream is ignored, and what was asked for is written into the metadata: no two runs are alike."""

    def fault(faithful):
        def read_body(call, *, needed):
            body = faithful.read_body(call, needed=needed)
            asked = isinstance(body, dict) and body.get("stream") is True
            return body | {"stream": False, "metadata": {"asked": "stream"}} if asked else body

        return replace(faithful, read_body=read_body)

    return fault


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
            last.clear()
            last.update(item.metadata)
        return run if item.metadata else run | {"metadata": dict(last)}

    return shown(change)


def repeats_a_key(faithful):
    def encode_json(call, payload):
        data = faithful.encode_json(call, payload)
        return data.replace(b'"object": "thread.run"', b'"object": "thread.run", "object": "thread.run"', 1)

    return replace(faithful, encode_json=encode_json)


def swapped(run, _):
    return run | {
        "max_prompt_tokens": run["max_completion_tokens"],
        "max_completion_tokens": run["max_prompt_tokens"],
    }


def named_badly(faithful):
    return replace(
        faithful,
        new_id=lambda random, prefix, size: faithful.new_id(random, prefix.strip("_"), size),
    )


def plain_text(headers):
    return headers | {"content-type": headers["content-type"].replace("application/json", "text/json")}


def flat(faithful):
    return replace(faithful, shape_error=lambda call, refusal: faithful.shape_error(call, refusal)["error"])


def speaks_text(faithful):
    return replace(faithful, shape_error=lambda call, refusal: {"error": refusal.message})


FAULTS = {
    # what is answered
    "a temperature of 0 counts as none": (
        settled(
            lambda body, assistant: {
                "temperature": float(body.get("temperature") or assistant.temperature or 1)
            }
        ),
        ANSWERS,
        {"response.default.temperature"},
    ),
    "metadata loses what is not ASCII": (
        shown(garbled),
        "response,accept.unicode",
        {"response.echo.metadata"},
    ),
    "metadata is forgotten": (set_to(metadata={}), ANSWERS, {"response.echo.metadata"}),
    "metadata leaks into the next run": (
        leaks_metadata(),
        ANSWERS,
        {"response.echo.metadata", "isolation.no-leak-between-runs"},
    ),
    "tools come back in another order": (
        shown(lambda run, _: run | {"tools": run["tools"][::-1]}),
        "response,accept.tools.twenty",
        {"response.echo.tools"},
    ),
    "the token limits are swapped": (shown(swapped), ANSWERS, {"response.echo.token-limits"}),
    "the response format is not honoured": (
        set_to(response_format="auto"),
        ANSWERS,
        {"response.echo.settings"},
    ),
    "the model of the request is ignored": (
        settled(lambda _, assistant: {"model": assistant.model}),
        "response,accept.model.any-string",
        {"response.echo.model"},
    ),
    "additional instructions replace": (
        settled(
            lambda body, _: (
                {"instructions": body["additional_instructions"]}
                if body.get("additional_instructions")
                else {}
            )
        ),
        ANSWERS,
        {"response.echo.additional-instructions"},
    ),
    "another assistant is named": (
        set_to(assistant_id="asst_other"),
        ANSWERS,
        {"response.echo.assistant-id"},
    ),
    "another thread is named": (
        set_to(thread_id="thread_other"),
        "response.echo,response.retrieve,response.create-thread-and-run",
        {"response.echo.thread-id", "response.create-thread-and-run.run"},
    ),
    "created_at is a float": (
        shown(lambda run, _: run | {"created_at": float(run["created_at"])}),
        ANSWERS,
        {"response.run.identity"},
    ),
    "times are in milliseconds": (
        shown(lambda run, _: run | {"created_at": run["created_at"] * 1000}),
        "response",
        {"response.timestamp.seconds", "response.timestamp.order"},
    ),
    "expires_at is left out": (
        shown(lambda run, _: without(run, "expires_at")),
        ANSWERS,
        {"response.run.timestamps"},
    ),
    "usage does not add up": (
        shown(lambda run, _: run | {"usage": run["usage"] and run["usage"] | {"total_tokens": 1}}),
        "response.usage.sum,response.usage.form",
        {"response.usage.sum"},
    ),
    "the settings change while it runs": (
        shown(lambda run, item: run if item.status == "queued" else run | {"top_p": 0.25}),
        "response.retrieve,response.default",
        {"response.retrieve.same"},
    ),
    "ids have no prefix": (
        named_badly,
        "response.id-prefix,response.id-unique,response.run",
        {"response.id-prefix"},
    ),
    "a key stands twice": (repeats_a_key, ANSWERS, {"response.success"}),
    "creating answers 201": (
        statuses(
            lambda call, status: 201 if status == 200 and call.operation.startswith("create_run") else status
        ),
        ANSWERS,
        {"response.success"},
    ),
    "JSON is called text/json": (
        some_headers(plain_text),
        "response,error.envelope",
        {"response.success", "error.envelope"},
    ),
    "no request id": (
        some_headers(lambda headers: without(headers, "x-request-id")),
        "headers.request-id,error.envelope",
        {"headers.request-id"},
    ),
    # what is refused
    "a limit of 255 tokens is taken": (
        taken(lambda body: without(body, "max_prompt_tokens", "max_completion_tokens")),
        REFUSALS,
        {"refuse.max-tokens.minimum"},
    ),
    "21 tools are taken": (
        taken(
            lambda body: body | {"tools": body["tools"][:20]} if isinstance(body.get("tools"), list) else body
        ),
        REFUSALS,
        {"refuse.tools.maximum"},
    ),
    "unknown properties are passed over": (
        taken(lambda body: without(body, "unknown_property")),
        "refuse.unknown-property,refuse.message,error",
        {"refuse.unknown-property"},
    ),
    "metadata of any size is taken": (
        taken(lambda body: without(body, "metadata")),
        "refuse.metadata",
        {"refuse.metadata.pairs", "refuse.metadata.lengths", "refuse.metadata.value-type"},
    ),
    "a missing assistant_id is a crash": (
        statuses(
            lambda call, status: 500 if status == 400 and "assistant_id" not in (call.body or {}) else status
        ),
        "refuse.assistant-id",
        {"refuse.assistant-id.missing"},
    ),
    "validation answers 422": (
        statuses(lambda _, status: 422 if status == 400 else status),
        REFUSALS,
        {
            "error.status-400",
            "error.active-run",
            "refuse.unknown-property.code",
            "refuse.assistant-id.prefix",
            "refuse.thread-id.prefix",
            "refuse.beta-header.missing",
            "refuse.beta-header.v1",
        },
    ),
    "refusals are called a success": (
        statuses(lambda _, status: 200 if status == 400 else status),
        "refuse.temperature,refuse.assistant-id.missing,refuse.body",
        {"refuse.temperature.range", "refuse.assistant-id.missing", "refuse.body.form"},
    ),
    "the error stands bare": (flat, "error.envelope,error.fields,refuse.temperature", {"error.envelope"}),
    "the error is a text": (
        speaks_text,
        "error.envelope,error.fields,refuse.temperature",
        {"error.envelope"},
    ),
    "no field is ever named": (
        refused_as(param=None),
        REFUSALS,
        {
            "error.param",
            "refuse.unknown-property.code",
            "refuse.assistant-id.prefix",
        },
    ),
    "another field is named": (refused_as(param="model"), "error.param,refuse.temperature", {"error.param"}),
    "the code is a number": (
        refused_as(code=400),
        "error.fields,error.envelope,refuse.temperature",
        {"error.fields"},
    ),
    "the thread is not locked": (
        unchecked("check_run_lock"),
        "refuse.thread,isolation.race-one-wins",
        {"refuse.thread.active-run", "isolation.race-one-wins"},
    ),
    "the beta header is not asked for": (
        unchecked("check_beta"),
        "refuse.beta-header,refuse.key",
        {
            "refuse.beta-header.missing",
            "refuse.beta-header.v1",
        },
    ),
    # what is judged all the same, and what is not
    "a run has no object, and bodies are refused": (
        shown(lambda run, _: without(run, "object")), "refuse.temperature,refuse.tools", set(),
    ),
    "nothing is streamed": (
        unstreamed(),
        "isolation.streamed-equals-polled,isolation.stream-closed-early,refuse.temperature",
        set(),
    ),
    # what is accepted
    "null is refused": (
        turned_down(lambda body: None in body.values()),
        ACCEPTS,
        {"accept.null-as-absent", "accept.tool-resources"},
    ),
    "a long function name is refused": (
        turned_down(
            lambda body: any(
                len(str(tool.get("function", {}).get("name"))) > 63 for tool in body.get("tools") or []
            )
        ),
        ACCEPTS,
        {"accept.function.name-maximum"},
    ),
    "text that is not ASCII is refused": (
        turned_down(lambda body: not str(body.get("metadata")).isascii()),
        ACCEPTS,
        {"accept.unicode"},
    ),
}


def check(fault, select, folder):
    """The rows that failed, SHOULD ones included, and the exit code."""
    results = folder / "results.jsonl"
    with running(ReferenceOptions(faults=(fault,) if fault else ())) as url:
        code = main(["check", url, "--profile", "smoke", "--select", select, "--results", str(results)])
    lines = map(json.loads, results.read_text("utf-8").splitlines())
    rows = {line["id"]: line["outcome"] for line in lines if line["kind"] == "requirement"}
    return (
        {name for name, outcome in rows.items() if outcome in ("failed", "warning", "untestable")},
        rows,
        code,
    )


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_by_its_rows_and_no_others(name, tmp_path):
    fault, select, fails = FAULTS[name]
    failed, _, code = check(fault, select, tmp_path)
    assert failed == fails
    assert code == int(any(load()[row].level == "MUST" for row in fails))


def test_a_faithful_target_breaks_none_of_these_rows(tmp_path):
    rows = {row for _, _, fails in FAULTS.values() for row in fails}
    failed, told, code = check(None, ",".join(sorted(rows)), tmp_path)
    assert (failed, code) == (set(), 0)
    assert {row for row in rows if told[row] == "passed"} == rows
