"""Exchanges grouped into traces, and the objects that a trace shows, wherever they stand.

A body, a list, an event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from runs_conformance.contract.model import Event, Exchange, Snapshot, Trace


def thread_of(exchange: Exchange) -> str | None:
    """The thread that an exchange is about: by its path, else by the thread or run that it answered with."""
    named = exchange.operation.id("thread")
    if named is not None:
        return named
    for snapshot in objects(exchange):
        kind = snapshot.value.get("object")
        found = snapshot.value.get("id") if kind == "thread" else snapshot.value.get("thread_id")
        if kind in ("thread", "thread.run") and isinstance(found, str):
            return found
    return None


def traces(exchanges: Iterable[Exchange]) -> list[Trace]:
    """One trace a thread, exchanges in the given order; those about no thread (assistants) are left out."""
    grouped: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        thread = thread_of(exchange)
        if thread is not None:
            grouped.setdefault(thread, []).append(exchange)
    return [Trace(tuple(group), thread) for thread, group in grouped.items()]


def objects(exchange: Exchange) -> Iterator[Snapshot]:
    """Every object that a successful answer shows, in order.

    The body, a list's entries, each event's data.
    """
    return iter(exchange.shown)


def of_kind(source: Exchange | Trace, kind: str) -> Iterator[Snapshot]:
    """The objects whose `object` is `kind` ("thread.run", "thread.run.step", "thread.message", ...)."""
    for exchange in source if isinstance(source, Trace) else (source,):
        yield from exchange.shown_by_kind.get(kind, ())


def by_id(snapshots: Iterable[Snapshot]) -> dict[str, list[Snapshot]]:
    found: dict[str, list[Snapshot]] = {}
    for snapshot in snapshots:
        name = snapshot.value.get("id")
        if isinstance(name, str):
            found.setdefault(name, []).append(snapshot)
    return found


def answer_run(exchange: Exchange) -> dict[str, Any]:
    """The run that a create, get, cancel or submit answered with.

    Of a stream the first run event's. Empty if none.
    """
    for snapshot in of_kind(exchange, "thread.run"):
        return snapshot.value
    return {}


def run_events(exchange: Exchange) -> Iterator[tuple[Event, dict[str, Any]]]:
    for snapshot in of_kind(exchange, "thread.run"):
        if snapshot.event is not None:
            yield snapshot.event, snapshot.value


def assistants(exchanges: Iterable[Exchange]) -> dict[str, dict[str, Any]]:
    """The assistants' objects by id, as far as the exchanges show them; the last one wins."""
    found: dict[str, dict[str, Any]] = {}
    for exchange in exchanges:
        for snapshot in of_kind(exchange, "assistant"):
            if isinstance(snapshot.value.get("id"), str):
                found[snapshot.value["id"]] = snapshot.value
    return found
