"""What a person sees while a run goes on: one line rewritten on a terminal, few plain lines elsewhere."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Final, Self, TextIO

from runs_conformance.report.text import columns, emit, escape

if TYPE_CHECKING:
    from collections.abc import Callable

REFRESH: Final = 0.1
PLAIN_EVERY: Final = 10.0


class Progress:
    """Counts of a run on `stream`, of `total` planned steps (None: unknown, no time left is told).

    `clock` gives seconds; `tty` overrules what the stream says of itself. Nothing is printed in a run that
    ends before the first line is due; `close` removes the line from a terminal.
    """

    def __init__(
        self,
        stream: TextIO,
        total: int | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        tty: bool | None = None,
    ) -> None:
        self.done = self.failed = self.requests = self.runs = 0
        self.total = total
        self._stream, self._clock = stream, clock
        self._tty = stream.isatty() if tty is None else tty
        self._started = clock()
        self._next = self._started + (0.0 if self._tty else PLAIN_EVERY)

    def step(
        self, *, done: int = 1, failed: int = 0, requests: int = 0, runs: int = 0, doing: str = ""
    ) -> None:
        """Add to the counts and show them if it is time; `doing` names what goes on."""
        self.done += done
        self.failed += failed
        self.requests += requests
        self.runs += runs
        now = self._clock()
        if now >= self._next:
            self._next = now + (REFRESH if self._tty else PLAIN_EVERY)
            self._show(self.line(now), doing)

    def line(self, now: float) -> str:
        """The counts as text: steps, failures, requests, runs, time left."""
        steps = f"{self.done}" if self.total is None else f"{self.done}/{self.total}"
        parts = [f"{steps} checks", f"{self.failed} failed", f"{self.requests} requests"]
        parts += [f"{self.runs} runs"] if self.runs else []
        return ", ".join(parts + self._left(now))

    def _left(self, now: float) -> list[str]:
        spent = now - self._started
        if self.total is None or not self.done or spent < 1:
            return []
        seconds = spent / self.done * max(0, self.total - self.done)
        return [f"about {_duration(seconds)} left"]

    def _show(self, line: str, doing: str) -> None:
        text = f"{line}  {escape(doing)}".rstrip()
        if not self._tty:
            emit(self._stream, text + "\n")
            return
        width = shutil.get_terminal_size().columns - 1
        while columns(text) > width:
            text = text[:-1]
        emit(self._stream, f"\r\x1b[K{text}")

    def close(self) -> None:
        if self._tty:
            emit(self._stream, "\r\x1b[K")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{whole // 60} min {whole % 60:02d} s"
