"""What a stream may look like, and what objects may lack or have more."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from runs_conformance.reference.records import Event
from runs_conformance.reference.scenarios.runs import planned, twisted, words
from runs_conformance.reference.scenarios.scenario import Scenario, add
from runs_conformance.reference.script import Stop
from runs_conformance.reference.variations import every, options_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.options import ReferenceOptions
    from runs_conformance.reference.records import Run

SILENCE: Final = 2.0
WHOLE: Final = "the whole text, and completed"


def _varied(*names: str) -> Callable[[ReferenceOptions], ReferenceOptions]:
    return lambda options: options_for(names, options)


def _stream(name: str, sentence: str, must: str, choose: Any, **more: Any) -> None:
    add(Scenario(name, "stream", sentence, must, choose, streamed=True, **more))


def _fields(name: str, sentence: str, *names: str) -> None:
    add(Scenario(name, "fields", sentence, WHOLE, _varied(*names)))


def _error_first(faithful: Behaviour) -> Behaviour:
    """The run fails before anything is told of it but the error."""

    def stream(call: Call, run: Run, events: Iterable[Event]) -> Iterator[Event]:
        kept = list(faithful.stream(call, run, events))
        error = {
            "message": "Sorry, something went wrong.",
            "type": "server_error",
            "param": None,
            "code": None,
        }
        yield Event("error", {"error": error})
        yield kept[-1]

    return replace(planned(lambda _prompt, _plan: Stop("failed"))(faithful), stream=stream)


class _CutError(Exception):
    """The connection is to break here."""


def _watched(app: ASGIApp, at: Callable[[int], Any]) -> ASGIApp:
    """The app, with `at` awaited before each piece of a stream, given the number of pieces before it."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        seen, events = 0, False

        async def sent(message: Message) -> None:
            nonlocal seen, events
            if message["type"] == "http.response.start":
                events = any(b"event-stream" in value for _, value in message["headers"])
            elif events:
                await at(seen)
                seen += 1
            await send(message)

        try:
            await app(scope, receive, sent)
        except _CutError:
            return  # an answer without an end makes the server close the connection

    return wrapped


def _cut(app: ASGIApp) -> ASGIApp:
    async def at(pieces: int) -> None:
        if pieces == 9:
            raise _CutError

    return _watched(app, at)


def _silent(app: ASGIApp) -> ASGIApp:
    async def at(pieces: int) -> None:
        if pieces == 9:
            await asyncio.sleep(SILENCE)

    return _watched(app, at)


def _wrapped(wrap: Callable[[ASGIApp], ASGIApp], options: ReferenceOptions) -> ReferenceOptions:
    return replace(options, wrappers=(*options.wrappers, wrap))


_stream(
    "error-first",
    "The stream's first event is an error; the run has failed.",
    "an error; not an empty text",
    partial(twisted, _error_first),
    ends="failed",
    error="event",
)
_stream(
    "error-mid-stream",
    "An error event ends the stream in the middle of the message; the run has failed.",
    "an error; the partial text is not final",
    partial(twisted, words("break the stream")),
    ends="failed",
    error="event",
)
_stream(
    "stream-cut",
    "The connection breaks in the middle of the stream, without done.",
    "an error; the partial text is not final; no hang",
    partial(_wrapped, _cut),
    ends="",
    error="cut",
    conforms=False,
)
_stream(
    "unknown-events",
    "Events that no document knows stand between the others, and before the first.",
    f"{WHOLE}; unknown events are skipped or handed on",
    _varied("unknown-events"),
)
_stream("bytes", "The stream arrives a byte at a time.", WHOLE, _varied("byte-by-byte"))
_stream(
    "chunks-at-random",
    "The stream arrives in pieces that end anywhere, inside characters too.",
    WHOLE,
    _varied("cut-at-random"),
)
_stream(
    "in-one-piece",
    "The whole stream arrives at once, at its end.",
    WHOLE,
    _varied("stream-in-one-piece"),
)
_stream(
    "slow-stream",
    "There are 50 ms between the events of a stream.",
    WHOLE,
    partial(replace, pace=0.05),
)
_stream(
    "silence",
    f"For {SILENCE:g} seconds nothing comes in the middle of the stream.",
    WHOLE,
    partial(_wrapped, _silent),
    seconds=SILENCE,
)
_fields(
    "unknown-fields",
    "Every object, and every object inside one, has fields that no document knows.",
    "extra-fields",
    "extra-fields-inside",
)
_fields(
    "null-fields",
    "Fields that may be null are null: metadata, attachments, temperature, tool resources.",
    "metadata-null",
    "attachments-null",
    "sampling-null",
    "tool-resources-null",
)
_fields(
    "absent-fields",
    "Fields that may be absent are absent: temperature, tool resources, details of usage, expiry.",
    "sampling-absent",
    "undocumented-run-keys-absent",
    "usage-of-three-keys",
    "step-without-expiry",
    "truncation-without-count",
    "search-details-bare",
)


# What a profile has to declare: judged without it, such a server breaks requirements.
_DECLARED: Final = ("absent", "edition")


def add_variations() -> None:
    """Each benign variation as a scenario, after all others. What is absent is refused, and says so."""
    for one in every():
        absent = one.group == "absent"
        what = "what is absent as an error, all else as ever" if absent else "what it reports of plain-text"
        scenario = Scenario(
            f"variation-{one.name}",
            "variation",
            one.sentence,
            what,
            _varied(one.name),
            ends="",
            error="refused" if absent else "",
            conforms=one.group not in _DECLARED,
            by_address=bool(one.profile) or one.group in ("base", "absent"),
            profile=tuple(one.profile.items()),
        )
        add(scenario)
