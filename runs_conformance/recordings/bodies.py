"""Bodies as recorders leave them, back to what the server said: unpacked within bounds, or plainly lost.

A content-encoding header says little: many recorders unpack the body and leave the header. So the bytes
themselves decide.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import re
import zlib
from typing import Any, Final

from runs_conformance.contract import sse
from runs_conformance.contract.jsontext import MISSING, decode
from runs_conformance.contract.model import Event, Headers

MOST: Final = 16 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/\s]+={0,2}\s*")
_EVENTS: Final = re.compile(rb"\s*(?:event|data|id|retry)?:")
# Encodings outside the standard library: the module, and whose package it is.
_OTHERS: Final = {"br": ("brotli", "brotli"), "zstd": ("zstandard", "zstandard")}


class LostError(ValueError):
    """The recording does not hold this body; the text is a sentence that says why."""


def unpacked(data: bytes, headers: Headers) -> bytes:
    """The body after content decoding. LostError where that can't be had."""
    if len(data) > MOST:
        raise LostError(f"the body is larger than {MOST >> 20} MB")
    encoding = (headers.get("content-encoding") or "").strip().lower()
    if data.startswith(b"H4sI") and _BASE64.fullmatch(data):
        data = _from_base64(data)
    if data.startswith(_GZIP):
        return _inflated(data, 31)
    if data.startswith(_ZSTD):
        return _other(data, "zstd")
    if _readable(data):
        return _utf8(data, headers)
    if encoding in _OTHERS:
        return _other(data, encoding)
    if encoding in ("deflate", "x-deflate"):
        return _inflated(data, 15 if data[:1] == b"\x78" else -15)
    if encoding not in ("", "identity"):
        raise LostError(f"the body can't be unpacked: its bytes are not {encoding[:20]} any more")
    return _utf8(data, headers)


def _readable(data: bytes) -> bool:
    """Begins as JSON or as events do: whatever the header says, nobody has to unpack it."""
    start = data.removeprefix(_BOM).lstrip()[:200]
    return start[:1] in (b"{", b"[", b'"', b"<") or _EVENTS.match(start) is not None


def _utf8(data: bytes, headers: Headers) -> bytes:
    """Without a byte order mark, and in UTF-8 if the header names another set of characters."""
    plain = data.removeprefix(_BOM)
    found = re.search(r"charset=\"?([\w-]+)", headers.get("content-type") or "", re.IGNORECASE)
    name = found[1].lower() if found else "utf-8"
    if name in ("utf-8", "utf8"):
        return plain
    try:
        return data.decode(name).encode()
    except (LookupError, UnicodeError):
        return plain


def _inflated(data: bytes, bits: int) -> bytes:
    out, worker = bytearray(), zlib.decompressobj(bits)
    try:
        while data and len(out) <= MOST:
            out += worker.decompress(data, MOST + 1 - len(out))
            data = worker.unconsumed_tail
            if worker.eof and worker.unused_data.startswith(_GZIP):
                data, worker = worker.unused_data, zlib.decompressobj(bits)
    except zlib.error as error:
        raise LostError(f"the packed body is damaged ({error})") from None
    if len(out) > MOST:
        raise LostError(f"the body is larger than {MOST >> 20} MB")
    if not worker.eof:
        raise LostError("the packed body breaks off")
    return bytes(out)


def _other(data: bytes, encoding: str) -> bytes:
    module, package = _OTHERS[encoding]
    try:
        library: Any = importlib.import_module(module)
    except ImportError:
        raise LostError(f"the body is packed with {encoding}: `pip install {package}` to read it") from None
    try:
        if encoding == "br":
            return bytes(library.decompress(data))
        return bytes(library.ZstdDecompressor().decompressobj().decompress(data))
    except Exception as error:  # each library raises its own
        if isinstance(error, MemoryError):
            raise
        raise LostError(f"the packed body is damaged or no {encoding} any more") from None


def _from_base64(data: bytes) -> bytes:
    try:
        return base64.b64decode(data)
    except (binascii.Error, ValueError):
        raise LostError("a body that looks like base64 and is not") from None


def is_json(data: bytes) -> bool:
    return decode(data).value is not MISSING


def looks_like_events(data: bytes) -> bool:
    return _EVENTS.match(data) is not None and not data.lstrip().startswith((b"{", b"["))


def events_of(data: bytes) -> tuple[Event, ...]:
    """The events of a stream kept as one text; a last one that lost only its blank line is whole."""
    stream = sse.read(data)
    if stream.events and not stream.events[-1].ended:
        last = stream.events[-1]
        if last.is_done or isinstance(last.json, dict):
            stream = sse.read(data.rstrip(b"\r\n") + b"\n\n")
    return stream.events


def plain_events(pairs: tuple[tuple[str | None, str | None], ...]) -> tuple[Event, ...]:
    """Events of which names and data were kept: their bytes are not made up."""
    return tuple(Event(at, name, data, 0, 0, 0.0, ended=True) for at, (name, data) in enumerate(pairs, 1))
