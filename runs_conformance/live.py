"""What the suites work with: one session with a target, and one bench for each test.

A suite says what to send; the bench judges whatever came back, all of it, by every check that there is. So a
suite stays a list of stimuli, and a fault is found by whichever request met it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urljoin
from zlib import crc32

import httpx2

from runs_conformance.clients.cases import ClientCase
from runs_conformance.clients.dialects import Dialect
from runs_conformance.contract.findings import Finding, Outcome, failed, not_applicable, passed, verdict
from runs_conformance.contract.jsontext import brief
from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Case, Exchange
from runs_conformance.contract.operations import segment, template
from runs_conformance.contract.register import Register
from runs_conformance.contract.traces import answer_run, assistants
from runs_conformance.frozen import Frozen
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN, SAYS, body
from runs_conformance.stimuli.inside import Resources
from runs_conformance.target.client import Client
from runs_conformance.target.profile import Profile
from runs_conformance.target.stage import Blocked, Stage

CAPABILITY: Final = {CREATE_RUN: "create-run", CREATE_BOTH: "create-thread-and-run"}
# A target that takes what it must refuse starts a run each time: two of a row show it, and one when it takes
# nearly all.
ENOUGH: Final = 2
# Nobody's key: reports may show it.
WRONG_KEY: Final = "sk-invalid-runs-conformance"
EMBEDDED_CLOCK: Final = "/_reference/clock"


class Skip(Exception):  # noqa: N818 - not an error: the target declares that it lacks this
    """The profile declares a needed capability absent; the text says which and why."""


@dataclass
class Live:
    """A session: the target's profile, the client, the setup ladder, and the judge.

    `seed` drives Hypothesis; `effort` is smoke, standard or thorough; `selected` the ids asked for (None =
    all). `acting` is the client whose requests are sent in place of our own.
    """

    profile: Profile
    client: Client
    stage: Stage
    register: Register
    effort: str = "standard"
    seed: int = 0
    selected: frozenset[str] | None = None
    wrongly_taken: int = 0
    patience: int = 20
    left: list[tuple[str, tuple[Exchange, ...]]] = field(default_factory=list)
    frozen: Frozen = field(default_factory=Frozen)
    acting: Dialect | None = None
    _shared: dict[str, Any] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)

    @property
    def edition(self) -> str:
        return self.profile.edition

    @property
    def judge(self) -> Judge:
        context = Context(
            edition=self.edition, register=self.register, aliases=dict(self.profile.aliases),
            assistants=self._shared.setdefault("assistants", {}), absent=frozenset(self.profile.absent),
            ours=True,
        )
        return Judge(context, self.selected)

    @property
    def resources(self) -> Resources:
        kinds = ("file", "vector_store", "image_url", "other_model")
        held = {kind: self.profile.resource(kind) for kind in kinds}
        return replace(Resources(), **{kind: value for kind, value in held.items() if value})

    @property
    def scripted(self) -> bool:
        """The target is our own reference: its model does as the last user message says."""
        return self.profile.resource("clock") == EMBEDDED_CLOCK

    def advance(self, thread: str, seconds: int) -> None:
        """Let the target's clock pass.

        By the control route that the profile names, or by waiting (`wait SECONDS`).
        """
        if self.client.offline:
            return  # what it brought about is in the recording
        clock = self.profile.resource("clock") or ""
        word, _, given = clock.partition(" ")
        if word == "wait" and given.strip().isdecimal():
            time.sleep(int(given))
            return
        url = urljoin(self.client.base_url, clock)
        wanted = {"advance": seconds, "thread_id": thread}
        try:
            httpx2.post(url, json=wanted, timeout=self.profile.timeouts.exchange).raise_for_status()
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            advice = "resources.clock is a route that takes a JSON object with `advance`, or `wait SECONDS`"
            sentence = f"the clock did not move ({type(error).__name__} at {clock!r}): {advice}"
            raise Blocked("clock", sentence) from None

    @property
    def other_model(self) -> str:
        """A second model name, for overrides: the profile's, else one that differs from the first."""
        return (
            self.profile.other_model
            or ("gpt-4o-mini" if self.profile.model != "gpt-4o-mini" else "gpt-4o")
        )

    def needs(self, *capabilities: str) -> None:
        for name in capabilities:
            reason = self.profile.lacks(name) if name else None
            if reason is not None:
                raise Skip(f"{name}: {reason}")

    def text(self, what: str = SAYS) -> str:
        """A user message that can be found again: nothing else in the session says the same.

        Nor does it change with what else is told in the session: a recording of it stays good.
        """
        about = self.client.about
        self._counts[about] += 1
        number = f"{crc32(about.encode()):08x}-{self._counts[about]}"
        return f"{what} (message {number} of runs-conformance 😀)"

    def send(self, operation: str, *, body: Any = None, case: Case | None = None, **more: Any) -> Exchange:
        """One request.

        Path ids as keywords `thread`, `run`, `step`, `message`, `assistant`, the rest goes to the client.
        """
        method, path = template(operation)
        for kind in ("thread", "run", "step", "message", "assistant"):
            if f"{{{kind}}}" in path:
                path = path.replace(f"{{{kind}}}", segment(str(more.pop(kind))))
        return self.client.send(method, path, body=body, case=case, **more)

    def create(self, operation: str, document: Any, *, thread: str | None = None, **more: Any) -> Exchange:
        """A create of either kind.

        CreateRun gets a fresh thread unless one is given. Skip if the target lacks the operation.
        """
        self.needs(CAPABILITY[operation])
        exchange = self._created(operation, document, thread, more)
        if exchange.resent and thread is None and exchange.refused:
            # The connection broke and the request went out twice: the second may have met what the first did.
            exchange = self._created(operation, document, thread, more)
        return exchange

    def _created(self, operation: str, document: Any, thread: str | None, more: dict[str, Any]) -> Exchange:
        if self.acting is not None:
            document, more = _as_client(self.acting, operation, document, more)
        if operation == CREATE_RUN:
            return self.send(operation, body=document, thread=thread or self.stage.thread(), **more)
        return self.send(operation, body=document, **more)

    def plain(self, operation: str, **fields: Any) -> dict[str, Any]:
        return {**body(operation, self.stage.assistant(), self.text()), **fields}

    def finish(self, exchange: Exchange) -> list[Exchange]:
        """Poll the created run until it stops; nothing if it was refused or the target can't be asked."""
        run = answer_run(exchange)
        if not exchange.ok or self.profile.lacks("runs.retrieve") or not isinstance(run.get("id"), str):
            return []
        thread = run.get("thread_id")
        return self.client.poll(thread, run["id"]) if isinstance(thread, str) else []

    def shared(self, name: str, make: Any) -> Any:
        """Made once a session, and only when first asked for."""
        if name not in self._shared:
            before, self.client.about = self.client.about, f"shared {name}"
            try:
                self._shared[name] = make()
            finally:
                self.client.about = before
        return self._shared[name]


def _as_client(
    dialect: Dialect, operation: str, document: Any, more: dict[str, Any],
) -> tuple[Any, dict[str, Any]]:
    """What goes out when the client sends it."""
    from runs_conformance.clients.sending import outgoing  # noqa: PLC0415 - strategies are heavy to load

    sent = outgoing(dialect, operation, document, tuple(more.get("query", ())))
    headers = {**dict(sent.headers), **(more.get("headers") or {})}
    return sent.body, {**more, "query": sent.query, "headers": headers, "drop_headers": sent.drop_headers}


@dataclass
class Bench:
    """One test's findings. `requirements` are those that the test is about: only they decide its colour."""

    live: Live
    requirements: frozenset[str]
    mark: int = 0
    findings: list[Finding] = field(default_factory=list)
    exchanges: dict[str, Exchange] = field(default_factory=dict)
    served: list[ClientCase] = field(default_factory=list)
    story: tuple[Exchange, ...] = ()
    # Whether Hypothesis makes up what this test sends: such findings never decide a known gap.
    generated: bool = False

    def __post_init__(self) -> None:
        self.mark = self.live.client.mark()

    def add(self, *findings: Finding) -> None:
        self.findings += findings

    def judge(self, exchanges: Iterable[Exchange]) -> list[Finding]:
        """Judge now, for what the test has to decide next.

        The same exchanges are not judged again at the end.
        """
        seen = tuple(exchanges)
        found = self.live.judge.everything(seen)
        self.add(*found)
        self.exchanges.update((one.id, one) for one in seen)
        return found

    def close(self) -> None:
        """Judge all that was sent meanwhile."""
        sent = self.live.client.since(self.mark)
        self.live._shared.setdefault("assistants", {}).update(assistants(sent))  # noqa: SLF001 - the bench is the session's
        self.mark = self.live.client.mark()
        self.judge(one for one in sent if one.id not in self.exchanges)
        self.add(*(_stays_queued(one, self.live) for one in sent if one in self.live.client.given_up))

    def accept(self, exchange: Exchange, requirements: Sequence[str]) -> bool:
        """The exchange had to be accepted: a finding for each requirement. True if it was."""
        for requirement in requirements:
            self.add(passed(requirement, exchange) if exchange.ok else refusal(requirement, exchange))
        return exchange.ok

    def excuse(self, requirements: Iterable[str], reason: str) -> None:
        self.add(*(not_applicable(requirement, reason) for requirement in requirements))

    def broken(self) -> list[Finding]:
        """The failures that this test is about."""
        levels = {"MUST"}
        return [
            one for one in self.findings
            if one.outcome is Outcome.FAILED and one.requirement in self.requirements
            and self.live.register[one.requirement].level in levels
        ]


def _stays_queued(exchange: Exchange, live: Live) -> Finding:
    """A run that was polled in vain."""
    status = answer_run(exchange).get("status")
    return verdict(
        "lifecycle.queued-moves-on", status != "queued", exchange,
        expected="a run that leaves queued by itself",
        actual=f"{status} after {live.profile.timeouts.poll:g} seconds of polling, or a part of them",
    )


def refusal(requirement: str, exchange: Exchange, note: str = "") -> Finding:
    """A request that had to be accepted was not."""
    return failed(
        requirement, exchange, where=note or (exchange.case.name if exchange.case else ""),
        expected="200 and a run", actual=answer_text(exchange),
    )


def answer_text(exchange: Exchange) -> str:
    """What came back, in a line."""
    response = exchange.response
    if response is None:
        return exchange.failure.text if exchange.failure else "no answer"
    inner = response.object.get("error")
    told = inner.get("message") if isinstance(inner, dict) else None
    shown = brief(told) if told else brief(response.body[:120].decode("utf-8", "replace"))
    return f"status {response.status}: {shown}" + (f" ({response.failure.text})" if response.failure else "")
