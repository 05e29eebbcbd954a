"""The messages of a request stand on the thread as they were given: role, text, images, files, metadata."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from runs_conformance.contract.checks.common import dicts, inner
from runs_conformance.contract.checks.endings import whole_list
from runs_conformance.contract.checks.refusals import breaches
from runs_conformance.contract.findings import Finding, verdict
from runs_conformance.contract.jsontext import brief
from runs_conformance.contract.judge import Context, on_trace
from runs_conformance.contract.model import Exchange, Trace
from runs_conformance.contract.shapes import place
from runs_conformance.contract.timeline import Span, spans

ROW: Final = "response.echo.messages"
# Role, text, images (kind, what they name, detail), attachments (file, tools), metadata: what does not
# depend on form.
Images = tuple[tuple[str, str, str], ...]
Files = tuple[tuple[str, tuple[str, ...]], ...]
Meaning = tuple[Any, str, Images, Files, str]
_IMAGES: Final = {"image_url": "url", "image_file": "file_id"}


@on_trace(ROW)
def given(trace: Trace, context: Context) -> Iterator[Finding]:
    """The first whole list of the thread's messages after each accepted create that brought some."""
    if trace.of("deleteMessage", "modifyMessage"):
        return
    told = spans(trace)
    for span in told:
        sent = _given(span.exchange, context)
        later = [one for one in told if span.before(one) and whole_list(one)]
        if sent and later:
            yield _compared(sent, later[0])


def _given(exchange: Exchange, context: Context) -> list[dict[str, Any]]:
    """What a server makes of messages that break the contract, if it takes them, is not written down."""
    body, name = exchange.request.object, exchange.operation.name
    if not exchange.ok or name not in ("createRun", "createThreadAndRun"):
        return []
    path = ("additional_messages",) if name == "createRun" else ("thread", "messages")
    if any(place(error)[:1] == path[:1] for _, error in breaches(exchange, context)):
        return []
    return dicts(inner(body, *path))


def _compared(sent: list[dict[str, Any]], listing: Span) -> Finding:
    listed = dicts(inner(listing.exchange.answer, "data"))
    wanted = Counter(meaning(one, one.get("content")) for one in sent)
    lost = next(iter((wanted - Counter(meaning(one, one.get("content")) for one in listed)).elements()), None)
    near = [one for one in listed if lost is not None and meaning(one, one.get("content"))[:2] == lost[:2]]
    return verdict(
        ROW,
        lost is None,
        listing.exchange,
        where="response /data",
        expected="the messages given to the create call"
        if lost is None
        else f"a message that says {_shown(lost)}",
        actual=_shown(meaning(near[0], near[0].get("content")))
        if near
        else f"{len(listed)} messages, none with that text",
    )


def meaning(message: dict[str, Any], content: Any) -> Meaning:
    """What a message says, whether its content is a string or parts, as it was sent or as it is shown."""
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else dicts(content)
    texts = [
        inner(one, "text", "value") if isinstance(one.get("text"), dict) else one.get("text") for one in parts
    ]
    images = [
        (kind, str(inner(one, kind, member)), str(inner(one, kind, "detail") or "auto"))
        for one in parts
        for kind, member in _IMAGES.items()
        if isinstance(one.get(kind), dict)
    ]
    files = [
        (str(one.get("file_id")), tuple(sorted(str(tool.get("type")) for tool in dicts(one.get("tools")))))
        for one in dicts(message.get("attachments"))
    ]
    text = "".join(one for one in texts if isinstance(one, str))
    metadata = json.dumps(message.get("metadata") or {}, sort_keys=True)
    return message.get("role"), text, tuple(images), tuple(sorted(files)), metadata


def _shown(found: Meaning) -> str:
    role, text, images, files, metadata = found
    parts = {"images": images, "attachments": files, "metadata": json.loads(metadata)}
    return f"{brief(text)} by {role}" + "".join(
        f", {name} {brief(held)}" for name, held in parts.items() if held
    )
