"""A command in a process forked for it, so that it costs no start, and its memory and end can be measured."""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from runs_conformance.cli import main

# Beyond it there is a MemoryError, before the machine suffers: one case wanted 21 GB once.
MOST_ADDRESSES = 3 << 30
DEADLINE = 900.0
"""Seconds in which any command must be over, also on a machine that is busy with other things."""


@dataclass(frozen=True)
class Ended:
    """`code` is None for a command that had to be killed.

    `seconds` by the clock, `worked` those of the processor, `megabytes` the most that it or a child of it held.
    """

    code: int | None
    seconds: float
    worked: float
    megabytes: float
    said: str
    complained: str


class Command:
    """A command while it runs: `words` as a person types them, in `folder`."""

    def __init__(self, words, folder: Path, environment=None, name: str = "") -> None:
        self._out, self._err = folder / f"{name}out.txt", folder / f"{name}err.txt"
        self.started = time.monotonic()
        self.pid = os.fork()
        if not self.pid:
            self._child([str(word) for word in words], folder, environment or {})
        self._watch = os.pidfd_open(self.pid)

    def _child(self, words, folder: Path, environment) -> None:
        code = 70
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
            os.environ.update(environment)
            os.chdir(folder)
            for number, file in ((1, self._out), (2, self._err)):
                os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
            sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)  # noqa: SIM115
            code = main(words)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 2
        except BaseException:  # noqa: BLE001 - as the interpreter would show it
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def said(self) -> str:
        return self._out.read_text("utf-8", "backslashreplace") if self._out.exists() else ""

    def until(self, true, seconds: float = DEADLINE) -> bool:
        """Whether something became true before the command was over; looked at as often as need be."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if true():
                return True
            if select.select([self._watch], [], [], 0.01)[0]:
                return bool(true())
        return False

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def ended(self, deadline: float = DEADLINE) -> Ended:
        """Its end; killed, with all that it started, where it does not come."""
        left = deadline - (time.monotonic() - self.started)
        over = bool(select.select([self._watch], [], [], max(0.0, left))[0])
        if not over:
            self.kill()
        _, status, usage = os.wait4(self.pid, 0)
        os.close(self._watch)
        code = os.waitstatus_to_exitcode(status) if over else None
        complained = self._err.read_text("utf-8", "backslashreplace") if self._err.exists() else ""
        seconds = time.monotonic() - self.started
        worked = usage.ru_utime + usage.ru_stime
        return Ended(code, seconds, worked, usage.ru_maxrss / 1024, self.said(), complained)

    def kill(self) -> None:
        """-9, to it and to what it started."""
        os.killpg(self.pid, signal.SIGKILL)
