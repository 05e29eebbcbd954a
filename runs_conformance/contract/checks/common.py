"""What the checks of streams and traces share: events as people read them, findings in a sensible number."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeGuard

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.grammar import canonical
from runs_conformance.contract.model import Event, Exchange

MOST_FAILURES: Final = 3
# The client itself hung up: the stream's end says nothing about the server.
CLOSED_BY_CLIENT: Final = "closed"


def collapse(findings: Iterable[Finding]) -> Iterator[Finding]:
    """At most MOST_FAILURES failures a requirement and exchange; one pass where nothing failed."""
    good: dict[tuple[str, str], Finding] = {}
    bad: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        key = (finding.requirement, finding.exchange)
        if finding.failed:
            bad.setdefault(key, []).append(finding)
        else:
            good.setdefault(key, finding)
    for failures in bad.values():
        yield from failures[:MOST_FAILURES]
    yield from (finding for key, finding in good.items() if key not in bad)


def stream(exchange: Exchange) -> tuple[Event, ...]:
    """The events of a successful stream; empty for every other answer.

    Where the connection ended early, by the client's doing or not, what there is of an unfinished block is no
    event (WHATWG HTML, 9.2.6: an incomplete event at the end is discarded).
    """
    response = exchange.response
    if response is None or not response.ok or response.events is None:
        return ()
    events = response.events
    half = response.failure is not None and bool(events) and not (events[-1].ended or events[-1].is_done)
    return events[:-1] if half else events


def name_of(event: Event) -> str | None:
    """The documented name of an event, `done` for the end marker; None for an unknown or unnamed event."""
    if event.is_done:
        return "done"
    return canonical(event.name) if event.name is not None else None


def cut_by_client(exchange: Exchange) -> bool:
    failure = exchange.response.failure if exchange.response else None
    return failure is not None and failure.kind == CLOSED_BY_CLIENT


def broke_off(exchange: Exchange) -> bool:
    return exchange.response is not None and exchange.response.failure is not None


def at(event: Event, path: str = "") -> str:
    return f"event {event.index} {path}".strip()


def around(events: Sequence[Event], position: int, reach: int = 2) -> str:
    """The events about a position, the one meant in > <: `... 5 thread.run.queued, >6 done<, 7 error ...`."""
    first, end = max(0, position - reach), min(len(events), position + reach + 1)
    shown = [f"{event.index} {_shown(event)}" for event in events[first:end]]
    if position < len(events):
        shown[position - first] = f">{shown[position - first]}<"
    else:
        shown.append(">end of the stream<")
    return ("... " if first else "") + ", ".join(shown) + (" ..." if end < len(events) else "")


def _shown(event: Event) -> str:
    name = event.name if event.name is not None else "(no name)"
    return ascii(name)[1:-1][:60] + (" [DONE]" if event.is_done and name != "done" else "")


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects of a JSON array; none for anything else."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def inner(value: Any, *path: str) -> Any:
    """What stands at a path of nested objects; None where it breaks off."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def whole(value: Any) -> TypeGuard[int]:
    """An integer of JSON: true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)
