"""What a scenario is: something that a client must survive, chosen by plain data.

Three ways to choose the scenario NAME, for a client can't always send what it likes:

    "model": "scenario:NAME"                       in the body of a run or of an assistant
    "assistant_id": "asst_scenario_NAME"           (dashes as underscores; it exists, with the tools it needs)
    http://HOST:PORT/scenario/NAME/v1              as base URL: then every request is part of it

What a run was made with holds for all later requests about its thread.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from runs_conformance.reference.options import ReferenceOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    Choose = Callable[[ReferenceOptions], ReferenceOptions]

MODEL: Final = "scenario:"
ASSISTANT: Final = "asst_scenario_"
PATH: Final = "/scenario/"
Group = Literal["text", "tools", "ending", "stream", "fields", "error", "variation"]
GROUPS: Final[tuple[Group, ...]] = get_args(Group)
Error = Literal["", "refused", "retried", "event", "cut"]


class UnknownScenarioError(ValueError):
    """No scenario has this name; the text tells the closest one."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`sentence` says what happens on the wire, `must` what a client has to make of it.

    `ends` is the status that the run ends in ("" where there is no run, or where it can't be known), `calls`
    how many function calls wait for outputs in all. `error`: "refused" is an HTTP error that stays, "retried"
    one that a repeated request does not meet, "event" an `error` event in a stream (a poller sees `failed`),
    "cut" a stream whose connection breaks. `functions` are the function tools that such a run needs, `hosted`
    the hosted ones. `streamed`: only a streamed run shows it. `conforms`: the server itself keeps to the
    contract, so that no finding may be about its answers. `by_address`: keys, addresses or operations are
    other ones, so it is chosen by base URL. `seconds` is the longest that a client may wait for one event.
    """

    name: str
    group: Group
    sentence: str
    must: str
    choose: Choose
    ends: str = "completed"
    calls: int = 0
    error: Error = ""
    functions: tuple[str, ...] = ()
    hosted: tuple[str, ...] = ()
    streamed: bool = False
    conforms: bool = True
    by_address: bool = False
    seconds: float = 1.0
    profile: tuple[tuple[str, Any], ...] = ()

    @property
    def model(self) -> str:
        return MODEL + self.name

    @property
    def assistant_id(self) -> str:
        return ASSISTANT + self.name.replace("-", "_")

    @property
    def path(self) -> str:
        """What stands between the server's address and the base path."""
        return PATH + self.name

    def base_url(self, address: str) -> str:
        """The base URL below which all is part of it; `address` such as http://127.0.0.1:8000."""
        return address.rstrip("/") + self.path + self.choose(ReferenceOptions()).base_path

    @property
    def tools(self) -> list[dict[str, Any]]:
        """The tools of the scenario's own assistant."""
        functions = [
            {"type": "function", "function": {**FUNCTIONS[name], "name": name}} for name in self.functions
        ]
        return [*functions, *({"type": kind} for kind in self.hosted)]


_TEXT: Final = {"type": "string"}
FUNCTIONS: Final[dict[str, dict[str, Any]]] = {
    "get_weather": {
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": _TEXT}, "required": ["city"]},
    },
    "get_time": {
        "description": "The time in a zone.",
        "parameters": {"type": "object", "properties": {"zone": _TEXT}, "required": ["zone"]},
    },
}
_REGISTRY: Final[dict[str, Scenario]] = {}


def add(scenario: Scenario) -> None:
    if scenario.name in _REGISTRY:
        raise ValueError(f"two scenarios are named {scenario.name}")
    _REGISTRY[scenario.name] = scenario


def every() -> tuple[Scenario, ...]:
    """All that are registered, by group, the variations last."""
    return tuple(sorted(_REGISTRY.values(), key=lambda one: GROUPS.index(one.group)))


def named(name: str) -> Scenario:
    if name in _REGISTRY:
        return _REGISTRY[name]
    near = difflib.get_close_matches(name, _REGISTRY, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else "serve --list-scenarios prints them all"
    raise UnknownScenarioError(f"no scenario is named {name!r}; {hint}")


def of_model(model: object) -> str | None:
    """The scenario's name in a model name, None for any other model."""
    return model.removeprefix(MODEL) if isinstance(model, str) and model.startswith(MODEL) else None


def of_assistant(identifier: object) -> str | None:
    """The scenario's name in an assistant id, None for any other id."""
    if not isinstance(identifier, str) or not identifier.startswith(ASSISTANT):
        return None
    return identifier.removeprefix(ASSISTANT).replace("_", "-")
