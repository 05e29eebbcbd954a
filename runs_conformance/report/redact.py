"""Secrets out, before anything is written or printed.

A header or query parameter that carries credentials is hidden by its name; a value that the caller knows to
be secret is hidden wherever it stands, also in what a target echoes, in its JSON, URL, HTML and base64
spellings; what looks like a key is hidden too.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

from runs_conformance.contract.spelling import SIGNS, disguised, in_base64, wide

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN: Final = "[secret]"
SHORTEST: Final = 6
MARGIN: Final = 4096
_WORDS: Final = re.compile(
    r"auth|cookie|token|secret|passw|credential|signature|session|api[-_]?key|^key$|[-_]key$|^sig$|openai-(organization|project)$",
    re.IGNORECASE,
)
_HARMLESS: Final = re.compile(r"ratelimit|www-authenticate|max[-_]\w*tokens|idempotency", re.IGNORECASE)
_LOOKS: Final = re.compile(
    r"\bsk-[A-Za-z0-9_-]{12,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}|(?<=Bearer )(?=\S*\d)[^\s\"',;\\$\[]{8,}"
)
_NO_CREDENTIALS: Final = re.compile(r"\s*(bearer|basic|token)?\s*", re.IGNORECASE)
_USER: Final = re.compile(r"(?<=://)[^/?#@\s]*@")


@dataclass(frozen=True)
class Redactor:
    """What must not be shown.

    `secrets` are values known to the caller (the key, headers and query of the profile); `public` are
    credentials that the suite makes up itself (a wrong key): a report may show them.

    A secret shorter than SHORTEST characters is hidden in headers and queries by name only: replacing it
    everywhere would tear words apart. `marker` is what stands in a secret's place.
    """

    secrets: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    marker: str = HIDDEN

    def text(self, text: str) -> str:
        """`text` without secrets and without lone surrogates (which no file could hold)."""
        clean = text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
        if self._known:
            clean = self._known.sub(lambda _: self.marker, clean)
        if self._disguised and any(sign in clean for sign in SIGNS):
            clean = self._disguised.sub(lambda _: self.marker, clean)
        if "://" in clean:
            clean = _USER.sub("", clean)
        return _LOOKS.sub(self._unless_public, clean)

    @property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """What is hidden in a text wherever it stands."""
        return tuple(filter(None, (self._known, self._disguised, _LOOKS)))

    def _unless_public(self, match: re.Match[str]) -> str:
        return match[0] if any(match[0] in made_up for made_up in self.public) else self.marker

    def head(self, data: bytes, limit: int) -> str:
        """The start of UTF-8 `data`: at most `limit` characters, no part of a secret left at the cut."""
        text = self.text(data[: limit + MARGIN].decode("utf-8", "ignore"))
        return text if len(data) <= limit else text[: max(0, min(limit, len(text) - MARGIN))]

    def raw_head(self, data: bytes, limit: int) -> bytes:
        """The same for bytes that are not UTF-8."""
        window = self.text(data[: limit + MARGIN].decode("latin-1")).encode("latin-1", "replace")
        return window if len(data) <= limit else window[: max(0, min(limit, len(window) - MARGIN))]

    def pairs(self, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """Header lines or query parameters, the values of the telling ones hidden."""
        return tuple((self.text(name), self.value(name, value)) for name, value in pairs)

    def value(self, name: str, value: str) -> str:
        """A header's or parameter's value; a scheme such as Bearer is left, for it may be what is wrong."""
        scheme, _, credentials = value.rpartition(" ")
        open_to_all = value in self.public or credentials in self.public or _NO_CREDENTIALS.fullmatch(value)
        if open_to_all or not carries_secret(name):
            return self.text(value)
        return f"{scheme} {self.marker}" if re.fullmatch(r"[A-Za-z]{1,10}", scheme) else self.marker

    def url(self, url: str) -> str:
        """An address without user, password, and secret parameters."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return self.text(url)
        query = "&".join(self._parameter(part) for part in parts.query.split("&")) if parts.query else ""
        return self.text(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query)))

    def _parameter(self, part: str) -> str:
        name, equals, _ = part.partition("=")
        return f"{name}={self.marker}" if equals and carries_secret(name) else part

    @cached_property
    def _known(self) -> re.Pattern[str] | None:
        spellings = {
            spelling for secret in self.secrets if len(secret) >= SHORTEST for spelling in _spellings(secret)
        }
        ordered = sorted(spellings, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, ordered))) if ordered else None

    @cached_property
    def _disguised(self) -> re.Pattern[str] | None:
        """Slower: any of a secret's characters may be escaped."""
        long = sorted((secret for secret in self.secrets if len(secret) >= SHORTEST), key=len, reverse=True)
        return re.compile("|".join(map(disguised, long))) if long else None


def carries_secret(name: str) -> bool:
    """Whether a header or parameter of this name holds credentials."""
    return bool(_WORDS.search(name)) and not _HARMLESS.search(name)


def _spellings(secret: str) -> Iterator[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield quote(secret, safe="")
    yield quote(secret)
    yield quote_plus(secret)
    yield from in_base64(secret)
    yield from wide(secret)


PLAIN: Final = Redactor()
