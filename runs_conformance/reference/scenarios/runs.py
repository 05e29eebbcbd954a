"""What a run may do: texts, tools, endings. Told to the scripted model as words (see `reference.script`)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from runs_conformance.reference import refusals
from runs_conformance.reference.scenarios.scenario import Group, Scenario, add
from runs_conformance.reference.script import HOSTED, CallFunctions, Say, Stop, names, pieces

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.options import ReferenceOptions
    from runs_conformance.reference.records import Run, Settings
    from runs_conformance.reference.script import Action, Prompt

    Twist = Callable[[Behaviour], Behaviour]
    Plan = Callable[[Prompt], Action]

EXACTLY: Final = "repeat exactly, blanks and all: "
AWKWARD: Final = (
    "Quotes \" and ' and \\, a tab\there, lines\nand\r\nlines, separators \u2028 and \u2029 and \u0085, "
    "combined e\u0301 \u0928\u092e\u0938\u094d\u0924\u0947, "
    "joined \U0001f469\u200d\U0001f469\u200d\U0001f467, "
    "right to left \u05e9\u05dc\u05d5\u05dd, beyond the BMP \U00010348, data: [DONE]\n\ndata: no event"
)


def twisted(twist: Twist, options: ReferenceOptions) -> ReferenceOptions:
    return replace(options, faults=(*options.faults, twist))


def planned(change: Callable[[Prompt, Plan], Action]) -> Twist:
    """The behaviour whose model acts as `change` says; it is given the faithful plan."""
    return lambda faithful: replace(faithful, plan=lambda prompt: change(prompt, faithful.plan))


def words(text: str) -> Twist:
    """The model acts as if the last user message were `text`; %f and %g stand for the run's functions."""

    def change(prompt: Prompt, plan: Plan) -> Action:
        functions = [name for name in names(prompt.tools) if name not in HOSTED] or [""]
        said = text.replace("%f", functions[0]).replace("%g", functions[-1])
        return plan(replace(prompt, last_user=said))

    return planned(change)


def _needs(scenario: Scenario) -> Twist:
    """A run without the tools that the scenario is about is refused, with what to do."""

    def twist(faithful: Behaviour) -> Behaviour:
        def check_settings(settings: Settings) -> None:
            faithful.check_settings(settings)
            offered = names(tuple(settings.tools))
            lacking = [kind for kind in scenario.hosted if kind not in offered]
            if scenario.functions and not set(offered).difference(HOSTED):
                lacking.append("function")
            if lacking:
                raise refusals.wrong_value(
                    "tools",
                    (
                        f"the scenario {scenario.name} needs a tool of type {lacking[0]}; "
                        f"send one, or use the assistant {scenario.assistant_id}."
                    ),
                )

        return replace(faithful, check_settings=check_settings)

    return twist


def _add(group: Group, name: str, sentence: str, must: str, *twists: Twist, **more: Any) -> None:
    def choose(options: ReferenceOptions) -> ReferenceOptions:
        return replace(options, faults=(*options.faults, *twists, _needs(scenario)))

    scenario = Scenario(name, group, sentence, must, choose, **more)
    add(scenario)


def _cut(prompt: Prompt, plan: Plan) -> Action:
    action = plan(replace(prompt, last_user=f"{EXACTLY}This answer is cut off in the middle of"))
    return replace(action, cut=True) if isinstance(action, Say) else action


def _refuses(prompt: Prompt, plan: Plan) -> Action:
    action = plan(replace(prompt, last_user="hello"))
    refused = pieces("I can't help with that.")
    return replace(action, pieces=refused, refusal=True) if isinstance(action, Say) else action


def _stopped(status: str, reason: str | None = None) -> Twist:
    return planned(lambda _prompt, _plan: Stop(status, reason))


def _after_outputs(action: Action) -> Callable[[Prompt, Plan], Action]:
    """A call of the first function; once its output is there, `action`."""

    def change(prompt: Prompt, plan: Plan) -> Action:
        name = next((name for name in names(prompt.tools) if name not in HOSTED), "")
        return action if prompt.outputs else plan(replace(prompt, last_user=f"call {name}"))

    return change


def _arguments(text: str) -> Callable[[Prompt, Plan], Action]:
    """Calls whose arguments are `text`, JSON or not."""

    def change(prompt: Prompt, plan: Plan) -> Action:
        name = next((name for name in names(prompt.tools) if name not in HOSTED), "")
        action = plan(replace(prompt, last_user=f"call {name}"))
        if not isinstance(action, CallFunctions):
            return action
        return CallFunctions(tuple((called, text) for called, _ in action.calls))

    return change


def _fails_with(code: str, message: str) -> Twist:
    def twist(faithful: Behaviour) -> Behaviour:
        def move(run: Run, status: str, now: int, reason: str | None) -> None:
            faithful.move(run, status, now, reason)
            if status == "failed":
                run.last_error = {"code": code, "message": message}

        return replace(faithful, move=move)

    return twist


_ONE, _TWO = ("get_weather",), ("get_weather", "get_time")
_text, _tools, _ending = partial(_add, "text"), partial(_add, "tools"), partial(_add, "ending")

_text(
    "plain-text",
    "The run completes with a short text.",
    "the whole text, once, and completed",
    words(f"{EXACTLY}The answer is 42. R\u00e9ponse \U0001f642 (\u65e5\u672c\u8a9e too)."),
)
_text(
    "many-deltas",
    "The text comes in 2,000 deltas.",
    "the whole text in order, and completed",
    words("write 2000 words"),
)
_text(
    "very-many-deltas",
    "The text comes in 10,000 deltas.",
    "the whole text in order, and completed",
    words(EXACTLY + " ".join(f"word{number}" for number in range(1, 10_001))),
)
_text(
    "awkward-text",
    "The text holds line ends, quotes, combining and joined characters, and what looks like an event.",
    "the text character by character, and completed",
    words(EXACTLY + AWKWARD),
)
_text(
    "refusal",
    "The model refuses: the message has a part of type refusal and no text.",
    "the refusal, not an empty text, and completed",
    planned(_refuses),
)
_tools(
    "tool-call",
    "The run asks for one function call, in a stream too, and completes after its output.",
    "the call's id, name and arguments; after the submit the text and completed",
    words("call %f"),
    functions=_ONE,
    calls=1,
)
_tools(
    "parallel-tool-calls",
    "The run asks for two function calls at once and waits for both outputs.",
    "both calls with their own ids and arguments; one submit with both; then the text",
    words("call %f call %g in parallel"),
    functions=_TWO,
    calls=2,
)
_tools(
    "tool-calls-in-rounds",
    "After the first output the run asks for a second function call.",
    "two rounds of a call and a submit, then the text",
    words("call %f call %g"),
    functions=_TWO,
    calls=2,
)
_tools(
    "tool-call-without-arguments",
    "The arguments of the call are an empty object.",
    "a call with empty arguments, then the text",
    planned(_arguments("{}")),
    functions=_ONE,
    calls=1,
)
_tools(
    "tool-call-long-arguments",
    "The arguments of the call are 20,000 characters long, in fragments of seven.",
    "the arguments put together, character by character, then the text",
    planned(_arguments('{"city":"' + "M\u00fcnchen \U0001f3d9 " * 2000 + '"}')),
    functions=_ONE,
    calls=1,
)
_tools(
    "tool-call-broken-arguments",
    "The arguments of the call are no JSON: the model broke off.",
    "the arguments as they are, or an error of its own; no hang",
    planned(_arguments('{"city": "Par')),
    functions=_ONE,
    calls=1,
    conforms=False,
)
_tools(
    "file-search",
    "The server searches files: a step of that type, and a text that cites a file.",
    "the text with its citation, and completed; no call to answer",
    words("call file_search"),
    hosted=("file_search",),
)
_tools(
    "code-interpreter",
    "The server runs code: a step with input and output that grow in deltas.",
    "the text, and completed; no call to answer",
    words("call code_interpreter"),
    hosted=("code_interpreter",),
)
_ending(
    "failed",
    "The run fails in the middle of its message.",
    "failed, with last_error; the partial text is not final",
    words("fail"),
    ends="failed",
)
_ending(
    "failed-early",
    "The run fails before its first step.",
    "failed, with last_error",
    words("fail early"),
    ends="failed",
)
_ending(
    "failed-rate-limit",
    "The run fails because the project is out of quota.",
    "failed, with the code rate_limit_exceeded",
    words("fail early"),
    _fails_with("rate_limit_exceeded", "You exceeded your current quota."),
    ends="failed",
)
_ending(
    "failed-after-submit",
    "The run fails after the output of its call was taken.",
    "the call, then failed",
    planned(_after_outputs(Stop("failed"))),
    functions=_ONE,
    calls=1,
    ends="failed",
)
_ending(
    "incomplete",
    "The run ends in the middle of its message, at a token limit that nobody set.",
    "incomplete, with the reason, and the text so far",
    planned(_cut),
    ends="incomplete",
    conforms=False,
)
_ending(
    "incomplete-prompt",
    "The run ends before its first step, at a limit of the prompt that nobody set.",
    "incomplete, with the reason; no text",
    _stopped("incomplete", "max_prompt_tokens"),
    ends="incomplete",
    conforms=False,
)
_ending(
    "cancelled",
    "Somebody else cancels the run: cancelling, then cancelled.",
    "cancelled; no error invented",
    _stopped("cancelled"),
    ends="cancelled",
)
_ending(
    "expired",
    "The run expires while it is in progress.",
    "expired; no endless polling",
    _stopped("expired"),
    ends="expired",
)
