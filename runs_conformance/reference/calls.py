"""One request on its way in: who asks, with what headers, for what, with which body."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from runs_conformance.reference import refusals
from runs_conformance.reference.records import Project

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runs_conformance.reference.options import ReferenceOptions
    from runs_conformance.reference.records import Event, Json, Run

INCLUDE = "step_details.tool_calls[*].file_search.results[*].content"


@dataclass(slots=True)
class Call:
    """`headers` have lower-case names; `ids` are the parts of the path; `number` counts requests from 1."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: tuple[tuple[str, str], ...]
    ids: Mapping[str, str]
    raw: bytes
    number: int
    started: float
    operation: str = ""
    body: Any = None
    project: Project = field(default_factory=lambda: Project(""))

    def asked(self, name: str) -> str | None:
        """The last value of a query parameter."""
        return next((value for key, value in reversed(self.query) if key == name), None)

    @property
    def streamed(self) -> bool:
        return isinstance(self.body, dict) and self.body.get("stream") is True


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: one JSON object or, with `events`, a stream about `run` that starts with `events`."""

    payload: Json | None = None
    run: Run | None = None
    events: Iterable[Event] = ()


def authorize(options: ReferenceOptions, call: Call) -> str:
    """The key, which is also the name of the project. 401 without one or with one that is not accepted."""
    scheme, _, key = call.headers.get("authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise refusals.no_key()
    if "invalid" in key if options.keys is None else key not in options.keys:
        raise refusals.bad_key(key)
    return key


def check_beta(call: Call) -> None:
    values = [value.strip() for value in call.headers.get("openai-beta", "").split(",") if value.strip()]
    if not values:
        raise refusals.no_beta()
    if "assistants=v2" not in values:
        raise refusals.old_beta(values[0])


def read_body(call: Call, *, needed: bool) -> Any:
    """The JSON value; {} for an empty body that is not needed."""
    if not call.raw and not needed:
        return {}
    media_type = call.headers.get("content-type", "")
    if media_type.partition(";")[0].strip().lower() != "application/json":
        raise refusals.wrong_media_type(media_type)
    try:
        text = call.raw.decode("utf-8")
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (
        ValueError,
        RecursionError,
    ) as error:  # a lone surrogate can't be sent back, so it is refused here
        raise refusals.not_json() from error
    return value


def _finite(digits: str) -> float:
    """1e999 would come back as Infinity, which is not JSON."""
    if math.isinf(value := float(digits)):
        raise ValueError(digits)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def includes_content(call: Call) -> bool:
    """Whether include[] asks for what file_search found; its only value is known, others are refused."""
    values = [value for key, value in call.query if key in {"include[]", "include"}]
    for index, value in enumerate(values):
        if value != INCLUDE:
            raise refusals.unsupported(f"include[{index}]", value, [INCLUDE])
    return bool(values)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`after` and `before` are ids; a page holds `limit` objects of the list in `order` ("asc" or "desc")."""

    limit: int = 20
    order: str = "desc"
    after: str | None = None
    before: str | None = None


def page_request(call: Call) -> PageRequest:
    order = call.asked("order") or "desc"
    if order not in {"asc", "desc"}:
        raise refusals.unsupported("order", order, ["asc", "desc"])
    return PageRequest(
        _limit(call.asked("limit")), order, call.asked("after") or None, call.asked("before") or None
    )


def _limit(text: str | None) -> int:
    if text is None or text == "":
        return 20
    if not text.lstrip("-").isdecimal() or len(text) > 9:
        raise refusals.wrong_type("limit", "an integer", "a string")
    limit = int(text)
    for wrong, side, sign, bound in (
        (limit < 1, "below_min", ">=", 1),
        (limit > 100, "above_max", "<=", 100),
    ):
        if wrong:
            words = f"integer {side.replace('_', ' ')}imum value. Expected a value {sign} {bound}"
            text = f"Invalid 'limit': {words}, but got {limit} instead."
            raise refusals.Refusal(text, param="limit", code=f"integer_{side}_value")
    return limit
