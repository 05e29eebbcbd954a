"""What is known of an answer while it arrives, and the Response that is made of it, however it ended."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from runs_conformance.contract import sse
from runs_conformance.contract.model import Chunk, Failure, Headers, Response
from runs_conformance.target.encoding import Decoder, EncodingError, decoder
from runs_conformance.target.redact import Redactor

MAX_CHUNKS: Final = 65_536
KEPT_OF_TOO_LARGE: Final = 64 * 1024
_LOOKS_LIKE_EVENTS: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:event|data|id|retry)?:")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of one answer; `close_after` ends a stream after so many events; `streams`.

    Events were asked for.
    """

    max_bytes: int
    max_event_bytes: int = sse.MAX_EVENT_BYTES
    max_events: int = sse.MAX_EVENTS
    streams: bool = False
    close_after: int | None = None


@dataclass(slots=True)
class Reception:
    """Filled by `head`, `data` and `end`; `stop` is set when nothing more shall be read.

    `requests` counts what was sent for it, a dead connection's request included.
    """

    bounds: Bounds
    requests: int = 1
    status: int | None = None
    headers: Headers = field(default_factory=Headers)
    failure: Failure | None = None
    stop: bool = False
    _decoder: Decoder | None = None
    _body: bytearray = field(default_factory=bytearray)
    _chunks: list[Chunk] = field(default_factory=list)
    _reader: sse.Reader | None = None
    _events: int = 0

    @property
    def done(self) -> bool:
        """The stream's last event is there; what follows it is waited for only shortly."""
        return self._reader is not None and self._reader.done

    def fail(self, kind: str, text: str) -> None:
        """The first failure is the cause; later ones are its echo."""
        self.stop = True
        if self.failure is None:
            self.failure = Failure(kind, text)

    def head(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        self.status = status
        self.headers = Headers(tuple(headers))
        if 200 <= status < 300 and (self._typed_as_events or self.bounds.streams):
            self._reader = sse.Reader(self.bounds.max_event_bytes, self.bounds.max_events)
        try:
            self._decoder = decoder(self.headers.get("content-encoding"))
        except EncodingError as error:
            self.fail("encoding", str(error))

    def data(self, raw: bytes, at: float) -> None:
        """Bytes as they came, before content decoding."""
        assert self._decoder is not None
        try:
            decoded = self._decoder.feed(raw, self.bounds.max_bytes - len(self._body))
        except EncodingError as error:
            self.fail("encoding", str(error))
            return
        self._note_chunk(len(decoded), at)
        self._body += decoded
        self._read_events(decoded, at)
        if len(self._body) > self.bounds.max_bytes:
            self._too_large(f"the answer is larger than {self.bounds.max_bytes} bytes")

    def end(self) -> None:
        """The body ended as HTTP says."""
        try:
            if self._decoder is not None:
                self._decoder.finish()
        except EncodingError as error:
            self.fail("encoding", str(error))

    def response(self, redactor: Redactor) -> Response | None:
        """The answer so far, secrets overwritten; None if not even its head came."""
        if self.status is None:
            return None
        body = redactor.data(bytes(self._body))
        stream = self._stream(body)
        return Response(
            self.status,
            redactor.headers(self.headers.lines),
            body,
            tuple(self._chunks),
            stream.events if stream else None,
            self.failure and Failure(self.failure.kind, redactor.text(self.failure.text)),
            stream.comments if stream else (),
        )

    @property
    def _typed_as_events(self) -> bool:
        return self.headers.media_type == "text/event-stream"

    def _read_events(self, decoded: bytes, at: float) -> None:
        if self._reader is None:
            return
        self._events += len(self._reader.feed(decoded, at))
        if self._reader.overflow and (self._typed_as_events or self._looks_like_events):
            self._too_large(self._reader.overflow)
        elif self.bounds.close_after is not None and self._events >= self.bounds.close_after:
            self.fail("closed", f"we closed the stream after {self._events} events, as the case asked")

    def _stream(self, body: bytes) -> sse.Stream | None:
        if self._reader is None or not (self._typed_as_events or self._looks_like_events):
            return None
        if body != self._body or self.failure is not None:
            return sse.read(
                body,
                self._chunks,
                max_event_bytes=self.bounds.max_event_bytes,
                max_events=self.bounds.max_events,
            )
        return self._reader.close()

    @property
    def _looks_like_events(self) -> bool:
        """Events were asked for and came, whatever the content type says.

        That it is wrong is for a check to say.
        """
        return _LOOKS_LIKE_EVENTS.match(self._body) is not None

    def _note_chunk(self, size: int, at: float) -> None:
        if not size:
            return
        if len(self._chunks) < MAX_CHUNKS:
            self._chunks.append(Chunk(len(self._body), size, at))
        else:
            last = self._chunks[-1]
            self._chunks[-1] = Chunk(last.start, last.size + size, at)

    def _too_large(self, text: str) -> None:
        """Only the beginning is kept as evidence, else a hostile target could fill the memory bit by bit."""
        self.fail("too-large", text)
        del self._body[KEPT_OF_TOO_LARGE:]
        self._chunks = [
            Chunk(each.start, min(each.size, KEPT_OF_TOO_LARGE - each.start), each.at)
            for each in self._chunks
            if each.start < KEPT_OF_TOO_LARGE
        ]
