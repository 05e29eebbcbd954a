"""Programs that run for the length of a `with` block and end with everything that they started."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STEP = 0.05  # seconds between two looks at a condition
GRACE = 5.0  # seconds that a program has to end by itself


class LaunchError(Exception):
    """The program ended, or did not get ready in time; the text says where its log is."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to start. `ready` is the URL that must answer below 500 within `deadline` seconds."""

    name: str
    command: Sequence[str]
    variables: Mapping[str, str]
    folder: Path
    log: Path
    ready: str
    deadline: float


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def environment(variables: Mapping[str, str], home: Path) -> dict[str, str]:
    """The environment for other people's code: a home of its own, and no key or proxy of the user's shell."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return kept | {"HOME": str(home), "NO_PROXY": "*", "PYTHONUNBUFFERED": "1"} | dict(variables)


@contextlib.contextmanager
def running(program: Program) -> Iterator[float]:
    """Start the program and wait until it answers; yields the seconds that took. It ends with the block."""
    began = time.monotonic()
    with _group(program.command, program.variables, program.folder, program.log) as process:
        _wait_until_ready(program, process, began + program.deadline)
        yield time.monotonic() - began


def finish(
    command: Sequence[str], variables: Mapping[str, str], folder: Path, log: Path, deadline: float
) -> int:
    """Run a command to its end and return its exit code, or end it at the deadline (seconds): LaunchError."""
    with _group(command, variables, folder, log) as process:
        try:
            return process.wait(deadline)
        except subprocess.TimeoutExpired as late:
            raise LaunchError(f"{command[0]} did not end within {deadline:.0f} s; see {log}") from late


@contextlib.contextmanager
def _group(
    command: Sequence[str], variables: Mapping[str, str], folder: Path, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command as the leader of a process group, and end that group on the way out."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=variables,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with _uninterrupted():
                end(process)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C and SIGTERM: an impatient second one would leave programs behind."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end(process: subprocess.Popen[bytes]) -> None:
    """End the whole process group: asked first, forced after the grace period."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if not _signal_group(process.pid, sign):
            break
        if _group_gone(process, time.monotonic() + GRACE):
            break
    process.wait()


def answers(url: str) -> bool:
    """Whether a GET of this http URL gives a status below 500. No proxy, no redirect followed."""
    address, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", f"/{path}")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _wait_until_ready(program: Program, process: subprocess.Popen[bytes], deadline: float) -> None:
    while not answers(program.ready):
        if process.poll() is not None:
            ended = f"{program.name} ended with {process.returncode} while starting"
            raise LaunchError(f"{ended}; see {program.log}")
        if time.monotonic() > deadline:
            raise LaunchError(f"{program.name} not ready within {program.deadline:.0f} s; see {program.log}")
        time.sleep(STEP)


def _group_gone(process: subprocess.Popen[bytes], deadline: float) -> bool:
    while time.monotonic() < deadline:
        process.poll()  # a dead leader stays in its group until it is read
        if not _signal_group(process.pid, 0):
            return True
        time.sleep(STEP)
    return False


def _signal_group(group: int, sign: int) -> bool:
    try:
        os.killpg(group, sign)
    except ProcessLookupError:
        return False
    return True
