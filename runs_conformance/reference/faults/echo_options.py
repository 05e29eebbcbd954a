"""Options that do not come back as they were sent: truncation, tool choice, format."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runs_conformance.reference.faults.points import (
    dropped,
    inherited,
    runs,
    settings,
)
from runs_conformance.reference.faults.record import Kind, Rows
from runs_conformance.reference.records import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.records import Assistant, Json, Run

echo = Kind("echo")
OPTIONS = "response.echo.settings"


@echo(runs, OPTIONS, rare=True)
def last_messages_lost(_run: Run, shaped: Json) -> Json:
    """A truncation_strategy comes back without its count."""
    return shaped | {"truncation_strategy": shaped["truncation_strategy"] | {"last_messages": None}}


@echo(runs, OPTIONS, rare=True)
def truncation_always_auto(_run: Run, shaped: Json) -> Json:
    """truncation_strategy is always auto."""
    return shaped | {"truncation_strategy": {"type": "auto", "last_messages": None}}


@echo(runs, "response.default.truncation")
def truncation_default_counts(run: Run, shaped: Json) -> Json:
    """A run without truncation_strategy shows a last_messages of 10."""
    given = run.request.get("truncation_strategy")
    return shaped | ({} if given else {"truncation_strategy": {"type": "last_messages", "last_messages": 10}})


@echo(runs, OPTIONS, rare=True)
def tool_choice_as_text(_run: Run, shaped: Json) -> Json:
    """A tool_choice object comes back as "auto"."""
    return shaped | ({"tool_choice": "auto"} if isinstance(shaped["tool_choice"], dict) else {})


@echo(runs, OPTIONS, rare=True)
def tool_choice_named_is_required(_run: Run, shaped: Json) -> Json:
    """A tool_choice object comes back as "required"."""
    return shaped | ({"tool_choice": "required"} if isinstance(shaped["tool_choice"], dict) else {})


@echo(runs, OPTIONS, rare=True)
def tool_choice_function_lost(_run: Run, shaped: Json) -> Json:
    """A tool_choice object comes back without the function's name."""
    choice = shaped["tool_choice"]
    return shaped | ({"tool_choice": {"type": choice["type"]}} if isinstance(choice, dict) else {})


@echo(runs, OPTIONS, rare=True)
def tool_choice_required_is_auto(_run: Run, shaped: Json) -> Json:
    """tool_choice required comes back as auto."""
    return shaped | ({"tool_choice": "auto"} if shaped["tool_choice"] == "required" else {})


@echo(settings, OPTIONS, rare=True)
def tool_choice_none_without_tools(_body: Json, found: Settings) -> Settings:
    """tool_choice none comes back as auto when there are no tools."""
    return replace(found, tool_choice="auto") if not found.tools and found.tool_choice == "none" else found


@echo(runs, "response.default.tool-choice", rare=True)
def tool_choice_default_none(_run: Run, shaped: Json) -> Json:
    """A run without tools and without tool_choice shows none, as in another API of the vendor."""
    return shaped | ({"tool_choice": "none"} if shaped["tool_choice"] == "auto" and not shaped["tools"] else {})


def _structured(change: Callable[[Json], Json]) -> Callable[[Run, Json], Json]:
    def changed(_run: Run, shaped: Json) -> Json:
        form = shaped["response_format"]
        if not isinstance(form, dict) or form["type"] != "json_schema":
            return shaped
        return shaped | {"response_format": form | {"json_schema": change(dict(form["json_schema"]))}}

    return changed


_ROWS_2: Rows = (
    ("strict-lost", "The strict of a json_schema is lost.", lambda form: dropped(form, "strict")),
    ("strict-false-lost", "The strict false of a json_schema is lost.", lambda form: form if form.get("strict") else dropped(form, "strict")),
    ("schema-lost", "The schema of a json_schema is lost.", lambda form: dropped(form, "schema")),
    ("description-lost", "The description of a json_schema is lost.", lambda form: dropped(form, "description")),
    ("renamed", "A json_schema comes back with the name response.", lambda form: form | {"name": "response"}),
    (
        "ascii",
        "The description of a json_schema loses what is not ASCII.",
        lambda form: form | {"description": form.get("description", "").encode("ascii", "ignore").decode()},
    ),
    (
        "additional-properties",
        "additionalProperties is taken out of the schema of a json_schema.",
        lambda form: form | {"schema": dropped(form.get("schema", {}), "additionalProperties")},
    ),
)  # fmt: skip
for _name, _sentence, _change in _ROWS_2:
    echo.add(f"json-schema-{_name}", _sentence, runs(_structured(_change)), OPTIONS, rare=True)


@echo(runs, OPTIONS, rare=True)
def json_schema_is_json_object(_run: Run, shaped: Json) -> Json:
    """A response_format of json_schema comes back as json_object."""
    form = shaped["response_format"]
    told = isinstance(form, dict) and form["type"] == "json_schema"
    return shaped | ({"response_format": {"type": "json_object"}} if told else {})


@echo(runs, OPTIONS, rare=True)
def response_format_text_is_auto(_run: Run, shaped: Json) -> Json:
    """A response_format of text comes back as "auto"."""
    return shaped | ({"response_format": "auto"} if shaped["response_format"] == {"type": "text"} else {})


@echo(runs, OPTIONS, "response.run.settings", rare=True)
def response_format_as_text(_run: Run, shaped: Json) -> Json:
    """A response_format object of one word comes back as that word."""
    form = shaped["response_format"]
    return shaped | ({"response_format": form["type"]} if isinstance(form, dict) and len(form) == 1 else {})


@echo(runs, "response.default.response-format")
def response_format_default_text(run: Run, shaped: Json) -> Json:
    """A run without response_format shows the object of type text."""
    return shaped | ({} if run.request.get("response_format") else {"response_format": {"type": "text"}})


@echo(inherited, OPTIONS, "response.default.response-format", rare=True)
def assistants_response_format_ignored(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A run without response_format shows auto, whatever the assistant says."""
    return replace(found, response_format="auto") if body.get("response_format") is None else found
