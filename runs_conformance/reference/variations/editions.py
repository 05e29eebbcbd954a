"""Servers that speak the contract of an earlier date."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runs_conformance.reference.records import Event
from runs_conformance.reference.variations.shaping import without
from runs_conformance.reference.variations.variation import chooses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.options import ReferenceOptions
    from runs_conformance.reference.records import Assistant, Json, Run


def _as_of(date: str) -> Callable[[ReferenceOptions], ReferenceOptions]:
    return lambda options: replace(
        options, edition=date, faults=(*options.faults, lambda one: _older(one, date))
    )


def _older(faithful: Behaviour, date: str) -> Behaviour:
    def shape_run(item: Run, *, sse: bool = False) -> Json:
        return _run(faithful.shape_run(item, sse=sse), date)

    def shape_assistant(item: Assistant) -> Json:
        shaped = without(*(() if date >= "2025-02-10" else ("reasoning_effort",)))(
            faithful.shape_assistant(item)
        )
        return shaped | {"tools": [_tool(tool, date) for tool in shaped["tools"]]}

    def stream(call: Call, run: Run, events: Iterable[Event]) -> Iterator[Event]:
        return (_event(event, date) for event in faithful.stream(call, run, events))

    return replace(faithful, shape_run=shape_run, shape_assistant=shape_assistant, stream=stream)


def _run(shaped: Json, date: str) -> Json:
    """Wire facts 1.1, 1.2, 1.6, 1.12: which keys were recorded when."""
    since = {"parallel_tool_calls": "2024-06-06", "reasoning_effort": "2025-02-10"}
    made = without(*(name for name, start in since.items() if date < start))(shaped)
    if made["usage"]:
        details = {"prompt_token_details": "2025-01-01", "completion_tokens_details": "2025-09-01"}
        made["usage"] = without(*(name for name, start in details.items() if date < start))(made["usage"])
    return made | {"tools": [_tool(tool, date) for tool in made["tools"]]}


def _tool(tool: Json, date: str) -> Json:
    if tool["type"] == "function" and date < "2024-08-06":
        return {**tool, "function": without("strict")(tool["function"])}
    if tool["type"] == "file_search" and date < "2024-08-27":
        search = without("ranking_options")(tool["file_search"])
        return {"type": "file_search", **({"file_search": search} if search else {})}
    return tool


def _event(event: Event, date: str) -> Event:
    """Before thread.run.incomplete was added a run's last event was thread.run.completed (wire fact 1.9)."""
    if event.name == "thread.run.incomplete" and date < "2024-05-28":
        return Event("thread.run.completed", event.data)
    return event


@chooses(
    "CONTRACT 5.1 and wire facts 1: v2 as of its first day",
    group="edition",
    profile={"edition": "2024-04-17"},
)
def edition_2024_04_17(options: ReferenceOptions) -> ReferenceOptions:
    """The first day of v2: no parallel_tool_calls, no strict, no image parts, no json_schema."""
    return _as_of("2024-04-17")(options)


@chooses("CONTRACT 5.1", group="edition", profile={"edition": "2024-05-13"})
def edition_2024_05_13(options: ReferenceOptions) -> ReferenceOptions:
    """The status incomplete is there, its event is not."""
    return _as_of("2024-05-13")(options)


@chooses("CONTRACT 5.1", group="edition", profile={"edition": "2024-06-06"})
def edition_2024_06_06(options: ReferenceOptions) -> ReferenceOptions:
    """parallel_tool_calls is there, structured outputs are not."""
    return _as_of("2024-06-06")(options)


@chooses("CONTRACT 5.1", group="edition", profile={"edition": "2024-08-06"})
def edition_2024_08_06(options: ReferenceOptions) -> ReferenceOptions:
    """json_schema and strict are there, ranking options are not."""
    return _as_of("2024-08-06")(options)


@chooses("CONTRACT 5.1", group="edition", profile={"edition": "2025-02-10"})
def edition_2025_02_10(options: ReferenceOptions) -> ReferenceOptions:
    """reasoning_effort has its first three values."""
    return _as_of("2025-02-10")(options)


@chooses("CONTRACT 5.1", group="edition", profile={"edition": "2025-09-16"})
def edition_2025_09_16(options: ReferenceOptions) -> ReferenceOptions:
    """The date of the vendor's own recordings: reasoning_effort minimal is there, none is not."""
    return _as_of("2025-09-16")(options)


@chooses(
    "nobody can blame a server for being newer than the edition",
    group="edition",
    profile={"edition": "2024-04-17"},
)
def newer_than_judged(options: ReferenceOptions) -> ReferenceOptions:
    """The server is of today and the profile asks for the first edition: what came later is no fault."""
    return options


@chooses(
    "nobody can blame a server for being newer than the edition",
    group="edition",
    profile={"edition": "2024-08-06"},
)
def newer_than_structured(options: ReferenceOptions) -> ReferenceOptions:
    """The server is of today and the profile asks for the edition of structured outputs."""
    return options
