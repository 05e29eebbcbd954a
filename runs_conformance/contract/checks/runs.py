"""What must hold inside one run object, wherever it is shown, beyond its schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from runs_conformance.contract.compare import unchanged
from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import MISSING, brief, decode, pointer
from runs_conformance.contract.judge import Context, on_exchange, on_trace
from runs_conformance.contract.model import Exchange, Snapshot, Trace
from runs_conformance.contract.operations import CREATE
from runs_conformance.contract.traces import answer_run, by_id, objects, of_kind

PREFIXES: Final = {
    "thread.run": "run_", "thread": "thread_", "assistant": "asst_", "thread.message": "msg_",
    "thread.run.step": "step_",
}
# Seconds: the clocks of two machines drift; milliseconds or a wrong epoch are far outside.
DRIFT: Final = 600
_TIMES: Final = ("created_at", "expires_at", "started_at", "cancelled_at", "failed_at", "completed_at")


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@on_exchange("response.usage.sum", "response.usage.details")
def usage(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """total = prompt + completion, none negative (vendor prose; every recording)."""
    for snapshot in (*of_kind(exchange, "thread.run"), *of_kind(exchange, "thread.run.step")):
        counts = snapshot.value.get("usage")
        if not isinstance(counts, dict):
            continue
        numbers: list[Any] = [
            counts.get(name) for name in ("prompt_tokens", "completion_tokens", "total_tokens")
        ]
        if all(_integer(number) for number in numbers):
            prompt, completion, total = numbers
            yield verdict(
                "response.usage.sum", total == prompt + completion and min(
                    prompt, completion,
                ) >= 0, exchange, where=f"{snapshot.where} /usage",
                expected="total_tokens = prompt_tokens + completion_tokens, none negative", actual=counts,
            )
        if len(counts) > len(numbers):
            yield passed("response.usage.details", exchange, f"{snapshot.where} /usage")


@on_exchange("response.required-action.not-empty", "response.required-action.arguments-json")
def required_action(exchange: Exchange, _: Context) -> Iterator[Finding]:
    for snapshot in of_kind(exchange, "thread.run"):
        calls = tool_calls(snapshot.value)
        if calls is None:
            continue
        where = f"{snapshot.where} /required_action/submit_tool_outputs/tool_calls"
        yield verdict(
            "response.required-action.not-empty", bool(calls), exchange, where=where,
            expected="at least one tool call", actual=calls,
        )
        for index, call in enumerate(calls):
            function = call.get("function") if isinstance(call, dict) else None
            text = function.get("arguments") if isinstance(function, dict) else None
            if isinstance(text, str):
                yield verdict(
                    "response.required-action.arguments-json", decode(text.encode(
                        "utf-8", "surrogatepass",
                    )).value is not MISSING,
                    exchange, where=f"{where}/{index}/function/arguments",
                    expected="a string that parses as JSON", actual=brief(text),
                )


def tool_calls(run: dict[str, Any]) -> list[Any] | None:
    """The calls that a run waits for; None when it waits for none."""
    action = run.get("required_action")
    inner = action.get("submit_tool_outputs") if isinstance(action, dict) else None
    calls = inner.get("tool_calls") if isinstance(inner, dict) else None
    return calls if isinstance(calls, list) else None


@on_exchange("response.id-prefix")
def prefixes(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """run_, thread_, asst_, msg_, step_, call_: every recorded id; other alphabets and lengths are fine."""
    for snapshot in objects(exchange):
        named = [(snapshot.value.get("id"), PREFIXES.get(str(snapshot.value.get("object"))), "/id")]
        path = "/required_action/submit_tool_outputs/tool_calls"
        for index, call in enumerate(tool_calls(snapshot.value) or []):
            named.append((call.get("id") if isinstance(call, dict) else None, "call_", f"{path}/{index}/id"))
        for name, prefix, where in named:
            if prefix and isinstance(name, str):
                yield verdict(
                    "response.id-prefix", name.startswith(prefix), exchange,
                    where=f"{snapshot.where} {where}",
                    expected=f"an id that begins with {prefix}", actual=brief(name),
                )


# Operation -> which id of its path the answered object bears, and the row that says so.
_NAMED: Final = {
    "getRun": ("run", "response.retrieve.same"),
    **dict.fromkeys(("modifyRun", "cancelRun", "submitToolOutputs"), ("run", "response.id-unique")),
    **dict.fromkeys(("getThread", "modifyThread"), ("thread", "response.id-unique")),
    **dict.fromkeys(("getMessage", "modifyMessage"), ("message", "response.id-unique")),
    **dict.fromkeys(("getAssistant", "modifyAssistant"), ("assistant", "response.id-unique")),
    "getRunStep": ("step", "response.id-unique"),
}
_KINDS: Final = {
    "run": "thread.run", "thread": "thread", "message": "thread.message", "assistant": "assistant",
    "step": "thread.run.step",
}
# Kind -> members that repeat ids of the path it was asked for under, and the row of an object that stands
# elsewhere.
_HOME: Final = {
    "thread.run": (("thread_id",), "isolation.run-under-own-thread"),
    "thread.message": (("thread_id",), "response.message.form"),
    "thread.run.step": (("thread_id", "run_id"), "response.step.form"),
}


@on_exchange(*dict.fromkeys((*(row for _, row in _NAMED.values()), *(row for _, row in _HOME.values()))))
def addressed(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """What is asked for by its path is what is answered.

    That object, and of that thread and run. Only breaches are told.
    """
    kind, row = _NAMED.get(exchange.operation.name, ("", ""))
    for shown in objects(exchange):
        if kind and shown.value.get("object") == _KINDS[kind]:
            yield from _as_asked(exchange, shown, "id", kind, row)
        members, home = _HOME.get(str(shown.value.get("object")), ((), ""))
        for member in members if exchange.operation.name not in CREATE else ():
            yield from _as_asked(
                exchange, shown, member, member.removesuffix("_id"),
                "response.retrieve.same" if exchange.operation.name == "getRun" else home,
            )


def _as_asked(exchange: Exchange, shown: Snapshot, member: str, kind: str, row: str) -> Iterator[Finding]:
    asked, seen = exchange.operation.id(kind), shown.value.get(member)
    if asked is not None and isinstance(seen, str) and seen != asked:
        yield failed(
            row, exchange, where=f"{shown.where} /{member}", expected=f"{asked}, as in the path",
            actual=brief(seen),
        )


@on_exchange("response.timestamp.seconds", "response.timestamp.order")
def timestamps(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Whole seconds of Unix time, near now where something was made just now; never going backwards."""
    for snapshot in of_kind(exchange, "thread.run"):
        times = {name: snapshot.value.get(name) for name in _TIMES if _integer(snapshot.value.get(name))}
        yield from _seconds(snapshot, times, exchange)
        yield from _order(snapshot, times, exchange)
    for kind in ("thread", "thread.message", "thread.run.step"):
        for snapshot in of_kind(exchange, kind):
            made = snapshot.value.get("created_at")
            yield from _seconds(snapshot, {"created_at": made} if _integer(made) else {}, exchange)


# What a call makes: a create's stream shows steps and messages of its run too. Messages that are added come
# after a test may have moved the target's clock.
_MADE: Final = {
    **dict.fromkeys(CREATE, ("thread.run", "thread.run.step", "thread.message")),
    "createThreadAndRun": ("thread", "thread.run", "thread.run.step", "thread.message"),
    "createThread": ("thread",),
}


def _seconds(snapshot: Snapshot, times: dict[str, Any], exchange: Exchange) -> Iterator[Finding]:
    for name, value in times.items():
        ok = 1_600_000_000 <= value < 10_000_000_000
        yield verdict(
            "response.timestamp.seconds", ok, exchange, where=f"{snapshot.where} /{name}",
            expected="Unix time in whole seconds", actual=value,
        )
    created, began = times.get("created_at"), exchange.started_at
    made = snapshot.value.get("object") in _MADE.get(exchange.operation.name, ())
    if made and began and created is not None and created < 10_000_000_000:
        yield verdict(
            "response.timestamp.seconds", -DRIFT <= created - began <= DRIFT + exchange.seconds, exchange,
            where=f"{snapshot.where} /created_at",
            expected=f"within {DRIFT} s of now ({int(began)})", actual=created,
        )


def _order(snapshot: Snapshot, times: dict[str, Any], exchange: Exchange) -> Iterator[Finding]:
    ends = [name for name in ("completed_at", "failed_at", "cancelled_at") if name in times]
    pairs = [("created_at", "started_at")] + [
        (begin, end) for end in ends for begin in ("created_at", "started_at")
    ]
    for earlier, later in pairs:
        if earlier in times and later in times:
            yield verdict(
                "response.timestamp.order", times[
                    earlier
                ] <= times[later], exchange, where=f"{snapshot.where} /{later}",
                expected=f"not before {earlier} ({times[earlier]})", actual=times[later],
            )


@on_exchange("response.create-thread-and-run.run", operations=("createThreadAndRun",))
def answers_run(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """The run, not the thread, is answered."""
    if (
        not exchange.ok
        or exchange.streamed
        or exchange.response is None
        or exchange.request.object.get("stream") is True
    ):
        return
    kind = exchange.response.object.get("object")
    if kind is not None:
        yield verdict(
            "response.create-thread-and-run.run", kind == "thread.run", exchange, where="response /object",
            expected="thread.run", actual=brief(kind),
        )


@on_trace("response.retrieve.same", "response.create-thread-and-run.run")
def retrieved(trace: Trace, _: Context) -> Iterator[Finding]:
    """A run read again is the same run with the same settings.

    The thread of a createThreadAndRun is there.
    """
    for snapshots in by_id(of_kind(trace, "thread.run")).values():
        first = next((one for one in snapshots if one.exchange.operation.name in CREATE), None)
        later = [one for one in snapshots if one.exchange.operation.name in ("getRun", "listRuns")]
        if first is not None and later:
            modified = any(one.exchange.operation.name == "modifyRun" for one in snapshots)
            names = SETTINGS if modified else (*SETTINGS, "metadata")
            for read in (later[0], later[-1]) if len(later) > 1 else later:
                yield from _unchanged(first, read, names)
    yield from _thread_there(trace)


SETTINGS: Final = (
    "id", "object", "thread_id", "assistant_id", "created_at", "model", "instructions", "tools",
    "temperature", "top_p",
    "max_prompt_tokens", "max_completion_tokens", "truncation_strategy", "tool_choice", "parallel_tool_calls",
    "response_format",
)


def _unchanged(first: Snapshot, later: Snapshot, names: tuple[str, ...]) -> Iterator[Finding]:
    changed = [
        name for name in names
        if name in first.value and name in later.value
        and not unchanged(name, first.value[name], later.value[name])
    ]
    lost = [name for name in SETTINGS[:5] if name not in later.value]
    if not changed and not lost:
        yield passed("response.retrieve.same", later.exchange)
    for name in (*changed, *lost):
        yield failed(
            "response.retrieve.same", later.exchange, where=f"{later.where} {pointer((name,))}",
            expected=[f"{name} as the create answered it"],
            actual={"create": first.value.get(name), "read": later.value.get(name, "nothing")},
        )


def _thread_there(trace: Trace) -> Iterator[Finding]:
    made = [
        one
        for one in trace.of("createThreadAndRun") if one.ok
        and answer_run(one).get("thread_id") == trace.thread_id
    ]
    for read in trace.of("getThread") if made else ():
        yield verdict(
            "response.create-thread-and-run.run", read.ok, read, where="the new thread",
            expected="the thread named by the run can be retrieved", actual=f"status {read.status}",
        )
    for one in made:
        earlier = _earlier(trace, one)
        if earlier is not None:
            yield failed(
                "response.create-thread-and-run.run", one, where="run /thread_id", expected="a new thread",
                actual=f"{trace.thread_id}, which {earlier.operation.name} made ({earlier.id})",
            )


def _earlier(trace: Trace, call: Exchange) -> Exchange | None:
    """The call that made the thread before this one did."""
    before = trace.exchanges[: trace.exchanges.index(call)]
    mine = answer_run(call).get("id")
    return next(
        (
            one
            for one in before if one.ok
            and (
                one.operation.name == "createThread"
                or (one.operation.name == "createThreadAndRun" and answer_run(one).get("id") != mine)
            )
        ),
        None,
    )
