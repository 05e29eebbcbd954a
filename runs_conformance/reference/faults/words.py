"""Legal values that a template engine, a store or a parser on the way takes for its own, and changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from runs_conformance.reference import refusals
from runs_conformance.reference.faults.points import (
    around,
    blocks,
    refusing,
    runs,
    settings,
    users_texts,
)
from runs_conformance.reference.faults.record import Kind, Rows

if TYPE_CHECKING:
    from runs_conformance.reference.faults.record import Change
    from runs_conformance.reference.records import Event, Json, Run, Settings, Thread
    from runs_conformance.reference.refusals import Refusal

echo = Kind("echo")
refusal = Kind("refusal")
stream_bytes = Kind("stream-bytes")
METADATA, INSTRUCTIONS, TOOLS = "response.echo.metadata", "response.echo.instructions", "response.echo.tools"
LINE, FIELD, HEADER = 65_536, 65_535, 8_192


def _instructions(change: Callable[[str], str]) -> Change:
    def small(_body: Json, found: Settings) -> Settings:
        return replace(found, instructions=change(found.instructions)) if found.instructions else found

    return settings(small)


def _metadata(change: Callable[[str, str], tuple[str, str]]) -> Change:
    def small(_run: Run, shaped: Json) -> Json:
        return shaped | {"metadata": dict(change(key, value) for key, value in shaped["metadata"].items())}

    return runs(small)


def _schemas(change: Callable[[Json], Json]) -> Change:
    """Every object in the parameters of every function, the outermost included."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return change({key: walk(held) for key, held in value.items()})
        return [walk(held) for held in value] if isinstance(value, list) else value

    def tool(one: Json) -> Json:
        function = one.get("function", {})
        held = {"parameters": walk(function["parameters"])} if "parameters" in function else {}
        return one | ({"function": function | held} if held else {})

    return settings(lambda _body, found: replace(found, tools=[tool(one) for one in found.tools]))


def _without(*names: str) -> Callable[[Json], Json]:
    return lambda schema: {key: value for key, value in schema.items() if key not in names}


def _number(text: str) -> str:
    try:
        return str(float(text))
    except ValueError:
        return text


def _document(text: str) -> str:
    try:
        return json.dumps(json.loads(text)) if text[:1] in ("{", "[") else text
    except ValueError:
        return text


_ROWS: Rows = (
    ("instructions-templates-filled", "Words in double braces are cut out of instructions.", _instructions(lambda text: re.sub(r"\{\{.*?\}\}", "", text)), INSTRUCTIONS),
    ("instructions-formatted", "Words in braces are cut out of instructions.", _instructions(lambda text: re.sub(r"\{\w*\}", "", text)), INSTRUCTIONS),
    ("instructions-variables-expanded", "Names after a dollar sign are cut out of instructions.", _instructions(lambda text: re.sub(r"\$\{?\w+\}?", "", text)), INSTRUCTIONS),
    ("instructions-percent-formatted", "Two percent signs become one in instructions.", _instructions(lambda text: text.replace("%%", "%")), INSTRUCTIONS),
    ("instructions-unescaped-twice", "A backslash and n become a line end in instructions.", _instructions(lambda text: text.replace("\\n", "\n")), INSTRUCTIONS),
    ("instructions-url-decoded", "Codes of URLs are decoded in instructions.", _instructions(unquote), INSTRUCTIONS),
    ("instructions-plus-as-blank", "A plus sign becomes a blank in instructions.", _instructions(lambda text: text.replace("+", " ")), INSTRUCTIONS),
    ("instructions-plain-quotes", "Typographer's quotes become plain ones in instructions.", _instructions(lambda text: text.replace("\u201c", '"').replace("\u201d", '"')), INSTRUCTIONS),
    ("instructions-plain-blanks", "No-break spaces become blanks in instructions.", _instructions(lambda text: text.replace("\u00a0", " ")), INSTRUCTIONS),
    ("instructions-line-separators", "U+2028 becomes a line end in instructions.", _instructions(lambda text: text.replace("\u2028", "\n")), INSTRUCTIONS),
    ("instructions-emoji-as-text", "Variation selectors are cut out of instructions.", _instructions(lambda text: text.replace("\ufe0f", "")), INSTRUCTIONS),
    ("instructions-cut-at-65535", "Instructions are cut at 65,535 characters.", _instructions(lambda text: text[:FIELD]), INSTRUCTIONS),
    ("instructions-cut-at-32768", "Instructions are cut at 32,768 characters.", _instructions(lambda text: text[:32_768]), INSTRUCTIONS),
    ("top-p-two-decimals", "top_p is rounded to two decimal places.", settings(lambda _body, found: replace(found, top_p=round(found.top_p, 2))), "response.default.top-p"),
    ("metadata-documents-parsed", "A metadata value that is a JSON document is written anew.", _metadata(lambda key, value: (key, _document(value))), METADATA),
    ("metadata-numbers-written-anew", "A metadata value that reads as a number is written as one.", _metadata(lambda key, value: (key, _number(value))), METADATA),
    ("metadata-words-for-nothing", "The words null and undefined become empty in metadata.", _metadata(lambda key, value: (key, "" if value in ("null", "undefined") else value)), METADATA),
    ("metadata-dots-in-keys", "Dots in metadata keys become underscores.", _metadata(lambda key, value: (key.replace(".", "_"), value)), METADATA),
    ("metadata-dollars-in-keys", "A dollar sign before a metadata key is lost.", _metadata(lambda key, value: (key.lstrip("$"), value)), METADATA),
    ("parameters-without-definitions", "$defs are left out of a function's parameters.", _schemas(_without("$defs")), TOOLS),
    ("parameters-without-references", "$ref is left out of a function's parameters.", _schemas(_without("$ref")), TOOLS),
    ("parameters-without-defaults", "Defaults are left out of a function's parameters.", _schemas(_without("default")), TOOLS),
    ("parameters-without-formats", "Formats are left out of a function's parameters.", _schemas(_without("format")), TOOLS),
    ("parameters-one-type", "Of several types in a function's parameters the first is kept.", _schemas(lambda one: one | ({"type": one["type"][0]} if isinstance(one.get("type"), list) else {})), TOOLS),
    ("parameters-required-sorted", "The required names of a function's parameters are sorted.", _schemas(lambda one: one | ({"required": sorted(one["required"])} if isinstance(one.get("required"), list) else {})), TOOLS),
    ("parameters-names-in-ascii", "Names in a function's parameters lose what is not ASCII.", _schemas(lambda one: {key.encode("ascii", "ignore").decode(): value for key, value in one.items()}), TOOLS),
    ("parameters-whole-numbers", "Fractions in a function's parameters become whole numbers.", _schemas(lambda one: {key: int(value) if isinstance(value, float) else value for key, value in one.items()}), TOOLS),
)  # fmt: skip
for _name, _sentence, _change, _row in _ROWS:
    echo.add(_name, _sentence, _change, _row, rare=True)


@echo(users_texts, "response.echo.messages", rare=True)
def messages_cut_at_4096(text: Json) -> Json:
    """The text of a user's message is cut at 4,096 characters."""
    return text | {"value": text["value"][:4096]}


@echo(users_texts, "response.echo.messages", rare=True)
def messages_stripped(text: Json) -> Json:
    """Blanks around the text of a user's message are lost."""
    return text | {"value": text["value"].strip()}


@stream_bytes(blocks, "event.framing", "event.data-json", rare=True)
def lines_end_at_separators(_event: Event, block: bytes) -> bytes:
    """U+2028 and U+2029 end a line of an event, as in the source of a script."""
    return block.replace("\u2028".encode(), b"\ndata: ").replace("\u2029".encode(), b"\ndata: ")


@stream_bytes(blocks, "event.data-json", rare=True)
def lines_cut_at_8_kib(_event: Event, block: bytes) -> bytes:
    """A line of an event is cut at 8,192 bytes."""
    return block if len(block) < HEADER else block[:HEADER] + b"\n\n"


@stream_bytes(blocks, "event.data-json", rare=True)
def lines_cut_at_64_kib(_event: Event, block: bytes) -> bytes:
    """A line of an event is cut at 65,536 bytes."""
    return block if len(block) < LINE else block[:LINE] + b"\n\n"


def _refusing(names: str) -> Callable[[Callable[[Json], bool]], Change]:
    """A valid body that is refused as if it named no assistant."""

    def point(wrong: Callable[[Json], bool]) -> Change:
        def small(body: Json) -> Refusal | None:
            return refusals.not_found(names, "of that form") if wrong(body) else None

        return refusing(small)

    return point


@refusal(_refusing("instruction"), "accept.instructions", rare=True)
def empty_instructions_refused(body: Json) -> bool:
    """Instructions that are an empty string are refused."""
    return body.get("instructions") == ""


@refusal(_refusing("instruction"), "accept.instructions", rare=True)
def empty_additional_instructions_refused(body: Json) -> bool:
    """additional_instructions that are an empty string are refused."""
    return body.get("additional_instructions") == ""


@refusal(_refusing("document"), "accept.instructions", "accept.unicode", rare=True)
def bodies_over_60_kb_refused(body: Json) -> bool:
    """A body of more than 60,000 characters is refused."""
    return len(json.dumps(body, ensure_ascii=False)) > 60_000


def _open_while(inner: Any) -> Any:
    def check(thread: Thread) -> None:
        if not any(run.streaming for run in thread.runs.values()):
            inner(thread)

    return check


refusal.add("streamed-runs-lock-no-run", "A thread whose run is streamed takes another run.", around("check_run_lock")(_open_while), "refuse.thread.active-run", rare=True)
refusal.add("streamed-runs-lock-no-message", "A thread whose run is streamed takes messages.", around("check_message_lock")(_open_while), "lifecycle.lock.message-refused", rare=True)
