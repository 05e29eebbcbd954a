"""The command `watch`: the proxy, the judge beside it, and the server behind it."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from runs_conformance.clients.beside import Beside, Settings
from runs_conformance.clients.proxy import Proxy
from runs_conformance.clients.serving import serve
from runs_conformance.contract.register import NEWEST, OLDEST, load
from runs_conformance.options import EMBEDDED, UsageError
from runs_conformance.report.redact import PLAIN
from runs_conformance.report.text import emit, wants_colour
from runs_conformance.target.reading import check_url
from runs_conformance.target.settings import ProfileError


def watch(arguments: argparse.Namespace) -> int:
    """Pass traffic on until SIGINT or SIGTERM; the exit code. UsageError for options that can't be used."""
    _check(arguments)
    with _upstream(arguments.upstream) as base_url:
        beside = Beside(_settings(arguments, base_url), _complain)
        proxy = Proxy(_origin(base_url), beside.see)
        try:
            serve(proxy, arguments.host, arguments.port, lambda address: _up(address, base_url, arguments))
        except OSError as error:
            beside.kill()
            raise UsageError(
                f"can't listen on {arguments.host}:{arguments.port}: {error.strerror}; choose another --port"
            ) from None
        try:
            return beside.close()
        except KeyboardInterrupt:
            beside.kill()
            raise


def _check(arguments: argparse.Namespace) -> None:
    """What would only fail in the judge's process is said here."""
    if arguments.select:
        load().select(arguments.select)
    if arguments.edition and not re.fullmatch(r"\d{4}-\d\d-\d\d", arguments.edition):
        raise UsageError(f"--edition {arguments.edition!r} is no date; write it as {NEWEST}")
    if not 0 <= arguments.port < 65536:
        raise UsageError(f"--port {arguments.port}: a port is a number from 0 to 65535")
    if arguments.results:
        try:
            Path(arguments.results).open("w").close()
        except OSError as error:
            raise UsageError(f"--results {arguments.results}: can't be written ({error.strerror})") from None


@contextmanager
def _upstream(upstream: str) -> Iterator[str]:
    if upstream != EMBEDDED:
        try:
            yield check_url(upstream)
        except ProfileError as error:
            raise UsageError(f"--upstream: {error}") from None
        return
    from runs_conformance.reference.options import ReferenceOptions  # noqa: PLC0415 - only where it is wanted
    from runs_conformance.reference.server import running  # noqa: PLC0415

    with running(ReferenceOptions(scenarios=True)) as base_url:
        yield base_url


def _settings(arguments: argparse.Namespace, base_url: str) -> Settings:
    edition = arguments.edition
    return Settings(
        base_url=base_url,
        target=PLAIN.url(base_url) if arguments.upstream != EMBEDDED else "the embedded reference target",
        edition=max(OLDEST, min(edition, NEWEST)) if edition else NEWEST,
        selection=tuple(arguments.select),
        strict=arguments.strict,
        no_key=arguments.no_key,
        results=arguments.results,
        fail_on=arguments.fail_on_findings,
        colour=wants_colour(sys.stdout, arguments.color, os.environ),
        width=shutil.get_terminal_size().columns,
        quiet=arguments.quiet,
    )


def _origin(base_url: str) -> str:
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"


def _up(address: str, base_url: str, arguments: argparse.Namespace) -> None:
    behind = "the embedded reference target" if arguments.upstream == EMBEDDED else PLAIN.url(base_url)
    emit(
        sys.stdout,
        f"Watching {behind}; point the client at {address}{urlsplit(base_url).path} and end with Ctrl-C\n",
    )


def _complain(sentence: str) -> None:
    emit(sys.stderr, f"runs-conformance: {sentence}\n")
