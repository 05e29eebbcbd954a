"""The project's client on gevent: one exchange is a blocking call that other users' greenlets run beside.

Everything but the transport is the client's own code. Its coroutines never wait here (each hook below blocks
its greenlet instead), so they are driven to their end at once, without an event loop.
"""

from __future__ import annotations

import contextlib
import functools
import ssl
import time
from collections.abc import Callable, Coroutine, Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, TypeVar

import gevent
import httpx2

from runs_conformance.contract.model import Case, Exchange
from runs_conformance.target.client import Client
from runs_conformance.target.journal import Journal
from runs_conformance.target.outgoing import Call
from runs_conformance.target.profile import Profile, is_loopback
from runs_conformance.target.reception import Reception
from runs_conformance.target.wire import AFTER_DONE, Plan, diagnosis, request_of

_T = TypeVar("_T")
Told = Callable[[Exchange, str], None]
_KEEP_ALIVE: Final = 3.0


class Ledger(Journal):
    """The exchanges of one story; numbers, counters and the budget of runs are those of the whole soak."""

    def __init__(self, whole: Journal, session_bytes: int) -> None:
        super().__init__(None, session_bytes)
        self._whole = whole

    def number(self) -> int:
        return self._whole.number()

    def reserve(self, operation: str, case: Case | None) -> bool:
        return self._whole.reserve(operation, case)

    def settle(self, operation: str, exchange: Exchange | None, reserved: bool) -> None:
        self._whole.settle(operation, exchange, reserved)

    def add(self, exchange: Exchange, requests: int = 1) -> None:
        super().add(exchange, requests)
        self._whole.requests += requests


class GreenClient(Client):
    """One user's connections. `whole` counts for all users; `told` is given each exchange when it is over."""

    def __init__(
        self,
        profile: Profile,
        base_url: str,
        whole: Journal,
        context: ssl.SSLContext,
        told: Told,
    ) -> None:
        self._context, self._whole, self._told = context, whole, told
        self._closed = False
        super().__init__(profile, base_url)
        self.begin()

    def begin(self) -> None:
        """A new story: what was before is let go of."""
        self._journal: Journal = Ledger(self._whole, self.profile.limits.session_bytes)
        # How often polling was in vain decides how long the next one waits; two are as good as more.
        del self.given_up[2:]

    def _open(self) -> None:
        self._blocking = httpx2.Client(
            trust_env=not is_loopback(self.base_url),
            verify=self._context,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            limits=httpx2.Limits(max_connections=None, keepalive_expiry=_KEEP_ALIVE),
        )

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._blocking.close()

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        try:
            work.send(None)
        except StopIteration as end:
            value: _T = end.value
            return value
        work.close()
        raise AssertionError("a coroutine of the client waited for an event loop that is not there")

    async def _together(self, calls: list[Call]) -> tuple[Exchange, ...]:
        sent = [gevent.spawn(self._alone, call) for call in calls]
        try:
            gevent.joinall(sent)
        finally:
            gevent.killall(sent)
        found = [one.value for one in sent]
        for one in found:
            if not isinstance(one, Exchange):
                raise one
        return tuple(found)

    def _alone(self, call: Call) -> Exchange | BaseException:
        """Whatever ends a greenlet is told by the one that waits for it, and not on the terminal."""
        try:
            return self._run(self._send(call))
        except Exception as error:  # noqa: BLE001 - raised again by `_together`
            return error

    async def _try_again(self, last: Exchange, wait: float, end: float) -> bool:
        del last
        if time.monotonic() + wait > end:
            return False
        gevent.sleep(wait)
        return True

    async def _once(self, call: Call, operation: str) -> Exchange:
        exchange = await super()._once(call, operation)
        self._told(exchange, operation)
        return exchange

    async def _wire(self, plan: Plan) -> tuple[Reception, httpx2.Request | None]:
        return exchange_of(self._blocking, plan)


class Tracer:
    """Whether the connection was a used one, and whether an answer began on it."""

    def __init__(self) -> None:
        self.reused = True
        self.answered = False

    def __call__(self, name: str, info: Any) -> None:
        del info
        if name == "connection.connect_tcp.started":
            self.reused = False
        elif name.endswith("receive_response_headers.complete"):
            self.answered = True


def exchange_of(client: httpx2.Client, plan: Plan) -> tuple[Reception, httpx2.Request | None]:
    """As `wire.exchange`, sent again where a kept connection was found dead before an answer began."""
    started, requests = time.monotonic(), 0
    with _deadline(plan.deadline) as over:
        while True:
            requests += 1
            reception, tracer = Reception(plan.bounds, requests), Tracer()
            try:
                request = request_of(plan, tracer)
            except (httpx2.InvalidURL, ValueError) as error:
                reception.fail("protocol", f"the request can't be formed: {error}")
                return reception, None
            receive = functools.partial(_receive, client, request, reception, started)
            _guarded(receive, plan, reception, over)
            failure = reception.failure
            broken = failure is not None and failure.kind == "disconnected"
            if not (broken and tracer.reused and not tracer.answered):
                return reception, request


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[gevent.Timeout]:
    timer = gevent.Timeout(seconds)
    timer.start()
    try:
        yield timer
    finally:
        timer.close()


def _guarded(work: Callable[[], None], plan: Plan, reception: Reception, over: gevent.Timeout) -> None:
    """Whatever happens becomes a failure of the reception."""
    try:
        work()
    except gevent.Timeout as timer:
        if timer is not over:
            raise
        so_far = "nothing came" if reception.status is None else "the answer was not complete"
        reception.fail("deadline", f"{so_far} within {plan.deadline:g} seconds")
    except httpx2.ConnectTimeout:
        reception.fail("unreachable", f"no connection within {plan.connect:g} seconds")
    except httpx2.ReadTimeout:
        reception.fail("idle", f"silence for {plan.idle or 0:g} seconds")
    except httpx2.HTTPError as error:
        reception.fail(*diagnosis(error))


def _receive(client: httpx2.Client, request: httpx2.Request, reception: Reception, started: float) -> None:
    response = client.send(request, stream=True, auth=None, follow_redirects=False)
    try:
        lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
        reception.head(response.status_code, lines)
        chunks = response.iter_raw()
        while not reception.stop:
            if reception.done:
                _rest(chunks, reception, started)
                return
            data = next(chunks, None)
            if data is None:
                reception.end()
                return
            reception.data(data, time.monotonic() - started)
    finally:
        response.close()


def _rest(chunks: Iterator[bytes], reception: Reception, started: float) -> None:
    """What follows the last event is waited for only shortly."""
    with gevent.Timeout(AFTER_DONE, False):
        for data in chunks:
            reception.data(data, time.monotonic() - started)
            if reception.stop:
                return
        reception.end()
