"""One server for all scenarios: an app for each that was asked for, over the same threads and assistants."""

from __future__ import annotations

import json
import time
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse

from runs_conformance.reference import refusals
from runs_conformance.reference.app import create_app
from runs_conformance.reference.records import Assistant
from runs_conformance.reference.scenarios.scenario import (
    PATH,
    Scenario,
    UnknownScenarioError,
    named,
    of_assistant,
    of_model,
)
from runs_conformance.reference.settings import tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.options import ReferenceOptions
    from runs_conformance.reference.records import Project, Run, Settings

# A body that names no scenario in its first bytes' worth of JSON is none of ours to read.
MOST: Final = 1 << 20


class Scenarios:
    """An ASGI app. `options` hold for all; what a scenario does comes on top."""

    def __init__(self, options: ReferenceOptions) -> None:
        self._projects: dict[str, Project] = {}
        self._options = replace(options, faults=(*options.faults, _with_assistants))
        self._plain = create_app(self._options, self._projects)
        self._apps: dict[str, ASGIApp] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._plain(scope, receive, send)
            return
        path = scope["path"]
        if path.startswith(PATH):
            await self._by_address(path, scope, receive, send)
            return
        body = _Body(receive)
        chosen = await self._chosen(scope["method"], path.removeprefix(self._options.base_path), body)
        if chosen is None:
            await self._plain(scope, body.receive, send)
            return
        below = self._options_of(chosen).base_path + path.removeprefix(self._options.base_path)
        await self._app(chosen)({**scope, "path": below, "raw_path": below.encode()}, body.receive, send)

    async def _by_address(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        name, _, rest = path.removeprefix(PATH).partition("/")
        try:
            app = self._app(named(name))
        except UnknownScenarioError as error:
            inner = {"message": str(error), "type": "invalid_request_error", "param": None, "code": None}
            await JSONResponse({"error": inner}, 404)(scope, receive, send)
            return
        await app({**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode()}, receive, send)

    def _app(self, scenario: Scenario) -> ASGIApp:
        if scenario.name not in self._apps:
            self._apps[scenario.name] = create_app(self._options_of(scenario), self._projects)
        return self._apps[scenario.name]

    def _options_of(self, scenario: Scenario) -> ReferenceOptions:
        """Another seed for each, for they all make ids for the same threads."""
        seed = self._options.seed ^ zlib.crc32(scenario.name.encode())
        return scenario.choose(replace(self._options, seed=seed))

    async def _chosen(self, method: str, path: str, body: _Body) -> Scenario | None:
        """The scenario that the body names, else that of the assistant or of the thread in the path."""
        parts = path.strip("/").split("/")
        if method == "POST" and (parts == ["assistants"] or parts[-1] == "runs"):
            return _known(await body.names(self._model_of))
        if parts[0] == "assistants" and len(parts) == 2:
            return _known(self._of_assistant(parts[1]))
        if parts[0] == "threads" and len(parts) > 1:
            return _known(self._of_thread(parts[1]))
        return None

    def _of_assistant(self, identifier: str) -> str | None:
        return of_assistant(identifier) or of_model(self._model_of(identifier))

    def _model_of(self, identifier: object) -> str:
        """The model of an assistant that somebody made."""
        found = (one.assistants.get(str(identifier)) for one in self._projects.values())
        return next((assistant.model for assistant in found if assistant is not None), "")

    def _of_thread(self, identifier: str) -> str | None:
        """That of the thread's newest run."""
        found = (one.threads.get(identifier) for one in self._projects.values())
        thread = next((one for one in found if one is not None), None)
        run: Run | None = next(reversed(thread.runs.values()), None) if thread is not None else None
        return None if run is None else of_model(run.settings.model) or self._of_assistant(run.assistant_id)


def _known(name: str | None) -> Scenario | None:
    """None also for a scenario that there is none of: the app refuses it."""
    try:
        return None if name is None else named(name)
    except UnknownScenarioError:
        return None


class _Body:
    """A request's body, read once and given again; `transport`: the connection's, a variation closes it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read: list[Message] = []
        self.transport = getattr(getattr(receive, "__self__", None), "transport", None)

    async def receive(self) -> Message:
        return self._read.pop(0) if self._read else await self._receive()

    async def names(self, model_of: Any) -> str | None:
        """The scenario that the body names by model or assistant."""
        while not self._read or self._read[-1].get("more_body"):
            self._read.append(await self._receive())
        data = b"".join(one.get("body", b"") for one in self._read)
        try:
            body = json.loads(data)
        except (ValueError, RecursionError):
            return None
        if not isinstance(body, dict):
            return None
        assistant = body.get("assistant_id")
        return of_model(body.get("model")) or of_assistant(assistant) or of_model(model_of(assistant))


def _with_assistants(faithful: Behaviour) -> Behaviour:
    """Each project has every scenario's assistant; a model that names an unknown scenario is refused."""

    def find_assistant(project: Project, identifier: str) -> Assistant:
        if identifier not in project.assistants and (scenario := _known(of_assistant(identifier))):
            project.assistants[identifier] = _assistant(scenario)
        return faithful.find_assistant(project, identifier)

    def check_settings(settings: Settings) -> None:
        name = of_model(settings.model)
        if name is not None and _known(name) is None:
            raise refusals.wrong_value("model", _told(name))
        faithful.check_settings(settings)

    return replace(faithful, find_assistant=find_assistant, check_settings=check_settings)


def _told(name: str) -> str:
    try:
        return named(name).sentence
    except UnknownScenarioError as error:
        return f"{error}."


def _assistant(scenario: Scenario) -> Assistant:
    return Assistant(
        scenario.assistant_id,
        int(time.time()),
        scenario.model,
        [tool(one) for one in scenario.tools],
        name=scenario.name,
        description=scenario.sentence,
    )


def described() -> Iterator[str]:
    """The lines of `serve --list-scenarios`."""
    from runs_conformance.reference.scenarios import every  # noqa: PLC0415 - this module is a part of it

    for one in every():
        yield f"{one.name:<44} {one.sentence}"
