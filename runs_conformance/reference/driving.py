"""What moves a run on.

A run is a script (`execution`); three things play it:

* A stream plays it to its stop, event by event. While a stream is open, reads don't move the run. A stream
  that is closed early hands the run over to the other two.
* A read of the run (GET of the run, or a list of runs that holds it) moves it one status: queued ->
  in_progress -> its stop, cancelling -> cancelled. The first read after creation therefore always sees
  in_progress, and no request other than a read changes what the next one sees: after `queued` has been
  answered, an immediate further run, message, cancel or submit meets an active run. Reads of steps and
  messages do not move the run, so an open step can be looked at.
* Without any read, time does: a run that nothing has moved for `idle_ticks` ticks of the event loop moves
  one status (0.3 s by default, so a lock holds at least 0.6 s). Ticks are counted, not measured, so that
  a stalled server does not make runs jump.

A run whose expires_at has passed expires at the next request that touches its thread, before anything else
happens.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from runs_conformance.reference import effects, execution
from runs_conformance.reference.records import MOVING, Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runs_conformance.reference.records import Json, Run, Thread
    from runs_conformance.reference.world import World

DONE = Event("done", "[DONE]")
_OVER = object()


def settle(world: World, thread: Thread) -> None:
    """Let runs expire whose time is up."""
    for run in thread.runs.values():
        _settle_run(world, run)


def advance(world: World, run: Run) -> None:
    """One status further, if the run moves by itself and no stream drives it."""
    if run.streaming or run.status not in MOVING or not world.behaviour.moves_on(run):
        return
    run.idle = 0
    if run.status == "queued":
        for event in run.script:
            if event is None:
                return
    else:
        _play(run)


def cancel(world: World, run: Run) -> None:
    world.behaviour.check_cancel(run)
    world.behaviour.move(run, "cancelling", world.now(run.thread), None)
    _begin_end(run, effects.cancelling(world, run))


def submit(world: World, run: Run, outputs: list[Json]) -> list[Event]:
    """Take the outputs; the events are the head of a submit stream."""
    world.behaviour.check_outputs(run, outputs)
    step = run.open_step
    given = {output["tool_call_id"]: output.get("output", "") for output in outputs}
    if step is not None:
        for call in step.calls:
            call["function"]["output"] = given.get(call["id"], "")
        effects.close_step(step, "completed", world.now(run.thread))
    world.behaviour.move(run, "queued", world.now(run.thread), None)
    run.script = execution.turn(world, run)
    closed = [effects.step_event(world, step, "completed")] if step is not None else []
    return [*closed, effects.run_event(world, run)]


def stream(world: World, run: Run, head: Iterable[Event]) -> Iterator[Event]:
    """All events of a stream, `done` last. Cancellation and expiry in between are met at the next event."""
    yield from head
    while (event := _next(world, run)) is not _OVER:
        if isinstance(event, Event):
            yield event
    yield DONE


def _next(world: World, run: Run) -> object:
    _settle_run(world, run)
    return next(run.script, _OVER)


def _settle_run(world: World, run: Run) -> None:
    if run.active and not run.ending and world.now(run.thread) >= run.expires_at:
        _begin_end(run, effects.end(world, run, "expired"))
        if not run.streaming:
            _play(run)


def _begin_end(run: Run, script: Iterator[Event | None]) -> None:
    run.ending = True
    run.idle = 0
    run.script = script


def _play(run: Run) -> None:
    for _ in run.script:
        pass


class Idler:
    """Moves runs that nobody reads. Its task lives only while there are such runs."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._runs: dict[str, Run] = {}
        self._task: asyncio.Task[None] | None = None

    def watch(self, run: Run) -> None:
        """Call whenever a run may have become one that moves by itself; `rouse` must follow."""
        if run.status in MOVING:
            self._runs[run.id] = run

    def rouse(self) -> None:
        """Let time pass for the watched runs; call in the event loop, and not while it is being closed."""
        if self._runs and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._loop())

    async def _loop(self) -> None:
        while self._runs:
            await asyncio.sleep(self._world.options.tick)
            for run in list(self._runs.values()):
                self._tick(run)

    def _tick(self, run: Run) -> None:
        run.idle += 1
        if run.idle >= self._world.options.idle_ticks:
            settle(self._world, run.thread)
            advance(self._world, run)
        if run.status not in MOVING or run.streaming:
            del self._runs[run.id]
