"""Ids of resources that live on the target, for the path and the body of a generated case."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from runs_conformance.contract.model import Exchange
from runs_conformance.contract.operations import CREATE
from runs_conformance.contract.traces import answer_run
from runs_conformance.live import Live
from runs_conformance.stimuli.base import CREATE_RUN, function
from runs_conformance.target.stage import Blocked

# A generated id in the path of these would take away what other cases stand on.
_DELETES: Final = {"deleteThread": "thread", "deleteMessage": "message", "deleteAssistant": "assistant"}


@dataclass
class Living:
    """Gives ids by kind (thread, run, step, message, assistant), made when first asked for.

    createRun gets a thread that no run locks; all other operations one thread with a run that is over.
    Blocked if the target can't make them.
    """

    live: Live
    _free: str = ""
    _settled: dict[str, str] = field(default_factory=dict)

    @property
    def assistant(self) -> str:
        return self.live.stage.assistant()

    @property
    def settled_assistant(self) -> str:
        """One with settings of its own: what a run says instead must win over each of them."""
        fields: dict[str, Any] = {
            "instructions": "Answer in JSON, at length.", "metadata": {"kept": "by the assistant"},
            "temperature": 0.3, "top_p": 0.7,
        }  # fmt: skip
        if self.live.profile.lacks("tools.function") is None:
            fields["tools"] = [function("look_up", strict=False, parameters={})]
        if self.live.profile.lacks("assistants.create") is not None:
            return self.assistant
        return self.live.stage.assistant(**fields)

    def ids(self, operation: str, kinds: tuple[str, ...]) -> dict[str, str]:
        """The ids of an operation's path, by kind."""
        doomed = _DELETES.get(operation)
        if operation == "modifyAssistant":
            # runs are judged by what their assistant was made with
            return {"assistant": self.live.stage.assistant(name="to be changed")}
        return {kind: self._fresh(kind) if kind == doomed else self._id(operation, kind) for kind in kinds}

    def note(self, exchange: Exchange) -> None:
        """A thread on which a run was accepted is locked for a while: the next createRun gets another."""
        response = exchange.response
        refused = response is not None and response.refused
        called = exchange.operation
        if called.name == CREATE_RUN and not refused and called.id("thread") == self._free:
            self._free = ""

    def _id(self, operation: str, kind: str) -> str:
        if kind == "assistant":
            return self.assistant
        if kind == "thread" and operation in CREATE:
            self._free = self._free or self.live.stage.thread()
            return self._free
        if not self._settled:
            self._settled = self._settle()
        if kind not in self._settled:
            raise Blocked(kind, f"the target showed no {kind}", not_applicable=True)
        return self._settled[kind]

    def _settle(self) -> dict[str, str]:
        """A thread with a message, and a run of it followed to its end, with a step."""
        live = self.live
        found = {"thread": live.stage.thread()}
        if live.profile.lacks("create-run") is None:
            first = live.send(CREATE_RUN, body={"assistant_id": self.assistant}, thread=found["thread"])
            run = answer_run(first)
            if first.ok and isinstance(run.get("id"), str):
                found["run"] = run["id"]
                live.finish(first)
        if "run" in found and live.profile.lacks("steps") is None:
            found |= _first(live.send("listRunSteps", thread=found["thread"], run=found["run"]), "step")
        if live.profile.lacks("messages.list") is None:
            found |= _first(live.send("listMessages", thread=found["thread"]), "message")
        return found

    def _fresh(self, kind: str) -> str:
        live = self.live
        if kind == "assistant":
            return live.stage.assistant(name="to be deleted", metadata={"number": live.text()[:60]})
        if kind == "thread":
            return live.stage.thread()
        body: dict[str, Any] = {"role": "user", "content": live.text()}
        made = live.send("createMessage", thread=self._id("deleteMessage", "thread"), body=body)
        name = made.response.object.get("id") if made.response else None
        if not isinstance(name, str):
            raise Blocked(kind, "the target made no message", not_applicable=True)
        return name


def _first(exchange: Exchange, kind: str) -> dict[str, str]:
    entries = exchange.response.object.get("data") if exchange.response else None
    first = entries[0] if isinstance(entries, list) and entries else None
    name = first.get("id") if isinstance(first, dict) else None
    return {kind: name} if isinstance(name, str) else {}
