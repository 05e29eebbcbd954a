"""The objects that the server keeps. Plain state: what goes over the wire is made of them in `shapes`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

ACTIVE = frozenset({"queued", "in_progress", "requires_action", "cancelling"})
MOVING = frozenset({"queued", "in_progress", "cancelling"})
"""Statuses that change without a client's doing."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream; `data` is an object, or the literal end marker."""

    name: str
    data: Json | str


@dataclass(slots=True)
class Assistant:
    id: str
    created_at: int
    model: str
    tools: list[Json]
    name: str | None = None
    description: str | None = None
    instructions: str | None = None
    tool_resources: Json = field(default_factory=dict)
    metadata: Json = field(default_factory=dict)
    temperature: float = 1.0
    top_p: float = 1.0
    response_format: Any = "auto"
    reasoning_effort: str | None = None


@dataclass(slots=True)
class Message:
    """`status` and what belongs to it are kept for every message but go out in events only, as recorded.

    `announced`: its `thread.message.created` has been said, so that its end must be said too.
    """

    id: str
    created_at: int
    thread_id: str
    role: str
    content: list[Json]
    attachments: list[Json] = field(default_factory=list)
    metadata: Json = field(default_factory=dict)
    assistant_id: str | None = None
    run_id: str | None = None
    status: str = "completed"
    incomplete_reason: str | None = None
    incomplete_at: int | None = None
    completed_at: int | None = None
    announced: bool = False


@dataclass(slots=True)
class Step:
    """`calls` holds the tool calls of a tool_calls step; `message` the message of a message_creation step."""

    id: str
    created_at: int
    run: Run
    type: str
    expires_at: int
    status: str = "in_progress"
    calls: list[Json] = field(default_factory=list)
    message: Message | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    last_error: Json | None = None
    completed_at: int | None = None
    cancelled_at: int | None = None
    failed_at: int | None = None

    @property
    def open(self) -> bool:
        return self.status == "in_progress"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run uses: the request where it says something, else the assistant, else the default."""

    model: str
    instructions: str | None
    tools: list[Json]
    tool_resources: Json
    temperature: float
    top_p: float
    reasoning_effort: str | None
    max_completion_tokens: int | None
    max_prompt_tokens: int | None
    truncation_strategy: Json
    response_format: Any
    tool_choice: Any
    parallel_tool_calls: bool


@dataclass(slots=True)
class Run:
    """`script` yields what is still to happen; `streaming`: a stream drives it, so that reads must not."""

    id: str
    created_at: int
    expires_at: int
    assistant_id: str
    thread: Thread
    settings: Settings
    metadata: Json
    request: Json
    operation: str
    include_content: bool = False
    status: str = "queued"
    started_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None
    cancelled_at: int | None = None
    last_error: Json | None = None
    incomplete_reason: str | None = None
    steps: list[Step] = field(default_factory=list)
    script: Iterator[Event | None] = field(default_factory=lambda: iter(()))
    ending: bool = False
    streaming: bool = False
    idle: int = 0

    @property
    def active(self) -> bool:
        return self.status in ACTIVE

    @property
    def open_step(self) -> Step | None:
        return next((step for step in reversed(self.steps) if step.open), None)

    @property
    def asked_calls(self) -> list[Json]:
        """The function calls that wait for outputs; empty unless the run is in requires_action."""
        step = self.open_step
        return step.calls if step is not None and self.status == "requires_action" else []


@dataclass(slots=True)
class Thread:
    """`offset` is how far this thread's clock has been moved, in seconds."""

    id: str
    created_at: int
    tool_resources: Json
    metadata: Json
    messages: dict[str, Message] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    offset: float = 0.0


@dataclass(slots=True)
class Project:
    """What one key sees."""

    key: str
    assistants: dict[str, Assistant] = field(default_factory=dict)
    threads: dict[str, Thread] = field(default_factory=dict)
