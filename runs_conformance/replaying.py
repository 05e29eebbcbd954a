"""A session recorded, and a session out of a recording: no network, no clock, no random choice.

A cassette never sits in a live run: recording keeps what the one client of the session had, replaying puts a
client in its place that knows only the tape.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from runs_conformance import __version__
from runs_conformance.contract.model import Case, Exchange
from runs_conformance.frozen import Frozen
from runs_conformance.recordings import provenance
from runs_conformance.recordings.cassette import ARRIVALS, CASSETTE, Tape, Taped, load, write
from runs_conformance.recordings.matching import Key, key_of
from runs_conformance.recordings.recorded import CassetteError
from runs_conformance.recordings.scrub import Scrubber
from runs_conformance.report.records import now
from runs_conformance.target.client import Client
from runs_conformance.target.outgoing import Call
from runs_conformance.target.profile import PLACEHOLDER_KEY, Profile
from runs_conformance.target.stage import Blocked

DRAWN: Final = "drawn.json"
FILES: Final = (CASSETTE, ARRIVALS, DRAWN, provenance.FILE)
SECOND_KEY: Final = "sk-second-of-a-recording"
_NOT_SENT: Final = "not sent:"
# Numbers of calls that a recording does not have.
_BEYOND: Final = 1_000_000
# Seconds that an answer is held at most for calls that were made beside it.
_PATIENCE: Final = 5.0


def manner(call: Call, hide: Scrubber) -> str:
    """What tells a call from another with the same body: headers that it replaced or left out."""
    headers = sorted((name.lower(), hide.value(name, value)) for name, value in call.headers)
    dropped = sorted(call.drop_headers)
    told = [headers, dropped, call.close_after]
    return json.dumps(told) if headers or dropped or call.close_after is not None else ""


class RecordingClient(Client):
    """A client that also notes in which manner and for what each exchange was asked."""

    def __init__(self, profile: Profile, base_url: str, hide: Scrubber) -> None:
        super().__init__(profile, base_url)
        self._hide = hide
        self._asked_for: dict[str, tuple[str, str]] = {}

    async def _once(self, call: Call, operation: str) -> Exchange:
        about = self.about
        exchange = await super()._once(call, operation)
        self._asked_for[exchange.id] = manner(call, self._hide), about
        return exchange

    def taped(self) -> Iterable[Taped]:
        """All that was sent, in the order in which it was started."""
        last = {one.id for one in self.given_up}
        for one in self.journal:
            spared = one.failure is not None and one.failure.text.startswith(_NOT_SENT)
            if not spared:
                how, about = self._asked_for.get(one.id, ("", ""))
                yield Taped(one, how, one.id in last, about)


class ReplayClient(Client):
    """Answers out of a tape, and never anything else. Blocked for a request that is not on it."""

    offline = True

    def __init__(self, profile: Profile, base_url: str, tape: Tape, hide: Scrubber) -> None:
        super().__init__(profile, base_url)
        self._tape, self._hide = tape, hide
        self._last: dict[str, bool] = {}
        self._turn = asyncio.Condition()

    async def _once(self, call: Call, operation: str) -> Exchange:
        if self._patience.given_up(operation or call.method):
            return self._not_sent(call, f"x{_BEYOND + self._journal.number()}", time.time())
        taken = self._tape.take(self._key(call), self.about)
        if taken is None:
            raise Blocked("the recording", f"not recorded: {call.method} {call.path}")
        self._last[taken.exchange.id] = taken.last
        await self._beside(taken)
        return self._played(taken.exchange, call.case)

    async def _beside(self, taken: Taped) -> None:
        """Hold an answer until what was asked meanwhile has been asked again, or nobody seems to."""
        async with self._turn:
            self._turn.notify_all()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self._turn.wait_for(lambda: not self._tape.still_beside(taken))

    def _played(self, exchange: Exchange, case: Case | None) -> Exchange:
        """Under its own id: the journal's order, also of calls that overlapped, is that of the live run."""
        played = replace(exchange, case=case, base_url=self.base_url)
        self._journal.add(played)
        return played

    def _key(self, call: Call) -> Key:
        plan = self._dresser.recorded(call, None)
        body = None if plan.body is None else self._hide.data(plan.body)
        query = self._hide.pairs(plan.query)
        return key_of(plan.method, self._hide.text(plan.path), query, body, manner(call, self._hide))

    def _poll_again(self, last: Exchange, wait: float, end: float) -> bool:
        """As long as the recorded polling went on."""
        del wait, end
        return not self._last.get(last.id) and self._tape.has(self._again(last), self.about)

    async def _try_again(self, last: Exchange, wait: float, end: float) -> bool:
        del wait, end
        return self._tape.has(self._again(last), self.about)

    def _again(self, last: Exchange) -> Key:
        request = last.request
        return key_of(request.method, request.path, request.query, request.body)

    def retell(self, names: Iterable[str]) -> dict[str, Exchange]:
        """Blocked where the recording does not hold one of them."""
        told: dict[str, Exchange] = {}
        for name in names:
            exchange = self._tape.named(name)
            if exchange is None:
                raise Blocked("the recording", f"not recorded: exchange {name} of a story")
            told[name] = self._played(exchange, None)
        return told


def keep(
    folder: Path, client: RecordingClient, frozen: Frozen, made: provenance.Provenance, hide: Scrubber
) -> None:
    """Write a recording; CassetteError with a sentence if it can't be written."""
    taped = list(client.taped())
    counted = replace(made, requests=client.requests, runs=client.runs_started)
    try:
        write(folder, taped, hide)
        text = json.dumps(frozen.document, separators=(",", ":"))
        (folder / DRAWN).write_text(hide.data(text.encode()).decode() + "\n", "utf-8")
        provenance.write(folder, counted)
    except OSError as error:
        raise CassetteError(f"--record {folder}: can't be written ({error.strerror})") from None


def describe(
    profile: Profile, target: str, base_url: str, *, effort: str, seed: int, selection: tuple[str, ...],
    what: str, hide: Scrubber, started: float,
) -> provenance.Provenance:
    """The provenance of a session that has just ended; `started` is monotonic time."""
    words = ["runs-conformance", *sys.argv[1:]]
    return provenance.Provenance(
        target=hide.url(target) if "://" in target else target, base_url=hide.url(base_url), what=what,
        tool=f"runs-conformance {__version__}", recorded_at=now(), edition=profile.edition, effort=effort,
        how=hide.text(" ".join(_plain(word) for word in words)), seed=seed, selection=selection,
        model=profile.model, other_model=profile.other_model or "", assistant_id=profile.assistant_id or "",
        thread_id=profile.thread_id or "", auth_header=profile.auth_header,
        second_key=profile.resource("second_key") is not None, max_runs=profile.max_runs or 0,
        poll=profile.timeouts.poll, seconds=round(time.monotonic() - started, 1), absent=dict(profile.absent),
        resources={name: hide.text(one) for name, one in profile.resources.items()},
        aliases={name: tuple(one) for name, one in profile.aliases.items()},
    )  # fmt: skip


def _plain(word: str) -> str:
    """Options, but no place of one machine and no header's value."""
    name, equals, value = word.partition("=")
    return f"{name}=..." if equals and ("/" in value or ":" in value) else "..." if "/" in word else word


def replayed_profile(profile: Profile, made: provenance.Provenance) -> Profile:
    """The settings with which the recording was made; keys are placeholders, waiting is none."""
    second = made.resources.get("second_key_env", "SECOND")
    keys = {profile.key_env: PLACEHOLDER_KEY} | ({second: SECOND_KEY} if made.second_key else {})
    return replace(
        profile, base_url=made.base_url, model=made.model, other_model=made.other_model or None,
        assistant_id=made.assistant_id or None, thread_id=made.thread_id or None, edition=made.edition,
        auth_header=made.auth_header, max_runs=made.max_runs or None, absent=dict(made.absent),
        resources=dict(made.resources), aliases={name: tuple(one) for name, one in made.aliases.items()},
        timeouts=replace(profile.timeouts, poll=made.poll or profile.timeouts.poll),
        headers=(), query=(), cleanup=False, environ=keys,
    )  # fmt: skip


def open_tape(folder: Path) -> tuple[Tape, Frozen]:
    """The exchanges and the choices of a recording; CassetteError for what can't be used."""
    tape = Tape.of(load(folder))
    try:
        document: Any = json.loads((folder / DRAWN).read_text("utf-8"))
        return tape, Frozen.of(document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CassetteError(f"{folder / DRAWN}: can't be used ({error}); record anew with --record") from None
