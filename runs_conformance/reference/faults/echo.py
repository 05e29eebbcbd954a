"""Settings that are not those of the request: sampling, model, instructions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runs_conformance.reference.faults.points import (
    inherited,
    runs,
    settings,
)
from runs_conformance.reference.faults.record import Kind
from runs_conformance.reference.records import Settings

if TYPE_CHECKING:

    from runs_conformance.reference.records import Assistant, Json, Run

echo = Kind("echo")
INSTRUCTIONS = "response.echo.instructions"
TOOLS = "response.echo.tools"
SAMPLING = "response.default.temperature"
NUCLEUS = "response.default.top-p"


@echo(inherited, SAMPLING, rare=True)
def temperature_zero_becomes_the_default(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A temperature of 0 is taken for none, and 1 is used."""
    return replace(found, temperature=1.0) if body.get("temperature") == 0 else found


@echo(inherited, NUCLEUS, rare=True)
def top_p_zero_becomes_the_default(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A top_p of 0 is taken for none, and 1 is used."""
    return replace(found, top_p=1.0) if body.get("top_p") == 0 else found


@echo(inherited, INSTRUCTIONS, rare=True)
def empty_instructions_inherit(body: Json, assistant: Assistant, found: Settings) -> Settings:
    """Instructions that are an empty string are taken for none."""
    return replace(found, instructions=assistant.instructions) if body.get("instructions") == "" else found


@echo(inherited, TOOLS, rare=True)
def empty_tools_inherit(body: Json, assistant: Assistant, found: Settings) -> Settings:
    """An empty list of tools is taken for none: the assistant's are used."""
    return replace(found, tools=assistant.tools) if body.get("tools") == [] else found


@echo(settings, "response.default.parallel-tool-calls", rare=True)
def parallel_false_becomes_true(_body: Json, found: Settings) -> Settings:
    """parallel_tool_calls false is taken for none, and true is used."""
    return replace(found, parallel_tool_calls=True)


@echo(settings, "response.default.parallel-tool-calls")
def parallel_false_by_default(body: Json, found: Settings) -> Settings:
    """parallel_tool_calls is false unless it is asked for."""
    return replace(found, parallel_tool_calls=bool(body.get("parallel_tool_calls")))


@echo(settings, "response.default.parallel-tool-calls", rare=True)
def parallel_false_without_tools(body: Json, found: Settings) -> Settings:
    """parallel_tool_calls is false for a run without tools."""
    asked = body.get("parallel_tool_calls")
    return replace(found, parallel_tool_calls=bool(found.tools)) if asked is None else found


@echo(settings, SAMPLING)
def temperature_ignored(_body: Json, found: Settings) -> Settings:
    """Every run has temperature 1."""
    return replace(found, temperature=1.0)


@echo(settings, SAMPLING, rare=True)
def temperature_rounded(_body: Json, found: Settings) -> Settings:
    """temperature is rounded to whole numbers."""
    return replace(found, temperature=float(int(found.temperature)))


@echo(settings, SAMPLING, rare=True)
def temperature_in_single_precision(_body: Json, found: Settings) -> Settings:
    """temperature is kept with three decimal places too few: 0.7 becomes 0.699."""
    return replace(found, temperature=found.temperature - 0.001 if found.temperature % 1 else found.temperature)


@echo(inherited, SAMPLING, rare=True)
def assistants_temperature_ignored(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A run without temperature has 1, whatever the assistant says."""
    return replace(found, temperature=1.0) if body.get("temperature") is None else found


@echo(inherited, NUCLEUS, rare=True)
def assistants_top_p_ignored(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A run without top_p has 1, whatever the assistant says."""
    return replace(found, top_p=1.0) if body.get("top_p") is None else found


@echo(settings, NUCLEUS, rare=True)
def top_p_lost_beside_temperature(body: Json, found: Settings) -> Settings:
    """Where temperature and top_p are both given, top_p is set to 1."""
    both = body.get("temperature") is not None and body.get("top_p") is not None
    return replace(found, top_p=1.0) if both else found


@echo(settings, SAMPLING, NUCLEUS, rare=True)
def sampling_swapped(body: Json, found: Settings) -> Settings:
    """Where both are given, temperature and top_p change places."""
    both = body.get("temperature") is not None and body.get("top_p") is not None
    return replace(found, top_p=found.temperature, temperature=found.top_p) if both else found


@echo(inherited, "response.echo.model")
def model_ignored(_body: Json, assistant: Assistant, found: Settings) -> Settings:
    """A run always has the assistant's model."""
    return replace(found, model=assistant.model)


@echo(inherited, "response.echo.model", "accept.null-as-absent", rare=True)
def model_default_not_the_assistants(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A run without a model gets the server's default."""
    return replace(found, model="default-model") if body.get("model") is None else found


@echo(inherited, INSTRUCTIONS)
def instructions_ignored(_body: Json, assistant: Assistant, found: Settings) -> Settings:
    """A run always has the assistant's instructions."""
    return replace(found, instructions=assistant.instructions)


@echo(inherited, INSTRUCTIONS)
def instructions_appended(body: Json, assistant: Assistant, found: Settings) -> Settings:
    """The request's instructions are put after the assistant's."""
    both = f"{assistant.instructions}\n{found.instructions}"
    return replace(found, instructions=both) if body.get("instructions") is not None else found


@echo(runs, INSTRUCTIONS, "response.run.instructions-type", rare=True)
def instructions_null_when_inherited(run: Run, shaped: Json) -> Json:
    """A run without instructions of its own shows null."""
    given = run.request.get("instructions") or run.request.get("additional_instructions")
    return shaped | ({} if given else {"instructions": None})


@echo(runs, INSTRUCTIONS, rare=True)
def instructions_empty_when_inherited(run: Run, shaped: Json) -> Json:
    """A run without instructions of its own shows an empty text."""
    given = run.request.get("instructions") or run.request.get("additional_instructions")
    return shaped | ({} if given else {"instructions": ""})


@echo(settings, "response.echo.additional-instructions", rare=True)
def additional_instructions_replace(body: Json, found: Settings) -> Settings:
    """additional_instructions take the place of the instructions."""
    added = body.get("additional_instructions")
    return replace(found, instructions=found.instructions if added is None else added)


@echo(settings, "response.echo.additional-instructions", rare=True)
def additional_instructions_first(body: Json, found: Settings) -> Settings:
    """additional_instructions are put before the instructions."""
    added = body.get("additional_instructions")
    base = (found.instructions or "").removesuffix(f"\n{added}")
    return found if added is None else replace(found, instructions=f"{added}\n{base}")


@echo(inherited, "response.echo.additional-instructions", INSTRUCTIONS, rare=True)
def additional_instructions_meet_overridden(body: Json, assistant: Assistant, found: Settings) -> Settings:
    """Where both are given, additional_instructions are added to the assistant's instructions instead of the run's."""
    if body.get("additional_instructions") is None or body.get("instructions") is None:
        return found
    return replace(found, instructions=f"{assistant.instructions}\n{body['additional_instructions']}")
