"""What a user does under load: a story at a time, on threads of its own, marked so that it can be told apart.

A story sends; it judges nothing. A marker of its own stands in the messages of each call and, where there is
room, in its metadata: an answer about another thread that shows it is a leak.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from runs_conformance.contract.checks.steps import call_ids
from runs_conformance.contract.model import Case, Exchange
from runs_conformance.contract.operations import segment, template
from runs_conformance.contract.timeline import FINAL
from runs_conformance.contract.traces import of_kind
from runs_conformance.soaking.corpus import Corpus, Entry, operations
from runs_conformance.stimuli.base import CREATE_RUN, SAYS, function, messages_path
from runs_conformance.target.client import Client
from runs_conformance.target.profile import Profile

KEY: Final = "soak_marker"
# Rounds of tool calls that a run is given before it is cancelled.
ROUNDS: Final = 3
_MOST: Final = 16
_TOOL: Final = function(
    "look_up",
    description="Looks a city up.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
)
FORCED: Final[dict[str, Any]] = {
    "tools": [_TOOL],
    "tool_choice": {"type": "function", "function": {"name": "look_up"}},
}


@dataclass
class Talk:
    """One story: who sends, what from, and the beginning of the markers of all that it says."""

    client: Client
    profile: Profile
    corpus: Corpus
    assistant: str
    chance: Random
    name: str
    calls: int = 0

    @property
    def marker(self) -> str:
        """That of the call at hand. The last letter tells a whole marker from a piece of one."""
        return f"{self.name}-{self.calls}z"

    def send(self, operation: str, *, body: Any = None, case: Case | None = None, **ids: str) -> Exchange:
        return self.client.send(**_call(operation, body, case, ids))

    def has(self, capability: str) -> bool:
        return self.profile.lacks(capability) is None

    def entry(self) -> Entry:
        return self.chance.choice(self.corpus.valid)

    def thread(self) -> str | None:
        """A thread with a message of this story; None if the target made none."""
        made = self.send("createThread", body={"messages": [self.message()], "metadata": {KEY: self.marker}})
        name = made.answer.get("id") if made.ok and isinstance(made.answer, dict) else None
        return name if isinstance(name, str) else None

    def message(self, text: str = SAYS) -> dict[str, Any]:
        return {"role": "user", "content": f"{text} ({self.marker})"}

    def call(self, entry: Entry, *, stream: bool, thread: str | None = None) -> dict[str, Any] | None:
        """The arguments that send a body of the corpus, on a fresh thread unless one is given."""
        self.calls += 1
        marked = self.marked(entry) if entry.expect == "accepted" else entry.body
        body = {"assistant_id": self.assistant, **marked, **({"stream": True} if stream else {})}
        ids = {}
        if entry.operation == CREATE_RUN:
            name = thread or self.thread()
            if name is None:
                return None
            ids = {"thread": name}
        made = _call(entry.operation, body, Case(entry.name, entry.rows, entry.expect), ids)
        return {**made, "query": entry.query, "headers": entry.headers}

    def create(self, entry: Entry, *, stream: bool = False) -> Exchange | None:
        call = self.call(entry, stream=stream)
        return None if call is None else self.client.send(**call)

    def plain(self, **fields: Any) -> Entry:
        """A small body, whichever create the target has."""
        operation = self.chance.choice(operations(self.profile))
        return Entry(operation, "a plain run", fields, ("accept.optional-fields-absent",), "accepted")

    def marked(self, entry: Entry) -> dict[str, Any]:
        """The body with the marker in its metadata and in a message, as far as there is room."""
        body = dict(entry.body)
        metadata = body.get("metadata", {})
        if isinstance(metadata, dict) and len(metadata) < _MOST and self.chance.random() < 0.8:
            body["metadata"] = {**metadata, KEY: self.marker}
        top, *inner = messages_path(entry.operation)
        held: Any = body.get(top)
        if inner:
            thread = dict(held) if isinstance(held, dict) else {}
            if "messages" not in thread or isinstance(thread["messages"], list):
                body[top] = {**thread, "messages": [*thread.get("messages", ()), self.message()]}
        elif held is None or isinstance(held, list):
            body[top] = [*(held or ()), self.message()]
        return body

    def follow(self, created: Exchange) -> None:
        """To the run's end: outputs for what it waits for, streamed or not; cancelled if that never ends."""
        last = created
        for _ in range(ROUNDS):
            run = run_of(last)
            thread, name = run.get("thread_id"), run.get("id")
            if not isinstance(thread, str) or not isinstance(name, str) or not self.has("runs.retrieve"):
                return
            # A stream says how it ended; that the run says the same is asked all the same.
            run = run_of(self.client.poll(thread, name)[-1])
            calls = sorted(call_ids(run))
            if run.get("status") != "requires_action" or not calls or not self.has("runs.submit"):
                break
            outputs = [{"tool_call_id": one, "output": f"of {self.marker}"} for one in calls]
            body: dict[str, Any] = {"tool_outputs": outputs}
            if self.has("streams") and self.chance.random() < 0.5:
                body["stream"] = True
            last = self.send("submitToolOutputs", body=body, thread=thread, run=name)
            if not last.ok:
                break
        self.end(run_of(last) or run_of(created))

    def end(self, run: dict[str, Any]) -> None:
        """Leave nothing that waits, then read the thread."""
        thread, name = run.get("thread_id"), run.get("id")
        if not isinstance(thread, str) or not isinstance(name, str):
            return
        if self.has("runs.retrieve"):
            now = run_of(self.send("getRun", thread=thread, run=name))
            if now.get("status") not in FINAL and self.has("runs.cancel"):
                self.send("cancelRun", thread=thread, run=name)
                self.client.poll(thread, name, FINAL)
        reads: tuple[tuple[str, str, dict[str, str]], ...] = (
            ("messages.list", "listMessages", {}),
            ("thread.retrieve", "getThread", {}),
            ("runs.list", "listRuns", {}),
            ("steps", "listRunSteps", {"run": name}),
        )
        for capability, operation, ids in reads:
            if self.has(capability) and self.chance.random() < 0.5:
                self.client.send(**_call(operation, None, None, {"thread": thread, **ids}))


def _call(operation: str, body: Any, case: Case | None, ids: dict[str, str]) -> dict[str, Any]:
    method, path = template(operation)
    for kind, name in ids.items():
        path = path.replace(f"{{{kind}}}", segment(name))
    return {"method": method, "path": path, "body": body, "case": case}


def run_of(exchange: Exchange) -> dict[str, Any]:
    """The run as an exchange showed it last; empty if none."""
    shown = [one.value for one in of_kind(exchange, "thread.run")] if exchange.ok else []
    return shown[-1] if shown else {}


def create(talk: Talk) -> None:
    created = talk.create(talk.entry())
    if created is not None:
        talk.follow(created)


def stream(talk: Talk) -> None:
    created = talk.create(talk.entry(), stream=True)
    if created is not None:
        talk.follow(created)


def tools(talk: Talk) -> None:
    """A run that waits for outputs of a function."""
    created = talk.create(talk.plain(**FORCED), stream=talk.has("streams") and talk.chance.random() < 0.5)
    if created is not None:
        talk.follow(created)


def cancel(talk: Talk) -> None:
    """Cancelled as soon as it is there; whatever came first, its end is one of the two."""
    created = talk.create(talk.plain())
    run = run_of(created) if created is not None else {}
    if isinstance(run.get("id"), str) and isinstance(run.get("thread_id"), str):
        talk.send("cancelRun", thread=run["thread_id"], run=run["id"])
        talk.client.poll(run["thread_id"], run["id"], FINAL)
        talk.end(run)


def race(talk: Talk) -> None:
    """Two creates and a message at once on one thread: its lock lets one run through."""
    thread = talk.thread()
    if thread is None:
        return
    entry = Entry(CREATE_RUN, "a run that races another", {}, (), "any")
    calls = [talk.call(entry, stream=False, thread=thread) for _ in range(2)]
    if talk.has("messages.create"):
        calls.append(_call("createMessage", talk.message("Am I in time?"), None, {"thread": thread}))
    answers = talk.client.send_together([one for one in calls if one is not None])
    runs = [run_of(one) for one in answers if run_of(one)]
    if len(runs) > 1 and talk.has("runs.retrieve"):
        # Both at once: only who sees both at work afterwards knows that neither had the thread for itself.
        ids = [{"thread": thread, "run": str(one.get("id"))} for one in runs]
        talk.client.send_together([_call("getRun", None, None, one) for one in ids])
    for one in answers:
        if run_of(one):
            talk.follow(one)


def locked(talk: Talk) -> None:
    """While a run waits for outputs its thread takes neither another run nor a message."""
    thread = talk.thread()
    waiting = Entry(CREATE_RUN, "a run that waits", FORCED, (), "any")
    call = None if thread is None else talk.call(waiting, stream=False, thread=thread)
    if thread is None or call is None:
        return
    created = talk.client.send(**call)
    if run_of(created):
        second = Entry(CREATE_RUN, "a run on a locked thread", {}, (), "any")
        calls = [talk.call(second, stream=False, thread=thread)]
        if talk.has("messages.create"):
            calls.append(_call("createMessage", talk.message("Is it open?"), None, {"thread": thread}))
        talk.client.send_together([one for one in calls if one is not None])
        talk.follow(created)


def beside(talk: Talk) -> None:
    """Two streams of one user at the same moment, each on a thread of its own."""
    calls = [talk.call(talk.entry(), stream=True) for _ in range(2)]
    for one in talk.client.send_together([one for one in calls if one is not None]):
        talk.follow(one)


def refused(talk: Talk) -> None:
    """What must be refused, and leaves the thread as it was."""
    entry = talk.chance.choice(talk.corpus.refused)
    created = talk.create(entry, stream=talk.has("streams") and talk.chance.random() < 0.3)
    if created is not None and run_of(created):
        talk.follow(created)


@dataclass(frozen=True)
class Kind:
    """A kind of story, how often it is told beside the others, and what it needs."""

    name: str
    tell: Callable[[Talk], None]
    weight: int
    needs: tuple[str, ...] = ()
    operation: str = ""


KINDS: Final = (
    Kind("create", create, 5),
    Kind("stream", stream, 5, ("streams",)),
    Kind("tools", tools, 2, ("tools.function", "runs.retrieve", "runs.submit")),
    Kind("cancel", cancel, 2, ("runs.cancel", "runs.retrieve")),
    Kind("race", race, 2, (), CREATE_RUN),
    Kind("locked", locked, 1, ("tools.function", "runs.retrieve"), CREATE_RUN),
    Kind("beside", beside, 2, ("streams",)),
    Kind("refused", refused, 2, ("refusals",)),
)


def kinds(profile: Profile, corpus: Corpus) -> tuple[Kind, ...]:
    """The stories that can be told at this target."""
    held = operations(profile)
    return tuple(
        kind
        for kind in KINDS
        if all(profile.lacks(name) is None for name in kind.needs)
        and (not kind.operation or kind.operation in held)
        and (corpus.refused if kind.tell is refused else corpus.valid)
    )


def prove(talk: Talk, begin: Callable[[], None]) -> tuple[Corpus, list[Exchange]]:
    """Each body once, before the load: what is refused or taken against the contract then is no news later.

    The bodies that were answered as they must be, and all that was exchanged. `begin` is called before each.
    """
    kept: list[Entry] = []
    told: list[Exchange] = []
    for entry in (*talk.corpus.valid, *talk.corpus.refused):
        begin()
        mark = talk.client.mark()
        created = talk.create(entry)
        if created is not None and run_of(created):
            talk.follow(created)
        sound = created is not None and (
            created.ok
            if entry.expect == "accepted"
            else created.refused
        )
        kept += [entry] if sound else []
        told += talk.client.since(mark)
    valid = tuple(one for one in kept if one.expect == "accepted")
    return Corpus(valid, tuple(one for one in kept if one.expect != "accepted")), told


__all__ = ["FORCED", "KEY", "KINDS", "Kind", "Talk", "kinds", "prove", "run_of"]
