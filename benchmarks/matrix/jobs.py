"""Work in processes forked for each job, so that nothing is loaded twice and nothing is left over."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

DEADLINE: Final = 180.0
"""Seconds that a job may take."""
Tell = Callable[[Any], NoReturn]
"""Hands over what a job found, and ends its process at once."""
Work = Callable[[Path, Tell], object]


class Broken(NamedTuple):
    """A job that came to no result; the text says why."""

    text: str


class _Busy(NamedTuple):
    process: BaseProcess
    pipe: Connection
    started: float


def run(
    jobs: Iterable[tuple[str, Work]], workers: int, deadline: float = DEADLINE
) -> Iterator[tuple[str, Any]]:
    """Name and result of each job (name, work) as they end; `workers` processes at a time.

    Work gets a folder of its own and `tell`; what it returns is its result unless it told one before. Broken
    for one that raised, died, or was not done within `deadline` seconds.
    """
    waiting, busy = iter(jobs), dict[str, _Busy]()
    with tempfile.TemporaryDirectory() as folder:
        more = True
        while more or busy:
            while more and len(busy) < workers:
                name, work = next(waiting, ("", None))
                more = work is not None
                if work is not None:
                    busy[name] = _start(work, Path(folder))
            multiprocessing.connection.wait([one.pipe for one in busy.values()], timeout=1.0)
            for name, one in list(busy.items()):
                found = _poll(one, deadline)
                if found is not None:
                    del busy[name]
                    yield name, found


def _start(work: Work, folder: Path) -> _Busy:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(work, folder, theirs), daemon=False)
    process.start()
    theirs.close()
    return _Busy(process, ours, time.monotonic())


def _child(work: Work, folder: Path, pipe: Connection) -> None:
    sys.stderr = sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for the process's life

    def tell(found: Any) -> NoReturn:
        pipe.send(found)
        pipe.close()
        os._exit(0)  # what a faulty server left running must not hold the process

    tempfile.tempdir = str(folder)
    try:
        tell(work(Path(tempfile.mkdtemp()), tell))
    except BaseException as error:  # noqa: BLE001 - told, not swallowed
        tell(Broken(f"{type(error).__name__}: {error}"))


def _poll(one: _Busy, deadline: float) -> Any:
    """What a job found, None as long as it works."""
    found: Any = None
    if one.pipe.poll():
        try:
            found = one.pipe.recv()
        except EOFError:
            one.process.join()
            found = Broken(f"the process ended with {one.process.exitcode}")
    elif time.monotonic() - one.started > deadline:
        found = Broken(f"no end within {deadline:g} s")
    if found is not None:
        one.process.kill()
        one.process.join()
    return found
