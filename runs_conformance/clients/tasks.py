"""What drivers are asked to do: a task a scenario, or a few plain ones for a target that is not ours."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from runs_conformance.clients.dialects import DialectError

OUTPUT: Final = "sunny"
SAYS: Final = "Say hello."
TOOL: Final = {
    "type": "function",
    "function": {
        "name": "get_weather", "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@dataclass(frozen=True)
class Task:
    """`document` is what a driver reads on stdin, but for its number and use; `seconds` its time.

    `plain`: it is meant to end well.
    """

    name: str
    document: dict[str, Any]
    seconds: float
    plain: bool = False


@dataclass(frozen=True)
class Place:
    """Where a task goes and as whom."""

    base_url: str
    key: str
    assistant: str
    seconds: float

    def task(self, name: str, *, plain: bool = False, **more: Any) -> Task:
        document = {
            "base_url": self.base_url, "key": self.key, "assistant_id": self.assistant, "text": SAYS,
            "output": OUTPUT, "timeout": self.seconds, **more,
        }
        return Task(name, document, self.seconds, plain)


def scenario_tasks(
    scenarios: Sequence[Any], address: str, patterns: Sequence[str], key: str, seconds: float,
) -> tuple[Task, ...]:
    """One task for each scenario that a pattern names, or for all but the variations.

    `scenarios` have the attributes of `reference.scenarios.Scenario`. DialectError if no pattern fits.
    """
    wanted = [
        one for one in scenarios
        if (any(fnmatch.fnmatchcase(one.name, each) for each in patterns) if patterns
            else one.group != "variation")
    ]
    if not wanted:
        raise DialectError(f"no scenario fits {', '.join(patterns)}; serve --list-scenarios prints them all")
    return tuple(
        Place(one.base_url(address), key, one.assistant_id, seconds).task(one.name) for one in wanted
    )


def plain_tasks(base_url: str, key: str, assistant: str, seconds: float) -> tuple[Task, ...]:
    """For a target of which nothing is known but that it should do this."""
    place = Place(base_url, key, assistant, seconds)
    return (
        place.task("plain text", plain=True),
        place.task(
            "a function", plain=True, text="Call get_weather for Paris; call get_weather.", tools=[TOOL],
        ),
    )
