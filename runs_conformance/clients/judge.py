"""The judge's process: captures from stdin, lines to the terminal, results and the report at the end.

Started by `beside`; a person has no use for it.
"""

from __future__ import annotations

import pickle
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from runs_conformance.clients.beside import End, Settings
from runs_conformance.clients.capture import Capture
from runs_conformance.clients.judging import Watcher
from runs_conformance.clients.lines import Lines
from runs_conformance.clients.reporting import Report
from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.register import load
from runs_conformance.report.redact import PLAIN
from runs_conformance.report.text import emit


def main() -> int:
    """Signals are for the proxy: it says when it is over."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    messages = _messages(sys.stdin.buffer)
    settings: Settings = next(messages)
    return judged(settings, messages)


def _messages(stream: IO[bytes]) -> Iterator[Any]:
    """Until the end, also one without a last message."""
    while True:
        try:
            yield pickle.load(stream)  # noqa: S301 - written by our own other half, which started us
        except EOFError:
            return


def judged(settings: Settings, messages: Iterator[Any]) -> int:
    """Judge the captures as they come; the exit code."""
    register, began = load(), time.monotonic()
    lines = Lines(register, settings.colour)
    report = Report(settings, register, Path(settings.results) if settings.results else None)

    def late(finding: Finding, exchange: Exchange) -> None:
        _say(watcher.reader.clean(lines.late(finding, exchange)))

    watcher = Watcher(
        settings.base_url,
        settings.edition,
        register,
        report.selected,
        report.found,
        late,
        absent=frozenset({"auth"} if settings.no_key else ()),
    )
    end = End(0, 0)
    for message in messages:
        if isinstance(message, End):
            end = message
        elif isinstance(message, Capture):
            _one(message, watcher, lines, quiet=settings.quiet)
    trouble = watcher.close()
    if trouble:
        _complain(f"an error of our own while threads were judged: {trouble}")
    return report.close(watcher, end, time.monotonic() - began)


def _one(capture: Capture, watcher: Watcher, lines: Lines, *, quiet: bool) -> None:
    result = watcher.see(capture)
    clean = watcher.reader.clean
    if not quiet or result.failures or result.trouble:
        # Cleaned as a whole, too: why an answer broke off is told in a library's words, which quote it.
        _say(clean(lines.exchange(result, clean(PLAIN.url(capture.target.decode("latin-1"))))))
    if result.trouble and watcher.troubles.total() == 1:
        _complain(
            f"an error of our own on exchange {capture.number}: {result.trouble}; the traffic goes on, "
            "later ones are only counted"
        )


def _say(line: str) -> None:
    emit(sys.stdout, f"{line}\n")


def _complain(sentence: str) -> None:
    emit(sys.stderr, f"runs-conformance: {sentence}\n")


if __name__ == "__main__":
    sys.exit(main())
