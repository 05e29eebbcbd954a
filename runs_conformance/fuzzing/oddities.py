"""Sending oddities: all of them, or the few that the standard check sends. No schemathesis here."""

from __future__ import annotations

from typing import Any

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Case, Exchange
from runs_conformance.contract.operations import segment, template
from runs_conformance.fuzzing import beyond
from runs_conformance.fuzzing.hostile import ASSISTANT, Hostile, hostile, paths
from runs_conformance.fuzzing.living import Living
from runs_conformance.live import Live
from runs_conformance.stimuli.base import CREATE_RUN


def few(operation: str, effort: str) -> tuple[Hostile, ...]:
    """The oddities of a check: all when thorough, a few that start no run when standard, else none."""
    if effort == "smoke":
        return ()
    every = (*hostile(operation), *(paths() if operation == CREATE_RUN else ()))
    return every if effort == "thorough" else tuple(each for each in every if each.standard)


def arguments(one: Hostile, operation: str, living: Living) -> dict[str, Any]:
    """For `Client.send`: the oddity on a create operation, with a living assistant and thread."""
    path = one.path or template(operation)[1]
    if not one.path and operation == CREATE_RUN:
        path = path.replace("{thread}", segment(living.ids(operation, ("thread",))["thread"]))
    return {
        "method": one.method, "path": path, "body": _body(one, living.assistant), "query": one.query,
        "headers": dict(one.headers), "drop_headers": one.dropped, "case": Case(one.name),
    }  # fmt: skip


def _body(one: Hostile, assistant: str) -> bytes | None:
    if one.body is None:
        return None
    if one.body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return one.body.decode("utf-16").replace(ASSISTANT, assistant).encode("utf-16")
    return one.body.replace(ASSISTANT.encode(), assistant.encode())


def oddity(
    live: Live, living: Living, operation: str, one: Hostile, *, twice: bool = False
) -> tuple[list[Finding], list[Exchange]]:
    """Send an oddity and judge the answer; once more if it was accepted, failed, or if asked for `twice`."""
    first = _sent(live, living, operation, one)
    found = list(beyond.judge(first, live.edition, odd=True))
    doubtful = {each.requirement for each in found if each.failed} & beyond.ONCE_MORE
    if not (doubtful or twice or (first.ok and one.repeatable)):
        return found, [first]
    second = _sent(live, living, operation, one)
    met = {each.requirement for each in beyond.judge(second, live.edition) if each.failed}
    kept = [each for each in found if not each.failed or each.requirement not in doubtful - met]
    return [*kept, *beyond.consistent(first, second)], [first, second]


def _sent(live: Live, living: Living, operation: str, one: Hostile) -> Exchange:
    exchange = live.client.send(**arguments(one, operation, living))
    living.note(exchange)
    return exchange
