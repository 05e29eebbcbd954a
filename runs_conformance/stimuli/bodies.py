"""Hypothesis strategies: any valid body of both operations, and bodies with exactly one documented violation.

Bounds are read from the schemas. Left out on purpose, for a conforming target may refuse them: effort for a
model that does not reason, structured output beside hosted tools, parallel calls without a function, ids that
may not exist, messages of nothing but blanks, parameters that do not say their properties. `lacks` names
capabilities that the target does not have.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Any, Final, Literal

from hypothesis import strategies as st

from runs_conformance.contract.register import NEWEST, load
from runs_conformance.contract.schemas import violations
from runs_conformance.contract.shapes import place
from runs_conformance.stimuli.base import CREATE_RUN, SAYS, SCHEMAS, limit, merge, messages_path, put
from runs_conformance.stimuli.inside import STRICT
from runs_conformance.stimuli.outside import Outside, outside

_SURROGATES: Final[tuple[Literal["Cs"]]] = ("Cs",)
# Surrogates can't be UTF-8; NUL is refused by stores that sit on C strings, which no document forbids.
TEXT: Final = st.text(st.characters(exclude_categories=_SURROGATES, exclude_characters="\0"), max_size=40)
_NAME: Final = st.from_regex(r"\A[A-Za-z0-9_-]{1,64}\Z")
_EDGES: Final = ("", " ", "ü", "😀", "\u202e", "null", "0", "'\"\\", "<b>&amp;</b>")


def texts(longest: int = 200) -> st.SearchStrategy[str]:
    return st.one_of(TEXT, st.sampled_from(_EDGES), st.integers(1, longest).map(lambda size: "é" * size))


def metadata() -> st.SearchStrategy[dict[str, str]]:
    key = limit("metadata", "propertyNames")["maxLength"]
    value = limit("metadata", "maxLength", "*")
    keys = st.text(
        st.characters(min_codepoint=32, exclude_categories=_SURROGATES, max_codepoint=0xFFFF), min_size=1,
        max_size=key,
    )
    return st.dictionaries(
        keys, st.one_of(texts(), st.just("v" * value)), max_size=limit("metadata", "maxProperties"),
    )


def _number(name: str) -> st.SearchStrategy[float]:
    low, high = limit(name, "minimum"), limit(name, "maximum")
    whole = st.sampled_from([low, high, float(low), float(high), 1, 1.0])
    return whole | st.floats(low, high, allow_nan=False).map(lambda value: round(value, 6))


def _tokens() -> st.SearchStrategy[int]:
    least = limit("token_limit", "minimum")
    return st.sampled_from([least, least + 1]) | st.integers(least, 1_000_000)


_SCALARS: Final = st.none() | st.booleans() | st.integers(-(2**31), 2**31) | TEXT
_PROPERTY: Final = st.fixed_dictionaries({"type": st.just("string"), "description": TEXT})
_PARAMETERS: Final = st.fixed_dictionaries({
    "type": st.just("object"), "properties": st.dictionaries(_NAME, _PROPERTY, max_size=3),
})


@st.composite
def functions(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Function tools with different names, now and then as many as a run may have."""
    most = limit("requested_tools", "maxItems")
    names = draw(st.lists(_NAME, min_size=1, max_size=draw(st.sampled_from([1, 3, most])), unique=True))
    return [{"type": "function", "function": {"name": name, **draw(_function_details())}} for name in names]


def _function_details() -> st.SearchStrategy[dict[str, Any]]:
    loose = st.fixed_dictionaries(
        {},
        optional={"description": TEXT, "parameters": _PARAMETERS, "strict": st.sampled_from([False, None])},
    )
    return loose | st.just({"parameters": STRICT, "strict": True})


def _hosted(lacks: Collection[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    ranking = st.fixed_dictionaries(
        {"score_threshold": st.sampled_from([0, 1, 0.5])},
        optional={"ranker": st.sampled_from(["auto", "default_2024_08_21"])},
    )
    overrides = st.fixed_dictionaries(
        {}, optional={"max_num_results": st.integers(1, 50), "ranking_options": ranking},
    )
    search = st.fixed_dictionaries({"type": st.just("file_search")}, optional={"file_search": overrides})
    interpreter: st.SearchStrategy[dict[str, Any]] = st.just({"type": "code_interpreter"})
    kinds = {"tools.code-interpreter": interpreter, "tools.file-search": search}
    held = [kind for name, kind in kinds.items() if name not in lacks]
    return st.one_of(st.tuples(*held).map(list), *(kind.map(lambda tool: [tool]) for kind in held))


def _format(lacks: Collection[str]) -> st.SearchStrategy[Any]:
    plain = st.sampled_from(["auto", {"type": "text"}, {"type": "json_object"}])
    if "json-schema" in lacks:
        return plain
    form = st.fixed_dictionaries(
        {"name": _NAME},
        optional={"description": TEXT, "schema": st.just(STRICT), "strict": st.sampled_from([False, None])},
    )
    return plain | form.map(lambda one: {"type": "json_schema", "json_schema": one})


def _truncation() -> st.SearchStrategy[dict[str, Any]]:
    counted = st.integers(1, 1000).map(lambda count: {"type": "last_messages", "last_messages": count})
    plain: list[dict[str, Any]] = [{"type": "auto"}, {"type": "auto", "last_messages": None}]
    return st.sampled_from(plain) | counted


def messages() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Up to four messages; one of the user's comes last and asks for JSON."""
    parts = st.lists(texts().map(lambda text: {"type": "text", "text": f"Hi {text}"}), min_size=1, max_size=3)
    content = texts().map(lambda text: f"Hi {text}") | parts
    details: dict[str, st.SearchStrategy[Any]] = {
        "metadata": st.none() | metadata(), "attachments": st.none() | st.just([]),
    }
    message = st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant"]), "content": content}, optional=details,
    )
    return st.lists(message, max_size=3).map(lambda many: [*many, {"role": "user", "content": SAYS}])


@st.composite
def bodies(
    draw: st.DrawFn, operation: str, model: str, edition: str = NEWEST, lacks: Collection[str] = (),
) -> dict[str, Any]:
    """A valid body without its assistant_id; `model` is one that the target has."""
    optional = {
        "model": st.none() | st.just(model),
        "instructions": st.none() | texts().map(lambda text: f"Answer as JSON. {text}"),
        "metadata": st.none() | metadata(),
        "temperature": st.none() | _number("temperature"),
        "top_p": st.none() | _number("top_p"),
        "max_prompt_tokens": st.none() | _tokens(),
        "max_completion_tokens": st.none() | _tokens(),
        "truncation_strategy": st.none() | _truncation(),
        "stream": st.sampled_from([None, False]),
        **({"additional_instructions": st.none() | texts()} if operation == CREATE_RUN else {}),
    }
    made: dict[str, Any] = draw(st.fixed_dictionaries({}, optional=optional))
    made = merge(made, draw(_tooling(lacks)))
    made = put(made, messages_path(operation), draw(messages()))
    if operation != CREATE_RUN and draw(st.booleans()):
        made["thread"]["metadata"] = draw(metadata())
    return _of_edition(operation, made, edition)


_TOOLING: Final = ("tools", "tool_choice", "parallel_tool_calls")


def _of_edition(operation: str, made: dict[str, Any], edition: str) -> dict[str, Any]:
    """Without the fields that the edition does not know, or knows less of.

    A server of that date may refuse them.
    """
    asked = {"assistant_id": "asst_placeholder", **made}
    strange = {
        str(place(one)[0]) for one in violations(SCHEMAS[operation], asked, variant="sent", edition=edition)
    }
    strange |= set(_TOOLING) if strange & set(_TOOLING) else set()
    return {name: value for name, value in made.items() if name not in strange}


@st.composite
def _tooling(draw: st.DrawFn, lacks: Collection[str]) -> dict[str, Any]:
    """Tools with a choice and a format that go together."""
    kind = draw(st.sampled_from(_kinds(lacks)))
    if kind == "functions":
        tools = draw(functions())
        named = {"type": "function", "function": {"name": tools[-1]["function"]["name"]}}
        choice = st.sampled_from(["none", "auto", "required", named])
        made = draw(st.fixed_dictionaries(
            {}, optional={"tool_choice": choice, "parallel_tool_calls": st.booleans()},
        ))
        return {
            **made, "tools": tools,
            **draw(st.fixed_dictionaries({}, optional={"response_format": _format(lacks)})),
        }
    if kind == "hosted":
        tools = draw(_hosted(lacks))
        choice = st.sampled_from(["none", "auto", {"type": tools[-1]["type"]}])
        return {"tools": tools, **draw(st.fixed_dictionaries({}, optional={"tool_choice": choice}))}
    free = {"response_format": _format(lacks), "tool_choice": st.sampled_from(["none", "auto", None])}
    made = draw(st.fixed_dictionaries({}, optional=free))
    return made if kind == "none" else {**made, "tools": None if kind == "null" else []}


def _kinds(lacks: Collection[str]) -> list[str]:
    hosted = {"tools.code-interpreter", "tools.file-search"} - set(lacks)
    return [
        "none", "null", "empty", *(["functions"] if "tools.function" not in lacks else []),
        *(["hosted"] if hosted else []),
    ]


def faults(operation: str, edition: str = NEWEST, lacks: Collection[str] = ()) -> list[Outside]:
    """The derived faults of a property, as far as the target says that it refuses such."""
    return [
        case
        for case in outside(operation, edition) if case.path
        and not _lacking(load()[case.requirement].capability, lacks)
    ]


def _lacking(capability: str, lacks: Collection[str]) -> bool:
    """refusals stands for refusals.bounds too."""
    return any(capability == one or capability.startswith(f"{one}.") for one in lacks)


@st.composite
def violating(
    draw: st.DrawFn, operation: str, model: str, edition: str = NEWEST, lacks: Collection[str] = ()
) -> tuple[Outside, dict[str, Any]]:
    """A valid body with one derived fault put into it, and that fault; there must be one (see `faults`).

    The body decides which: of a fault that is drawn by itself Hypothesis repeats a few over and over.
    """
    valid = draw(bodies(operation, model, edition, lacks))
    choice = random.Random(repr(valid))  # noqa: S311 - repeatable, not secret
    fault: Outside = choice.choice(faults(operation, edition, lacks))
    top = str(fault.path[0])
    carrier = {name: value for name, value in fault.template.items() if name in (top, *_TOOLING)}
    made = {name: value for name, value in valid.items() if name not in (*_TOOLING, top)}
    return fault, {**made, **carrier}


def plainest(fault: Outside) -> dict[str, Any]:
    """The fault with nothing else around it; without an assistant_id unless the fault is there."""
    kept = {name: value for name, value in fault.template.items() if name != "assistant_id"}
    return fault.template if fault.path[0] == "assistant_id" else kept


def one_violation(operation: str, body: dict[str, Any], edition: str = NEWEST) -> bool:
    """Exactly one breach: what shrinking made of a faulty body is judged anew, never assumed."""
    return len(violations(SCHEMAS[operation], body, variant="documented", edition=edition)) == 1
