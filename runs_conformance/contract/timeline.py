"""When a run was seen in which state: sightings with the span of time in which each was true.

An answer was true at some moment between request and arrival. Two sightings are ordered only if one span ends
before the other begins; what overlaps is left alone. Recordings without times count as strictly sequential.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from runs_conformance.contract.model import Exchange, Snapshot, Trace
from runs_conformance.contract.traces import of_kind

FINAL: Final = ("completed", "failed", "cancelled", "expired", "incomplete")
ACTIVE: Final = ("queued", "in_progress", "requires_action", "cancelling")


@dataclass(frozen=True)
class Span:
    """An exchange in time: `begin` sent, `end` wholly answered, `place` its number in the trace."""

    exchange: Exchange
    place: int
    begin: float
    end: float

    def before(self, other: "Span") -> bool:
        """This one was over when the other began."""
        return self.end <= other.begin and self.place < other.place

    def between(self, one: "Span", two: "Span") -> bool:
        """This one may have had its effect after `one` was true and before `two` was."""
        return not self.before(one) and not two.before(self)


@dataclass(frozen=True)
class Sighting:
    """A run as an answer or an event showed it."""

    span: Span
    snapshot: Snapshot

    @property
    def status(self) -> str:
        return str(self.snapshot.value.get("status"))

    @property
    def final(self) -> bool:
        return self.status in FINAL

    @property
    def run(self) -> dict[str, Any]:
        return self.snapshot.value


def spans(trace: Trace) -> tuple[Span, ...]:
    """The exchanges with their times; without usable ones, their places."""
    timed = all(one.started_at > 0 for one in trace)
    return tuple(
        Span(one, place, one.started_at, one.started_at + max(one.seconds, 0.0))
        if timed
        else Span(one, place, float(place), place + 0.5)
        for place, one in enumerate(trace)
    )


@dataclass(frozen=True)
class Story:
    """One run: its sightings in the order of their ends, and all exchanges of its trace."""

    id: str
    sightings: tuple[Sighting, ...]
    spans: tuple[Span, ...]

    def actions(self, *operations: str) -> tuple[Span, ...]:
        """Requests of these operations on this run that were not plainly refused."""
        return tuple(
            span
            for span in self.spans
            if span.exchange.operation.name in operations
            and span.exchange.operation.id("run") == self.id
            and not span.exchange.refused
        )

    def before(self, span: Span) -> Sighting | None:
        """The last sighting that was surely over; None if there is none or someone may have acted since."""
        earlier = [one for one in self.sightings if one.span.before(span)]
        if not earlier:
            return None
        last = earlier[-1]
        acts = self.actions("submitToolOutputs", "cancelRun")
        meddled = any(act not in (span, last.span) and act.between(last.span, span) for act in acts)
        return None if meddled else last

    def after(self, span: Span) -> tuple[Sighting, ...]:
        """The sightings that were surely later."""
        return tuple(one for one in self.sightings if span.before(one.span))

    def steps(self) -> Iterator[tuple[Sighting, Sighting]]:
        """Each sighting with the last one that is surely earlier, but not two events of one stream.

        What is earlier than an exchange is so for each of its events: of a long stream it is asked once.
        """
        known: dict[int, Sighting | None] = {}
        for later in self.sightings:
            place = later.span.place
            if place not in known:
                backwards = (one for one in reversed(self.sightings) if one.span.before(later.span))
                known[place] = next(backwards, None)
            earlier = known[place]
            if earlier is not None:
                yield earlier, later


def stories(trace: Trace) -> tuple[Story, ...]:
    """One story a run that the trace shows with an id. A dozen checks ask; it is told once."""
    if "stories" not in trace.derived:
        trace.derived["stories"] = _stories(trace)
    told: tuple[Story, ...] = trace.derived["stories"]
    return told


def _stories(trace: Trace) -> tuple[Story, ...]:
    all_spans = spans(trace)
    found: dict[str, list[Sighting]] = {}
    for span in all_spans:
        for snapshot in of_kind(span.exchange, "thread.run"):
            name = snapshot.value.get("id")
            if isinstance(name, str):
                found.setdefault(name, []).append(Sighting(span, snapshot))
    return tuple(
        Story(name, tuple(sorted(seen, key=lambda one: (one.span.end, one.span.place))), all_spans)
        for name, seen in found.items()
    )
