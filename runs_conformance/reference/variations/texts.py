"""Other ways to write the same JSON, and other identifiers."""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runs_conformance.reference.variations.variation import behaves

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call


def _encoded(faithful: Behaviour, encode: Callable[[Any], str]) -> Behaviour:
    def encode_json(_call: Call, payload: Any) -> bytes:
        return encode(payload).encode()

    return replace(faithful, encode_json=encode_json)


@behaves("RFC 8259: white space means nothing; streams are recorded so", group="json")
def json_compact(faithful: Behaviour) -> Behaviour:
    """JSON answers are written without any white space."""
    return _encoded(faithful, lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")))


@behaves("RFC 8259 section 7: any character may be escaped", group="json")
def json_escaped(faithful: Behaviour) -> Behaviour:
    """JSON answers are ASCII: all else is escaped, characters beyond the BMP as surrogate pairs."""
    return _encoded(faithful, lambda value: json.dumps(value).replace("/", "\\/"))


@behaves("RFC 8259: white space may stand before and after the value", group="json")
def json_with_newlines(faithful: Behaviour) -> Behaviour:
    """JSON answers have tabs, and newlines before and after the value."""
    return _encoded(
        faithful, lambda value: "\r\n" + json.dumps(value, ensure_ascii=False, indent="\t") + "\n\n"
    )


@behaves("RFC 8259: members have no order", group="json")
def json_key_order(faithful: Behaviour) -> Behaviour:
    """The keys of an object stand in another order every time."""
    rng = random.Random(5)  # noqa: S311 - repeatable, not secret
    return _encoded(faithful, lambda value: json.dumps(_shuffled(rng, value), ensure_ascii=False))


def _shuffled(rng: random.Random, value: Any) -> Any:
    if isinstance(value, list):
        return [_shuffled(rng, one) for one in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    rng.shuffle(keys)
    return {key: _shuffled(rng, value[key]) for key in keys}


def _ids(faithful: Behaviour, make: Callable[[random.Random], str]) -> Behaviour:
    def new_id(rng: random.Random, prefix: str, _length: int) -> str:
        return prefix + make(rng)

    return replace(faithful, new_id=new_id)


@behaves("no document bounds ids; only prefixes are recorded (RQ-139)", group="ids")
def ids_uuid(faithful: Behaviour) -> Behaviour:
    """Ids are the prefix and a UUID."""
    return _ids(faithful, lambda rng: str(uuid.UUID(int=rng.getrandbits(128))))


@behaves("no document bounds ids; only prefixes are recorded (RQ-139)", group="ids")
def ids_short(faithful: Behaviour) -> Behaviour:
    """Ids have twelve lower-case letters and digits after the prefix."""
    return _ids(faithful, lambda rng: "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=12)))


@behaves("no document bounds ids; only prefixes are recorded (RQ-139)", group="ids")
def ids_long(faithful: Behaviour) -> Behaviour:
    """Ids have 100 characters after the prefix, dashes, dots and underscores among them."""
    return _ids(faithful, lambda rng: "".join(rng.choices("abcXYZ019-_.~", k=100)))
