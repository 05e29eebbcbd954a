"""One recorded call as its file holds it, before anything is decoded or understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Recorded:
    """A call and its answer.

    `place` is the file and the number in it (from 1), `session` tells calls of different recordings in one
    file apart. A body is None where the file has none; `as_values` says that bodies were kept as JSON values,
    so that their lengths and bytes say nothing. `events` are names and data of a stream without its bytes.
    `recorded_at` and `filed_at` are dates as they stand there, "" for none; `started_at` is Unix time, 0 for
    unknown, `seconds` what the call took.
    """

    place: str
    method: str
    url: str
    request_headers: Pairs = ()
    request_body: bytes | None = None
    status: int = 0
    response_headers: Pairs = ()
    body: bytes | None = None
    events: tuple[tuple[str | None, str | None], ...] | None = None
    session: str = ""
    recorded_at: str = ""
    filed_at: str = ""
    started_at: float = 0.0
    seconds: float = 0.0
    as_values: bool = False
    media: str = ""


@dataclass(frozen=True)
class Trouble:
    """What could not be read, and where; the text is a sentence for people."""

    place: str
    text: str


class UnreadableError(ValueError):
    """An entry that is no recorded call; the text is a sentence."""


class CassetteError(ValueError):
    """A recording of our own that can't be used or made; the text is a sentence that says what to do."""


def pairs(headers: Any) -> Pairs:
    """Header lines from any of the usual forms.

    A mapping to a text or to a list of texts, a list of pairs, a list of name and value, a list of texts that
    alternate (nock), or the nested sets of the first vcrpy.
    """
    if isinstance(headers, Mapping):
        return tuple((_text(name), _text(one)) for name, value in headers.items() for one in _several(value))
    if not isinstance(headers, list):
        return ()
    if len(headers) == 1 and isinstance(headers[0], list) and not _is_pair(headers[0]):
        return pairs(headers[0])
    if headers and all(isinstance(one, str) for one in headers):
        return tuple(zip(headers[::2], headers[1::2], strict=False))
    return tuple(line for one in headers for line in _line(one))


def _line(one: Any) -> Pairs:
    if isinstance(one, Mapping) and "name" in one:
        return ((_text(one["name"]), _text(one.get("value"))),)
    return tuple((_text(one[0]), _text(each)) for each in _several(one[1])) if _is_pair(one) else ()


def _is_pair(one: Any) -> bool:
    return isinstance(one, list) and len(one) == 2 and isinstance(one[0], str | bytes)


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return "" if value is None else str(value)
