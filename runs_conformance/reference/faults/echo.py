"""Settings that are not those of the request, or not those of the assistant where the request says nothing."""

from __future__ import annotations

import html
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.faults.points import (
    create_bodies,
    created,
    dropped,
    inherited,
    listed,
    messages,
    polled_runs,
    retrieved,
    runs,
    settings,
    streamed_runs,
    threads,
)
from runs_conformance.reference.faults.record import Kind, Rows
from runs_conformance.reference.records import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Assistant, Json, Message, Run, Thread

echo = Kind("echo")
INSTRUCTIONS = "response.echo.instructions"
TOOLS = "response.echo.tools"
METADATA = "response.echo.metadata"
OPTIONS = "response.echo.settings"
LIMITS = "response.echo.token-limits"
SAMPLING = "response.default.temperature"
NUCLEUS = "response.default.top-p"
LATIN_1 = 0xFF
BMP = 0xFFFF


@echo(inherited, SAMPLING, rare=True)
def temperature_zero_becomes_the_default(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A temperature of 0 is taken for none, and 1 is used."""
    return replace(found, temperature=1.0) if body.get("temperature") == 0 else found


@echo(inherited, NUCLEUS, rare=True)
def top_p_zero_becomes_the_default(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A top_p of 0 is taken for none, and 1 is used."""
    return replace(found, top_p=1.0) if body.get("top_p") == 0 else found


@echo(inherited, INSTRUCTIONS, rare=True)
def empty_instructions_inherit(body: Json, assistant: Assistant, found: Settings) -> Settings:
    """Instructions that are an empty string are taken for none."""
    return replace(found, instructions=assistant.instructions) if body.get("instructions") == "" else found


@echo(inherited, TOOLS, rare=True)
def empty_tools_inherit(body: Json, assistant: Assistant, found: Settings) -> Settings:
    """An empty list of tools is taken for none: the assistant's are used."""
    return replace(found, tools=assistant.tools) if body.get("tools") == [] else found


@echo(settings, "response.default.parallel-tool-calls", rare=True)
def parallel_false_becomes_true(_body: Json, found: Settings) -> Settings:
    """parallel_tool_calls false is taken for none, and true is used."""
    return replace(found, parallel_tool_calls=True)


@echo(settings, "response.default.parallel-tool-calls")
def parallel_false_by_default(body: Json, found: Settings) -> Settings:
    """parallel_tool_calls is false unless it is asked for."""
    return replace(found, parallel_tool_calls=bool(body.get("parallel_tool_calls")))


@echo(settings, "response.default.parallel-tool-calls", rare=True)
def parallel_false_without_tools(body: Json, found: Settings) -> Settings:
    """parallel_tool_calls is false for a run without tools."""
    asked = body.get("parallel_tool_calls")
    return replace(found, parallel_tool_calls=bool(found.tools)) if asked is None else found


@echo(settings, SAMPLING)
def temperature_ignored(_body: Json, found: Settings) -> Settings:
    """Every run has temperature 1."""
    return replace(found, temperature=1.0)


@echo(settings, SAMPLING, rare=True)
def temperature_rounded(_body: Json, found: Settings) -> Settings:
    """temperature is rounded to whole numbers."""
    return replace(found, temperature=float(int(found.temperature)))


@echo(settings, SAMPLING, rare=True)
def temperature_in_single_precision(_body: Json, found: Settings) -> Settings:
    """temperature is kept with three decimal places too few: 0.7 becomes 0.699."""
    return replace(found, temperature=found.temperature - 0.001 if found.temperature % 1 else found.temperature)


@echo(inherited, SAMPLING, rare=True)
def assistants_temperature_ignored(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A run without temperature has 1, whatever the assistant says."""
    return replace(found, temperature=1.0) if body.get("temperature") is None else found


@echo(inherited, NUCLEUS, rare=True)
def assistants_top_p_ignored(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A run without top_p has 1, whatever the assistant says."""
    return replace(found, top_p=1.0) if body.get("top_p") is None else found


@echo(settings, NUCLEUS, rare=True)
def top_p_lost_beside_temperature(body: Json, found: Settings) -> Settings:
    """Where temperature and top_p are both given, top_p is set to 1."""
    both = body.get("temperature") is not None and body.get("top_p") is not None
    return replace(found, top_p=1.0) if both else found


@echo(settings, SAMPLING, NUCLEUS, rare=True)
def sampling_swapped(body: Json, found: Settings) -> Settings:
    """Where both are given, temperature and top_p change places."""
    both = body.get("temperature") is not None and body.get("top_p") is not None
    return replace(found, top_p=found.temperature, temperature=found.top_p) if both else found


@echo(inherited, "response.echo.model")
def model_ignored(_body: Json, assistant: Assistant, found: Settings) -> Settings:
    """A run always has the assistant's model."""
    return replace(found, model=assistant.model)


@echo(inherited, "response.echo.model", "accept.null-as-absent", rare=True)
def model_default_not_the_assistants(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A run without a model gets the server's default."""
    return replace(found, model="default-model") if body.get("model") is None else found


@echo(inherited, INSTRUCTIONS)
def instructions_ignored(_body: Json, assistant: Assistant, found: Settings) -> Settings:
    """A run always has the assistant's instructions."""
    return replace(found, instructions=assistant.instructions)


@echo(inherited, INSTRUCTIONS)
def instructions_appended(body: Json, assistant: Assistant, found: Settings) -> Settings:
    """The request's instructions are put after the assistant's."""
    both = f"{assistant.instructions}\n{found.instructions}"
    return replace(found, instructions=both) if body.get("instructions") is not None else found


@echo(runs, INSTRUCTIONS, "response.run.instructions-type", rare=True)
def instructions_null_when_inherited(run: Run, shaped: Json) -> Json:
    """A run without instructions of its own shows null."""
    given = run.request.get("instructions") or run.request.get("additional_instructions")
    return shaped | ({} if given else {"instructions": None})


@echo(runs, INSTRUCTIONS, rare=True)
def instructions_empty_when_inherited(run: Run, shaped: Json) -> Json:
    """A run without instructions of its own shows an empty text."""
    given = run.request.get("instructions") or run.request.get("additional_instructions")
    return shaped | ({} if given else {"instructions": ""})


@echo(settings, "response.echo.additional-instructions", rare=True)
def additional_instructions_replace(body: Json, found: Settings) -> Settings:
    """additional_instructions take the place of the instructions."""
    added = body.get("additional_instructions")
    return replace(found, instructions=found.instructions if added is None else added)


@echo(settings, "response.echo.additional-instructions", rare=True)
def additional_instructions_first(body: Json, found: Settings) -> Settings:
    """additional_instructions are put before the instructions."""
    added = body.get("additional_instructions")
    base = (found.instructions or "").removesuffix(f"\n{added}")
    return found if added is None else replace(found, instructions=f"{added}\n{base}")


@echo(inherited, "response.echo.additional-instructions", INSTRUCTIONS, rare=True)
def additional_instructions_meet_overridden(body: Json, assistant: Assistant, found: Settings) -> Settings:
    """Where both are given, additional_instructions are added to the assistant's instructions instead of the run's."""
    if body.get("additional_instructions") is None or body.get("instructions") is None:
        return found
    return replace(found, instructions=f"{assistant.instructions}\n{body['additional_instructions']}")


def _text(name: str, sentence: str, change: Callable[[str], str]) -> None:
    """A fault of texts, put into instructions and metadata values."""

    def changed(_body: Json, found: Settings) -> Settings:
        return replace(found, instructions=found.instructions and change(found.instructions))

    echo.add(f"instructions-{name}", f"Instructions {sentence}", settings(changed), INSTRUCTIONS, rare=True)
    echo.add(
        f"metadata-{name}",
        f"Metadata values {sentence}",
        runs(lambda _run, shaped: shaped | {"metadata": {k: change(v) for k, v in shaped["metadata"].items()}}),
        METADATA,
        rare=True,
    )


_text("stripped", "lose blanks and line breaks at their ends.", str.strip)
_text("cut-at-256", "are cut after 256 characters.", lambda text: text[:256])
_text(
    "cut-at-512-bytes",
    "are cut after 512 bytes.",
    lambda text: text.encode()[:512].decode(errors="ignore"),
)
_text("html", "come back with entities for &, < and >.", lambda text: html.escape(text, quote=False))
_text(
    "without-astral-characters",
    "lose characters beyond the BMP (a column of three bytes a character).",
    lambda text: "".join(one for one in text if ord(one) <= BMP),
)
_text(
    "astral-characters-replaced",
    "have U+FFFD twice for a character beyond the BMP.",
    lambda text: "".join("\ufffd\ufffd" if ord(one) > BMP else one for one in text),
)
_text(
    "mojibake",
    "are UTF-8 read as Latin-1 where a character lies outside ASCII.",
    lambda text: text.encode().decode("latin-1"),
)
_text("ascii-only", "lose what is not ASCII.", lambda text: text.encode("ascii", "ignore").decode())
_text("decomposed", "are normalised to decomposed characters.", lambda text: unicodedata.normalize("NFD", text))
_text("lf", "have LF for CR LF.", lambda text: text.replace("\r\n", "\n"))
_text("without-controls", "lose direction marks.", lambda text: "".join(c for c in text if unicodedata.category(c) != "Cf"))
_text("lower-case", "come back in lower case.", str.lower)
_text("nul-ends", "end at a NUL character.", lambda text: text.partition("\x00")[0])


@echo(settings, TOOLS)
def tools_lost(_body: Json, found: Settings) -> Settings:
    """A run never has tools."""
    return replace(found, tools=[])


@echo(inherited, TOOLS)
def tools_ignored(_body: Json, assistant: Assistant, found: Settings) -> Settings:
    """A run always has the assistant's tools."""
    return replace(found, tools=assistant.tools)


@echo(inherited, TOOLS, rare=True)
def tools_added_to_the_assistants(body: Json, assistant: Assistant, found: Settings) -> Settings:
    """The request's tools are added to the assistant's."""
    return replace(found, tools=[*assistant.tools, *found.tools]) if body.get("tools") is not None else found


@echo(inherited, TOOLS, rare=True)
def assistants_tools_ignored(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A run without tools of its own has none."""
    return replace(found, tools=[]) if body.get("tools") is None else found


@echo(settings, TOOLS, rare=True)
def tools_reversed(_body: Json, found: Settings) -> Settings:
    """Tools come back in the opposite order."""
    return replace(found, tools=found.tools[::-1])


@echo(settings, TOOLS, rare=True)
def tools_sorted(_body: Json, found: Settings) -> Settings:
    """Tools come back sorted by type, functions last."""
    return replace(found, tools=sorted(found.tools, key=lambda one: str(one["type"])))


@echo(settings, TOOLS, rare=True)
def tools_at_most_sixteen(_body: Json, found: Settings) -> Settings:
    """Tools after the sixteenth are dropped silently."""
    return replace(found, tools=found.tools[:16])


def _functions(name: str, sentence: str, change: Callable[[Json], Json], *breaks: str) -> None:
    def changed(_body: Json, found: Settings) -> Settings:
        tools = [
            one | {"function": change(dict(one["function"]))} if one["type"] == "function" else one
            for one in found.tools
        ]
        return replace(found, tools=tools)

    echo.add(f"function-{name}", sentence, settings(changed), *(breaks or (TOOLS,)), rare=True)


_functions("description-lost", "A function's description is lost.", lambda one: dropped(one, "description"))
_functions("parameters-lost", "A function's parameters are lost.", lambda one: dropped(one, "parameters"))
_functions(
    "description-empty-lost",
    "A function's description that is an empty string is lost.",
    lambda one: one if one.get("description") else dropped(one, "description"),
)
_functions(
    "parameters-empty-lost",
    "A function's parameters that are {} are lost.",
    lambda one: one if one.get("parameters") else dropped(one, "parameters"),
)
_functions(
    "parameters-filled",
    "A function's parameters get type and properties that nobody sent.",
    lambda one: one | {"parameters": {"type": "object", "properties": {}, **one.get("parameters", {})}} if "parameters" in one else one,
)
_functions(
    "parameters-in-a-string",
    "A function's parameters come back as JSON text.",
    lambda one: one | {"parameters": str(one["parameters"])} if "parameters" in one else one,
    TOOLS,
    "response.run.model-tools-metadata",
)
_functions(
    "parameters-without-nulls",
    "Nulls inside a function's parameters are lost.",
    lambda one: one | {"parameters": _without_nulls(one["parameters"])} if "parameters" in one else one,
)
_functions("strict-lost", "A function comes back without strict.", lambda one: dropped(one, "strict"), "response.echo.function-strict", TOOLS)
_functions("strict-ignored", "A function's strict true comes back as false.", lambda one: one | {"strict": False})
_functions("strict-by-default", "A function without strict comes back with true.", lambda one: one | {"strict": True}, "response.echo.function-strict", TOOLS)
_functions("name-lower-case", "A function's name comes back in lower case.", lambda one: one | {"name": one["name"].lower()})
_functions("name-underscores", "A function's name has underscores for dashes.", lambda one: one | {"name": one["name"].replace("-", "_")})
_functions("name-cut", "A function's name is cut after 63 characters.", lambda one: one | {"name": one["name"][:63]})


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(one) for one in value if one is not None] if isinstance(value, list) else value


def _searches(change: Callable[[Json], Json]) -> Callable[[Json, Settings], Settings]:
    def changed(_body: Json, found: Settings) -> Settings:
        tools = [
            one | {"file_search": change(dict(one.get("file_search") or {}))} if one["type"] == "file_search" else one
            for one in found.tools
        ]
        return replace(found, tools=tools)

    return changed


_ROWS_1: Rows = (
    ("max-num-results-lost", "max_num_results of a file_search tool is lost.", lambda one: dropped(one, "max_num_results")),
    ("max-num-results-default", "max_num_results of a file_search tool comes back as 20.", lambda one: one | {"max_num_results": 20}),
    ("ranking-lost", "ranking_options of a file_search tool are lost.", lambda one: dropped(one, "ranking_options")),
    (
        "threshold-zero",
        "score_threshold of a file_search tool comes back as 0.",
        lambda one: one | {"ranking_options": one["ranking_options"] | {"score_threshold": 0.0}},
    ),
)  # fmt: skip
for _name, _sentence, _change in _ROWS_1:
    echo.add(f"file-search-{_name}", _sentence, settings(_searches(_change)), TOOLS, rare=True)


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


@echo(runs, OPTIONS, rare=True)
def last_messages_lost(_run: Run, shaped: Json) -> Json:
    """A truncation_strategy comes back without its count."""
    return shaped | {"truncation_strategy": shaped["truncation_strategy"] | {"last_messages": None}}


@echo(runs, OPTIONS, rare=True)
def truncation_always_auto(_run: Run, shaped: Json) -> Json:
    """truncation_strategy is always auto."""
    return shaped | {"truncation_strategy": {"type": "auto", "last_messages": None}}


@echo(runs, "response.default.truncation")
def truncation_default_counts(run: Run, shaped: Json) -> Json:
    """A run without truncation_strategy shows a last_messages of 10."""
    given = run.request.get("truncation_strategy")
    return shaped | ({} if given else {"truncation_strategy": {"type": "last_messages", "last_messages": 10}})


@echo(runs, OPTIONS, rare=True)
def tool_choice_as_text(_run: Run, shaped: Json) -> Json:
    """A tool_choice object comes back as "auto"."""
    return shaped | ({"tool_choice": "auto"} if isinstance(shaped["tool_choice"], dict) else {})


@echo(runs, OPTIONS, rare=True)
def tool_choice_named_is_required(_run: Run, shaped: Json) -> Json:
    """A tool_choice object comes back as "required"."""
    return shaped | ({"tool_choice": "required"} if isinstance(shaped["tool_choice"], dict) else {})


@echo(runs, OPTIONS, rare=True)
def tool_choice_function_lost(_run: Run, shaped: Json) -> Json:
    """A tool_choice object comes back without the function's name."""
    choice = shaped["tool_choice"]
    return shaped | ({"tool_choice": {"type": choice["type"]}} if isinstance(choice, dict) else {})


@echo(runs, OPTIONS, rare=True)
def tool_choice_required_is_auto(_run: Run, shaped: Json) -> Json:
    """tool_choice required comes back as auto."""
    return shaped | ({"tool_choice": "auto"} if shaped["tool_choice"] == "required" else {})


@echo(settings, OPTIONS, rare=True)
def tool_choice_none_without_tools(_body: Json, found: Settings) -> Settings:
    """tool_choice none comes back as auto when there are no tools."""
    return replace(found, tool_choice="auto") if not found.tools and found.tool_choice == "none" else found


@echo(runs, "response.default.tool-choice", rare=True)
def tool_choice_default_none(_run: Run, shaped: Json) -> Json:
    """A run without tools and without tool_choice shows none, as in another API of the vendor."""
    return shaped | ({"tool_choice": "none"} if shaped["tool_choice"] == "auto" and not shaped["tools"] else {})


def _structured(change: Callable[[Json], Json]) -> Callable[[Run, Json], Json]:
    def changed(_run: Run, shaped: Json) -> Json:
        form = shaped["response_format"]
        if not isinstance(form, dict) or form["type"] != "json_schema":
            return shaped
        return shaped | {"response_format": form | {"json_schema": change(dict(form["json_schema"]))}}

    return changed


_ROWS_2: Rows = (
    ("strict-lost", "The strict of a json_schema is lost.", lambda form: dropped(form, "strict")),
    ("strict-false-lost", "The strict false of a json_schema is lost.", lambda form: form if form.get("strict") else dropped(form, "strict")),
    ("schema-lost", "The schema of a json_schema is lost.", lambda form: dropped(form, "schema")),
    ("description-lost", "The description of a json_schema is lost.", lambda form: dropped(form, "description")),
    ("renamed", "A json_schema comes back with the name response.", lambda form: form | {"name": "response"}),
    (
        "ascii",
        "The description of a json_schema loses what is not ASCII.",
        lambda form: form | {"description": form.get("description", "").encode("ascii", "ignore").decode()},
    ),
    (
        "additional-properties",
        "additionalProperties is taken out of the schema of a json_schema.",
        lambda form: form | {"schema": dropped(form.get("schema", {}), "additionalProperties")},
    ),
)  # fmt: skip
for _name, _sentence, _change in _ROWS_2:
    echo.add(f"json-schema-{_name}", _sentence, runs(_structured(_change)), OPTIONS, rare=True)


@echo(runs, OPTIONS, rare=True)
def json_schema_is_json_object(_run: Run, shaped: Json) -> Json:
    """A response_format of json_schema comes back as json_object."""
    form = shaped["response_format"]
    told = isinstance(form, dict) and form["type"] == "json_schema"
    return shaped | ({"response_format": {"type": "json_object"}} if told else {})


@echo(runs, OPTIONS, rare=True)
def response_format_text_is_auto(_run: Run, shaped: Json) -> Json:
    """A response_format of text comes back as "auto"."""
    return shaped | ({"response_format": "auto"} if shaped["response_format"] == {"type": "text"} else {})


@echo(runs, OPTIONS, "response.run.settings", rare=True)
def response_format_as_text(_run: Run, shaped: Json) -> Json:
    """A response_format object of one word comes back as that word."""
    form = shaped["response_format"]
    return shaped | ({"response_format": form["type"]} if isinstance(form, dict) and len(form) == 1 else {})


@echo(runs, "response.default.response-format")
def response_format_default_text(run: Run, shaped: Json) -> Json:
    """A run without response_format shows the object of type text."""
    return shaped | ({} if run.request.get("response_format") else {"response_format": {"type": "text"}})


@echo(inherited, OPTIONS, "response.default.response-format", rare=True)
def assistants_response_format_ignored(body: Json, _assistant: Assistant, found: Settings) -> Settings:
    """A run without response_format shows auto, whatever the assistant says."""
    return replace(found, response_format="auto") if body.get("response_format") is None else found


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


BOTH = "create_thread_and_run_request"
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


@echo(create_bodies, "lifecycle.additional-messages-first", "isolation.metadata-separate", rare=True)
def additional_messages_metadata_lost(body: Json) -> Json:
    """Messages of a request lose their metadata."""
    _strip(body.get("additional_messages"), "metadata")
    _strip((body.get("thread") or {}).get("messages") if isinstance(body.get("thread"), dict) else None, "metadata")
    return body


@echo(create_bodies, "response.message.attachments", rare=True)
def message_attachments_lost(body: Json) -> Json:
    """Messages of a request lose their attachments."""
    _strip(body.get("additional_messages"), "attachments")
    _strip((body.get("thread") or {}).get("messages") if isinstance(body.get("thread"), dict) else None, "attachments")
    return body


def _strip(found: Any, name: str) -> None:
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict) and isinstance(one.get(name), dict | list):
            one.pop(name)


@echo(messages, "lifecycle.additional-messages-first", rare=True)
def message_parts_joined(_message: Message, shaped: Json) -> Json:
    """Text parts of a message come back as one part."""
    texts = [part["text"]["value"] for part in shaped["content"] if part["type"] == "text"]
    if len(texts) < 2:
        return shaped
    joined = {"type": "text", "text": {"value": "".join(texts), "annotations": []}}
    return shaped | {"content": [joined, *(part for part in shaped["content"] if part["type"] != "text")]}


@echo(messages, "lifecycle.additional-messages-first", rare=True)
def message_without_astral_characters(_message: Message, shaped: Json) -> Json:
    """A client's messages lose characters beyond the BMP."""
    parts = [
        part | {"text": part["text"] | {"value": "".join(c for c in part["text"]["value"] if ord(c) <= BMP)}}
        if part["type"] == "text" and shaped["role"] == "user"
        else part
        for part in shaped["content"]
    ]
    return shaped | {"content": parts}


@echo(messages, "response.message.content", rare=True)
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
