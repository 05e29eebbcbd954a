"""Tools that are not those of the request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import (
    dropped,
    inherited,
    settings,
)
from runs_conformance.reference.faults.record import Kind, Rows
from runs_conformance.reference.records import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.records import Assistant, Json

echo = Kind("echo")
TOOLS = "response.echo.tools"


@echo(settings, TOOLS)
def tools_lost(_body: Json, found: Settings) -> Settings:
    """A run never has tools."""
    return replace(found, tools=[])


@echo(inherited, TOOLS)
def tools_ignored(_body: Json, assistant: Assistant, found: Settings) -> Settings:
    """A run always has the assistant's tools."""
    return replace(found, tools=assistant.tools)


@echo(inherited, TOOLS, rare=True)
def tools_added_to_the_assistants(body: Json, assistant: Assistant, found: Settings) -> Settings:
    """The request's tools are added to the assistant's."""
    return replace(found, tools=[*assistant.tools, *found.tools]) if body.get("tools") is not None else found


@echo(inherited, TOOLS, rare=True)
def assistants_tools_ignored(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A run without tools of its own has none."""
    return replace(found, tools=[]) if body.get("tools") is None else found


@echo(settings, TOOLS, rare=True)
def tools_reversed(_body: Json, found: Settings) -> Settings:
    """Tools come back in the opposite order."""
    return replace(found, tools=found.tools[::-1])


@echo(settings, TOOLS, rare=True)
def tools_sorted(_body: Json, found: Settings) -> Settings:
    """Tools come back sorted by type, functions last."""
    return replace(found, tools=sorted(found.tools, key=lambda one: str(one["type"])))


@echo(settings, TOOLS, rare=True)
def tools_at_most_sixteen(_body: Json, found: Settings) -> Settings:
    """Tools after the sixteenth are dropped silently."""
    return replace(found, tools=found.tools[:16])


def _functions(name: str, sentence: str, change: Callable[[Json], Json], *breaks: str) -> None:
    def changed(_body: Json, found: Settings) -> Settings:
        tools = [
            one | {"function": change(dict(one["function"]))} if one["type"] == "function" else one
            for one in found.tools
        ]
        return replace(found, tools=tools)

    echo.add(f"function-{name}", sentence, settings(changed), *(breaks or (TOOLS,)), rare=True)


_functions("description-lost", "A function's description is lost.", lambda one: dropped(one, "description"))
_functions("parameters-lost", "A function's parameters are lost.", lambda one: dropped(one, "parameters"))
_functions(
    "description-empty-lost",
    "A function's description that is an empty string is lost.",
    lambda one: one if one.get("description") else dropped(one, "description"),
)
_functions(
    "parameters-in-a-string",
    "A function's parameters come back as JSON text.",
    lambda one: one | {"parameters": str(one["parameters"])} if "parameters" in one else one,
    TOOLS,
    "response.run.model-tools-metadata",
)
_functions(
    "parameters-without-nulls",
    "Nulls inside a function's parameters are lost.",
    lambda one: one | {"parameters": _without_nulls(one["parameters"])} if "parameters" in one else one,
)
_functions("strict-lost", "A function comes back without strict.", lambda one: dropped(one, "strict"), "response.echo.function-strict", TOOLS)
_functions("strict-ignored", "A function's strict true comes back as false.", lambda one: one | {"strict": False})
_functions("strict-by-default", "A function without strict comes back with true.", lambda one: one | {"strict": True}, "response.echo.function-strict", TOOLS)
_functions("name-lower-case", "A function's name comes back in lower case.", lambda one: one | {"name": one["name"].lower()})
_functions("name-underscores", "A function's name has underscores for dashes.", lambda one: one | {"name": one["name"].replace("-", "_")})
_functions("name-cut", "A function's name is cut after 63 characters.", lambda one: one | {"name": one["name"][:63]})


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(one) for one in value if one is not None] if isinstance(value, list) else value


def _searches(change: Callable[[Json], Json]) -> Callable[[Json, Settings], Settings]:
    def changed(_body: Json, found: Settings) -> Settings:
        tools = [
            one | {"file_search": change(dict(one.get("file_search") or {}))} if one["type"] == "file_search" else one
            for one in found.tools
        ]
        return replace(found, tools=tools)

    return changed


_ROWS_1: Rows = (
    ("max-num-results-lost", "max_num_results of a file_search tool is lost.", lambda one: dropped(one, "max_num_results")),
    ("max-num-results-default", "max_num_results of a file_search tool comes back as 20.", lambda one: one | {"max_num_results": 20}),
    ("ranking-lost", "ranking_options of a file_search tool are lost.", lambda one: dropped(one, "ranking_options")),
    (
        "threshold-zero",
        "score_threshold of a file_search tool comes back as 0.",
        lambda one: one | {"ranking_options": one["ranking_options"] | {"score_threshold": 0.0}},
    ),
)  # fmt: skip
for _name, _sentence, _change in _ROWS_1:
    echo.add(f"file-search-{_name}", _sentence, settings(_searches(_change)), TOOLS, rare=True)
