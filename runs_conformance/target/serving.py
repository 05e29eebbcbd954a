"""A base URL to test against: one that is given, an app served here, or what a factory starts.

Apps are served on a real socket, for it is the wire that is judged.
"""

from __future__ import annotations

import importlib
import inspect
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import Any, Final

import uvicorn

from runs_conformance.target.reading import check_url

EMBEDDED: Final = "embedded"
_APP: Final = "app:"
_START_SECONDS: Final = 30.0
_LEFT_SECONDS: Final = 1


class ServingError(ValueError):
    """A target that can't be started; the text says what to write or mend."""


def open_target(
    target: str, embedded: Callable[[], AbstractContextManager[str]]
) -> AbstractContextManager[str]:
    """Gives the base URL of TARGET: `embedded`, a URL, or `app:module:attribute`, with `/prefix` if need be.

    `embedded` starts the reference target (given by the caller: this package knows the contract only).
    ServingError or ProfileError, at the latest on entering, say what is wrong with TARGET.
    """
    if target == EMBEDDED:
        return embedded()
    if target.startswith(_APP):
        return app(target.removeprefix(_APP))
    return external(target)


def external(url: str) -> AbstractContextManager[str]:
    """A target that runs already; ProfileError for a bad URL."""
    return nullcontext(check_url(url))


@contextmanager
def app(name: str) -> Iterator[str]:
    """The ASGI or WSGI app `module:attribute`, served on a free port of 127.0.0.1; or ServingError.

    `module:attribute/v1` says that the API lies below /v1.
    """
    name, slash, prefix = name.partition("/")
    asgi = as_asgi(_load(name), name)
    # Without the protocol named here asyncio leaves Nagle's algorithm on for what it accepts: 40 ms an
    # answer.
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(2048)
        server = _Server(asgi)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            server.await_start(name)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}{slash}{prefix}".rstrip("/")
        finally:
            server.should_exit = True
            thread.join()


def as_asgi(found: Any, name: str) -> Any:
    """An ASGI 3 app of what was found.

    That app, a WSGI app, or a factory of either that takes no arguments.
    """
    arguments = _arguments(found)
    if arguments == 0 and not _is_coroutine(found):
        found = _called(found, name)
        arguments = _arguments(found)
    if _is_coroutine(found) or arguments == 3:
        return found
    if arguments == 2:
        from a2wsgi import WSGIMiddleware  # noqa: PLC0415 - only a WSGI app pays for it

        return WSGIMiddleware(found)
    kind = type(found).__name__
    raise ServingError(
        f"app:{name} is of type {kind}: neither an ASGI app (scope, receive, send) nor a WSGI app"
    )


def _load(name: str) -> Any:
    module_name, colon, attribute = name.partition(":")
    if not colon or not module_name or not attribute:
        raise ServingError(f"app:{name}: expected app:module:attribute, such as app:my_server.main:app")
    found: Any = _imported(module_name)
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise ServingError(f"app:{name}: {module_name} has no attribute {attribute}")
        found = getattr(found, part)
    return found


def _imported(name: str) -> Any:
    here = os.getcwd()  # noqa: PTH109 - sys.path holds strings
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ServingError(f"app: there is no module {name} in {here} or on the Python path") from None
        raise ServingError(f"app: importing {name} failed: {error}") from error
    except (Exception, SystemExit) as error:
        raise ServingError(f"app: importing {name} failed: {type(error).__name__}: {error}") from error


def _called(factory: Any, name: str) -> Any:
    try:
        return factory()
    except Exception as error:
        raise ServingError(f"app:{name}: calling it failed: {type(error).__name__}: {error}") from error


def _is_coroutine(found: Any) -> bool:
    return callable(found) and any(map(inspect.iscoroutinefunction, (found, type(found).__call__)))


def _arguments(found: Any) -> int | None:
    """How many arguments it must be given; None for what can't be called."""
    if not callable(found):
        return None
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):
        return None
    needed = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(1 for one in parameters if one.kind in needed and one.default is inspect.Parameter.empty)


class _Server(uvicorn.Server):
    """uvicorn, quiet, that tells when it takes requests or why it never will."""

    def __init__(self, asgi: Any) -> None:
        super().__init__(
            uvicorn.Config(
                asgi,
                loop="asyncio",
                http="h11",
                ws="none",
                log_config=None,
                log_level="critical",
                access_log=False,
                timeout_keep_alive=120,
                timeout_graceful_shutdown=_LEFT_SECONDS,
            )
        )
        self._up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            # uvicorn's way to say that the app's lifespan failed.
            self.should_exit = True
        finally:
            self._up.set()

    def await_start(self, name: str) -> None:
        if not self._up.wait(_START_SECONDS):
            raise ServingError(f"app:{name} did not start within {_START_SECONDS:g} seconds")
        if not self.started:
            raise ServingError(f"app:{name}: its start-up (lifespan) failed; run it on its own to see why")
