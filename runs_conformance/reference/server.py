"""The reference target as a server of its own, blocking or in a thread."""

from __future__ import annotations

import os
import socket
import sys
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import uvicorn

from runs_conformance.reference.app import create_app
from runs_conformance.reference.options import ReferenceOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

START_SECONDS = 10.0
LEFT_SECONDS = 1


def serve(host: str = "127.0.0.1", port: int = 0, options: ReferenceOptions | None = None) -> None:
    """Serve until interrupted, and say where. Port 0 takes a free one. OSError if it can't listen."""
    chosen = options or ReferenceOptions()
    with closing(_listen(host, port)) as listener:
        address = _base_url(listener, chosen)

        def say() -> None:
            sys.stdout.write(f"Reference target listening on {address}\n")
            sys.stdout.flush()

        _Server(chosen, say).run(sockets=[listener])


@contextmanager
def running(options: ReferenceOptions | None = None) -> Iterator[str]:
    """A server in a thread on a free port of 127.0.0.1; gives the base URL, path included."""
    chosen = options or ReferenceOptions()
    up = threading.Event()
    server = _Server(chosen, up.set)
    with closing(_listen("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            if not up.wait(START_SECONDS):
                raise TimeoutError(f"the reference target did not start within {START_SECONDS} s")
            yield _base_url(listener, chosen)
        finally:
            server.should_exit = True
            thread.join()


def _listen(host: str, port: int) -> socket.socket:
    """A listener that says it speaks TCP: only then does asyncio turn Nagle's delay (40 ms a request) off."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def _base_url(listener: socket.socket, options: ReferenceOptions) -> str:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}{options.base_path}"


def _app(options: ReferenceOptions) -> ASGIApp:
    if not options.scenarios:
        return create_app(options)
    from runs_conformance.reference.scenarios.serving import Scenarios  # noqa: PLC0415 - 200 of them

    return Scenarios(options)


class _Server(uvicorn.Server):
    """uvicorn, quiet, that tells when it takes requests."""

    def __init__(self, options: ReferenceOptions, started: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                _app(options),
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                timeout_keep_alive=120,
                timeout_graceful_shutdown=LEFT_SECONDS,
            )
        )
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell()
