"""Every successful JSON answer against its schema, and what a success is (register chapter response)."""

from __future__ import annotations

from collections.abc import Iterator

from runs_conformance.contract.findings import Finding, failed, passed, verdict
from runs_conformance.contract.jsontext import MISSING, brief, decode
from runs_conformance.contract.judge import Context, on_exchange
from runs_conformance.contract.model import Exchange, Response
from runs_conformance.contract.operations import ANSWERS, CREATE, STREAMABLE
from runs_conformance.contract.shapes import answer_rows, judge_shape

# Cleaning up is not the contract's subject: what a deletion answers is `response.deleted.form`'s business
# alone.
_ANSWERED = frozenset(name for name, kind in ANSWERS.items() if kind != "deleted")


def _asked_stream(exchange: Exchange) -> bool:
    """A stream was asked for; or the body can't be read, and nobody knows what was."""
    known = exchange.request.json is not MISSING or exchange.operation.name not in STREAMABLE
    return exchange.request.object.get("stream") is True or not known


def _streamed_by_accept(exchange: Exchange) -> bool:
    """A stream for an Accept that names one: a SHOULD (RQ-277), told by headers.stream-by-body."""
    named = "text/event-stream" in (exchange.request.headers.get("accept") or "")
    came = exchange.response is not None and exchange.response.headers.media_type == "text/event-stream"
    return named and came and exchange.operation.name in STREAMABLE


def wrongly_accepted(exchange: Exchange) -> bool:
    """What had to be refused and was not.

    That is the finding, and its echo of a bad value is no second one.
    """
    return exchange.case is not None and exchange.case.expect == "refused"


@on_exchange("response.success", operations=_ANSWERED)
def success(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """200, application/json, one object (vendor schema responses.200; recordings)."""
    response = exchange.response
    if response is None or not response.ok or _asked_stream(exchange) or _streamed_by_accept(exchange):
        return
    if response.failure is not None:
        yield failed(
            "response.success", exchange, expected="a whole JSON answer", actual=response.failure.text,
            where="response",
        )
        return
    yield verdict(
        "response.success", response.status == 200, exchange, expected="status 200",
        actual=f"status {response.status}",
    )
    if response.headers.lines:
        yield verdict(
            "response.success", response.headers.media_type == "application/json", exchange,
            where="header content-type",
            expected="application/json", actual=response.headers.get("content-type") or "no content-type",
        )
    yield _one_object(exchange, response)


def _one_object(exchange: Exchange, response: Response) -> Finding:
    decoded = decode(response.body)
    if decoded.problem or decoded.oddities:
        seen = decoded.problem or decoded.oddities[0]
        return failed(
            "response.success", exchange, where="response", expected="one JSON object",
            actual=f"a body that is not plain JSON: {seen}",
        )
    return verdict(
        "response.success", isinstance(decoded.value, dict), exchange, where="response",
        expected="one JSON object", actual=brief(decoded.value),
    )


@on_exchange(*answer_rows(), operations=ANSWERS)
def shape(exchange: Exchange, context: Context) -> Iterator[Finding]:
    """The object, or each entry of a list, against its schema; extra properties are never wrong."""
    response = exchange.response
    if response is None or not response.ok or response.events is not None or response.failure is not None:
        return
    if not isinstance(response.json, dict) or wrongly_accepted(exchange):
        return
    kind = ANSWERS[exchange.operation.name]
    if not kind.startswith("list:"):
        yield from judge_shape(kind, response.json, exchange, "response", context)
        return
    yield from judge_shape("list", response.json, exchange, "response", context)
    entries = response.object.get("data")
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        yield from judge_shape(
            kind.removeprefix("list:"), entry, exchange, f"response /data/{index}", context,
        )


@on_exchange("response.run.recorded-extras", operations=CREATE)
def extras(exchange: Exchange, _: Context) -> Iterator[Finding]:
    """Two fields that no document names and every recording has: noted as seen."""
    if not exchange.ok or exchange.streamed or exchange.response is None:
        return
    if {"tool_resources", "reasoning_effort"} & exchange.response.object.keys():
        yield passed("response.run.recorded-extras", exchange)
