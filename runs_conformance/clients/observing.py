"""What clients need to see on the wire and no requirement asks for: small predicates over one exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from runs_conformance.contract.model import Event, Exchange

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


def _compact(event: Event) -> bool | None:
    """Only message deltas are looked for in this way."""
    if event.object.get("object") != "thread.message.delta":
        return None
    return _DELTA in (event.data or "")


def _line_feeds(event: Event) -> bool | None:
    return None if not event.raw else b"\r" not in event.raw


def _named(event: Event) -> bool | None:
    """By an event: line, or by a member of the data, as LiteLLM writes it."""
    if event.is_done:
        return None
    return bool(event.name) or (isinstance(event.object.get("event"), str) and "data" in event.object)


def _wrapped(event: Event) -> bool | None:
    return bool(event.object.get("error")) if event.name == "error" else None


def _name_first(event: Event) -> bool | None:
    name, data = (event.raw.find(word) for word in (b"event:", b"data:"))
    return None if name < 0 or data < 0 else name < data


OBSERVED: Final[dict[str, Callable[[Event], bool | None]]] = {
    "compact": _compact, "line-feeds": _line_feeds, "event-line-or-inside": _named,
    "error-wrapped": _wrapped, "name-first": _name_first,
}
