"""Other ways to show the same settings: resolved names, filled-in defaults, numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.variations.shaping import changed
from runs_conformance.reference.variations.variation import behaves

if TYPE_CHECKING:
    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.records import Assistant, Json, Run

DATED = {"gpt-4o": "gpt-4o-2024-08-06", "gpt-4o-mini": "gpt-4o-mini-2024-07-18"}


@behaves(
    "the vendor's aliases stand for dated snapshots; CONTRACT: a resolved alias is the same model",
    group="model",
)
def model_resolved(faithful: Behaviour) -> Behaviour:
    """A run shows the dated snapshot that the model's name stands for."""
    return changed(
        faithful, lambda shaped: shaped | {"model": DATED.get(shaped["model"], shaped["model"])}, "shape_run"
    )


@behaves("gateways name models by provider (LiteLLM)", group="model")
def model_with_provider(faithful: Behaviour) -> Behaviour:
    """A run shows the model's name with its provider before it."""
    return changed(faithful, lambda shaped: shaped | {"model": f"openai/{shaped['model']}"}, "shape_run")


@behaves(
    "Azure: a model is called by the name of its deployment; the profile's aliases declare it",
    group="model",
    profile={"aliases": {"gpt-4o": ["my-deployment"], "gpt-4o-mini": ["my-deployment"]}},
)
def model_deployment(faithful: Behaviour) -> Behaviour:
    """A run shows the name of a deployment, which the profile declares as an alias."""

    def change(shaped: Json) -> Json:
        return shaped | ({"model": "my-deployment"} if shaped["model"] in DATED else {})

    return changed(faithful, change, "shape_run")


@behaves("RFC 8259: 1 and 1.0 are one number")
def numbers_short(faithful: Behaviour) -> Behaviour:
    """Whole decimals are written without a fraction: 1, not 1.0."""
    return changed(faithful, _short, "shape_run", "shape_assistant", "shape_step")


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_short(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@behaves("wire fact 1.12: defaults of function tools are filled in; O:FunctionParameters", group="tools")
def tool_defaults_filled(faithful: Behaviour) -> Behaviour:
    """Tools come back with all defaults: description null, parameters {}, max_num_results 20."""
    return changed(
        faithful, lambda shaped: shaped | {"tools": [_filled(tool) for tool in shaped["tools"]]}, "shape_run"
    )


def _filled(tool: Json) -> Json:
    if tool["type"] == "function":
        return {**tool, "function": {"description": None, "parameters": {}, **tool["function"]}}
    if tool["type"] == "file_search":
        return {**tool, "file_search": {"max_num_results": 20, **tool.get("file_search", {})}}
    return {**tool, "code_interpreter": {}}


@behaves("wire fact 1.12: recorded before 2025 without ranking options", group="tools")
def search_tool_bare(faithful: Behaviour) -> Behaviour:
    """A file_search tool comes back as it was sent, without ranking options filled in."""

    def shape_run(item: Run, *, sse: bool = False) -> Json:
        sent = item.request.get("tools")
        shaped = faithful.shape_run(item, sse=sse)
        if sent is None:
            return shaped
        pairs = zip(sent, shaped["tools"], strict=True)
        return shaped | {"tools": [old if old["type"] == "file_search" else new for old, new in pairs]}

    return replace(faithful, shape_run=shape_run)


@behaves("O:TruncationObject: last_messages is optional")
def truncation_without_count(faithful: Behaviour) -> Behaviour:
    """truncation_strategy of type auto has no last_messages key."""

    def change(shaped: Json) -> Json:
        given = shaped["truncation_strategy"]
        return shaped | ({"truncation_strategy": {"type": "auto"}} if given["type"] == "auto" else {})

    return changed(faithful, change, "shape_run")


@behaves("RQ-133: a string; null is only tolerated", group="instructions")
def instructions_empty(faithful: Behaviour) -> Behaviour:
    """instructions is an empty string where there are none."""
    return changed(
        faithful,
        lambda shaped: shaped | {"instructions": shaped["instructions"] or ""},
        "shape_run",
        "shape_assistant",
    )


@behaves("RQ-143: whether the echo shows the appended text is not documented", group="instructions")
def additional_instructions_unseen(faithful: Behaviour) -> Behaviour:
    """instructions of a run shows the base text only; what was added is used but not shown."""

    def shape_run(item: Run, *, sse: bool = False) -> Json:
        shaped, added = faithful.shape_run(item, sse=sse), item.request.get("additional_instructions")
        if not added:
            return shaped
        return shaped | {"instructions": shaped["instructions"].removesuffix(added).rstrip("\n") or None}

    return replace(faithful, shape_run=shape_run)


@behaves(
    "RQ-142: the effective text ends with what was added; no separator is documented", group="instructions"
)
def additional_instructions_spaced(faithful: Behaviour) -> Behaviour:
    """Added instructions follow after a blank."""

    def effective(body: Json, assistant: Assistant) -> Any:
        made = faithful.settings(body, assistant)
        added = body.get("additional_instructions")
        if not added or not made.instructions or made.instructions == added:
            return made
        return replace(made, instructions=f"{made.instructions.removesuffix(added).rstrip()} {added}")

    return replace(faithful, settings=effective)
