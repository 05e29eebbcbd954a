"""Texts that do not come back as they were sent."""

from __future__ import annotations

import html
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from runs_conformance.reference.faults.points import (
    runs,
    settings,
)
from runs_conformance.reference.faults.record import Kind
from runs_conformance.reference.records import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.records import Json

echo = Kind("echo")
INSTRUCTIONS = "response.echo.instructions"
METADATA = "response.echo.metadata"
BMP = 0xFFFF


def _text(name: str, sentence: str, change: Callable[[str], str]) -> None:
    """A fault of texts, put into instructions and metadata values."""

    def changed(_body: Json, found: Settings) -> Settings:
        return replace(found, instructions=found.instructions and change(found.instructions))

    echo.add(f"instructions-{name}", f"Instructions {sentence}", settings(changed), INSTRUCTIONS, rare=True)
    echo.add(
        f"metadata-{name}",
        f"Metadata values {sentence}",
        runs(lambda _run, shaped: shaped | {"metadata": {k: change(v) for k, v in shaped["metadata"].items()}}),
        METADATA,
        rare=True,
    )


_text("stripped", "lose blanks and line breaks at their ends.", str.strip)
_text("cut-at-256", "are cut after 256 characters.", lambda text: text[:256])
_text(
    "cut-at-512-bytes",
    "are cut after 512 bytes.",
    lambda text: text.encode()[:512].decode(errors="ignore"),
)
_text("html", "come back with entities for &, < and >.", lambda text: html.escape(text, quote=False))
_text(
    "without-astral-characters",
    "lose characters beyond the BMP (a column of three bytes a character).",
    lambda text: "".join(one for one in text if ord(one) <= BMP),
)
_text(
    "astral-characters-replaced",
    "have U+FFFD twice for a character beyond the BMP.",
    lambda text: "".join("\ufffd\ufffd" if ord(one) > BMP else one for one in text),
)
_text(
    "mojibake",
    "are UTF-8 read as Latin-1 where a character lies outside ASCII.",
    lambda text: text.encode().decode("latin-1"),
)
_text("ascii-only", "lose what is not ASCII.", lambda text: text.encode("ascii", "ignore").decode())
_text("decomposed", "are normalised to decomposed characters.", lambda text: unicodedata.normalize("NFD", text))
_text("lf", "have LF for CR LF.", lambda text: text.replace("\r\n", "\n"))
_text("without-controls", "lose direction marks.", lambda text: "".join(c for c in text if unicodedata.category(c) != "Cf"))
_text("lower-case", "come back in lower case.", str.lower)
_text("nul-ends", "end at a NUL character.", lambda text: text.partition("\x00")[0])
