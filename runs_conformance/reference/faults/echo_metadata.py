"""Metadata and token limits that are not those of the request."""

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
    from collections.abc import Callable

    from runs_conformance.reference.records import Assistant, Json, Run

echo = Kind("echo")
METADATA = "response.echo.metadata"
LIMITS = "response.echo.token-limits"


def _metadata(name: str, sentence: str, change: Callable[[Json], Json], *, rare: bool = True) -> None:
    echo.add(
        f"metadata-{name}",
        sentence,
        runs(lambda _run, shaped: shaped | {"metadata": change(shaped["metadata"])}),
        METADATA,
        rare=rare,
    )


_metadata("lost", "A run's metadata are lost.", lambda _held: {}, rare=False)
_metadata("keys-lower-case", "Metadata keys come back in lower case.", lambda held: {k.lower(): v for k, v in held.items()})
_metadata("keys-ascii", "Metadata keys lose what is not ASCII.", lambda held: {k.encode("ascii", "ignore").decode(): v for k, v in held.items()})
_metadata("keys-cut", "Metadata keys are cut after 63 characters.", lambda held: {k[:63]: v for k, v in held.items()})
_metadata("empty-values-lost", "Metadata whose value is an empty string are lost.", lambda held: {k: v for k, v in held.items() if v})
_metadata("fifteen", "The sixteenth pair of metadata is lost.", lambda held: dict(list(held.items())[:15]))
_metadata("keys-of-the-server", "The server adds metadata of its own.", lambda held: held | {"gateway": "1"}, rare=False)


@echo(inherited, METADATA, rare=True)
def metadata_of_the_assistant(body: Json, assistant: Assistant, found: Settings) -> Settings:
    """A run without metadata gets the assistant's."""
    if body.get("metadata") is None:
        body["metadata"] = dict(assistant.metadata)
    return found


@echo(runs, METADATA, "isolation.metadata-separate", rare=True)
def metadata_of_the_thread(run: Run, shaped: Json) -> Json:
    """A run's metadata hold its thread's too."""
    return shaped | {"metadata": run.thread.metadata | shaped["metadata"]}


@echo(settings, LIMITS)
def token_limits_lost(_body: Json, found: Settings) -> Settings:
    """Token limits are neither kept nor shown."""
    return replace(found, max_prompt_tokens=None, max_completion_tokens=None)


@echo(runs, LIMITS, rare=True)
def token_limits_swapped(_run: Run, shaped: Json) -> Json:
    """The two token limits are shown in each other's place."""
    return shaped | {
        "max_prompt_tokens": shaped["max_completion_tokens"],
        "max_completion_tokens": shaped["max_prompt_tokens"],
    }


@echo(runs, LIMITS)
def token_limits_by_default(_run: Run, shaped: Json) -> Json:
    """A run without max_completion_tokens shows the model's own limit."""
    return shaped | {"max_completion_tokens": shaped["max_completion_tokens"] or 4096}


@echo(runs, LIMITS, rare=True)
def token_limit_from_the_other(_run: Run, shaped: Json) -> Json:
    """Where only max_prompt_tokens is given it is shown as max_completion_tokens too."""
    return shaped | {"max_completion_tokens": shaped["max_completion_tokens"] or shaped["max_prompt_tokens"]}
