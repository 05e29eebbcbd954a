"""The setup ladder: reachable, authorised, an assistant, a thread. Each rung once, when it is asked for.

What breaks a rung blocks everything above it; the sentence says what the user can do.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from runs_conformance.contract.model import Case, Exchange, to_bytes
from runs_conformance.contract.operations import segment
from runs_conformance.contract.timeline import ACTIVE
from runs_conformance.contract.traces import answer_run
from runs_conformance.target.client import Client
from runs_conformance.target.ending import end
from runs_conformance.target.explaining import explain, first_contact

INSTRUCTIONS: Final = "Answer briefly."
USER_MESSAGE: Final = {"role": "user", "content": "Say hello."}
_CLEANUP_SECONDS: Final = 10.0
_CLEANUP_AT_ONCE: Final = 8


class Blocked(Exception):  # noqa: N818 - a state of the target, not an error of ours
    """A rung that broke. `fatal`: the target can't be tested at all (exit code 2).

    `not_applicable`: the profile says that the target lacks it. `exchange` is what showed it, if anything was
    sent.
    """

    def __init__(
        self,
        rung: str,
        sentence: str,
        exchange: Exchange | None = None,
        *,
        fatal: bool = False,
        not_applicable: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.rung, self.sentence, self.exchange = rung, sentence, exchange
        self.fatal, self.not_applicable = fatal, not_applicable


class Stage:
    """What checks stand on. `assistants` holds the assistants' objects as the target showed them, by id."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.profile = client.profile
        self.assistants: dict[str, dict[str, Any]] = {}
        self._known: dict[bytes, str | Blocked] = {}
        self._created: dict[str, list[str]] = {"assistants": [], "threads": []}
        self._fatal: Blocked | None = None
        self._contact = False
        self._mark = 0

    def reachable(self) -> None:
        """Nothing, or the fatal Blocked: unreachable, a refused key, HTML.

        It asks by setting up the assistant.
        """
        try:
            self.assistant()
        except Blocked as blocked:
            if blocked.fatal:
                raise

    def assistant(self, **fields: Any) -> str:
        """The id of an assistant with these fields (the same one for the same fields).

        Blocked if there is none.
        """
        key = to_bytes(dict(sorted(fields.items())))
        if key not in self._known:
            self._known[key] = self._assistant(fields)
        known = self._known[key]
        if isinstance(known, Blocked):
            raise known.with_traceback(None)  # raised again and again it would grow
        return known

    def thread(self, messages: Sequence[dict[str, Any]] | None = None, **fields: Any) -> str:
        """The id of a fresh thread with `messages` (default: one user message), or Blocked.

        Where the target makes no threads it is the profile's thread, the same each time, whatever is in it.
        """
        reason = self.profile.lacks("threads")
        if reason is not None:
            wanted = messages is not None or bool(fields)
            return self._idle(self._given("thread", self.profile.thread_id, reason, wanted=wanted))
        body = {"messages": [USER_MESSAGE] if messages is None else list(messages), **fields}
        return self._create("thread", "/threads", {key: each for key, each in body.items() if each != []})

    def _idle(self, thread_id: str) -> str:
        """The shared thread, once the runs that were started on it have ended: an active one locks it."""
        begin, self._mark = self._mark, self.client.mark()
        if self.profile.lacks("runs.retrieve") is not None:
            return thread_id
        for exchange in self.client.since(begin):
            run = answer_run(exchange)
            if exchange.operation.name == "createRun" and exchange.ok and isinstance(run.get("id"), str):
                last = end(self.client, thread_id, run["id"])
                if last.get("status") in ACTIVE:
                    self._mark = begin  # to be looked at again before the next story
                    stays = f"its run {run['id']} stays {last['status']}"
                    raise Blocked("thread", f"the thread {thread_id} is locked: {stays}", exchange)
        return thread_id

    def cleanup(self) -> None:
        """Delete what was made here, assistants first, as far as it goes in 10 seconds. Never a verdict."""
        paths = [
            f"/{kind}/{segment(each)}" for kind, ids in self._created.items() for each in reversed(ids)
        ]
        until = time.monotonic() + _CLEANUP_SECONDS
        while self.profile.cleanup and paths and time.monotonic() < until:
            batch, paths = paths[:_CLEANUP_AT_ONCE], paths[_CLEANUP_AT_ONCE:]
            case = Case("cleanup")
            answers = self.client.send_together(
                {"method": "DELETE", "path": path, "case": case} for path in batch
            )
            if not any(answer.ok for answer in answers):
                break
        self._created = {kind: [] for kind in self._created}

    def _assistant(self, fields: dict[str, Any]) -> str | Blocked:
        reason = self.profile.lacks("assistants.create")
        try:
            if reason is not None:
                return self._existing(
                    self._given("assistant", self.profile.assistant_id, reason, wanted=bool(fields))
                )
            body = {
                "model": self.profile.model,
                "name": "runs-conformance",
                "instructions": INSTRUCTIONS,
                **fields,
            }
            return self._create("assistant", "/assistants", body)
        except Blocked as blocked:
            return blocked

    def _existing(self, assistant_id: str) -> str:
        if self.profile.lacks("assistants.retrieve") is None:
            self._ask("assistant", "GET", f"/assistants/{segment(assistant_id)}")
        return assistant_id

    def _given(self, rung: str, named: str | None, reason: str, *, wanted: bool) -> str:
        """What the profile names in place of what can't be made."""
        if self._fatal is not None:
            raise self._fatal.with_traceback(None)
        if wanted:
            raise Blocked(rung, f"needs a {rung} of its own making: {reason}", not_applicable=True)
        if named is None:
            advice = f"give {rung}_id, for the target can't make one"
            raise Blocked(rung, f"there is no {rung}: {reason}; {advice}", not_applicable=True)
        return named

    def _create(self, rung: str, path: str, body: dict[str, Any]) -> str:
        made = self._ask(rung, "POST", path, body)
        self._created[f"{rung}s"].append(made)
        return made

    def _ask(self, rung: str, method: str, path: str, body: dict[str, Any] | None = None) -> str:
        """The id of the object that was answered; Blocked if there is none."""
        if self._fatal is not None:
            raise self._fatal.with_traceback(None)
        exchange = self.client.send(method, path, body=body, case=Case(f"setup: {rung}"))
        if not self._contact:
            self._judge_contact(exchange)
        answer = exchange.answer
        made = answer.get("id") if isinstance(answer, dict) else None
        if not exchange.ok or not isinstance(answer, dict) or not isinstance(made, str) or not made:
            raise Blocked(rung, explain(rung, exchange), exchange)
        self._contact = True
        if rung == "assistant":
            self.assistants[answer["id"]] = answer
        return str(answer["id"])

    def _judge_contact(self, exchange: Exchange) -> None:
        trouble = first_contact(exchange, self.profile)
        if trouble is not None:
            rung, sentence = trouble
            self._fatal = Blocked(rung, sentence, exchange, fatal=True)
            raise self._fatal.with_traceback(None)
