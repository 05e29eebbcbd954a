"""Servers that lack one capability and whose profile says so: nothing else may be red."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from runs_conformance.reference import refusals
from runs_conformance.reference.records import Assistant, Thread
from runs_conformance.reference.variations import variation

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.options import ReferenceOptions
    from runs_conformance.reference.records import Json, Project

SOURCE: Final = (
    "a profile may declare a capability absent: its rows are not applicable, others stay as they are"
)
ASSISTANT: Final = "asst_made000000000000000beforehand"
THREAD: Final = "thread_made0000000000000beforehand"

# Capability, method, path below the base, status of the answer. Several rows may name one capability.
ROUTES: Final = (
    ("create-run", "POST", "/threads/(?!runs$)[^/]+/runs", 404),
    ("create-thread-and-run", "POST", "/threads/runs", 405),
    ("thread.retrieve", "GET", "/threads/[^/]+", 405),
    ("messages.create", "POST", "/threads/[^/]+/messages", 404),
    ("messages.list", "GET", "/threads/[^/]+/messages", 405),
    ("runs.retrieve", "GET", "/threads/[^/]+/runs/[^/]+", 404),
    ("runs.list", "GET", "/threads/[^/]+/runs", 405),
    ("runs.modify", "POST", "/threads/[^/]+/runs/[^/]+", 404),
    ("runs.cancel", "POST", "/threads/[^/]+/runs/[^/]+/cancel", 501),
    ("runs.submit", "POST", "/threads/[^/]+/runs/[^/]+/submit_tool_outputs", 404),
    ("steps", "GET", "/threads/[^/]+/runs/[^/]+/steps(/[^/]+)?", 404),
    ("assistants.retrieve", "GET", "/assistants/[^/]+", 404),
)


def _lacking_route(base: str, method: str, path: str, status: int) -> Callable[[ASGIApp], ASGIApp]:
    """The app without one route, answered by a router that knows nothing of error envelopes."""
    pattern = re.compile(path)

    def wrap(app: ASGIApp) -> ASGIApp:
        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["method"] != method or not pattern.fullmatch(scope["path"].removeprefix(base)):
                await app(scope, receive, send)
                return
            body = json.dumps({"detail": "Not Found" if status == 404 else "Method Not Allowed"}).encode()
            head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
            await send({"type": "http.response.start", "status": status, "headers": head})
            await send({"type": "http.response.body", "body": body})

        return wrapped

    return wrap


def declare(
    capability: str, choose: Callable[[ReferenceOptions], ReferenceOptions], what: str, **profile: Any
) -> None:
    def absent(options: ReferenceOptions) -> ReferenceOptions:
        return choose(options)

    absent.__name__ = f"absent_{re.sub('[^a-z]', '_', capability)}"
    absent.__doc__ = f"{capability} is declared absent: {what}."
    variation.chooses(SOURCE, group="absent", profile={"absent": [capability], **profile})(absent)


def _without(*routes: tuple[str, str, int]) -> Callable[[ReferenceOptions], ReferenceOptions]:
    """Options without these routes: method, path below the base, status of the answer."""

    def choose(options: ReferenceOptions) -> ReferenceOptions:
        wraps = tuple(_lacking_route(options.base_path, *route) for route in routes)
        return replace(options, wrappers=(*options.wrappers, *wraps))

    return choose


def behaving(twist: Callable[[Behaviour], Behaviour]) -> Callable[[ReferenceOptions], ReferenceOptions]:
    return lambda options: replace(options, faults=(*options.faults, twist))


for _capability, _method, _path, _status in ROUTES:
    declare(_capability, _without((_method, _path, _status)), f"{_method} of it answers {_status}")


def _refusing(found: Callable[[Json], bool], why: str) -> Callable[[ReferenceOptions], ReferenceOptions]:
    """Every body in which `found` is true is refused with 400."""

    def twist(faithful: Behaviour) -> Behaviour:
        def check_body(schema: str, body: Any, edition: str | None = None) -> None:
            faithful.check_body(schema, body, edition)
            if isinstance(body, dict) and found(body):
                raise refusals.Refusal(f"{why} is not supported.", code="unsupported")

        return replace(faithful, check_body=check_body)

    return behaving(twist)


def _has_tool(kind: str) -> Callable[[Json], bool]:
    return lambda body: any(tool.get("type") == kind for tool in body.get("tools") or ())


def _says(*words: str) -> Callable[[Json], bool]:
    return lambda body: any(f'"{word}"' in json.dumps(body) for word in words)


def _names_files(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_names_files, value))
    if not isinstance(value, dict):
        return False
    kinds = ("attachments", "file_ids")
    return any(bool(part) if key in kinds else _names_files(part) for key, part in value.items())


declare(
    "tools.function", _refusing(_has_tool("function"), "A function"), "tools of type function are refused"
)
declare(
    "tools.code-interpreter",
    _refusing(_has_tool("code_interpreter"), "code_interpreter"),
    "the tool is refused",
)
declare("tools.file-search", _refusing(_has_tool("file_search"), "file_search"), "the tool is refused")
declare("images", _refusing(_says("image_url", "image_file"), "An image"), "image parts are refused")
declare("files", _refusing(_names_files, "A file"), "files are refused")
declare(
    "json-schema", _refusing(_says("json_schema"), "json_schema"), "response_format json_schema is refused"
)
declare(
    "reasoning-effort",
    _refusing(lambda body: body.get("reasoning_effort") is not None, "reasoning_effort"),
    "it is refused",
)
declare("streams", _refusing(lambda body: body.get("stream") is True, "A stream"), "stream: true is refused")
declare(
    "expiry", lambda options: replace(options, lifetime=600), "nothing ever expires while it is looked at"
)


def _made_before(faithful: Behaviour) -> Behaviour:
    def find_assistant(project: Project, identifier: str) -> Assistant:
        if identifier == ASSISTANT and identifier not in project.assistants:
            project.assistants[identifier] = Assistant(
                identifier, 1_700_000_000, "gpt-4o", [], instructions="Be brief."
            )
        return faithful.find_assistant(project, identifier)

    def find_thread(project: Project, identifier: str) -> Thread:
        if identifier == THREAD and identifier not in project.threads:
            project.threads[identifier] = Thread(identifier, 1_700_000_000, {}, {})
        return faithful.find_thread(project, identifier)

    return replace(faithful, find_assistant=find_assistant, find_thread=find_thread)


def _given(*routes: tuple[str, str]) -> Callable[[ReferenceOptions], ReferenceOptions]:
    lacking = _without(*((method, path, 404) for method, path in routes))
    return lambda options: behaving(_made_before)(lacking(options))


declare(
    "assistants.create",
    _given(*((method, "/assistants(/[^/]+)?") for method in ("POST", "GET", "DELETE"))),
    "an assistant made beforehand is named in the profile",
    assistant_id=ASSISTANT,
)
declare(
    "threads",
    _given(("POST", "/threads")),
    "a thread made beforehand is named in the profile",
    thread_id=THREAD,
)
