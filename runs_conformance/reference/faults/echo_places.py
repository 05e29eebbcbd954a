"""Settings that differ by where they are shown, by the operation, or by the way of answering."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import (
    create_bodies,
    created,
    dropped,
    listed,
    messages,
    polled_runs,
    retrieved,
    runs,
    streamed_runs,
    threads,
)
from runs_conformance.reference.faults.record import Kind
from runs_conformance.reference.records import Settings

if TYPE_CHECKING:

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Assistant, Json, Message, Run, Thread

echo = Kind("echo")
INSTRUCTIONS = "response.echo.instructions"
TOOLS = "response.echo.tools"
METADATA = "response.echo.metadata"
BMP = 0xFFFF
BOTH = "create_thread_and_run_request"


@echo(runs, "response.echo.assistant-id")
def assistant_id_lower_case(run: Run, shaped: Json) -> Json:
    """A run's assistant_id comes back in lower case."""
    return shaped | {"assistant_id": run.assistant_id.lower()}


@echo(created, "response.echo.assistant-id", rare=True)
def assistant_id_of_the_first(call: Call, run: Json) -> Json:
    """A new run names the project's first assistant."""
    return run | {"assistant_id": next(iter(call.project.assistants))}


@echo(created, "response.echo.thread-id", "response.create-thread-and-run.run")
def thread_id_mismatch(_call: Call, run: Json) -> Json:
    """A new run names another thread than its own."""
    return run | {"thread_id": run["thread_id"][:-4] + "XXXX"}


@echo(created, "response.create-thread-and-run.run", "headers.runs-not-a-thread", rare=True)
def thread_answered_for_run(call: Call, run: Json) -> Json:
    """Create thread and run answers with the thread."""
    if call.operation != "create_thread_and_run":
        return run
    return {
        "id": run["thread_id"],
        "object": "thread",
        "created_at": run["created_at"],
        "metadata": {},
        "tool_resources": {},
    }


@echo(retrieved, "response.retrieve.same", rare=True)
def retrieved_metadata_lost(_call: Call, run: Json) -> Json:
    """A run that is retrieved has no metadata, though it was created with them."""
    return run | {"metadata": {}}


@echo(retrieved, "response.retrieve.same", rare=True)
def retrieved_sampling_default(_call: Call, run: Json) -> Json:
    """A run that is retrieved shows temperature 1 and top_p 1."""
    return run | {"temperature": 1.0, "top_p": 1.0}


@echo(retrieved, "response.retrieve.same", rare=True)
def retrieved_created_now(_call: Call, run: Json) -> Json:
    """A run that is retrieved was created one second later than the one that was answered first."""
    return run | {"created_at": run["created_at"] + 1}


@echo(retrieved, "response.retrieve.same", rare=True)
def retrieved_truncation_lost(_call: Call, run: Json) -> Json:
    """A run that is retrieved shows the default truncation_strategy."""
    return run | {"truncation_strategy": {"type": "auto", "last_messages": None}}


@echo(retrieved, "response.retrieve.same", rare=True)
def retrieved_choice_lost(_call: Call, run: Json) -> Json:
    """A run that is retrieved shows tool_choice auto and response_format auto."""
    return run | {"tool_choice": "auto", "response_format": "auto"}


@echo(listed, "response.retrieve.same", rare=True)
def listed_instructions_shortened(entry: Json) -> Json:
    """Runs in a list show the first 10 characters of their instructions."""
    return entry | ({"instructions": (entry["instructions"] or "")[:10]} if "instructions" in entry else {})


@echo(listed, "response.retrieve.same", rare=True)
def listed_limits_lost(entry: Json) -> Json:
    """Runs in a list show no token limits and no metadata."""
    if entry.get("object") != "thread.run":
        return entry
    return entry | {"max_prompt_tokens": None, "max_completion_tokens": None, "metadata": {}}


def _ignored(kind: str, sentence: str, *names: str, streamed: bool | None = None, schema: str = "") -> None:
    """Fields of the request that have no effect in one operation, or in one way of answering."""

    def change(faithful: Behaviour) -> Behaviour:
        asked: list[str] = []

        def check_body(name: str, body: Any, edition: str | None = None) -> None:
            asked[:] = [name]
            faithful.check_body(name, body, edition)

        def effective(body: Json, assistant: Assistant) -> Settings:
            way = streamed is None or bool(body.get("stream")) is streamed
            fits = way and (not schema or asked == [schema])
            return faithful.settings(dropped(body, *names) if fits else body, assistant)

        return replace(faithful, check_body=check_body, settings=effective)

    rows = ("response.echo.*", "response.default.*", "isolation.streamed-equals-polled")
    echo.add(f"{kind}-ignored", sentence, change, *rows, rare=True)


_ignored("streamed-sampling", "A streamed run ignores temperature and top_p.", "temperature", "top_p", streamed=True)
_ignored("streamed-tools", "A streamed run ignores tools and tool_choice.", "tools", "tool_choice", streamed=True)
_ignored("streamed-response-format", "A streamed run ignores response_format.", "response_format", streamed=True)
_ignored("streamed-limits", "A streamed run ignores its token limits.", "max_completion_tokens", "max_prompt_tokens", streamed=True)
_ignored("polled-limits", "A run that is not streamed ignores its token limits.", "max_completion_tokens", "max_prompt_tokens", streamed=False)
_ignored("streamed-instructions", "A streamed run ignores instructions.", "instructions", "additional_instructions", streamed=True)
for _field in ("temperature", "tools", "model", "truncation_strategy", "response_format", "tool_choice", "parallel_tool_calls", "max_completion_tokens", "instructions"):
    _ignored(f"both-{_field.replace('_', '-')}", f"Create thread and run ignores {_field}.", _field, schema=BOTH)
_ignored(
    "six-fields-only",
    "Only model, instructions, tools and metadata are passed on, as a gateway was seen to do.",
    "temperature", "top_p", "max_prompt_tokens", "max_completion_tokens", "truncation_strategy", "tool_choice",
    "parallel_tool_calls", "response_format", "reasoning_effort",
)  # fmt: skip


@echo(streamed_runs, "isolation.streamed-equals-polled", rare=True)
def streamed_defaults_differ(run: Run, shaped: Json) -> Json:
    """A streamed run without temperature shows 0.7."""
    return shaped | ({} if run.request.get("temperature") is not None else {"temperature": 0.7})


@echo(streamed_runs, METADATA, rare=True)
def streamed_metadata_lost(_run: Run, shaped: Json) -> Json:
    """Runs in events have no metadata."""
    return shaped | {"metadata": {}}


@echo(polled_runs, TOOLS, "response.retrieve.same", rare=True)
def tools_lost_after_requires_action(run: Run, shaped: Json) -> Json:
    """A run that waits for tool outputs shows no tools in JSON answers."""
    return shaped | ({"tools": []} if run.status == "requires_action" else {})


@echo(runs, METADATA, "response.retrieve.same", rare=True)
def metadata_lost_at_the_end(run: Run, shaped: Json) -> Json:
    """A run that has ended shows no metadata."""
    return shaped | ({} if run.active else {"metadata": {}})


@echo(runs, INSTRUCTIONS, rare=True)
def instructions_lost_in_second_run(run: Run, shaped: Json) -> Json:
    """The second run of a thread shows the first one's instructions."""
    return shaped | {"instructions": next(iter(run.thread.runs.values())).settings.instructions}


@echo(create_bodies, "response.echo.messages", "isolation.metadata-separate", rare=True)
def additional_messages_metadata_lost(body: Json) -> Json:
    """Messages of a request lose their metadata."""
    _strip(body.get("additional_messages"), "metadata")
    _strip((body.get("thread") or {}).get("messages") if isinstance(body.get("thread"), dict) else None, "metadata")
    return body


@echo(create_bodies, "response.echo.messages", rare=True)
def message_attachments_lost(body: Json) -> Json:
    """Messages of a request lose their attachments."""
    _strip(body.get("additional_messages"), "attachments")
    _strip((body.get("thread") or {}).get("messages") if isinstance(body.get("thread"), dict) else None, "attachments")
    return body


def _strip(found: Any, name: str) -> None:
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict) and isinstance(one.get(name), dict | list):
            one.pop(name)


@echo(messages, "response.echo.messages", rare=True)
def message_without_astral_characters(_message: Message, shaped: Json) -> Json:
    """A client's messages lose characters beyond the BMP."""
    parts = [
        part | {"text": part["text"] | {"value": "".join(c for c in part["text"]["value"] if ord(c) <= BMP)}}
        if part["type"] == "text" and shaped["role"] == "user"
        else part
        for part in shaped["content"]
    ]
    return shaped | {"content": parts}


@echo(messages, "response.echo.messages", rare=True)
def message_image_detail_lost(_message: Message, shaped: Json) -> Json:
    """Image parts always come back with detail auto."""
    parts = [
        part if part["type"] == "text" or part["type"] not in part else part | {part["type"]: part[part["type"]] | {"detail": "auto"}}
        for part in shaped["content"]
    ]
    return shaped | {"content": parts}


@echo(threads, "isolation.metadata-separate", "event.thread-fields", rare=True)
def thread_metadata_lost(_thread: Thread, shaped: Json) -> Json:
    """A thread's metadata are lost."""
    return shaped | {"metadata": {}}
