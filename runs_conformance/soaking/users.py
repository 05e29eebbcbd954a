"""Users of Locust that tell stories at a target. Importing this patches the process (gevent)."""

# ruff: noqa: I001 - Locust patches the process when it is imported, so it comes before all others
from __future__ import annotations

import pickle
import resource
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import locust  # first
import gevent
import gevent.event
import gevent.fileobject
import gevent.queue
import httpx2
from locust.env import Environment

from runs_conformance.contract.model import Exchange
from runs_conformance.soaking.corpus import Corpus
from runs_conformance.soaking.green import GreenClient
from runs_conformance.soaking.judging import Over, Story
from runs_conformance.soaking.stories import Kind, Talk, kinds, prove
from runs_conformance.target.journal import BudgetSpent, Journal
from runs_conformance.target.profile import Profile
from runs_conformance.target.stage import Stage

# Bytes of stories that wait for the judge at most; beyond that users wait, and it is told how long.
BACKLOG: Final = 64 * 1024 * 1024


class Outlet:
    """Stories on their way to the judge, through a pipe that never blocks the others' greenlets."""

    def __init__(self, descriptor: int) -> None:
        self._waiting: Any = gevent.queue.Queue()
        self._held = 0
        self._room = gevent.event.Event()
        self._room.set()
        self._file = gevent.fileobject.FileObject(descriptor, "wb")
        self._writer = gevent.spawn(self._write)
        self.waited = 0.0
        self.broken = False

    def put(self, message: Story | Over) -> None:
        """Take a message; waits while the judge is behind."""
        data, began = pickle.dumps(message, pickle.HIGHEST_PROTOCOL), time.monotonic()
        self._room.wait()
        self.waited += time.monotonic() - began
        self.send(data)

    def send(self, data: bytes) -> None:
        """Pickled already."""
        self._held += len(data)
        if self._held > BACKLOG:
            self._room.clear()
        self._waiting.put(data)

    def close(self) -> None:
        self._waiting.put(b"")
        self._writer.join()

    def _write(self) -> None:
        for data in iter(self._waiting.get, b""):
            if not self.broken:
                try:
                    self._file.write(data)
                    self._file.flush()
                except OSError:
                    self.broken = True
            self._held -= len(data)
            if self._held <= BACKLOG:
                self._room.set()
        if not self.broken:
            self._file.close()


@dataclass
class Load:
    """All users of one process: what they send from, what they count in, and where their stories go."""

    profile: Profile
    base_url: str
    corpus: Corpus
    outlet: Outlet
    fire: Callable[..., None]
    seed: int = 0
    pause: float = 0.0
    assistant: str = ""
    reason: str = ""
    notes: list[str] = field(default_factory=list)
    ended: Any = field(default_factory=gevent.event.Event)

    def __post_init__(self) -> None:
        self.whole = Journal(self.profile.max_runs, 0)
        self._context = httpx2.create_ssl_context()
        self._name = secrets.token_hex(4)
        self._stories = self._users = 0
        self._began = time.monotonic()
        self._telling = 0
        self.kinds: tuple[Kind, ...] = ()

    def client(self) -> GreenClient:
        return GreenClient(self.profile, self.base_url, self.whole, self._context, self._told)

    def prepare(self) -> None:
        """The setup, and each body once; Blocked where the target can't be reached or won't have us."""
        self.setup = self.client()
        stage = Stage(self.setup)
        stage.reachable()
        self.assistant = stage.assistant()
        self._stage = stage
        told = list(self.setup.since(0))
        talk = self.talk(self.setup, Random(self.seed))  # noqa: S311 - repeatable, not secret
        try:
            kept, proved = prove(talk, self.setup.begin)
        except BudgetSpent as spent:
            self._end(str(spent))
            return
        dropped = len(self.corpus.valid) + len(self.corpus.refused) - len(kept.valid) - len(kept.refused)
        if dropped:
            self.notes.append(
                f"{dropped} bodies were not answered as they must be before the load began, and were left "
                "out of it; `check` says which."
            )
        self.corpus = kept
        self.kinds = kinds(self.profile, kept)
        self.outlet.put(Story("before the load", (*told, *proved), -1.0))

    def start(self) -> None:
        self._began = time.monotonic()

    def close(self, grace: float) -> None:
        """No new stories; those under way get `grace` seconds to end."""
        self.ended.set()
        with gevent.Timeout(grace, False):
            while self._telling:
                gevent.sleep(0.01)

    def finish(self, users: int) -> None:
        """Tidy up, and tell the judge that this was all."""
        seconds = time.monotonic() - self._began
        self.setup.begin()
        self._stage.cleanup()
        used = resource.getrusage(resource.RUSAGE_SELF)
        self.outlet.put(
            Over(
                used.ru_utime + used.ru_stime,
                self.outlet.waited,
                seconds,
                self.whole.requests,
                self.whole.runs_started,
                users,
                self.reason,
                tuple(self.notes),
            )
        )
        self.outlet.close()

    def talk(self, client: GreenClient, chance: Random) -> Talk:
        self._stories += 1
        name = f"soak-{self._name}-{self._stories}"
        return Talk(client, self.profile, self.corpus, self.assistant, chance, name)

    def user(self) -> tuple[GreenClient, Random]:
        """What a user has of its own."""
        self._users += 1
        return self.client(), Random(f"{self.seed} {self._users}")  # noqa: S311 - repeatable, not secret

    def tell(self, client: GreenClient, chance: Random) -> None:
        """One story, judged later by somebody else."""
        if not self.kinds or self.ended.is_set():
            self.ended.set()
            gevent.sleep(1)
            return
        kind = chance.choices(self.kinds, [one.weight for one in self.kinds])[0]
        client.begin()
        before, at = len(client.given_up), time.monotonic() - self._began
        self._telling += 1
        try:
            kind.tell(self.talk(client, chance))
        except BudgetSpent as spent:
            self._end(str(spent))
        finally:
            self._telling -= 1
            vain = tuple(one.id for one in client.given_up[before:])
            self.outlet.put(Story(kind.name, client.since(0), at, vain))
        if self.pause:
            gevent.sleep(self.pause)

    def _end(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.ended.set()

    def _told(self, exchange: Exchange, operation: str) -> None:
        """Locust's own statistics; an answer that refuses is an answer."""
        trouble = exchange.failure or (exchange.response.failure if exchange.response else None)
        self.fire(
            request_type=exchange.request.method,
            name=operation or exchange.request.path,
            response_time=exchange.seconds * 1000,
            response_length=len(exchange.response.body) if exchange.response else 0,
            exception=None if trouble is None or trouble.kind == "closed" else RuntimeError(trouble.text),
            context={},
        )


class RunsUser(locust.User):
    """Tells stories, one after the other, with connections of its own. `load` is set before users start."""

    load: Load | None = None

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._own: tuple[GreenClient, Random] | None = None

    @locust.task
    def story(self) -> None:
        load = RunsUser.load
        if load is None:
            gevent.sleep(1)  # over, or blocked: Locust ends the users in a moment
            return
        if self._own is None:
            self._own = load.user()
        load.tell(*self._own)

    def on_stop(self) -> None:
        if self._own is not None:
            self._own[0].close()
