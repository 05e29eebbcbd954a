"""Equality as the contract means it: 1 is 1.0, true is not 1, and a server may fill in documented defaults."""

from __future__ import annotations

import re
from typing import Any, Final

_DATED: Final = re.compile(r"-(\d.*|latest)")


def same(one: Any, other: Any) -> bool:
    """JSON equality: numbers by value, booleans never equal to numbers, key order ignored."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return type(one) is type(other) and bool(one == other)


def kept(sent: Any, seen: Any) -> bool:
    """What was sent is in `seen`; keys that were null or absent may come back filled with a default.

    Recordings: a function tool comes back with `strict: false` and `description: null`, file_search with its ranking
    options, a named tool choice without its null `function`.
    """
    if isinstance(sent, dict) and isinstance(seen, dict):
        return all(value is None or (key in seen and _kept_value(key, value, seen[key])) for key, value in sent.items())
    if isinstance(sent, list) and isinstance(seen, list):
        return len(sent) == len(seen) and all(map(kept, sent, seen))
    return same(sent, seen)


def _kept_value(key: str, sent: Any, seen: Any) -> bool:
    return same(sent, seen) if key in ("parameters", "schema") else kept(sent, seen)


def model_fits(sent: str, seen: Any, aliases: dict[str, tuple[str, ...]]) -> bool:
    """`seen` may be `sent`, a dated snapshot of it (gpt-4o-2024-08-06), carry or lose a provider prefix, or be a named alias."""
    if not isinstance(seen, str):
        return False
    if seen in aliases.get(sent, ()):
        return True
    wanted, got = sent.lower().rsplit("/", 1)[-1], seen.lower().rsplit("/", 1)[-1]
    return got == wanted or (got.startswith(wanted) and _DATED.match(got[len(wanted) :]) is not None)


def normal_param(param: str) -> tuple[str, ...]:
    """`tools[0].function.name`, `tools.0.function.name` and `/tools/0/function/name` as one path."""
    return tuple(part for part in re.split(r"[.\[\]/]+", param.replace("['", "[").replace("']", "]")) if part)
