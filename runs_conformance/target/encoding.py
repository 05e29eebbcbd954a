"""Content decoding within bounds.

What the HTTP library would do, but never more output than asked for (a bomb ends early).
"""

from __future__ import annotations

import zlib
from typing import Final, Protocol

ACCEPTED: Final = "gzip, deflate"


class EncodingError(ValueError):
    """The content encoding is not known, or the bytes are not in it; the text is a sentence."""


class Decoder(Protocol):
    def feed(self, data: bytes, room: int) -> bytes:
        """Decoded bytes; at most `room` + 1 of them, so that the caller sees that there are too many."""
        ...

    def finish(self) -> None:
        """End of the body; EncodingError if it stops in the middle."""
        ...


class Identity:
    def feed(self, data: bytes, room: int) -> bytes:
        return data[: room + 1]

    def finish(self) -> None:
        pass


class Inflate:
    """gzip (members may follow one another) and deflate (zlib, or raw as some servers send it)."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._bits = 31 if name == "gzip" else 15
        self._zlib = zlib.decompressobj(self._bits)
        self._started = False

    def feed(self, data: bytes, room: int) -> bytes:
        out = bytearray()
        while data and len(out) <= room:
            out += self._some(data, room + 1 - len(out))
            data = self._zlib.unconsumed_tail or self._next_member()
        return bytes(out)

    def finish(self) -> None:
        if self._started and not self._zlib.eof:
            raise EncodingError(f"the {self._name} data breaks off")

    def _some(self, data: bytes, room: int) -> bytes:
        try:
            return self._inflate(data, room)
        except zlib.error as error:
            if self._started or self._bits != 15:
                raise EncodingError(f"the body is not {self._name}: {error}") from None
        self._bits = -15
        self._zlib = zlib.decompressobj(self._bits)
        return self._some(data, room)

    def _inflate(self, data: bytes, room: int) -> bytes:
        decoded = self._zlib.decompress(data, room)
        self._started = True
        return decoded

    def _next_member(self) -> bytes:
        rest = self._zlib.unused_data
        if rest and self._name == "gzip":
            self._zlib = zlib.decompressobj(self._bits)
            return rest
        return b""


def decoder(content_encoding: str | None) -> Decoder:
    """The decoder for a Content-Encoding header; EncodingError for one that we did not offer."""
    name = (content_encoding or "identity").strip().lower().removeprefix("x-")
    if name in ("identity", ""):
        return Identity()
    if name in ("gzip", "deflate"):
        return Inflate(name)
    raise EncodingError(f'content-encoding "{name[:40]}" was not offered (accept-encoding: {ACCEPTED})')
