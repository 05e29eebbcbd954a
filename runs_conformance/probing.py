"""What a target offers, found by asking: one cheap request a capability, and its answer as the reason.

A route that is not there (404, 405, 501) or a feature that is refused is drafted as absent. A refusal that
does not come is a fault of the target, not a lack: it is named, and whoever writes the profile decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from runs_conformance.contract.capabilities import MEANING
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.traces import answer_run
from runs_conformance.live import WRONG_KEY, Live, answer_text
from runs_conformance.report.redact import Redactor
from runs_conformance.report.text import escape, shorten
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN
from runs_conformance.target.journal import BudgetSpent
from runs_conformance.target.stage import Blocked

# Runs that a probe starts at most on a target that conforms; those that accept everything start four more.
RUNS: Final = 10
NO_ROUTE: Final = (404, 405, 501)
LONGEST: Final = 160
_TOOL: Final = {
    "tools.function": {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}},
    "tools.code-interpreter": {"type": "code_interpreter"},
    "tools.file-search": {"type": "file_search"},
}
_OPTIONS: Final[Mapping[str, dict[str, Any]]] = {
    **{name: {"tools": [tool]} for name, tool in _TOOL.items()},
    "json-schema": {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"type": "object"}},
        }
    },
    "reasoning-effort": {"reasoning_effort": "low"},
}
_IMAGE: Final = "https://example.com/conformance.png"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found of one capability.

    `state` is offered; absent (goes into the profile); lax (what must be refused is not: only named);
    unknown (`reason` says what was missing to ask).
    """

    capability: str
    state: str
    reason: str


@dataclass
class Probe:
    """Asks a session's target; `answers` by capability, in the order of the capabilities."""

    live: Live
    hide: Redactor = field(default_factory=Redactor)
    _answers: dict[str, Answer] = field(default_factory=dict)
    _thread: str = ""
    _run: str = ""

    def answers(self) -> tuple[Answer, ...]:
        """Ask everything. Blocked (fatal) when the target can't be talked to at all."""
        steps: tuple[Callable[[], None], ...] = (
            self._assistant,
            self._threads,
            self._create,
            self._reads,
            self._streams,
            self._features,
            self._refusals,
            self._access,
        )
        try:
            for step in steps:
                step()
        except BudgetSpent as spent:
            self._rest(str(spent))
        self._rest("nothing that a request shows; `file_id` and `clock` under [resources] make it testable")
        return tuple(self._answers[name] for name in MEANING)

    def _rest(self, reason: str) -> None:
        for name in MEANING:
            self._answers.setdefault(name, Answer(name, "unknown", reason))

    def _note(self, capability: str, state: str, exchange: Exchange | None, reason: str = "") -> None:
        told = reason or (_said(exchange, self.hide) if exchange else "")
        self._answers[capability] = Answer(capability, state, told)

    def _route(self, capability: str, exchange: Exchange) -> bool:
        """A route is there if it answers anything but "no such thing", were it a refusal."""
        there = exchange.status is not None and exchange.status not in NO_ROUTE
        self._note(capability, "offered" if there else "absent", exchange)
        return there

    def _assistant(self) -> None:
        live = self.live
        if live.profile.lacks("assistants.create") is not None:
            self._note("assistants.create", "absent", None, "an existing assistant was given")
        try:
            made = live.stage.assistant()
        except Blocked as blocked:
            if blocked.fatal:
                raise
            self._note("assistants.create", "absent", blocked.exchange, _clean(blocked.sentence, self.hide))
            for name in ("assistants.retrieve", "create-run", "create-thread-and-run"):
                self._note(name, "unknown", None, "needs an assistant: give --assistant ID and probe again")
            return
        if "assistants.create" not in self._answers:
            self._note("assistants.create", "offered", None, "POST /assistants made one")
        self._route("assistants.retrieve", live.send("getAssistant", assistant=made))

    def _threads(self) -> None:
        live = self.live
        try:
            self._thread = live.stage.thread()
        except Blocked as blocked:
            self._note("threads", "absent", blocked.exchange, _clean(blocked.sentence, self.hide))
            return
        given = live.profile.lacks("threads") is not None
        reason = "an existing thread was given" if given else "POST /threads made one"
        self._note("threads", "absent" if given else "offered", None, reason)
        self._route("thread.retrieve", live.send("getThread", thread=self._thread))
        text = {"role": "user", "content": live.text()}
        self._route("messages.create", live.send("createMessage", thread=self._thread, body=text))
        self._route("messages.list", live.send("listMessages", thread=self._thread))

    def _create(self) -> None:
        if "create-run" in self._answers:
            return
        live, assistant = self.live, self.live.stage.assistant()
        if self._thread:
            exchange = live.send(CREATE_RUN, thread=self._thread, body={"assistant_id": assistant})
            self._created("create-run", exchange)
        else:
            self._note("create-run", "unknown", None, "needs a thread: give --thread ID and probe again")
        self._created("create-thread-and-run", live.send(CREATE_BOTH, body=live.plain(CREATE_BOTH)))

    def _created(self, capability: str, exchange: Exchange) -> None:
        run = answer_run(exchange)
        if (
            self._route(capability, exchange)
            and exchange.ok
            and isinstance(run.get("id"), str)
            and not self._run
        ):
            self._run, self._thread = run["id"], str(run.get("thread_id", self._thread))

    def _reads(self) -> None:
        routes = (
            ("runs.retrieve", "getRun", None),
            ("runs.list", "listRuns", None),
            ("steps", "listRunSteps", None),
        )
        if not self._run:
            for name in (*(each[0] for each in routes), "runs.modify", "runs.cancel", "runs.submit"):
                self._note(name, "unknown", None, "no run could be started")
            return
        for capability, operation, body in routes:
            self._route(capability, self._about_run(operation, body))
        if self._answers["runs.retrieve"].state == "offered":
            self.live.client.poll(self._thread, self._run)
        self._route("runs.modify", self._about_run("modifyRun", {"metadata": {"probe": "1"}}))
        outputs = {"tool_outputs": [{"tool_call_id": "call_probe", "output": "x"}]}
        self._route("runs.submit", self._about_run("submitToolOutputs", outputs))
        # A run that has ended can't be cancelled: that is a refusal, and the route is there.
        self._route("runs.cancel", self._about_run("cancelRun", None))

    def _about_run(self, operation: str, body: Any) -> Exchange:
        ids: dict[str, Any] = (
            {"thread": self._thread}
            if operation == "listRuns"
            else {"thread": self._thread, "run": self._run}
        )
        return self.live.send(operation, body=body, **ids)

    def _attempt(self, **fields: Any) -> Exchange | None:
        """A create that should be accepted, on a thread of its own; None if neither create is there."""
        live = self.live
        for capability, operation in (("create-run", CREATE_RUN), ("create-thread-and-run", CREATE_BOTH)):
            if self._offers(capability):
                return live.create(operation, live.plain(operation, **fields))
        return None

    def _offers(self, capability: str) -> bool:
        return capability in self._answers and self._answers[capability].state == "offered"

    def _streams(self) -> None:
        exchange = self._attempt(stream=True)
        if exchange is None:
            self._unasked("streams")
        else:
            self._note("streams", "offered" if exchange.ok and exchange.streamed else "absent", exchange)
            self._end(exchange)

    def _features(self) -> None:
        for capability, fields in _OPTIONS.items():
            # Create thread and run never knew reasoning_effort.
            if capability == "reasoning-effort" and not self._offers("create-run"):
                self._unasked(capability, "needs create-run")
                continue
            exchange = self._attempt(**fields)
            if exchange is None:
                self._unasked(capability)
                continue
            self._note(capability, "offered" if exchange.ok else "absent", exchange)
            self._end(exchange)
        if not self._thread or not self._offers("messages.create"):
            self._unasked("images", "needs messages.create")
            return
        parts = [{"type": "image_url", "image_url": {"url": _IMAGE}}]
        body = {"role": "user", "content": parts}
        # A fresh thread: a run on the other one may still go on.
        exchange = self.live.send("createMessage", thread=self.live.stage.thread(), body=body)
        self._note("images", "offered" if exchange.ok else "absent", exchange)

    def _end(self, exchange: Exchange) -> None:
        """Nothing is left waiting for tools, and a thread that was given is free again."""
        run = answer_run(exchange)
        if exchange.ok and self._offers("runs.retrieve") and run.get("id") and run.get("thread_id"):
            last = self.live.client.poll(str(run["thread_id"]), str(run["id"]))[-1]
            if answer_run(last).get("status") == "requires_action" and self._offers("runs.cancel"):
                self.live.send("cancelRun", thread=run["thread_id"], run=run["id"])

    def _refusals(self) -> None:
        asked = (
            ("refusals", {"instructions": 5}),
            ("refusals.bounds", {"temperature": 3}),
            ("refusals.unknown-fields", {"unknown_property": 1}),
        )
        for capability, fields in asked:
            self._refusal(capability, self._attempt(**fields))

    def _refusal(self, capability: str, exchange: Exchange | None) -> None:
        if exchange is None:
            self._unasked(capability)
            return
        refused = exchange.refused
        self._note(capability, "offered" if refused else "lax", exchange)
        self._end(exchange)

    def _access(self) -> None:
        """Reads, which cost nothing: with a wrong key, and without the beta header."""
        live, header = self.live, "api-key" if self.live.profile.auth_header == "api-key" else "Authorization"
        wrong = {header: WRONG_KEY if header == "api-key" else f"Bearer {WRONG_KEY}"}
        if not self._offers("thread.retrieve"):
            self._unasked("auth", "needs thread.retrieve")
            self._unasked("beta-header", "needs thread.retrieve")
            return
        self._access_to("auth", live.send("getThread", thread=self._thread, headers=wrong), (401, 403))
        bare = live.send("getThread", thread=self._thread, drop_headers=["OpenAI-Beta"])
        self._access_to("beta-header", bare, tuple(range(400, 500)))

    def _access_to(self, capability: str, exchange: Exchange, right: Sequence[int]) -> None:
        self._note(capability, "offered" if exchange.status in right else "lax", exchange)

    def _unasked(self, capability: str, why: str = "needs a create that is there") -> None:
        self._note(capability, "unknown", None, why)


def _said(exchange: Exchange, hide: Redactor) -> str:
    """What was asked and what came, in a line."""
    kind = exchange.response.headers.media_type if exchange.response and exchange.ok else ""
    seen = f"status {exchange.status}, {kind or 'no content type'}" if exchange.ok else answer_text(exchange)
    name = exchange.operation.name or exchange.request.path
    return _clean(f"{name} answered {seen}", hide)


def _clean(text: str, hide: Redactor) -> str:
    return shorten(escape(hide.text(text)), LONGEST)
