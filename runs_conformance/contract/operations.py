"""The operations of the contract.

Which path and method is which, with the ids in the path (vendor schema `paths`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote


@dataclass(frozen=True)
class Operation:
    """An operation of the contract and the ids its path carries.

    `name` is "" for a path the contract does not have.
    """

    name: str
    ids: Mapping[str, str] = field(default_factory=dict)

    def id(self, kind: str) -> str | None:
        return self.ids.get(kind)


_ID: Final = "[^/?#]*"
_TABLE: Final[tuple[tuple[str, str, str], ...]] = (
    ("POST", "/threads/runs", "createThreadAndRun"),
    ("POST", "/threads/{thread}/runs", "createRun"),
    ("GET", "/threads/{thread}/runs", "listRuns"),
    ("GET", "/threads/{thread}/runs/{run}", "getRun"),
    ("POST", "/threads/{thread}/runs/{run}", "modifyRun"),
    ("POST", "/threads/{thread}/runs/{run}/cancel", "cancelRun"),
    ("POST", "/threads/{thread}/runs/{run}/submit_tool_outputs", "submitToolOutputs"),
    ("GET", "/threads/{thread}/runs/{run}/steps", "listRunSteps"),
    ("GET", "/threads/{thread}/runs/{run}/steps/{step}", "getRunStep"),
    ("POST", "/threads", "createThread"),
    ("GET", "/threads/{thread}", "getThread"),
    ("POST", "/threads/{thread}", "modifyThread"),
    ("DELETE", "/threads/{thread}", "deleteThread"),
    ("POST", "/threads/{thread}/messages", "createMessage"),
    ("GET", "/threads/{thread}/messages", "listMessages"),
    ("GET", "/threads/{thread}/messages/{message}", "getMessage"),
    ("POST", "/threads/{thread}/messages/{message}", "modifyMessage"),
    ("DELETE", "/threads/{thread}/messages/{message}", "deleteMessage"),
    ("POST", "/assistants", "createAssistant"),
    ("GET", "/assistants", "listAssistants"),
    ("GET", "/assistants/{assistant}", "getAssistant"),
    ("POST", "/assistants/{assistant}", "modifyAssistant"),
    ("DELETE", "/assistants/{assistant}", "deleteAssistant"),
)
CREATE: Final = frozenset({"createRun", "createThreadAndRun"})
STREAMABLE: Final = CREATE | {"submitToolOutputs"}
RUN_ANSWERS: Final = CREATE | {"getRun", "modifyRun", "cancelRun", "submitToolOutputs"}
# What a successful JSON answer of the operation holds: the name of its schema; a list's entries after
# "list:".
ANSWERS: Final[dict[str, str]] = {
    **dict.fromkeys(RUN_ANSWERS, "run"),
    "listRuns": "list:run",
    "listRunSteps": "list:run_step",
    "getRunStep": "run_step",
    "createThread": "thread",
    "getThread": "thread",
    "modifyThread": "thread",
    "createMessage": "message",
    "getMessage": "message",
    "modifyMessage": "message",
    "listMessages": "list:message",
    "createAssistant": "assistant",
    "getAssistant": "assistant",
    "modifyAssistant": "assistant",
    "listAssistants": "list:assistant",
    "deleteThread": "deleted",
    "deleteMessage": "deleted",
    "deleteAssistant": "deleted",
}
BODIES: Final[dict[str, str]] = {
    "createRun": "create_run_request",
    "createThreadAndRun": "create_thread_and_run_request",
    "createThread": "create_thread_request",
    "createMessage": "create_message_request",
    "submitToolOutputs": "submit_tool_outputs_request",
    "modifyRun": "modify_request",
}


def _compile(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", rf"(?P<\1>{_ID})", template) + "/?")


_PATTERNS: Final = tuple((method, _compile(path), name) for method, path, name in _TABLE)
NONE: Final = Operation("")


@lru_cache(maxsize=4096)
def identify(method: str, path: str) -> Operation:
    """The operation of a path below the base URL.

    A literal path wins over a template: `/threads/runs` names no thread.
    """
    for wanted, pattern, name in _PATTERNS:
        match = pattern.fullmatch(path) if wanted == method.upper() else None
        if match:
            return Operation(name, {kind: unquote(value) for kind, value in match.groupdict().items()})
    return NONE


def segment(name: object) -> str:
    """An id as one segment of a path; a target may choose a number, or any text, lone surrogates among it."""
    return quote(str(name), safe="", errors="surrogatepass")


def template(name: str) -> tuple[str, str]:
    """Method and path template of an operation; KeyError for a name that the contract lacks."""
    return {each: (method, path) for method, path, each in _TABLE}[name]


def names() -> tuple[str, ...]:
    """Every operation of the contract, in the order of its paths."""
    return tuple(name for _, _, name in _TABLE)
