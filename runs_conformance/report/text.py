"""Text from a target made safe, measured and wrapped for a terminal.

Nothing that a target sends reaches a terminal as a control: every character that moves the cursor, colours,
hides or reorders is written as an escape that can be read.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_UNSAFE: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_STYLES: Final = {"bad": "1;31", "warn": "33", "good": "32", "bold": "1", "dim": "2"}
_LONGEST_MARKS: Final = 3


def escape(text: str) -> str:
    r"""`text` with controls, bidi marks and invisible characters spelled out: \x1b, \u202e, \U000e0001."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(text))


def _escaped(text: str) -> Iterator[str]:
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category[0] == "M" else 0
        unsafe = category in _UNSAFE or marks > _LONGEST_MARKS
        yield _code(ord(character)) if unsafe else character


def _code(point: int) -> str:
    if point == 10:
        return "\\n"
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def shorten(text: str, limit: int) -> str:
    """At most about `limit` characters; what was cut is counted."""
    if len(text) <= limit:
        return text
    return f"{text[:limit].rstrip()}... ({len(text):,} characters)"


def columns(text: str) -> int:
    """How many columns a terminal needs: wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrap(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """Lines of at most `width` columns; `first` opens the first line, `rest` the others (default: blanks)."""
    indent = " " * columns(first) if rest is None else rest
    lines, line, room = [], first, False
    for piece in _pieces(text, max(8, width - max(columns(first), columns(indent)))):
        if room and columns(line) + 1 + columns(piece) > width:
            lines.append(line)
            line, room = indent, False
        line, room = (f"{line} {piece}" if room else line + piece), True
    return [*lines, line.rstrip()]


def _pieces(text: str, width: int) -> Iterator[str]:
    for word in text.split():
        piece, used = "", 0
        for character in word:
            step = _columns(character)
            if used + step > width:
                yield piece
                piece, used = "", 0
            piece, used = piece + character, used + step
        yield piece


def table(rows: Iterable[tuple[str, ...]], width: int) -> list[str]:
    """Rows of cells in columns, the first to the left, the others to the right; closer if need be."""
    cells = list(rows)
    sizes = [max(map(columns, column)) for column in zip(*cells, strict=True)]
    gap = "  " if sum(sizes) + 2 * (len(sizes) - 1) <= width else " "
    return [gap.join([row[0].ljust(sizes[0]), *map(str.rjust, row[1:], sizes[1:])]) for row in cells]


def paint(text: str, style: str, colour: bool) -> str:
    """`text` in a style (bad, warn, good, bold, dim) if `colour`."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colour else text


def wants_colour(stream: Any, option: str, environment: Mapping[str, str]) -> bool:
    """Whether to colour: `option` is auto, always or never; auto asks NO_COLOR, TERM and the stream."""
    if option != "auto":
        return option == "always"
    if environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    return bool(stream.isatty())


def emit(stream: TextIO, text: str) -> None:
    """Write `text` and flush; what the stream's encoding lacks is written as an escape instead of failing."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()
