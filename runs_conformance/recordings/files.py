"""Which form a file has, and its entries one at a time, however large it is.

Broken files: what stands before the break is yielded, then one Trouble says what is wrong.
"""

from __future__ import annotations

import codecs
import gzip
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final, cast

import ijson
import yaml

from runs_conformance.contract.jsontext import MISSING, decode
from runs_conformance.recordings.dialects import KNOWN, recorded
from runs_conformance.recordings.recorded import Recorded, Trouble, UnreadableError
from runs_conformance.recordings.yamlstream import entries

SUFFIXES: Final = (".yaml", ".yml", ".json", ".jsonl", ".ndjson", ".har")
LONGEST_LINE: Final = 16 * 1024 * 1024
# Of one entry of a document; values as their commas and brackets tell, those in texts among them.
MOST_BYTES: Final = 32 * 1024 * 1024
MOST_VALUES: Final = 1_000_000
DEEPEST: Final = 2_000
_BRACKETS: Final = re.compile(rb"[\[\]{}]")
# Where entries stand in a JSON document.
PLACES: Final = (
    "log.entries",
    "interactions",
    "http_interactions",
    "Entries",
    "entries",
    "recordings",
    "",
)
LISTS: Final = frozenset(place for place in PLACES if place and "." not in place)
_FORMS: Final = "a vcrpy, Ruby VCR, R vcr, ExVCR or Betamax cassette, a HAR file, or exchanges as JSON lines"


def read(path: Path) -> Iterator[Recorded | Trouble]:
    """Every recorded call of a file, in its order. Never raises for what the file holds."""
    try:
        with _opened(path) as stream:
            yield from _read(stream, path)
    except (OSError, EOFError) as error:
        yield Trouble(str(path), f"can't be read ({getattr(error, 'strerror', None) or error})")


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(path)) if packed else path.open("rb")


class _Shallow:
    """A stream of JSON that is not nested too deep: ijson keeps a path for each level, 20 GB for 100,000.

    UnreadableError beyond. Brackets in texts count too, which makes a difference to nobody honest.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._depth = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        opened = data.count(b"[") + data.count(b"{")
        if self._depth + opened <= DEEPEST:
            self._depth += opened - data.count(b"]") - data.count(b"}")
            return data
        for bracket in _BRACKETS.finditer(data):
            self._depth += 1 if bracket[0] in b"[{" else -1
            if self._depth > DEEPEST:
                raise UnreadableError(f"nested deeper than {DEEPEST} levels")
        return data

    def entry(self) -> None:
        """The next entry begins."""
        self._depth = 0


class _Bounded:
    """A stream of which one entry may take so much: parsers build it in memory before anybody can look.

    UnreadableError beyond; `entry` says that the next one begins.
    """

    def __init__(self, stream: IO[bytes] | _Shallow, marks: bytes = b"") -> None:
        self._stream, self._marks = stream, marks
        self.entry()

    def entry(self) -> None:
        self._bytes, self._values = MOST_BYTES, MOST_VALUES
        if isinstance(self._stream, _Shallow):
            self._stream.entry()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._bytes -= len(data)
        self._values -= sum(data.count(mark) for mark in self._marks)
        if self._bytes < 0:
            raise UnreadableError(f"an entry larger than {MOST_BYTES >> 20} MB")
        if self._values < 0:
            raise UnreadableError(f"an entry of more than {MOST_VALUES} values")
        return data


def _read(stream: IO[bytes], path: Path) -> Iterator[Recorded | Trouble]:
    start = stream.read(4096)
    stream.seek(0)
    if not start.strip():
        yield Trouble(str(path), "the file is empty")
        return
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        with _in_utf8(stream) as copy:
            yield from _read(copy, path)
        return
    head = start.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if start.startswith(codecs.BOM_UTF8):
        stream.seek(len(codecs.BOM_UTF8))
    if b"\0" in start:
        yield Trouble(str(path), f"binary data, not {_FORMS}")
    elif head in (b"{", b"["):
        yield from _json(stream, path)
    else:
        yield from _entries(path, _Bounded(stream), lambda source: entries(source, LISTS))


def _in_utf8(stream: IO[bytes]) -> IO[bytes]:
    """A copy of a UTF-16 file that the parsers can read."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    for piece in codecs.iterdecode(iter(lambda: stream.read(1 << 20), b""), "utf-16", errors="replace"):
        copy.write(piece.encode("utf-8", "replace"))
    copy.seek(0)
    return copy


def _json(stream: IO[bytes], path: Path) -> Iterator[Recorded | Trouble]:
    begin = stream.tell()
    line = stream.readline(LONGEST_LINE)
    while line and not line.strip():
        line = stream.readline(LONGEST_LINE)
    first = decode(line)
    stream.seek(begin)
    if isinstance(first.value, dict) and KNOWN(first.value):
        yield from _lines(stream, path)
        return
    try:
        place = _place(_Bounded(_Shallow(stream), b",[{"))
    except UnreadableError as error:
        yield Trouble(str(path), f"no recorded call at its start, but {error}: it is not {_FORMS}")
        return
    stream.seek(begin)
    if place is None:
        large = (first.problem or "").startswith("more than")
        what = f"its first line is JSON of {first.problem}" if large else f"JSON, but not {_FORMS}"
        yield Trouble(str(path), what)
        return
    inside = f"{place}.item" if place else "item"
    yield from _entries(
        path, _Bounded(_Shallow(stream), b",[{"), lambda source: ijson.items(source, inside, use_float=True)
    )


def _place(stream: _Bounded) -> str | None:
    """The first place where entries stand; None for a document that has none, "" for one that is broken.

    UnreadableError if there is none in as much as one entry may take.
    """
    try:
        for prefix, event, _ in ijson.parse(stream, use_float=True):
            if event == "start_array" and prefix in PLACES:
                return str(prefix)
    except UnreadableError:
        raise
    except (ijson.JSONError, ValueError):
        return ""
    return None


def _entries(
    path: Path, stream: _Bounded, parsed: Callable[[Any], Iterator[Any]]
) -> Iterator[Recorded | Trouble]:
    number = 0
    try:
        for number, entry in enumerate(parsed(stream), 1):
            stream.entry()
            yield _entry(entry, f"{path}#{number}")
    except (yaml.YAMLError, ijson.JSONError, ValueError, RecursionError) as error:
        yield Trouble(str(path), f"{_problem(error)}; {_before(number)}")
        return
    if not number:
        yield Trouble(str(path), f"holds no recorded call: it is not {_FORMS}")


def _lines(stream: IO[bytes], path: Path) -> Iterator[Recorded | Trouble]:
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            yield Trouble(f"{path}:{number}", f"a line longer than {LONGEST_LINE >> 20} MB is passed over")
            while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            continue
        if line.strip():
            found = decode(line)
            where = f"{path}:{number}"
            if found.value is MISSING:
                yield Trouble(where, f"the line is not JSON, or more than is read of one: {found.problem}")
            else:
                yield _entry(found.value, where)


def _entry(entry: Any, place: str) -> Recorded | Trouble:
    try:
        return recorded(entry, place)
    except UnreadableError as error:
        return Trouble(place, str(error))
    except (TypeError, ValueError, AttributeError, KeyError, IndexError) as error:
        return Trouble(place, f"not a recorded call as any known recorder writes it ({error})")


def _before(number: int) -> str:
    return "nothing stands before it" if not number else f"the {number} calls before it are judged"


def _problem(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    told = getattr(error, "problem", None) or str(error)
    place = f"line {mark.line + 1}: " if mark is not None else ""
    return f"{place}the file breaks off or is malformed ({' '.join(str(told).split())[:160]})"
