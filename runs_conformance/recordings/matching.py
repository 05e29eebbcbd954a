"""When two requests are the same: method, path, query, and what the body means as JSON.

1, 1.0 and true differ, the order of keys does not matter; vcrpy's own matcher takes the former for equal, and
compares a request with each recorded one. Here equal requests have equal keys, so that one look finds it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Final

from runs_conformance.contract.jsontext import MISSING, decode

Key = tuple[str, str, str, str, str]
_NOT_JSON: Final = "raw "


def key_of(
    method: str, path: str, query: Iterable[tuple[str, str]], body: bytes | None, manner: str = "",
) -> Key:
    """The key; `manner` is what else tells requests apart (headers that were left out or replaced)."""
    return method.upper(), path, json.dumps(sorted(query)), meaning(body), manner


def meaning(body: bytes | None) -> str:
    """A digest of the JSON value, or of the bytes where they are no plain JSON; "" for no body."""
    if body is None:
        return ""
    decoded = decode(body)
    if decoded.value is MISSING or decoded.oddities:
        return _NOT_JSON + hashlib.sha256(body).hexdigest()
    return hashlib.sha256(json.dumps(decoded.value, sort_keys=True).encode()).hexdigest()
