"""What only shows across threads: the words of one in the answers of another, and ids that name two things.

The checks look at one thread at a time; under load its neighbours matter too. Bounded: an id is kept as
eight bytes, the oldest are let go of beyond MOST.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from runs_conformance.contract.findings import Finding, failed, passed
from runs_conformance.contract.jsontext import pointer
from runs_conformance.contract.model import Exchange, Trace
from runs_conformance.contract.operations import CREATE
from runs_conformance.contract.traces import objects, traces

MARKER: Final = re.compile(rb"soak-[0-9a-f]{8}-\d+-\d+z")
MOST: Final = 2_000_000
UNIQUE: Final = "response.id-unique"
# The rows that a foreign marker breaks, by the name of the field that shows it.
PLACES: Final = {
    "metadata": "response.echo.metadata",
    "instructions": "response.echo.instructions",
    "content": "response.echo.messages",
    "delta": "event.fold.message-text",
}
ELSEWHERE: Final = "isolation.no-leak-between-runs"
ROWS: Final = frozenset({UNIQUE, ELSEWHERE, *PLACES.values()})
_KINDS: Final = ("thread", "thread.run", "thread.run.step", "thread.message")


@dataclass
class Across:
    """Takes story after story. `owners` maps the digest of an id to that of the thread that it belongs to."""

    owners: dict[bytes, bytes] = field(default_factory=dict)

    def findings(self, exchanges: tuple[Exchange, ...]) -> Iterator[Finding]:
        for trace in traces(exchanges):
            yield from leaks(trace)
            yield from self._repeated(trace)

    def _repeated(self, trace: Trace) -> Iterator[Finding]:
        """An id that another thread's objects had before. One finding an id and trace."""
        seen: set[str] = set()
        for exchange in trace:
            for snapshot in objects(exchange):
                name = snapshot.value.get("id")
                kind = snapshot.value.get("object")
                if kind not in _KINDS or not isinstance(name, str) or name in seen:
                    continue
                seen.add(name)
                owner = name if kind == "thread" else str(snapshot.value.get("thread_id") or trace.thread_id)
                if self.claim(digest(f"{kind} {name}"), digest(owner)):
                    continue
                yield failed(
                    UNIQUE,
                    exchange,
                    where=f"{snapshot.where} /id",
                    expected="an id that no other thread's object has",
                    actual=f"{name}, which an object of another thread had before",
                )
        if seen:
            yield passed(UNIQUE, trace.exchanges[0])

    def claim(self, name: bytes, owner: bytes) -> bool:
        """Whether the id is free, or known as this owner's."""
        if len(self.owners) >= MOST:
            del self.owners[next(iter(self.owners))]
        return self.owners.setdefault(name, owner) == owner


def digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def leaks(trace: Trace) -> Iterator[Finding]:
    """Answers about a thread that show a marker which nobody sent there."""
    sent = {marker for one in trace for marker in MARKER.findall(one.request.body or b"")}
    for exchange in trace:
        body = exchange.response.body if exchange.response else b""
        foreign = sorted(set(MARKER.findall(body)) - sent)
        if foreign:
            yield _leak(exchange, foreign[0].decode())
        elif exchange.operation.name in CREATE and exchange.ok and MARKER.search(body):
            yield passed(ELSEWHERE, exchange)


def _leak(exchange: Exchange, marker: str) -> Finding:
    where, path = _place(exchange, marker)
    row = next((PLACES[str(part)] for part in path if str(part) in PLACES), ELSEWHERE)
    return failed(
        row,
        exchange,
        where=where,
        expected="only what was sent on this thread",
        actual=f"{marker}, which was sent on another thread",
    )


def _place(exchange: Exchange, marker: str) -> tuple[str, tuple[str | int, ...]]:
    """Where the first object that shows it stands, and the path in it."""
    for snapshot in objects(exchange):
        path = next(_paths(snapshot.value, marker), None)
        if path is not None:
            return f"{snapshot.where} {pointer(path)}", path
    return "response", ()


def _paths(value: Any, marker: str, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, str):
        if marker in value:
            yield path
        return
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, held in entries:
        if isinstance(key, str) and marker in key:
            yield (*path, key)
        yield from _paths(held, marker, (*path, key))


__all__ = ["ROWS", "Across", "digest", "leaks"]
