"""Secrets out of everything that is kept: a target may echo the key, a library may quote it in an error."""

from __future__ import annotations

from collections.abc import Iterable

from runs_conformance.contract.model import Headers

HIDDEN = "***"
SHORTEST = 8


class Redactor:
    """Knows a session's secrets; those below SHORTEST characters are hidden where we sent them, not searched.

    In an answer a secret is overwritten by as many asterisks, so that lengths and offsets stay true.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first: one secret may be a part of another.
        self._secrets = sorted({each for each in secrets if len(each) >= SHORTEST}, key=len, reverse=True)
        self._encoded = [(each.encode(), b"*" * len(each.encode())) for each in self._secrets]

    def data(self, data: bytes) -> bytes:
        for secret, stars in self._encoded:
            if secret in data:
                data = data.replace(secret, stars)
        return data

    def text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def headers(self, lines: Iterable[tuple[str, str]]) -> Headers:
        return Headers(tuple((name, self.text(value)) for name, value in lines))
