"""Objects that carry more or less than the reference's, within what the documents and recordings allow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.variations.shaping import OBJECTS, changed, without
from runs_conformance.reference.variations.variation import behaves

if TYPE_CHECKING:
    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.records import Json, Message, Run, Step, Thread

EXTRA = {"x_note": None, "x_detail": {"region": "north", "tries": [1, 2]}, "service_tier": "default"}
TIMES = (
    "created_at",
    "started_at",
    "expires_at",
    "completed_at",
    "failed_at",
    "cancelled_at",
    "incomplete_at",
)
SKEW = 120


@behaves("RQ-135, D15: answers are open objects; recorded runs carry two undocumented keys")
def extra_fields(faithful: Behaviour) -> Behaviour:
    """Every object of an answer has fields that no document knows."""
    return changed(
        faithful, lambda shaped: {**EXTRA, **shaped, "x_last": True}, *OBJECTS, "shape_deleted", "make_page"
    )


@behaves("RQ-135, RQ-163: open objects at every depth; recorded usage has undocumented details")
def extra_fields_inside(faithful: Behaviour) -> Behaviour:
    """Objects inside objects have fields that no document knows: usage, tools, content, step details."""
    return changed(faithful, _deeper, *OBJECTS, "shape_message_delta", "shape_step_delta")


def _deeper(shaped: Any, depth: int = 0) -> Any:
    """Metadata is the user's and what they sent as schemas too: these stay as they are."""
    if isinstance(shaped, list):
        return [_deeper(one, depth) for one in shaped]
    if not isinstance(shaped, dict):
        return shaped
    kept = ("metadata", "parameters", "schema", "tool_resources")
    made = {key: value if key in kept else _deeper(value, depth + 1) for key, value in shaped.items()}
    return {**made, "x_inside": {"depth": depth}} if depth else made


@behaves("O:RunObject lists them as optional (RQ-134)")
def sampling_absent(faithful: Behaviour) -> Behaviour:
    """A run shows neither temperature nor top_p."""
    return changed(faithful, without("temperature", "top_p"), "shape_run")


@behaves("O:RunObject.temperature, top_p: nullable (RQ-134)")
def sampling_null(faithful: Behaviour) -> Behaviour:
    """temperature and top_p of a run are null where none was asked for."""

    def shape_run(item: Run, *, sse: bool = False) -> Json:
        names = [name for name in ("temperature", "top_p") if item.request.get(name) is None]
        unset = [name for name in names if getattr(item.settings, name) == 1.0]
        return faithful.shape_run(item, sse=sse) | dict.fromkeys(unset)

    return replace(faithful, shape_run=shape_run)


@behaves("RQ-136: both are recorded, neither is documented")
def undocumented_run_keys_absent(faithful: Behaviour) -> Behaviour:
    """A run has neither tool_resources nor reasoning_effort."""
    return changed(faithful, without("tool_resources", "reasoning_effort"), "shape_run")


@behaves("wire fact 1.6: three keys until 2024-10; O:RunCompletionUsage")
def usage_of_three_keys(faithful: Behaviour) -> Behaviour:
    """usage holds the three documented counts and no details."""

    def change(shaped: Json) -> Json:
        details = ("prompt_token_details", "completion_tokens_details")
        return shaped | {"usage": without(*details)(shaped["usage"])} if shaped.get("usage") else shaped

    return changed(faithful, change, "shape_run", "shape_step")


@behaves("O:RunStepObject lists both as required, recordings never have them (D16)")
def step_with_documented_keys(faithful: Behaviour) -> Behaviour:
    """A step has expired_at and metadata, as documented, and no expires_at."""

    def change(shaped: Json) -> Json:
        return without("expires_at")(shaped) | {"expired_at": None, "metadata": {}}

    return changed(faithful, change, "shape_step")


@behaves("D16, RQ-192: expires_at of a step is undocumented")
def step_without_expiry(faithful: Behaviour) -> Behaviour:
    """A step has neither expires_at nor expired_at nor metadata."""
    return changed(faithful, without("expires_at"), "shape_step")


@behaves("O:MessageObject requires them; recordings have them in streams only (D17)")
def message_status_everywhere(faithful: Behaviour) -> Behaviour:
    """Messages carry status, completed_at, incomplete_at and incomplete_details outside of streams too."""

    def shape_message(item: Message, *, sse: bool = False) -> Json:
        del sse
        return faithful.shape_message(item, sse=True)

    return replace(faithful, shape_message=shape_message)


@behaves("O:MessageObject.attachments: array or null")
def attachments_null(faithful: Behaviour) -> Behaviour:
    """attachments of a message without any is null."""
    return changed(
        faithful, lambda shaped: shaped | {"attachments": shaped["attachments"] or None}, "shape_message"
    )


@behaves("O:Metadata is nullable in every object; RQ-129")
def metadata_null(faithful: Behaviour) -> Behaviour:
    """metadata of a run, a thread or a message that was given none is null."""

    def shape_run(item: Run, *, sse: bool = False) -> Json:
        null = {"metadata": None} if item.request.get("metadata") is None and not item.metadata else {}
        return faithful.shape_run(item, sse=sse) | null

    def change(shaped: Json) -> Json:
        return shaped | {"metadata": shaped["metadata"] or None}

    return changed(replace(faithful, shape_run=shape_run), change, "shape_thread", "shape_message")


@behaves("wire fact 1.4: both forms are recorded, of the same run")
def tool_resources_alike(faithful: Behaviour) -> Behaviour:
    """tool_resources of runs and threads look the same in JSON answers and in streams."""

    def shape_run(item: Run, *, sse: bool = False) -> Json:
        del sse
        return faithful.shape_run(item, sse=True)

    def shape_thread(item: Thread, *, sse: bool = False) -> Json:
        del sse
        return faithful.shape_thread(item, sse=True)

    return replace(faithful, shape_run=shape_run, shape_thread=shape_thread)


@behaves("O:ThreadObject.tool_resources and O:AssistantObject.tool_resources: nullable")
def tool_resources_null(faithful: Behaviour) -> Behaviour:
    """Threads and assistants without tool resources show null."""

    def change(shaped: Json) -> Json:
        return shaped | {"tool_resources": shaped["tool_resources"] or None}

    return changed(faithful, change, "shape_thread", "shape_assistant")


@behaves("RQ-135: the openai-responses mock and others echo what they were sent")
def request_echoed(faithful: Behaviour) -> Behaviour:
    """A run shows the request's own fields, stream among them, beside the documented ones."""

    def shape_run(item: Run, *, sse: bool = False) -> Json:
        return {"stream": bool(item.request.get("stream")), "additional_messages": []} | faithful.shape_run(
            item, sse=sse
        )

    return replace(faithful, shape_run=shape_run)


@behaves("CONTRACT 2.2: no source says what expires_at is in these two statuses")
def expires_at_kept(faithful: Behaviour) -> Behaviour:
    """expires_at stays set on cancelled and expired runs."""

    def shape_run(item: Run, *, sse: bool = False) -> Json:
        kept = {"expires_at": item.expires_at} if item.status in {"cancelled", "expired"} else {}
        return faithful.shape_run(item, sse=sse) | kept

    return replace(faithful, shape_run=shape_run)


@behaves("RQ-227: of incomplete runs nothing is documented")
def completed_at_null_when_incomplete(faithful: Behaviour) -> Behaviour:
    """completed_at of an incomplete run is null."""

    def change(shaped: Json) -> Json:
        return shaped | ({"completed_at": None} if shaped["status"] == "incomplete" else {})

    return changed(faithful, change, "shape_run")


@behaves("O:RunStepDetailsToolCallsFileSearchObject: ranking_options and results are optional")
def search_details_bare(faithful: Behaviour) -> Behaviour:
    """A file_search call in a step shows neither ranking_options nor results."""

    def shape_step(item: Step, *, sse: bool = False, content: bool = False) -> Json:
        shaped = faithful.shape_step(item, sse=sse, content=content)
        for call in shaped["step_details"].get("tool_calls", ()):
            if call["type"] == "file_search" and not content:
                call["file_search"] = {}
        return shaped

    return replace(faithful, shape_step=shape_step)


# Last, so that what others show of times is moved as well.
@behaves("RQ-165: within a few minutes of now; clocks of two machines differ", group="clock")
def clock_ahead(faithful: Behaviour) -> Behaviour:
    """The server's clock is two minutes ahead."""
    return changed(faithful, lambda shaped: _moved(shaped, SKEW), *OBJECTS)


@behaves("RQ-165: within a few minutes of now; clocks of two machines differ", group="clock")
def clock_behind(faithful: Behaviour) -> Behaviour:
    """The server's clock is two minutes behind."""
    return changed(faithful, lambda shaped: _moved(shaped, -SKEW), *OBJECTS)


def _moved(shaped: Json, seconds: int) -> Json:
    return {
        key: value + seconds if key in TIMES and isinstance(value, int) else value
        for key, value in shaped.items()
    }
