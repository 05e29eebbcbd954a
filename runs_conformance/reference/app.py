"""The ASGI app: routes, the way of a request through the checks, and the answers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runs_conformance.reference import objects, refusals, runs
from runs_conformance.reference.behaviour import Behaviour
from runs_conformance.reference.calls import Answer, Call
from runs_conformance.reference.driving import Idler
from runs_conformance.reference.options import ReferenceOptions
from runs_conformance.reference.refusals import Refusal
from runs_conformance.reference.streams import EventStream
from runs_conformance.reference.world import World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from runs_conformance.reference.records import Project

    Handler = Callable[[World, Call], Answer]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
BODIES = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class Operation:
    """`schema` judges the body; `needs_body` says whether an empty one is refused."""

    name: str
    handler: Handler
    schema: str | None = None
    needs_body: bool = False


def _op(handler: Handler, schema: str | None = None, *, needs_body: bool = True) -> Operation:
    return Operation(handler.__name__, handler, schema, needs_body and schema is not None)


_RUNS = "/threads/{thread_id}/runs"
_MODIFY = "modify_request"
OPERATIONS: dict[str, dict[str, Operation]] = {
    "/assistants": {
        "GET": _op(objects.list_assistants),
        "POST": _op(objects.create_assistant, "create_assistant_request"),
    },
    "/assistants/{assistant_id}": {
        "GET": _op(objects.get_assistant),
        "POST": _op(objects.modify_assistant),
        "DELETE": _op(objects.delete_assistant),
    },
    "/threads": {"POST": _op(objects.create_thread, "create_thread_request", needs_body=False)},
    "/threads/runs": {"POST": _op(runs.create_thread_and_run, "create_thread_and_run_request")},
    "/threads/{thread_id}": {
        "GET": _op(objects.get_thread),
        "POST": _op(objects.modify_thread, "modify_thread_request"),
        "DELETE": _op(objects.delete_thread),
    },
    "/threads/{thread_id}/messages": {
        "GET": _op(objects.list_messages),
        "POST": _op(objects.create_message, "create_message_request"),
    },
    "/threads/{thread_id}/messages/{message_id}": {
        "GET": _op(objects.get_message),
        "POST": _op(objects.modify_message, _MODIFY),
        "DELETE": _op(objects.delete_message),
    },
    _RUNS: {"GET": _op(runs.list_runs), "POST": _op(runs.create_run, "create_run_request")},
    _RUNS + "/{run_id}": {"GET": _op(runs.get_run), "POST": _op(runs.modify_run, _MODIFY)},
    _RUNS + "/{run_id}/cancel": {"POST": _op(runs.cancel_run)},
    _RUNS + "/{run_id}/submit_tool_outputs": {
        "POST": _op(runs.submit_tool_outputs, "submit_tool_outputs_request"),
    },
    _RUNS + "/{run_id}/steps": {"GET": _op(runs.list_steps)},
    _RUNS + "/{run_id}/steps/{step_id}": {"GET": _op(runs.get_step)},
}
"""By path below the base; `/threads/runs` stands before the path that would take `runs` for a thread."""


def create_app(
    options: ReferenceOptions | None = None, projects: dict[str, Project] | None = None
) -> Starlette:
    """A server of its own: no two apps share an object, unless they are given the same `projects`."""
    chosen = options or ReferenceOptions()
    behaviour = Behaviour()
    for fault in chosen.faults:
        behaviour = fault(behaviour)
    server = Server(World(chosen, behaviour, projects))
    paths = [
        Route(chosen.base_path + path, server.endpoint(table), methods=METHODS)
        for path, table in OPERATIONS.items()
    ]
    control = [
        Route("/_reference/ready", server.ready, methods=["GET"]),
        Route("/_reference/clock", server.clock, methods=["POST"]),
    ]
    app = Starlette(
        routes=[*control, *paths],
        middleware=[Middleware(wrapper) for wrapper in chosen.wrappers],
        exception_handlers={HTTPException: server.unknown, 500: server.broken},
    )
    app.router.redirect_slashes = False
    return app


class Server:
    """Takes requests apart and puts answers together; what happens in between is the handlers'."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.idler = Idler(world)

    def endpoint(self, table: dict[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            call = self._call(request, await request.body())
            self.idler.rouse()
            try:
                if request.method not in table:
                    raise refusals.wrong_method(request.method, request.url.path, tuple(table))
                found = self._answer(table[request.method], call)
            except Refusal as refusal:
                return self._refused(call, refusal)
            return self._granted(call, found)

        return answer

    async def ready(self, _request: Request) -> Response:
        return JSONResponse({"ready": True, "requests": self.world.requests})

    async def clock(self, request: Request) -> Response:
        """Move time by {"advance": seconds}; for all, or with "thread_id" for that thread's runs only."""
        try:
            body = await request.json()
            seconds, thread_id = float(body["advance"]), body.get("thread_id")
        except (ValueError, TypeError, KeyError, AttributeError):
            return JSONResponse({"error": 'wanted: {"advance": seconds, "thread_id": optional}'}, 400)
        threads = [one.threads[thread_id] for one in self.world.projects.values() if thread_id in one.threads]
        if thread_id is not None and not threads:
            return JSONResponse({"error": f"no thread {thread_id}"}, 404)
        for thread in threads:
            thread.offset += seconds
        if not threads:
            self.world.offset += seconds
        return JSONResponse({"now": self.world.now(*threads[:1])})

    async def unknown(self, request: Request, _error: Exception) -> Response:
        call = self._call(request, b"")
        return self._refused(call, refusals.unknown_url(request.method, request.url.path))

    async def broken(self, request: Request, _error: Exception) -> Response:
        refusal = Refusal(
            "The server had an error while processing your request.", status=500, kind="server_error"
        )
        return self._refused(self._call(request, b""), refusal)

    def _call(self, request: Request, raw: bytes) -> Call:
        self.world.requests += 1
        return Call(
            method=request.method,
            path=request.url.path,
            headers=request.headers,
            query=tuple(request.query_params.multi_items()),
            ids=request.path_params,
            raw=raw,
            number=self.world.requests,
            started=time.perf_counter(),
        )

    def _answer(self, operation: Operation, call: Call) -> Answer:
        """Key, beta header, media type and JSON, schema; then ids and state, which are the handler's."""
        world, behaviour = self.world, self.world.behaviour
        call.operation = operation.name
        call.project = world.project(behaviour.authorize(world.options, call))
        behaviour.check_beta(call)
        if call.method in BODIES:
            call.body = behaviour.read_body(call, needed=operation.needs_body)
            if operation.schema is not None:
                behaviour.check_body(operation.schema, call.body, world.options.edition)
        return operation.handler(world, call)

    def _granted(self, call: Call, answer: Answer) -> Response:
        if answer.payload is None and answer.run is not None:
            headers = self._headers(call, 200, stream=True)
            return EventStream(
                self.world, self.idler, call, run=answer.run, events=answer.events, headers=headers
            )
        if answer.run is not None:
            self.idler.watch(answer.run)
            self.idler.rouse()
        return self._json(call, 200, answer.payload)

    def _refused(self, call: Call, refusal: Refusal) -> Response:
        return self._json(
            call, refusal.status, self.world.behaviour.shape_error(call, refusal), refusal.headers
        )

    def _json(
        self, call: Call, status: int, payload: object, extra: dict[str, str] | None = None
    ) -> Response:
        status = self.world.behaviour.status(call, status)
        headers = self._headers(call, status) | (extra or {})
        return Response(self.world.behaviour.encode_json(call, payload), status, headers)

    def _headers(self, call: Call, status: int, *, stream: bool = False) -> dict[str, str]:
        request_id = self.world.new_id("req_", 32)
        headers = self.world.behaviour.headers(
            self.world.options, call, status=status, stream=stream, request_id=request_id
        )
        spent = int((time.perf_counter() - call.started) * 1000)
        return {**headers, "openai-processing-ms": str(max(spent, 1))}
