"""What clients need to see on the wire and no requirement asks for: small predicates over one exchange.

A stream that names its events inside of the data, as LiteLLM's does, breaks `event.framing`, and rows about
named events can't be decided on it. Clients that open the envelope read it all the same: so it is judged
opened, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from runs_conformance.contract.findings import Outcome
from runs_conformance.contract.judge import Judge
from runs_conformance.contract.model import Event, Exchange, Trace

# Rows about named events that dialects need, as seen in an opened envelope: "inside event.names".
INSIDE: Final = "inside "
OPENED: Final = frozenset({
    "event.names", "event.run-status", "event.message-delta", "event.deltas", "event.step-delta",
    "event.fold.message-text", "order.delta-after-created", "order.message-bracket", "order.run-close-last",
})  # fmt: skip
# PSOpenAI looks for these characters in a line (Start-ThreadRun.ps1).
_DELTA: Final = '"object":"thread.message.delta"'


@dataclass(frozen=True, slots=True)
class Observation:
    """Whether the need called `name` was met on an exchange; `where` tells the first place where not."""

    name: str
    held: bool
    exchange: str = ""
    where: str = ""


def observe(exchanges: Iterable[Exchange]) -> Iterator[Observation]:
    """What could be seen: an exchange that shows nothing of a need yields nothing about it."""
    for exchange in exchanges:
        events = exchange.response.events if exchange.ok and exchange.response else None
        for name, look in OBSERVED.items() if events else ():
            seen = [(event, held) for event in events or () if (held := look(event)) is not None]
            wrong = next((event for event, held in seen if not held), None)
            if seen:
                place = "" if wrong is None else f"event {wrong.index}"
                yield Observation(name, wrong is None, exchange.id, place)
        if events and (opened := _opened(exchange, events)) is not None:
            yield from _inside(opened)


@cache
def _judge() -> Judge:
    return Judge(selected=OPENED)


def _inside(exchange: Exchange) -> Iterator[Observation]:
    found = _judge().exchange(exchange) + _judge().trace(Trace((exchange,)))
    for row in OPENED:
        mine = [one for one in found if one.requirement == row]
        wrong = next((one for one in mine if one.failed), None)
        if wrong is not None or any(one.outcome is Outcome.PASSED for one in mine):
            yield Observation(INSIDE + row, wrong is None, exchange.id, wrong.where if wrong else "")


def _opened(exchange: Exchange, events: tuple[Event, ...]) -> Exchange | None:
    """The exchange with its events out of their envelopes; None unless all but [DONE] are in one."""
    told = [event for event in events if not event.is_done]
    if not told or exchange.response is None or not all(_enveloped(event) for event in told):
        return None
    opened = tuple(event if event.is_done else _taken_out(event) for event in events)
    return replace(exchange, response=replace(exchange.response, events=opened))


def _taken_out(event: Event) -> Event:
    return replace(event, name=event.object["event"], data=json.dumps(event.object["data"]))


def _enveloped(event: Event) -> bool:
    return not event.name and isinstance(event.object.get("event"), str) and "data" in event.object


def _compact(event: Event) -> bool | None:
    """Only message deltas are looked for in this way."""
    value = event.object["data"] if _enveloped(event) else event.object
    if not isinstance(value, dict) or value.get("object") != "thread.message.delta":
        return None
    return _DELTA in (event.data or "")


def _line_feeds(event: Event) -> bool | None:
    return None if not event.raw else b"\r" not in event.raw


def _named(event: Event) -> bool | None:
    """By an event: line, or by a member of the data, as LiteLLM writes it."""
    if event.is_done:
        return None
    return bool(event.name) or _enveloped(event)


def _wrapped(event: Event) -> bool | None:
    return bool(event.object.get("error")) if event.name == "error" else None


def _name_first(event: Event) -> bool | None:
    name, data = (event.raw.find(word) for word in (b"event:", b"data:"))
    return None if name < 0 or data < 0 else name < data


OBSERVED: Final[dict[str, Callable[[Event], bool | None]]] = {
    "compact": _compact, "line-feeds": _line_feeds, "event-line-or-inside": _named,
    "error-wrapped": _wrapped, "name-first": _name_first,
}
