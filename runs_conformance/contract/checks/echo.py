"""What a run says about its own settings.

The request's value, else the assistant's, else the documented default.

Each rule is one line of a table; a value that the server could legally fill in or resolve (a dated model
name, a tool's defaults) is equal to what was sent (see contract.compare).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from runs_conformance.contract.checks.refusals import unsettled
from runs_conformance.contract.compare import Same, difference, kept, model_fits, same
from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import brief, pointer
from runs_conformance.contract.judge import Context, on_exchange
from runs_conformance.contract.model import MISSING, Exchange
from runs_conformance.contract.operations import CREATE
from runs_conformance.contract.traces import answer_run


@dataclass(frozen=True)
class Echo:
    """`given` is the row for a value from the request or the assistant, `default` the one for none at all."""

    field: str
    given: str
    default: str
    value: Any
    equal: Same = kept
    inherited: bool = True


def _truncation(sent: Any, seen: Any) -> bool:
    """auto has no use for a count.

    One that was sent may come back or be dropped, one that was not must not appear.
    """
    if not isinstance(sent, dict) or not isinstance(seen, dict):
        return False
    count, shown = sent.get("last_messages"), seen.get("last_messages")
    idle = sent.get("type") == "auto" and shown is None
    return sent.get("type") == seen.get("type") and (idle or same(count, shown))


TABLE: Final = (
    Echo("temperature", "response.default.temperature", "response.default.temperature", 1, same),
    Echo("top_p", "response.default.top-p", "response.default.top-p", 1, same),
    Echo(
        "max_prompt_tokens", "response.echo.token-limits", "response.echo.token-limits", None, same,
        inherited=False,
    ),
    Echo(
        "max_completion_tokens", "response.echo.token-limits", "response.echo.token-limits", None, same,
        inherited=False,
    ),
    Echo(
        "truncation_strategy", "response.echo.settings", "response.default.truncation", {"type": "auto"},
        _truncation, inherited=False,
    ),
    Echo("tool_choice", "response.echo.settings", "response.default.tool-choice", "auto", inherited=False),
    Echo(
        "parallel_tool_calls", "response.default.parallel-tool-calls", "response.default.parallel-tool-calls",
        True, same, inherited=False,
    ),
    Echo("response_format", "response.echo.settings", "response.default.response-format", "auto"),
    Echo("metadata", "response.echo.metadata", "response.echo.metadata", {}, same, inherited=False),
)
_ROWS: Final = tuple({row for echo in TABLE for row in (echo.given, echo.default)})


def _created(exchange: Exchange) -> dict[str, Any]:
    """The run of an accepted create; empty when there is none or the body could not be read."""
    return (
        answer_run(exchange)
        if exchange.response is not None and exchange.response.ok and exchange.request.object
        else {}
    )


def _judged(exchange: Exchange, context: Context) -> Callable[[str], bool]:
    """Whether a field can be judged."""
    broken = unsettled(exchange, context)
    return lambda name: name not in broken


def _assistant(exchange: Exchange, context: Context) -> dict[str, Any] | None:
    return context.assistants.get(str(exchange.request.object.get("assistant_id")))


@on_exchange(*_ROWS, operations=CREATE)
def settings(exchange: Exchange, context: Context) -> Iterator[Finding]:
    run, body = _created(exchange), exchange.request.object
    assistant, judged = _assistant(exchange, context), _judged(exchange, context)
    for echo in TABLE if run else ():
        if echo.field not in run or not judged(echo.field):
            continue
        seen, sent = run[echo.field], body.get(echo.field)
        if sent is None and echo.inherited:
            if assistant is None:
                continue
            sent = assistant.get(echo.field)
            sent = None if echo.value is not None and same(sent, echo.value) else sent
        yield from _judge(echo, sent, seen, exchange)


def _judge(echo: Echo, sent: Any, seen: Any, exchange: Exchange) -> Iterator[Finding]:
    where = f"run /{echo.field}"
    if sent is not None:
        yield _in_force(
            echo.given, echo.equal(sent, seen), difference(sent, seen, same if echo.equal is same else kept),
            exchange, where,
        )
    elif seen is None and echo.field in ("temperature", "top_p", "metadata"):
        return  # null is legal there and says nothing
    else:
        fits = seen is None if echo.value is None else echo.equal(echo.value, seen)
        yield verdict(
            echo.default, fits, exchange, where=where, expected=f"{brief(echo.value)}, the default",
            actual=brief(seen),
        )


def _in_force(
    row: str, ok: bool, parted: tuple[tuple[str | int, ...], str, str], exchange: Exchange, where: str,
) -> Finding:
    path, wanted, found = parted
    return verdict(
        row, ok, exchange, where=where if ok else where + pointer(path),
        expected=f"{wanted}, the value in force", actual=found,
    )


@on_exchange("response.echo.thread-id", "response.echo.assistant-id", operations=CREATE)
def identity(exchange: Exchange, _: Context) -> Iterator[Finding]:
    run = _created(exchange)
    if not run:
        return
    thread, assistant = exchange.operation.id("thread"), exchange.request.object.get("assistant_id")
    if thread is not None:
        yield verdict(
            "response.echo.thread-id", run.get("thread_id") == thread, exchange, where="run /thread_id",
            expected=thread, actual=brief(run.get("thread_id")),
        )
    if isinstance(assistant, str):
        yield verdict(
            "response.echo.assistant-id", run.get(
                "assistant_id"
            ) == assistant, exchange, where="run /assistant_id",
            expected=assistant, actual=brief(run.get("assistant_id")),
        )


@on_exchange("response.echo.model", operations=CREATE)
def model(exchange: Exchange, context: Context) -> Iterator[Finding]:
    """A resolved alias (a dated snapshot, a provider prefix) is the same model."""
    run, assistant = _created(exchange), _assistant(exchange, context) or {}
    wanted = exchange.request.object.get("model") or assistant.get("model")
    if run and isinstance(wanted, str) and _judged(exchange, context)("model"):
        yield verdict(
            "response.echo.model", model_fits(wanted, run.get("model"), context.aliases), exchange,
            where="run /model",
            expected=(wanted, f"a dated name of {wanted}", "an alias that the profile names"),
            actual=brief(run.get("model")),
        )


@on_exchange(
    "response.echo.instructions", "response.echo.additional-instructions", "response.run.instructions-type",
    operations=CREATE,
)
def instructions(exchange: Exchange, context: Context) -> Iterator[Finding]:
    """The override or the assistant's text; additional_instructions may follow it, never replace it."""
    run, body = _created(exchange), exchange.request.object
    assistant = _assistant(exchange, context)
    if "instructions" not in run or (body.get("instructions") is None and assistant is None):
        return
    base = (
        body["instructions"]
        if body.get("instructions") is not None
        else (assistant or {}).get("instructions")
    )
    extra, seen = body.get("additional_instructions"), run["instructions"]
    yield verdict(
        "response.run.instructions-type", isinstance(
            seen, str,
        ) or not _text(base), exchange, where="run /instructions",
        expected="a string, for instructions were given", actual=brief(seen),
    )
    if not isinstance(extra, str) or not extra:
        alike = _text(seen) == _text(base) or (extra == "" and _joined(_text(base), _text(seen)))
        yield _in_force(
            "response.echo.instructions", alike, difference(base, seen, same), exchange,
            "run /instructions",
        )
        return
    shown = isinstance(seen, str) and seen.startswith(_text(base)) and seen.endswith(extra)
    if _text(seen) == _text(base):
        yield passed("response.echo.instructions", exchange)
    elif shown:
        yield passed("response.echo.instructions", exchange)
        yield passed("response.echo.additional-instructions", exchange)
    else:
        yield failed(
            "response.echo.additional-instructions", exchange, where="run /instructions",
            expected=(brief(base), f"{brief(base)} followed by {brief(extra)}"), actual=brief(seen),
        )


def _joined(base: str, seen: str) -> bool:
    """An empty addition, put after the text with whatever stands between the two."""
    return seen.startswith(base) and seen[len(base) :].isspace()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


@on_exchange("response.echo.tools", "response.echo.function-strict", operations=CREATE)
def tools(exchange: Exchange, context: Context) -> Iterator[Finding]:
    run, assistant = _created(exchange), _assistant(exchange, context)
    sent = exchange.request.object.get("tools")
    if "tools" not in run or (sent is None and assistant is None):
        return
    if not _judged(exchange, context)("tools"):
        return
    wanted = sent if sent is not None else (assistant or {}).get("tools") or []
    yield _in_force(
        "response.echo.tools", kept(wanted, run["tools"]), difference(wanted, run["tools"]), exchange,
        "run /tools",
    )
    yield from _strict(wanted, run["tools"], exchange)


def _strict(wanted: Any, seen: Any, exchange: Exchange) -> Iterator[Finding]:
    if not (isinstance(wanted, list) and isinstance(seen, list) and len(wanted) == len(seen)):
        return
    for index, (asked, tool) in enumerate(zip(wanted, seen, strict=True)):
        function = tool.get("function") if isinstance(tool, dict) else None
        given = asked.get("function") if isinstance(asked, dict) else None
        if isinstance(function, dict) and isinstance(given, dict) and given.get("strict") is None:
            yield verdict(
                "response.echo.function-strict", function.get("strict", MISSING) is False, exchange,
                where=f"run /tools/{index}/function/strict", expected="false, filled in", actual=brief(
                    function.get("strict", MISSING)
                ),
            )
