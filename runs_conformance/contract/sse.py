"""Server-sent events as the WHATWG standard reads them (HTML, section 9.2), all kept that a check may judge.

Why not a library: httpx2's `EventSource` (which is httpx-sse, its other home) answers with name, data, id and
retry only. It decodes to text with replacement characters and normalises line endings before it looks at a
line, so offsets, arrival times, CR/LF, comments, unknown lines, invalid UTF-8 and the cut-off last event are
gone; it also takes a stream for an error when the content type is wrong, which here is a finding and not the
end. The tests hold both readers against each other.

Bytes go in as they arrive, in any chunking: the events are the same whatever the chunks, only `at` differs.
Time is linear in the bytes; one event's size, the number of events, of comments, of problems is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from runs_conformance.contract.model import Chunk, Event

MAX_EVENT_BYTES: Final = 4 * 1024 * 1024
MAX_EVENTS: Final = 50_000
MAX_NOTES: Final = 1000
_TERMINATOR: Final = re.compile(rb"\r\n|\n|\r")
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Stream:
    """All of a stream. `overflow` says which limit ended the reading.

    `empty` counts blocks without name, data or unknown line.
    `comments` and `problems` hold at most MAX_NOTES entries; a problem is a sentence with the byte where it
    was seen.
    """

    events: tuple[Event, ...] = ()
    comments: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    empty: int = 0
    overflow: str | None = None


class _Block:
    """The lines of one event so far."""

    __slots__ = ("data", "last_at", "name", "other", "raw", "start", "unknown")

    def __init__(self, start: int) -> None:
        self.start = start
        self.raw = bytearray()
        self.name: str | None = None
        self.data: list[str] = []
        self.other: list[str] = []
        self.unknown = False
        self.last_at = 0.0

    @property
    def counts(self) -> bool:
        """By the standard a block without data is no event.

        A name or a stray line alone is kept for the checks.
        """
        return self.name is not None or bool(self.data) or self.unknown


class Reader:
    """Incremental reader. `feed` gives the events that a chunk completed, `close` the whole `Stream`."""

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES, max_events: int = MAX_EVENTS) -> None:
        self._limits = (max_event_bytes, max_events)
        self._events: list[Event] = []
        self._comments: list[str] = []
        self._problems: list[str] = []
        self._empty = 0
        self._overflow: str | None = None
        self._line = bytearray()
        self._held_cr = False
        self._held_at = 0.0
        self._position = 0
        self._block = _Block(0)

    @property
    def overflow(self) -> str | None:
        return self._overflow

    @property
    def done(self) -> bool:
        """The `[DONE]` event is complete, also when it ended in a CR and a LF may still follow."""
        if self._events and self._events[-1].is_done:
            return True
        return self._held_cr and not self._line and self._block.data == ["[DONE]"]

    def feed(self, data: bytes, at: float = 0.0) -> tuple[Event, ...]:
        """Take bytes that arrived `at`.

        A CR at their end waits for the next byte, for LF may belong to it.
        """
        if not data or self._overflow:
            return ()
        before = len(self._events)
        if self._held_cr and data[:1] == b"\n":
            self._take(b"\r\n", at)
            data = data[1:]
        elif self._held_cr:
            self._take(b"\r", self._held_at)
        self._held_cr, self._held_at = data.endswith(b"\r"), at
        self._split(data[:-1] if self._held_cr else data, at)
        return tuple(self._events[before:])

    def close(self) -> Stream:
        """End of the stream: what is unfinished becomes an event with `ended=False`."""
        if self._held_cr and not self._overflow:
            self._held_cr = False
            self._take(b"\r", self._held_at)
        if self._line and not self._overflow:
            self._take(b"", self._block.last_at)
        if self._block.raw and not self._overflow:
            self._finish(ended=False)
        return Stream(
            tuple(self._events), tuple(self._comments), tuple(self._problems), self._empty, self._overflow
        )

    def _split(self, data: bytes, at: float) -> None:
        begin = 0
        for match in _TERMINATOR.finditer(data):
            self._line += data[begin : match.start()]
            self._take(match.group(), at)
            begin = match.end()
            if self._overflow:
                return
        self._line += data[begin:]
        if len(data) > begin:
            self._block.last_at = at
        if len(self._block.raw) + len(self._line) > self._limits[0]:
            self._overflow = self._too_big()

    def _take(self, terminator: bytes, at: float) -> None:
        """One whole line, its terminator apart."""
        line, start = bytes(self._line), self._position
        self._line.clear()
        self._position += len(line) + len(terminator)
        self._block.raw += line + terminator
        self._block.last_at = at
        if len(self._block.raw) > self._limits[0]:
            self._overflow = self._too_big()
        elif start == 0 and line.startswith(_BOM):
            self._note("starts with a byte order mark")
            self._interpret(line[len(_BOM) :], start)
        else:
            self._interpret(line, start)

    def _interpret(self, line: bytes, start: int) -> None:
        if not line:
            self._finish(ended=True)
            return
        self._field(self._text(line, start), start)

    def _field(self, line: str, start: int) -> None:
        block = self._block
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            block.data.append(value)
        elif name == "event":
            if block.name is not None:
                self._note(f"a second event: line in one event at byte {start}")
            block.name = value
        elif name:
            block.unknown |= name not in ("id", "retry")
            if len(block.other) < MAX_NOTES:
                block.other.append(line)
        elif len(self._comments) < MAX_NOTES:
            self._comments.append(value)

    def _finish(self, *, ended: bool) -> None:
        block = self._block
        if not block.counts:
            self._empty += 1
        elif len(self._events) >= self._limits[1]:
            self._overflow = f"more than {self._limits[1]} events"
        else:
            self._events.append(self._event(block, ended))
        self._block = _Block(self._position)

    def _event(self, block: _Block, ended: bool) -> Event:
        return Event(
            index=len(self._events),
            name=block.name,
            data="\n".join(block.data) if block.data else None,
            start=block.start,
            end=self._position,
            at=block.last_at,
            raw=bytes(block.raw),
            ended=ended,
            other_lines=tuple(block.other),
            data_lines=len(block.data),
        )

    def _text(self, line: bytes, start: int) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            self._note(f"invalid UTF-8 at byte {start + error.start}")
            return line.decode("utf-8", "replace")

    def _too_big(self) -> str:
        return f"event {len(self._events)} is larger than {self._limits[0]} bytes"

    def _note(self, problem: str) -> None:
        if len(self._problems) < MAX_NOTES:
            self._problems.append(problem)


def read(
    body: bytes,
    chunks: Iterable[Chunk] = (),
    *,
    max_event_bytes: int = MAX_EVENT_BYTES,
    max_events: int = MAX_EVENTS,
) -> Stream:
    """A whole body at once; `chunks` give the arrival times (without them everything is at 0)."""
    reader = Reader(max_event_bytes, max_events)
    position, at = 0, 0.0
    for chunk in chunks:
        at = chunk.at
        reader.feed(body[position : chunk.start + chunk.size], at)
        position = chunk.start + chunk.size
    reader.feed(body[position:], at)
    return reader.close()
