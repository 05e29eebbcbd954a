"""The judge in a process of its own, beside the traffic: it can neither slow it down nor break it.

Captures go to it through a pipe, from a thread of their own. Where it falls behind by more than BACKLOG
bytes, exchanges are passed over and counted; where it ends by itself, that is told once.
"""

from __future__ import annotations

import contextlib
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, Final

from runs_conformance.clients.capture import Capture

BACKLOG: Final = 32 * 1024 * 1024
MODULE: Final = "runs_conformance.clients.judge"


@dataclass(frozen=True)
class Settings:
    """What the judge has to know. `results` is a path or "", `fail_on` a side, any or "" (never)."""

    base_url: str
    target: str
    edition: str
    selection: tuple[str, ...] = ()
    strict: bool = False
    no_key: bool = False
    results: str = ""
    fail_on: str = ""
    colour: bool = False
    width: int = 80
    quiet: bool = False


@dataclass(frozen=True)
class End:
    """The last message: how many exchanges passed, and how many of them the judge was not given."""

    exchanges: int
    passed_over: int


class Beside:
    """`tell` is given a sentence when the judge has ended before its time. OSError if it can't start."""

    def __init__(self, settings: Settings, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._waiting: deque[Any] = deque()
        self._held = 0
        self._news = threading.Condition()
        self._exchanges = self._passed_over = 0
        self._broken = False
        command = [sys.executable, "-m", MODULE]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603 - our own module
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._put(settings)
        self._thread.start()

    def see(self, capture: Capture) -> None:
        """Take an exchange; never waits, never raises."""
        self._exchanges += 1
        if self._broken or self._held > BACKLOG:
            self._passed_over += 1
            return
        self._put(capture)

    def close(self) -> int:
        """Let the judge finish and report; its exit code (2 where it ended before its time)."""
        self._put(End(self._exchanges, self._passed_over))
        self._thread.join()
        code = self._process.wait()
        return 2 if self._broken or code < 0 else code

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _put(self, message: Any) -> None:
        with self._news:
            self._waiting.append(message)
            self._held += message.weight if isinstance(message, Capture) else 0
            self._news.notify()

    def _send(self) -> None:
        stream: IO[bytes] | None = self._process.stdin
        assert stream is not None
        message: Any = None
        try:
            while not isinstance(message, End):
                message = self._next()
                pickle.dump(message, stream, pickle.HIGHEST_PROTOCOL)
                stream.flush()
        except OSError:
            self._broken = True
            self._tell("the judge has ended before its time; the traffic goes on, and is not judged any more")
        with contextlib.suppress(OSError):
            stream.close()

    def _next(self) -> Any:
        with self._news:
            self._news.wait_for(lambda: bool(self._waiting))
            message = self._waiting.popleft()
            self._held -= message.weight if isinstance(message, Capture) else 0
            return message
