"""The proxy on a socket: until somebody ends it, or beside the one who asked for it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import Any, Final

import uvicorn

# Seconds that exchanges under way get when the proxy is ended.
LEFT_SECONDS: Final = 2
START_SECONDS: Final = 30.0


def serve(proxy: Any, host: str, port: int, up: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `up` is given the address. OSError if it can't listen. Port 0: any."""
    with closing(listener(host, port)) as found:
        name, number = found.getsockname()[:2]
        shown = f"[{name}]" if ":" in name else name
        Server(proxy, lambda: up(f"http://{shown}:{number}")).run(sockets=[found])


@contextmanager
def beside(proxy: Any) -> Iterator[str]:
    """Serve in a thread of its own as long as the block; gives the address (scheme, host, port)."""
    up = threading.Event()
    server = Server(proxy, up.set)
    with closing(listener("127.0.0.1", 0)) as found:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [found]}, daemon=True)
        thread.start()
        try:
            if not up.wait(START_SECONDS):
                raise TimeoutError(f"the proxy did not start within {START_SECONDS:g} s")
            yield f"http://127.0.0.1:{found.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def listener(host: str, port: int) -> socket.socket:
    """Its protocol is named: only then asyncio turns Nagle's delay off, which holds back small pieces."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(2048)
    except OSError:
        made.close()
        raise
    return made


class Server(uvicorn.Server):
    """uvicorn, quiet and adding no header of its own, that tells when it takes requests."""

    def __init__(self, app: Any, started: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="on",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_keep_alive=120,
                timeout_graceful_shutdown=LEFT_SECONDS,
                h11_max_incomplete_event_size=256 * 1024,
            )
        )
        self._tell = started

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Once: end well. Twice: at once. uvicorn would raise it again afterwards: a report is still due."""
        del sig, frame
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell()
