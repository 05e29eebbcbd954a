"""Other models: what they say and which tools they call is theirs, within what the request forces."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runs_conformance.reference.script import CallFunctions, Say, Stop, chosen, names, pieces
from runs_conformance.reference.variations.variation import behaves

if TYPE_CHECKING:
    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.script import Action, Prompt


@behaves("parallel_tool_calls true allows several calls, it asks for none (O:ParallelToolCalls)")
def one_call_at_a_time(faithful: Behaviour) -> Behaviour:
    """The model never calls two functions at once."""

    def plan(prompt: Prompt) -> Action:
        action = faithful.plan(prompt)
        return CallFunctions(action.calls[:1]) if isinstance(action, CallFunctions) else action

    return replace(faithful, plan=plan)


@behaves("tool_choice auto leaves it to the model (O:AssistantsApiToolChoiceOption)")
def text_instead_of_tools(faithful: Behaviour) -> Behaviour:
    """The model answers with text whenever no tool is forced."""

    def plan(prompt: Prompt) -> Action:
        return faithful.plan(replace(prompt, tools=()) if prompt.tool_choice == "auto" else prompt)

    return replace(faithful, plan=plan)


@behaves("RQ-258: a run may have several turns; H: requires_action, queued, requires_action again")
def tools_twice(faithful: Behaviour) -> Behaviour:
    """After the first outputs the model calls the same function once more."""

    def plan(prompt: Prompt) -> Action:
        if len(prompt.outputs) == 1 and len(prompt.rounds) == 1 and prompt.tool_choice != "none":
            return CallFunctions(((prompt.rounds[0], '{"city":"again"}'),))
        return faithful.plan(prompt)

    return replace(faithful, plan=plan)


@behaves("O:MessageContentRefusalObject: a model may refuse to answer", group="says")
def model_refuses(faithful: Behaviour) -> Behaviour:
    """The model refuses whatever it is asked in plain text: its messages hold a refusal part."""

    def plan(prompt: Prompt) -> Action:
        action = faithful.plan(prompt)
        plain = isinstance(action, Say) and not action.cites and not action.cut
        form = prompt.response_format
        if plain and not (isinstance(form, dict) and form["type"] in {"json_object", "json_schema"}):
            return replace(action, pieces=pieces("I can't help with that."), refusal=True)  # type: ignore[arg-type]
        return action

    return replace(faithful, plan=plan)


@behaves("no document says how a model words its answers", group="says")
def model_terse(faithful: Behaviour) -> Behaviour:
    """The model answers each plain question with one letter."""

    def plan(prompt: Prompt) -> Action:
        action = faithful.plan(prompt)
        form = prompt.response_format
        if isinstance(action, Say) and not action.fails and not isinstance(form, dict):
            return replace(action, pieces=("k",), cut=False, cites=False)
        return action

    return replace(faithful, plan=plan)


@behaves("O:LastError: the service may fail a run at any time (RQ-221, RQ-288)", group="says")
def runs_fail_now_and_then(faithful: Behaviour) -> Behaviour:
    """Every ninth run fails, as the service says, through no fault of the client's."""
    count = 0

    def plan(prompt: Prompt) -> Action:
        nonlocal count
        count += 1
        return Stop("failed") if count % 9 == 0 else faithful.plan(prompt)

    return replace(faithful, plan=plan)


@behaves("RQ-091: refused, or the run fails", group="absent-tool")
def absent_tool_fails_run(faithful: Behaviour) -> Behaviour:
    """A tool_choice that names no tool of the run is taken, and the run fails."""

    def plan(prompt: Prompt) -> Action:
        name = chosen(prompt.tool_choice)
        return (
            Stop("failed") if name is not None and name not in names(prompt.tools) else faithful.plan(prompt)
        )

    return replace(faithful, plan=plan, check_settings=lambda _settings: None)
