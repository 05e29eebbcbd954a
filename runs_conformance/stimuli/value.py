"""One value inside the contract, what it occupies in a body, and how the tables of values write it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from runs_conformance.stimuli.base import OPERATIONS, SAYS, limit

STRICT: Final = {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
    "additionalProperties": False,
}


# What careless servers change in a text: markup, quotes, line ends, combining marks, directions, what is
# beyond the BMP.
ASCII_TRAPS: Final = " <b>&amp;</b> \"it's\" 50%\t\r\n end \n"
TRAPS: Final = (
    " <b>&amp;</b> \"it's\" 50%\t\r\ne\u0301 é \u202eabc\u202c 日本語 😀 "
    + "long " * 60 + "end \n"
)


@dataclass(frozen=True, eq=False)
class Inside:
    """One value inside the contract.

    `fields` are merged into the body; `message` and `tools` are stacked onto its lists.

    `resource` names what the value refers to (file, vector_store, image_url, other_model): without it in the
    profile a refusal decides nothing. `query` and `headers` come with the body. `calls` says that the value
    makes sense only beside a function tool.
    """

    requirement: str
    name: str
    fields: tuple[tuple[str, Any], ...] = ()
    message: tuple[tuple[str, Any], ...] = ()
    operations: tuple[str, ...] = OPERATIONS
    capability: str = ""
    resource: str = ""
    tools: tuple[dict[str, Any], ...] = ()
    calls: bool = False
    also: tuple[str, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def requirements(self) -> tuple[str, ...]:
        return (self.requirement, *self.also)

    @property
    def slots(self) -> frozenset[str]:
        """What the value occupies in a body.

        `#messages` and `#tools` are whole lists: nothing can be stacked beside them.
        """
        named = {slot for name, value in self.fields for slot in _slots(name, value)}
        beside = {f"header {name}" for name, _ in self.headers} | ({"?"} if self.query else set())
        return frozenset(named | {_tool_slot(tool) for tool in self.tools} | beside)

    @property
    def hosted(self) -> bool:
        """Hosted tools, which structured output must not meet (field report)."""
        return any(tool["type"] != "function" for tool in self.tools)


def _tool_slot(tool: dict[str, Any]) -> str:
    return f"tools.{tool['function']['name']}" if tool["type"] == "function" else f"tools.{tool['type']}"


# What a thread's tool_resources can hold: null stands for all of it.
_STORES: Final = ("code_interpreter", "file_search")


def _slots(name: str, value: Any) -> Iterator[str]:
    if name == "additional_messages" or (name == "thread" and (not value or "messages" in value)):
        yield "#messages"
        yield from () if value else ("#thread",)
    elif name == "tools":
        yield "#tools"
    elif name == "thread":
        for key, held in value.items():
            yield from (
                f"thread.{key}.{inner}" for inner in (held or _STORES if key == "tool_resources" else [""])
            )
    else:
        yield name


@dataclass(frozen=True)
class Resources:
    """Ids that exist on the target, from the profile.

    The placeholders are what is sent when it names none.
    """

    file: str = "file-conformance0000000000"
    vector_store: str = "vs_conformance0000000000"
    image_url: str = "https://example.com/conformance.png"
    other_model: str = "gpt-4o-mini"


def one(requirement: str, name: str, field: str, value: Any, **more: Any) -> Inside:
    return Inside(requirement, name, ((field, value),), **more)


def tools(requirement: str, name: str, *tools: dict[str, Any], choice: Any = None, **more: Any) -> Inside:
    return Inside(
        requirement, name, () if choice is None else (("tool_choice", choice),), tools=tools, **more,
    )


def message(requirement: str, name: str, **given: Any) -> Inside:
    more = {key: given.pop(key) for key in ("capability", "resource", "also") if key in given}
    return Inside(
        requirement, name, message=tuple({"role": "user", "content": SAYS, **given}.items()), **more,
    )


def full_metadata() -> dict[str, str]:
    """All limits at once."""
    pairs, key = limit("metadata", "maxProperties"), limit("metadata", "propertyNames")["maxLength"]
    return {f"{number:0{key}}": "v" * limit("metadata", "maxLength", "*") for number in range(pairs)}
