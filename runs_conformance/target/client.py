"""The client: every request of the project to a target, as an `Exchange`, whatever comes back.

A synchronous face on one event loop in a thread of its own, so that deadlines are totals and several requests
can really be on their way at once. The key goes to the target's own origin only: redirects are not followed,
cookies are not kept.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
import time
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from dataclasses import replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, Self, TypeVar

import httpx2

from runs_conformance.contract.model import Case, Exchange, Failure
from runs_conformance.contract.operations import identify, segment
from runs_conformance.contract.timeline import FINAL
from runs_conformance.target import wire
from runs_conformance.target.journal import Journal
from runs_conformance.target.outgoing import Call, Dresser, call_of
from runs_conformance.target.patience import BUSY, Patience, pause
from runs_conformance.target.profile import Profile, is_loopback
from runs_conformance.target.reception import Reception

SETTLED: Final = frozenset({*FINAL, "requires_action"})
# Shorter than the idle limit of common servers (5 s), so that a request seldom meets a connection that is
# being closed.
_KEEP_ALIVE: Final = 3.0
_T = TypeVar("_T")


class Client:
    """One session with one target.

    Close it, or use it in a `with`. `given_up` holds the last reads of runs that were polled in vain.

    ProfileError if the profile has no key for this URL. `offline`: it answers out of a recording.
    """

    offline = False
    # What the requests of the moment are for: a test, or what several share. Recordings are told apart by it.
    about = ""

    def __init__(self, profile: Profile, base_url: str) -> None:
        self.profile = profile
        self.base_url = base_url.rstrip("/")
        self._dresser = Dresser(profile, self.base_url)
        self._journal = Journal(profile.max_runs, profile.limits.session_bytes)
        self._patience = Patience()
        self.given_up: list[Exchange] = []
        _quiet_libraries()
        self._open()

    def _open(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="runs-conformance client", daemon=True
        )
        self._thread.start()
        self._http = _http(is_loopback(self.base_url))
        # For a session that nobody closed, say because of an interrupt.
        atexit.register(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        if self._loop.is_closed():
            return
        atexit.unregister(self.close)
        self._run(self._http.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def secrets(self) -> tuple[tuple[str, str], ...]:
        """The profile's headers, key included, for another client that sends in the same session."""
        return self._dresser.secrets

    @property
    def journal(self) -> tuple[Exchange, ...]:
        """All exchanges in the order in which they were started, throttled ones too."""
        return self._journal.since(0)

    @property
    def requests(self) -> int:
        return self._journal.requests

    @property
    def runs_started(self) -> int:
        return self._journal.runs_started

    def mark(self) -> int:
        return self._journal.mark()

    def since(self, mark: int) -> tuple[Exchange, ...]:
        """The exchanges that ended after `mark` was taken, in the order in which they were started."""
        return self._journal.since(mark)

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        drop_headers: Collection[str] = (),
        case: Case | None = None,
        stream_hint: bool = False,
        close_after: int | None = None,
    ) -> Exchange:
        """Send one request; the exchange tells what came, or why nothing did. BudgetSpent beyond `max_runs`.

        `body` is a JSON value, bytes as they are, or None for no body; `path` is below the base URL, ids in
        it already percent-encoded; `headers` replace ours and the profile's by name, `drop_headers` leaves
        any of them out. Events are read for as long as a stream may last if the body asks for them or
        `stream_hint` is set; `close_after=n` closes the stream after n events (failure "closed").
        """
        call = call_of(
            method, path, body=body, query=query, headers=headers, drop_headers=drop_headers, case=case,
            stream_hint=stream_hint, close_after=close_after,
        )  # fmt: skip
        return self._run(self._send(call))

    def retell(self, names: Iterable[str]) -> dict[str, Exchange]:
        """Exchanges of a recording by their ids there, as if sent again; none where there is no recording."""
        del names
        return {}

    def send_together(self, calls: Iterable[Mapping[str, Any]]) -> tuple[Exchange, ...]:
        """Send all at the same time; each mapping has the arguments of `send`.

        Answers in the order of the calls.
        """
        return self._run(self._together([call_of(**arguments) for arguments in calls]))

    def poll(
        self,
        thread_id: str,
        run_id: str,
        until: Collection[str] | Callable[[Exchange], bool] = SETTLED,
        *,
        case: Case | None = None,
    ) -> list[Exchange]:
        """GET the run until its status is in `until` (or the callable says so); the last exchange decides.

        It ends earlier on an answer that is no run, on a final status, and at the profile's `timeouts.poll`.
        """
        path = f"/threads/{segment(thread_id)}/runs/{segment(run_id)}"
        # A run that never settles is no accident: the next ones get a tenth of the time, and again a tenth.
        end = time.monotonic() + self.profile.timeouts.poll / 10 ** min(len(self.given_up), 2)
        seen: list[Exchange] = []
        interval = self.profile.polling.first
        while True:
            seen.append(self.send("GET", path, case=case))
            wait = self._asked(seen[-1]) or interval
            if _enough(seen[-1], until):
                return seen
            if not self._poll_again(seen[-1], wait, end):
                self.given_up.append(seen[-1])
                return seen
            interval = min(interval * 2, self.profile.polling.longest)

    def _poll_again(self, last: Exchange, wait: float, end: float) -> bool:
        """Wait, unless it would take longer than until `end` (monotonic time)."""
        del last
        if time.monotonic() + wait >= end:
            return False
        time.sleep(wait)
        return True

    async def _try_again(self, last: Exchange, wait: float, end: float) -> bool:
        """The same for a throttled exchange."""
        del last
        if time.monotonic() + wait > end:
            return False
        await asyncio.sleep(wait)
        return True

    def _asked(self, exchange: Exchange) -> float | None:
        value = exchange.response and exchange.response.headers.get("openai-poll-after-ms")
        if not value or not value.isdecimal() or len(value) > 9:
            return None
        return min(int(value) / 1000, self.profile.polling.asked)

    async def _together(self, calls: list[Call]) -> tuple[Exchange, ...]:
        return tuple(await asyncio.gather(*(self._send(call) for call in calls)))

    async def _send(self, call: Call) -> Exchange:
        operation = identify(call.method, call.path).name
        reserved = self._journal.reserve(operation, call.case)
        exchange: Exchange | None = None
        try:
            exchange = await self._tried(call, operation)
        finally:
            self._journal.settle(operation, exchange, reserved)
        self._patience.note(operation or call.method, exchange)
        return exchange

    async def _tried(self, call: Call, operation: str) -> Exchange:
        """The last of as many tries as a throttling target makes necessary; all of them go to the journal."""
        end = time.monotonic() + self.profile.throttle.seconds
        tries = self._patience.tries(self.profile.throttle.tries)
        for attempt in range(tries):
            exchange = await self._once(call, operation)
            wait = pause(exchange, attempt)
            if wait is None or attempt + 1 == tries or not await self._try_again(exchange, wait, end):
                break
        return exchange

    async def _once(self, call: Call, operation: str) -> Exchange:
        number, started_at, started = self._journal.number(), time.time(), time.monotonic()
        if self._patience.given_up(operation or call.method):
            return self._not_sent(call, f"x{number}", started_at)
        plan = self._plan(call, operation)
        reception, sent = await self._wire(plan)
        response = reception.response(self._dresser.redactor)
        exchange = Exchange(
            id=f"x{number}",
            request=self._dresser.recorded(call, sent),
            response=response,
            failure=None if response else self._dresser.safe(reception.failure),
            started_at=started_at,
            seconds=time.monotonic() - started,
            case=call.case,
            throttled=response is not None and response.status in BUSY,
            resent=reception.requests > 1,
            base_url=self.base_url,
        )
        self._journal.add(exchange, reception.requests)
        return exchange

    def _not_sent(self, call: Call, name: str, started_at: float) -> Exchange:
        """An exchange that was spared, for many like it were never answered."""
        spared = Exchange(
            id=name,
            request=self._dresser.recorded(call, None),
            response=None,
            failure=Failure("unreachable", "not sent: the target left many requests like it unanswered"),
            started_at=started_at,
            case=call.case,
            base_url=self.base_url,
        )
        self._journal.add(spared, 0)
        return spared

    def _plan(self, call: Call, operation: str) -> wire.Plan:
        plan = self._dresser.plan(call, self._journal.room)
        return replace(plan, deadline=self._patience.deadline(operation or call.method, plan.deadline))

    async def _wire(self, plan: wire.Plan) -> tuple[Reception, httpx2.Request | None]:
        return await wire.exchange(self._http, plan)

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise


def _http(loopback: bool) -> httpx2.AsyncClient:
    """No redirects, no jar for cookies to fill; a proxy of the environment only towards other machines."""
    return httpx2.AsyncClient(
        trust_env=not loopback,
        verify=httpx2.create_ssl_context(),
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        limits=httpx2.Limits(
            max_connections=None, max_keepalive_connections=20, keepalive_expiry=_KEEP_ALIVE
        ),
    )


def _quiet_libraries() -> None:
    """Both log URLs and headers, below warnings: with them the key, and pytest shows what was logged."""
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _enough(exchange: Exchange, until: Collection[str] | Callable[[Exchange], bool]) -> bool:
    status = exchange.answer.get("status") if isinstance(exchange.answer, dict) else None
    if not exchange.ok or not isinstance(status, str) or status in FINAL:
        return True
    return until(exchange) if callable(until) else status in until
