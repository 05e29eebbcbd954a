"""Stories that need a bare assistant, a file store, a scripted model, or a clock that can be moved."""

from __future__ import annotations

from typing import Final

from runs_conformance.contract.model import Case, Exchange
from runs_conformance.contract.traces import answer_run
from runs_conformance.live import Live
from runs_conformance.stimuli.base import CREATE_BOTH, CREATE_RUN
from runs_conformance.stories.telling import FORCED, LONG, STOPPED, asking, last_run, read, steps

# Seconds: the documented ten minutes and a little.
EXPIRY: Final = 605


def bare_assistant(live: Live) -> tuple[Exchange, ...]:
    """A run of an assistant without instructions on a thread without messages: refused."""
    body = {"assistant_id": live.stage.assistant(instructions=None)}
    return (live.create(CREATE_RUN, body, thread=live.stage.thread(messages=[]), case=_EMPTY),)


_EMPTY: Final = Case(
    "a run on a thread without messages, by an assistant without instructions", ("refuse.empty-thread",),
    "refused",
)


def hosted(live: Live) -> tuple[Exchange, ...]:
    """A streamed run that has to search a file store; results are read with and without their content."""
    live.needs("streams", "tools.file-search", "steps")
    body = live.plain(
        CREATE_BOTH, stream=True, tools=[{"type": "file_search"}], tool_choice={"type": "file_search"},
    )
    created = live.create(CREATE_BOTH, body)
    run = last_run((created,))
    told = [created, *read(live, created)]
    if run.get("id"):
        told += steps(live, run["thread_id"], run["id"])
    return tuple(told)


def failing(live: Live) -> tuple[Exchange, ...]:
    """Runs that the scripted model lets fail: polled, streamed, and by an error in the stream."""
    told: list[Exchange] = []
    for words, stream in (
        ("Please fail.", False), ("Please fail.", True), ("Please break the stream.", True),
    ):
        body = {
            "assistant_id": live.stage.assistant(), "stream": stream,
            "thread": {"messages": asking(live, words)},
        }
        created = live.create(CREATE_BOTH, body)
        told += [created, *read(live, created)]
        thread = last_run((created,)).get("thread_id")
        if thread:  # open again, though the run failed
            if live.profile.lacks("messages.create") is None:
                told.append(_message(live, thread))
            again = {
                "assistant_id": live.stage.assistant(),
                "additional_messages": asking(live, "Say hello."),
            }
            told.append(live.create(CREATE_RUN, again, thread=thread))
    told += prompt_limit(live)
    return tuple(told)


def prompt_limit(live: Live) -> tuple[Exchange, ...]:
    """One message that is longer than the limit on prompt tokens: nothing can be dropped to meet it."""
    body = {
        "assistant_id": live.stage.assistant(), "max_prompt_tokens": 256,
        "thread": {"messages": asking(live, "word " * 600)},
    }
    created = live.create(CREATE_BOTH, body)
    return (created, *read(live, created))


def expiring(live: Live) -> tuple[Exchange, ...]:
    """A run that waits for tools and one at work, both past their time."""
    live.needs("expiry", "runs.retrieve", "threads")
    told: list[Exchange] = []
    for fields, until in ((FORCED, STOPPED), ({}, STOPPED | {"in_progress"})):
        thread = live.stage.thread()
        body = {"assistant_id": live.stage.assistant(), **fields, "additional_messages": asking(live, LONG)}
        created = live.create(CREATE_RUN, body, thread=thread)
        told.append(created)
        run = answer_run(created)
        if run:
            told += live.client.poll(thread, run["id"], until=until)
            live.advance(thread, EXPIRY)
            told += live.client.poll(thread, run["id"], until=STOPPED - {"requires_action"})
            if live.profile.lacks("steps") is None:
                told.append(live.send("listRunSteps", thread=thread, run=run["id"]))
            if live.profile.lacks("messages.create") is None:
                told.append(_message(live, thread))
    return tuple(told)


def _message(live: Live, thread: str) -> Exchange:
    return live.send("createMessage", thread=thread, body={"role": "user", "content": live.text("Open?")})
