"""The scripted model: what a run does next, a pure function of what the model is shown.

Words in the last user message steer it (whole words, any case):

    call NAME               a call of the function NAME, of file_search or of code_interpreter, if it is an
                            effective tool
    in parallel             two calls at once (unless parallel_tool_calls is false)
    write N words           an answer of N words, so that a token limit can be met
    fail / fail early       the run fails in the middle of its message / before any step
    break the stream        the run fails with an `error` event in its stream
    slowly                  a streamed run pauses between events (see ReferenceOptions.slow_pace)
    code word?              the answer tells the word that followed "code word is" in what the model was shown
    repeat exactly, blanks and all: TEXT
                            the answer is TEXT

A token is a word.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from runs_conformance.reference.instances import conforming

HOSTED: Final = ("file_search", "code_interpreter")
MOST_WORDS: Final = 5000
SLOWLY: Final = re.compile(r"\bslowly\b", re.IGNORECASE)
_CALL = re.compile(r"\bcall\s+([A-Za-z0-9_-]+)", re.IGNORECASE)
_PARALLEL = re.compile(r"\bin parallel\b", re.IGNORECASE)
_WORDS = re.compile(r"\bwrite\s+(\d{1,6})\s+words\b", re.IGNORECASE)
_FAIL = re.compile(r"\bfail\b", re.IGNORECASE)
_FAIL_EARLY = re.compile(r"\bfail early\b", re.IGNORECASE)
_BREAK = re.compile(r"\bbreak the stream\b", re.IGNORECASE)
_CODE_WORD = re.compile(r"\bcode word is\s+([\w-]+)", re.IGNORECASE)
_REPEAT = re.compile(r"\brepeat exactly, blanks and all: (.*)", re.IGNORECASE | re.DOTALL)
_CODE_WORD_ASKED = re.compile(r"\bcode word\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is shown. `texts` are the visible messages, oldest first.

    `rounds` lists the tool calls made so far in this run, `outputs` what clients submitted for them,
    `used_prompt` and `used_completion` count the tokens of the steps so far.
    """

    instructions: str
    texts: tuple[str, ...]
    last_user: str
    tools: tuple[dict[str, Any], ...]
    tool_choice: Any
    parallel: bool
    response_format: Any
    rounds: tuple[str, ...]
    outputs: tuple[str, ...]
    prompt_limit: int | None
    completion_limit: int | None
    used_prompt: int = 0
    used_completion: int = 0

    @property
    def tokens(self) -> int:
        return sum(count(text) for text in (self.instructions, *self.texts, *self.outputs))


@dataclass(frozen=True, slots=True)
class Say:
    """A message in pieces; `cut` by the completion limit, or it `fails` half-way ("failed" or "error")."""

    pieces: tuple[str, ...]
    cut: bool = False
    fails: str | None = None
    refusal: bool = False
    cites: bool = False


@dataclass(frozen=True, slots=True)
class CallFunctions:
    """Calls of client-side functions: (name, arguments as JSON text)."""

    calls: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class UseHosted:
    """A step of a hosted tool, `file_search` or `code_interpreter`."""

    kind: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The run ends without a step: failed, expired, cancelled (by somebody else), incomplete for `reason`."""

    status: str
    reason: str | None = None


Action = Say | CallFunctions | UseHosted | Stop


def count(text: str) -> int:
    return len(text.split())


def pieces(text: str) -> tuple[str, ...]:
    """The text cut before each blank that precedes a word; one piece is one token."""
    return tuple(re.findall(r"\s*\S+", text.rstrip()))


def plan(prompt: Prompt) -> Action:
    """The next action. After a hosted tool step the caller asks again; after the others the turn is over."""
    if prompt.prompt_limit is not None and prompt.used_prompt + prompt.tokens > prompt.prompt_limit:
        return Stop("incomplete", "max_prompt_tokens")
    if _FAIL_EARLY.search(prompt.last_user):
        return Stop("failed")
    wanted = _wanted(prompt)
    if not wanted:
        return _say(prompt)
    if wanted[0] in HOSTED:
        return UseHosted(wanted[0])
    return CallFunctions(tuple((name, _arguments(prompt, name)) for name in wanted))


def names(tools: tuple[dict[str, Any], ...]) -> tuple[str, ...]:
    """What a tool can be called by: a function's name, a hosted tool's type."""
    return tuple(tool["function"]["name"] if tool["type"] == "function" else tool["type"] for tool in tools)


def chosen(tool_choice: Any) -> str | None:
    """The tool that a tool_choice object names."""
    if not isinstance(tool_choice, dict):
        return None
    function = tool_choice.get("function") or {}
    return function.get("name") if tool_choice["type"] == "function" else tool_choice["type"]


def _wanted(prompt: Prompt) -> list[str]:
    available = names(prompt.tools)
    if prompt.tool_choice == "none" or not available:
        return []
    forced = chosen(prompt.tool_choice)
    if forced is None and prompt.tool_choice == "required":
        forced = next((name for name in available if name not in HOSTED), available[0])
    asked = [name for name in _CALL.findall(prompt.last_user) if name in available]
    if forced is not None:
        asked = [forced] if not prompt.rounds else []
    todo = asked[len(prompt.rounds) :]
    if not todo or todo[0] in HOSTED:
        return todo[:1]
    return _at_once(prompt, [name for name in todo if name not in HOSTED])


def _at_once(prompt: Prompt, functions: list[str]) -> list[str]:
    if not (prompt.parallel and _PARALLEL.search(prompt.last_user)):
        return functions[:1]
    return functions if len(functions) > 1 else functions * 2


def _arguments(prompt: Prompt, name: str) -> str:
    for tool in prompt.tools:
        if tool["type"] == "function" and tool["function"]["name"] == name:
            value, _ = conforming(tool["function"].get("parameters") or {})
            return json.dumps(
                value if isinstance(value, dict) else {}, ensure_ascii=False, separators=(",", ":")
            )
    return "{}"


def _say(prompt: Prompt) -> Say:
    text, refusal = _answer(prompt)
    all_pieces = pieces(text)
    left = (
        None if prompt.completion_limit is None else max(prompt.completion_limit - prompt.used_completion, 1)
    )
    if left is not None and len(all_pieces) > left:
        return Say(all_pieces[:left], cut=True, refusal=refusal)
    if _BREAK.search(prompt.last_user):
        return Say(all_pieces, fails="error")
    cites = "file_search" in prompt.rounds and not refusal and _plain(prompt)
    return Say(
        all_pieces, fails="failed" if _FAIL.search(prompt.last_user) else None, refusal=refusal, cites=cites
    )


def _plain(prompt: Prompt) -> bool:
    form = prompt.response_format
    return not (isinstance(form, dict) and form["type"] in {"json_object", "json_schema"})


def _answer(prompt: Prompt) -> tuple[str, bool]:
    """The text and whether it is a refusal (a strict schema that the script can't fill)."""
    text = _text(prompt)
    if _plain(prompt):
        return text, False
    form = prompt.response_format
    schema = form.get("json_schema", {}).get("schema") if form["type"] == "json_schema" else None
    if schema is None:
        return json.dumps({"answer": text}, ensure_ascii=False), False
    value, valid = conforming(schema)
    if not valid and form["json_schema"].get("strict"):
        return "I can't answer in that form.", True
    return json.dumps(value, ensure_ascii=False), False


def _text(prompt: Prompt) -> str:
    if prompt.outputs:
        return f"The tools answered: {'; '.join(_short(output) for output in prompt.outputs)} ✓"
    if asked := _WORDS.search(prompt.last_user):
        return " ".join(f"word{number}" for number in range(1, min(int(asked[1]), MOST_WORDS) + 1)) or "none"
    if repeated := _REPEAT.search(prompt.last_user):
        return repeated[1]
    if _CODE_WORD_ASKED.search(prompt.last_user):
        told = _CODE_WORD.findall("\n".join((prompt.instructions, *prompt.texts)))
        return f"The code word is {told[-1]}." if told else "I was told none."
    return f"Réponse 🙂 (日本語 too): {_short(prompt.last_user) or 'nothing was asked'}"


def _short(text: str) -> str:
    return " ".join(text.split())[:80]
