"""The answer that is a stream."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import Response

from runs_conformance.reference.script import SLOWLY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.types import Receive, Scope, Send

    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.driving import Idler
    from runs_conformance.reference.records import Event, Run
    from runs_conformance.reference.world import World


class EventStream(Response):
    """Plays a run while it writes; when the client goes away the run is handed to the idler and goes on."""

    def __init__(
        self,
        world: World,
        idler: Idler,
        call: Call,
        *,
        run: Run,
        events: Iterable[Event],
        headers: dict[str, str],
    ) -> None:
        super().__init__(None, world.behaviour.status(call, 200), headers)
        del self.headers["content-length"]
        self._world, self._idler, self._call, self._run, self._events = world, idler, call, run, events
        self._pace, self._told = self._paced(), 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            await self._write(send, gone)
        finally:
            gone.cancel()
            self._run.streaming = False
            self._idler.watch(self._run)
        self._idler.rouse()

    async def _write(self, send: Send, gone: asyncio.Future[None]) -> None:
        paused = 0
        for piece in self._world.behaviour.cut(self._world.options, self._blocks()):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            # The pace is of events: a piece may be a byte of one, or hold several.
            await asyncio.sleep(self._pace * (self._told - paused))
            paused = self._told
            if gone.done():
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _blocks(self) -> Iterator[bytes]:
        behaviour = self._world.behaviour
        for event in behaviour.stream(self._call, self._run, self._events):
            self._told += 1
            yield behaviour.encode_event(self._call, event)

    def _paced(self) -> float:
        slow = SLOWLY.search(self._world.behaviour.prompt(self._run).last_user)
        return self._world.options.slow_pace if slow else self._world.options.pace


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
