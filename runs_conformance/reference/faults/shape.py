"""Runs that are not formed as they should be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runs_conformance.reference.faults.points import (
    created,
    dropped,
    polled_runs,
    runs,
    streamed_runs,
)
from runs_conformance.reference.faults.record import Kind

if TYPE_CHECKING:

    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Json, Run

shape = Kind("shape")
IDENTITY = "response.run.identity"
OUTCOME = "response.run.outcome-fields"
TIMES = "response.run.timestamps"
SETTINGS = "response.run.settings"


@shape(runs, OUTCOME, TIMES)
def null_fields_left_out(_run: Run, shaped: Json) -> Json:
    """Members that are null are left out of a run (a serializer that skips nulls)."""
    return {key: value for key, value in shaped.items() if value is not None}


@shape(streamed_runs, OUTCOME, TIMES, rare=True)
def null_fields_left_out_of_events(_run: Run, shaped: Json) -> Json:
    """Members that are null are left out of runs in events, as a gateway was seen to do."""
    return {key: value for key, value in shaped.items() if value is not None}


@shape(polled_runs, OUTCOME, rare=True)
def usage_left_out_until_the_end(run: Run, shaped: Json) -> Json:
    """A run that has not ended has no key usage at all."""
    return dropped(shaped, "usage") if run.active else shaped


@shape(runs, OUTCOME)
def incomplete_details_left_out(_run: Run, shaped: Json) -> Json:
    """A run has no key incomplete_details."""
    return dropped(shaped, "incomplete_details")


@shape(runs, TIMES)
def cancelled_at_left_out(_run: Run, shaped: Json) -> Json:
    """A run has no key cancelled_at."""
    return dropped(shaped, "cancelled_at")


@shape(runs, "response.run.token-limits")
def token_limits_left_out(_run: Run, shaped: Json) -> Json:
    """A run has neither max_prompt_tokens nor max_completion_tokens."""
    return dropped(shaped, "max_prompt_tokens", "max_completion_tokens")


@shape(runs, SETTINGS)
def truncation_strategy_left_out(_run: Run, shaped: Json) -> Json:
    """A run has no key truncation_strategy."""
    return dropped(shaped, "truncation_strategy")


@shape(runs, SETTINGS)
def parallel_tool_calls_left_out(_run: Run, shaped: Json) -> Json:
    """A run has no key parallel_tool_calls."""
    return dropped(shaped, "parallel_tool_calls")


@shape(runs, SETTINGS, "response.default.truncation", "response.default.tool-choice")
def settings_null(_run: Run, shaped: Json) -> Json:
    """truncation_strategy, tool_choice and response_format are null, as a mock was seen to answer."""
    return shaped | dict.fromkeys(("truncation_strategy", "tool_choice", "response_format"))


@shape(runs, "response.run.instructions-present")
def instructions_left_out(_run: Run, shaped: Json) -> Json:
    """A run has no key instructions."""
    return dropped(shaped, "instructions")


@shape(runs, "response.run.sampling")
def temperature_as_text(_run: Run, shaped: Json) -> Json:
    """temperature is written as a string."""
    return shaped | {"temperature": str(shaped["temperature"])}


@shape(runs, IDENTITY)
def object_run(_run: Run, shaped: Json) -> Json:
    """The run's object is "run"."""
    return shaped | {"object": "run"}


@shape(runs, IDENTITY)
def id_named_run_id(run: Run, shaped: Json) -> Json:
    """A run's id stands under run_id, as on a server of another contract."""
    return {"run_id": run.id, **dropped(shaped, "id")}


@shape(created, IDENTITY)
def id_empty(_call: Call, shaped: Json) -> Json:
    """A new run's id is the empty string, as a mock was seen to answer."""
    return shaped | {"id": ""}


@shape(runs, IDENTITY)
def id_a_number(run: Run, shaped: Json) -> Json:
    """A run's id is a number."""
    return shaped | {"id": sum(map(ord, run.id))}


@shape(polled_runs, "response.id-prefix")
def id_without_prefix(run: Run, shaped: Json) -> Json:
    """A run's id lacks run_ in JSON answers."""
    return shaped | {"id": run.id.removeprefix("run_")}


@shape(runs, IDENTITY)
def created_at_fraction(run: Run, shaped: Json) -> Json:
    """created_at has a fraction."""
    return shaped | {"created_at": run.created_at + 0.25}


@shape(runs, IDENTITY)
def created_at_iso(run: Run, shaped: Json) -> Json:
    """created_at is a date in text."""
    return shaped | {"created_at": datetime.fromtimestamp(run.created_at, UTC).isoformat()}


@shape(runs, "response.timestamp.seconds")
def created_at_milliseconds(run: Run, shaped: Json) -> Json:
    """created_at counts milliseconds."""
    return shaped | {"created_at": run.created_at * 1000}


@shape(runs, "response.timestamp.seconds")
def created_at_negative(run: Run, shaped: Json) -> Json:
    """created_at is negative, as a mock was seen to answer."""
    return shaped | {"created_at": -run.created_at}


@shape(runs, "response.timestamp.seconds", rare=True)
def completed_at_milliseconds(run: Run, shaped: Json) -> Json:
    """completed_at alone counts milliseconds."""
    return shaped | {"completed_at": run.completed_at and run.completed_at * 1000}


@shape(runs, "response.timestamp.seconds")
def created_at_local_time(run: Run, shaped: Json) -> Json:
    """created_at is seven hours late: local time taken for UTC."""
    return shaped | {"created_at": run.created_at - 7 * 3600}


@shape(runs, "response.timestamp.order", "lifecycle.expires-at-ten-minutes")
def expires_before_created(run: Run, shaped: Json) -> Json:
    """expires_at lies ten minutes before created_at."""
    return shaped | {"expires_at": shaped["expires_at"] and run.created_at - 600}


@shape(runs, "response.timestamp.order", rare=True)
def started_before_created(run: Run, shaped: Json) -> Json:
    """started_at lies before created_at."""
    return shaped | {"started_at": run.started_at and run.created_at - 5}


@shape(runs, TIMES, rare=True)
def started_at_as_text(run: Run, shaped: Json) -> Json:
    """started_at is a number in quotation marks."""
    return shaped | {"started_at": run.started_at and str(run.started_at)}


@shape(runs, "response.run.model-tools-metadata")
def model_null(_run: Run, shaped: Json) -> Json:
    """A run's model is null."""
    return shaped | {"model": None}


@shape(runs, "response.run.model-tools-metadata", rare=True)
def tools_null_when_empty(_run: Run, shaped: Json) -> Json:
    """An empty list of tools is written as null."""
    return shaped | {"tools": shaped["tools"] or None}


@shape(runs, "response.run.model-tools-metadata", rare=True)
def metadata_numbers_unquoted(_run: Run, shaped: Json) -> Json:
    """A metadata value that looks like a number is written as one."""
    return shaped | {
        "metadata": {k: int(v) if v.isdecimal() and v.isascii() else v for k, v in shaped["metadata"].items()}
    }


@shape(runs, "response.run.model-tools-metadata")
def tools_flat(_run: Run, shaped: Json) -> Json:
    """A function tool's members stand beside its type, as in another API of the vendor."""
    flat = [{"type": one["type"], **one.get("function", {}), **dropped(one, "function")} for one in shaped["tools"]]
    return shaped | {"tools": flat}


@shape(polled_runs, "lifecycle.status-values")
def status_running(_run: Run, shaped: Json) -> Json:
    """in_progress is called running in JSON answers."""
    return shaped | {"status": {"in_progress": "running"}.get(shaped["status"], shaped["status"])}


@shape(polled_runs, "lifecycle.status-values")
def status_pending(_run: Run, shaped: Json) -> Json:
    """queued is called pending, as on a server of another contract."""
    return shaped | {"status": {"queued": "pending"}.get(shaped["status"], shaped["status"])}


@shape(runs, "lifecycle.status-values", rare=True)
def status_canceled(_run: Run, shaped: Json) -> Json:
    """cancelled is spelt with one l."""
    return shaped | {"status": {"cancelled": "canceled"}.get(shaped["status"], shaped["status"])}


@shape(polled_runs, "lifecycle.status-values")
def status_upper_case(_run: Run, shaped: Json) -> Json:
    """Statuses are written in capitals."""
    return shaped | {"status": shaped["status"].upper()}
