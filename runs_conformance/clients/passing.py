"""The proxy between drivers and target, in a thread: what passed during a task, and what was found on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from runs_conformance.clients.capture import Capture
from runs_conformance.clients.judging import Watcher
from runs_conformance.clients.proxy import Proxy
from runs_conformance.clients.serving import beside
from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.register import NEWEST

SETTLED_SECONDS: Final = 5.0


@dataclass
class Passing:
    """`address` is the proxy's own (scheme, host, port), `base_path` the target's path."""

    proxy: Proxy
    watcher: Watcher
    base_path: str
    address: str = ""
    findings: list[Finding] = field(default_factory=list)
    _over: threading.Condition = field(default_factory=threading.Condition)
    _seen: int = 0
    _exchanges: list[Exchange] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.proxy.traffic.exchanges

    def see(self, capture: Capture) -> None:
        """Called by the proxy when an exchange is over."""
        with self._over:
            judged = self.watcher.see(capture)
            if judged.call is not None:
                self._exchanges.append(judged.call.exchange)
            self._seen += 1
            self._over.notify_all()

    def start(self) -> None:
        """A task begins: what passed before is none of its."""
        self._settled()
        with self._over:
            self._exchanges = []

    def exchanges(self) -> list[Exchange]:
        """What passed since `start`, in the order in which it was started."""
        self._settled()
        with self._over:
            return sorted(self._exchanges, key=lambda one: int(one.id))

    def _settled(self) -> None:
        """A client may know the end before the proxy does."""
        with self._over:
            self._over.wait_for(lambda: self._seen >= self.proxy.traffic.exchanges, SETTLED_SECONDS)


@contextmanager
def passing(base_url: str) -> Iterator[Passing]:
    """The proxy before a target, as long as the block; all that passed is judged when it ends."""
    parts = urlsplit(base_url)
    made: Passing

    def told(finding: Finding, _exchange: Exchange) -> None:
        made.findings.append(finding)

    def see(capture: Capture) -> None:
        made.see(capture)

    watcher = Watcher(base_url, NEWEST, found=told)
    made = Passing(Proxy(f"{parts.scheme}://{parts.netloc}", see), watcher, parts.path)
    try:
        with beside(made.proxy) as made.address:
            yield made
    finally:
        watcher.close()
