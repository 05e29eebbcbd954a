"""A driver's process: a JSON object a line in, one out, and never a wait without end."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from runs_conformance.clients.catalogue import Driver

HELLO_SECONDS: Final = 60.0
GRACE: Final = 3.0
LONGEST_LINE: Final = 32 * 1024 * 1024
_END: Final = None


class DriverError(RuntimeError):
    """A driver that does not keep the protocol, or ended by itself; the text says where its log is."""


class HangError(DriverError):
    """No report came within the time; the process was ended."""


class Talk:
    """One process of a driver. `hello` is its first line; after an error it must not be used again."""

    def __init__(self, driver: Driver, home: Path) -> None:
        self.driver = driver
        home.mkdir(parents=True, exist_ok=True)
        self.log = home / "driver.log"
        self._errors = self.log.open("ab")
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a program of this package, in its own environment
                driver.command(home), cwd=driver.directory(home), env=driver.environment(home),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, start_new_session=True,
            )
        except OSError as error:
            self._errors.close()
            advice = "--install it anew" if driver.pins else f"mend its command in {driver.folder}"
            told = f"the driver {driver.name} can't be started: {error}; {advice}"
            raise DriverError(told) from None
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        assert self._process.stdout is not None
        threading.Thread(target=_pump, args=(self._process.stdout, self._lines), daemon=True).start()
        self.hello: dict[str, Any] = self._checked(self._line(HELLO_SECONDS), "hello")

    def ask(self, task: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """The report on a task. HangError after `seconds`, DriverError for anything but a report on it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(task).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise DriverError(f"the driver {self.driver.name} ended by itself; see {self.log}") from None
        report = self._line(seconds)
        if report.get("task") != task["task"] or report.get("outcome") not in _OUTCOMES:
            raise DriverError(f"the driver {self.driver.name} answered {str(report)[:200]} to a task")
        return report

    def close(self) -> None:
        """End the process: its input first, then by force."""
        if self._process.stdin is not None:
            try:
                self._process.stdin.close()
            except OSError:
                self._process.kill()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()

    def _line(self, seconds: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            self._process.kill()
            raise HangError(f"no report within {seconds:g} s") from None
        if line is _END:
            raise DriverError(f"the driver {self.driver.name} ended by itself; see {self.log}")
        try:
            found = json.loads(line)
        except ValueError:
            found = line
        if not isinstance(found, dict):
            told = f"wrote a line that is no JSON object: {line[:200]!r}"
            raise DriverError(f"the driver {self.driver.name} {told}")
        return found

    def _checked(self, found: dict[str, Any], name: str) -> dict[str, Any]:
        inner = found.get(name)
        if not isinstance(inner, dict) or not isinstance(inner.get("uses"), list):
            self.close()
            raise DriverError(f"the driver {self.driver.name} did not begin with {name}: {str(found)[:200]}")
        return inner


_OUTCOMES: Final = ("ended", "error", "unsupported")


def _pump(stream: IO[bytes], lines: queue.Queue[bytes | None]) -> None:
    try:
        while line := stream.readline(LONGEST_LINE):
            lines.put(line)
    except ValueError:  # closed while it was read: the process is being ended
        pass
    lines.put(_END)


@contextmanager
def talking(driver: Driver, home: Path) -> Iterator[Talk]:
    """A driver that lives as long as the block."""
    talk = Talk(driver, home)
    try:
        yield talk
    finally:
        talk.close()
