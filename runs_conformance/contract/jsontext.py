"""JSON as it stands on the wire: decoding that never raises and says what was odd.

Python's parser takes NaN, repeated keys and numbers of any length; RFC 8259 does not know the first and
leaves the others open, and clients differ. Each oddity is noted, so that a check can judge it.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from typing import Any, Final, final


@final
class Missing:
    """There is no JSON value here; not the same as null."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()
DEEPEST: Final = 400
# Strings, brackets and commas. 16 MB of empty lists become 400 MB of Python's; an honest answer of that size
# is text: a page of a hundred runs with all their tools has some 50,000.
MOST_TOKENS: Final = 600_000
# Possessive, and an open string runs to the end: linear, whatever a hostile server sends.
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{},]', re.DOTALL)


@dataclass(frozen=True)
class Decoded:
    """`value` is MISSING when the text is not JSON; `problem` then says why, in a sentence."""

    value: Any
    problem: str | None = None
    oddities: tuple[str, ...] = ()


class _Refused(ValueError):  # noqa: N818 - what the parser did
    pass


def decode(data: bytes) -> Decoded:
    """Decode UTF-8 JSON; what is beyond DEEPEST or MOST_TOKENS, NaN and Infinity count as not JSON."""
    oddities: list[str] = []
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return Decoded(MISSING, f"not UTF-8 at byte {error.start}")
    if text.startswith("\ufeff"):
        oddities.append("starts with a byte order mark")
        text = text[1:]
    beyond = _beyond(text)
    if beyond:
        return Decoded(MISSING, beyond)
    try:
        value = json.loads(
            text, object_pairs_hook=lambda pairs: _object(pairs, oddities), parse_constant=_constant,
            parse_int=_integer
        )
    except (_Refused, RecursionError) as error:
        return Decoded(MISSING, str(error) or "nested too deep")
    except json.JSONDecodeError as error:
        return Decoded(MISSING, f"{error.msg} at character {error.pos}")
    return Decoded(value, None, tuple(oddities))


def _object(pairs: list[tuple[str, Any]], oddities: list[str]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1}) if len(names) < 1000 else ["..."]
        oddities.append(f"repeats the key {twice[0]!r}")
    return result


def _constant(name: str) -> Any:
    raise _Refused(f"{name} is not JSON")


def _integer(digits: str) -> int:
    if len(digits) > min(sys.get_int_max_str_digits() or 4300, 4300):
        raise _Refused(f"a number of {len(digits)} digits")
    return int(digits)


def _beyond(text: str) -> str:
    """Which bound the text breaks, "" if none: said before anything is built of it."""
    brackets = text.count("[") + text.count("{")
    most = brackets + text.count("]") + text.count("}") + text.count(",") + text.count('"')
    if brackets <= DEEPEST and most <= MOST_TOKENS:
        return ""
    depth = 0
    for number, token in enumerate(_TOKEN.finditer(text), 1):
        mark = text[token.start()]
        depth += 1 if mark in "[{" else -1 if mark in "]}" else 0
        if depth > DEEPEST:
            return f"nested deeper than {DEEPEST} levels"
        if number > MOST_TOKENS:
            return f"more than {MOST_TOKENS} tokens"
    return ""


def pointer(path: tuple[str | int, ...] | list[str | int]) -> str:
    """A JSON pointer (RFC 6901) of a path; "" is the whole document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def brief(value: Any, limit: int = 120) -> str:
    """A value as JSON, safe for a terminal: control characters escaped, cut to `limit` characters."""
    if isinstance(value, Missing):
        return "nothing"
    try:
        text = json.dumps(value, ensure_ascii=True)
    except (TypeError, ValueError, RecursionError):
        text = ascii(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
