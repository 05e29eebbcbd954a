"""What a run leaves behind when it ends: steps, messages on the thread, the sum of its usage."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from runs_conformance.contract.checks.common import dicts, inner, whole
from runs_conformance.contract.checks.seen import (
    all_steps,
    created_run,
    last_of,
    messages_of,
    request_of,
    steps_of,
    texts_of,
)
from runs_conformance.contract.compare import same
from runs_conformance.contract.findings import Finding, verdict
from runs_conformance.contract.jsontext import brief
from runs_conformance.contract.judge import Context, on_trace
from runs_conformance.contract.model import Exchange, Trace
from runs_conformance.contract.timeline import Span, Story, stories
from runs_conformance.contract.traces import answer_run, of_kind

_JOINING: Final = frozenset({"createMessage", "createRun"})
_COUNTS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")


@on_trace("lifecycle.steps-end-with-run")
def steps_end(trace: Trace, _: Context) -> Iterator[Finding]:
    """Steps read after the run was seen cancelled, failed or expired."""
    for story in stories(trace):
        ended = next(
            (one for one in story.sightings if one.status in ("cancelled", "failed", "expired")), None
        )
        for span in story.spans if ended is not None else ():
            assert ended is not None
            if ended.span.before(span) and span.exchange.operation.name in ("listRunSteps", "getRunStep"):
                mine = [
                    one
                    for one in of_kind(span.exchange, "thread.run.step")
                    if one.value.get("run_id") == story.id
                ]
                left = [one.value.get("id") for one in mine if one.value.get("status") == "in_progress"]
                if mine:
                    yield verdict(
                        "lifecycle.steps-end-with-run",
                        not left,
                        span.exchange,
                        actual=f"in_progress: {brief(left)}",
                        expected=f"no step in_progress once the run is {ended.status}",
                    )


@on_trace("lifecycle.run-messages", "lifecycle.additional-messages-first")
def thread_messages(trace: Trace, _: Context) -> Iterator[Finding]:
    """Whole lists of the thread's messages, read after the run had completed."""
    for story in stories(trace):
        done = next((one for one in story.sightings if one.status == "completed"), None)
        if done is None or trace.of("deleteMessage"):
            continue
        lists = [span for span in story.spans if done.span.before(span) and whole_list(span)]
        for span in lists[:1]:
            yield from _run_messages(story, span)
            if not _joined(story, done.span):
                yield from _additional(story, span)


def _joined(story: Story, done: Span) -> bool:
    """A message, or a run with its own, may have been taken while the run was at work.

    That is the lock's row to tell, and whose messages stand where can't be told any more.
    """
    made = next((one for one in story.spans if created_run(one, story.id)), None)
    taken = (one for one in story.spans if one.exchange.ok and one.exchange.operation.name in _JOINING)
    return made is not None and any(one is not made and one.between(made, done) for one in taken)


def whole_list(span: Span) -> bool:
    """A list of all messages of the thread, of any run."""
    exchange = span.exchange
    asked = {key for key, _ in exchange.request.query}
    body = exchange.response.object if exchange.response else {}
    plain = exchange.operation.name == "listMessages" and exchange.ok and isinstance(body.get("data"), list)
    return plain and not asked & {"after", "before", "run_id"} and body.get("has_more") is False


def _listed(span: Span) -> list[dict[str, Any]]:
    """Oldest first."""
    data = dicts(inner(span.exchange.answer, "data"))
    oldest_first = data if ("order", "asc") in span.exchange.request.query else data[::-1]
    return sorted(oldest_first, key=lambda one: one["created_at"] if whole(one.get("created_at")) else 0)


def _run_messages(story: Story, span: Span) -> Iterator[Finding]:
    """The messages that the run's steps or events name are on the thread and name the run."""
    path = ("step_details", "message_creation", "message_id")
    named = [inner(one.value, *path) for one in steps_of(story).values()]
    listed = {str(one.get("id")): one for one in _listed(span)}
    for name in sorted({*messages_of(story), *(one for one in named if isinstance(one, str))}):
        shown = {key: listed.get(name, {}).get(key) for key in ("role", "run_id", "assistant_id")}
        wanted = {
            "role": "assistant",
            "run_id": story.id,
            "assistant_id": last_of(story).run.get("assistant_id"),
        }
        yield verdict(
            "lifecycle.run-messages",
            shown == wanted,
            span.exchange,
            where=f"message {name}",
            expected=brief(wanted, 200),
            actual=brief(shown, 200) if name in listed else "not on the thread",
        )


def _additional(story: Story, span: Span) -> Iterator[Finding]:
    sent = dicts(request_of(story).get("additional_messages"))
    given = [(one.get("role"), text) for one in sent if (text := _sent_text(one)) is not None]
    texts = [text for _, text in given]
    listed = _listed(span)
    own = next((at for at, one in enumerate(listed) if one.get("run_id") == story.id), len(listed))
    there = Counter((one.get("role"), "".join(texts_of(one))) for one in listed)
    if not given or len(given) < len(sent) or Counter(given) - there:  # lost ones are response.echo.messages'
        return
    shown = [
        (one.get("role"), text)
        for one in listed[:own]
        if one.get("run_id") is None
        for text in ["".join(texts_of(one))]
        # Where the run wrote nothing, later messages can't be told from earlier ones.
        if text in texts or own < len(listed)
    ]
    fine = shown[-len(given) :] == given
    yield verdict(
        "lifecycle.additional-messages-first",
        fine,
        span.exchange,
        expected=f"{brief(given)} before the run's own messages",
        actual=f"before them stand {brief(shown)}",
    )


def _sent_text(message: dict[str, Any]) -> str | None:
    """The text of a message that was sent; None if it has parts that are not text."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = [part.get("text") for part in dicts(content)]
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts) if texts and len(texts) == len(parts) else None


@on_trace("response.usage.steps-sum")
def usage_sum(trace: Trace, _: Context) -> Iterator[Finding]:
    """Decided where all steps were seen."""
    for story in stories(trace):
        usage = last_of(story).run.get("usage")
        steps = list(steps_of(story).values())
        if (
            last_of(story).status != "completed"
            or not isinstance(usage, dict)
            or not all_steps(story)
            or not steps
        ):
            continue
        counts = [one.value.get("usage") for one in steps]
        if all(isinstance(count, dict) for count in counts):
            total = {
                name: sum(found for one in counts if whole(found := inner(one, name))) for name in _COUNTS
            }
            given = {name: usage.get(name) for name in _COUNTS}
            yield verdict(
                "response.usage.steps-sum",
                given == total,
                last_of(story).snapshot.exchange,
                where="/usage",
                expected=f"the sum of its {len(steps)} steps, {brief(total)}",
                actual=given,
            )


@on_trace("isolation.streamed-equals-polled")
def streamed_equals_polled(trace: Trace, _: Context) -> Iterator[Finding]:
    """Two createRun calls of a thread that differ in `stream` only give the same keys and settings."""
    calls = [one for one in trace.of("createRun") if answer_run(one)]
    for one in calls:
        for two in calls:
            alike = _plain(one) == _plain(two) and one.request.query == two.request.query
            if alike and one.streamed and not two.streamed:
                yield _same_runs(one, two)


def _plain(exchange: Exchange) -> dict[str, Any]:
    return {key: value for key, value in exchange.request.object.items() if key != "stream"}


def _same_runs(one: Exchange, two: Exchange) -> Finding:
    left, right = answer_run(one), answer_run(two)
    asked = [name for name in _plain(one) if name in left and name in right]
    differ = sorted(
        {*(left.keys() ^ right.keys()), *(name for name in asked if not same(left[name], right[name]))}
    )
    return verdict(
        "isolation.streamed-equals-polled",
        not differ,
        one,
        expected=f"the keys and settings of {two.id}",
        actual=f"other {brief(differ)}",
    )
