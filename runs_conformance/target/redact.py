"""Secrets out of everything that is kept: a target may echo the key, a library may quote it in an error."""

from __future__ import annotations

import re
from collections.abc import Iterable

from runs_conformance.contract.model import Headers
from runs_conformance.contract.spelling import SIGNS, disguised, in_base64, wide

HIDDEN = "***"
SHORTEST = 8
_SIGNS = tuple(sign.encode() for sign in SIGNS)


class Redactor:
    """Knows a session's secrets; those below SHORTEST characters are hidden where we sent them, not searched.

    In an answer a secret is overwritten by as many asterisks, so that lengths and offsets stay true; also one
    that is written with escapes, or in base64.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first: one secret may be a part of another.
        known = sorted({each for each in secrets if len(each) >= SHORTEST}, key=len, reverse=True)
        self._plain = [*known, *(packed for each in known for packed in (*in_base64(each), *wide(each)))]
        self._encoded = [(each.encode(), b"*" * len(each.encode())) for each in self._plain]
        pattern = "|".join(map(disguised, known))
        self._disguised = re.compile(pattern) if known else None
        self._disguised_data = re.compile(pattern.encode()) if known else None

    def data(self, data: bytes) -> bytes:
        for secret, stars in self._encoded:
            if secret in data:
                data = data.replace(secret, stars)
        if self._disguised_data is not None and any(sign in data for sign in _SIGNS):
            data = self._disguised_data.sub(lambda found: b"*" * len(found[0]), data)
        return data

    def text(self, text: str) -> str:
        for secret in self._plain:
            text = text.replace(secret, HIDDEN)
        if self._disguised is not None and any(sign in text for sign in SIGNS):
            text = self._disguised.sub(HIDDEN, text)
        return text

    def headers(self, lines: Iterable[tuple[str, str]]) -> Headers:
        return Headers(tuple((name, self.text(value)) for name, value in lines))
