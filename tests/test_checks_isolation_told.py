"""What one object was given stays with it: what is held against what, and what is said, to the word.

Found missing by mutation testing.
"""

from dataclasses import replace
from typing import Any

import pytest
from builders import (
    MADE_THREAD,
    RUN,
    RUNS,
    THREAD,
    both,
    create,
    done,
    error,
    exchange,
    get,
    listing,
    lost,
    message,
    refused,
    run,
)

from runs_conformance.contract.judge import Context, Judge
from runs_conformance.contract.model import Exchange, Failure

SEPARATE, UNIQUE = "isolation.metadata-separate", "response.id-unique"
RACE, AFTER, COMPLETE = "isolation.race-one-wins", "error.after-start", "lifecycle.list.complete"
CUT = Failure("disconnected", "the answer broke off")
Told = tuple[str, ...]


def told(row: str, *story: Exchange) -> list[Told]:
    """Exchange and place of each finding; of a failure, expected and actual too."""
    named = [replace(one, id=f"x{number}") for number, one in enumerate(story, 1)]
    return [
        (one.exchange, one.where) + ((" or ".join(one.expected), one.actual) if one.failed else ())
        for one in Judge(Context(), frozenset({row})).everything(named)
    ]


def made(messages: Any = None, status: int = 200, **thread: Any) -> Exchange:
    """A run with a thread of this metadata and these messages."""
    given = thread if messages is None else thread | {"messages": messages}
    return both({"metadata": {"of": "run"}, "thread": given}, run() if status == 200 else error())


def read(metadata: Any, status: int = 200) -> Exchange:
    return exchange("GET", f"/threads/{THREAD}", MADE_THREAD | {"metadata": metadata}, status=status)


def held(*story: Exchange) -> list[Told]:
    """What is told of metadata, but for what was expected: the place and what stood there."""
    return [(*one[:2], *one[3:]) for one in told(SEPARATE, *story)]


def said(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": content, **more}


def shown(text: Any, metadata: Any, **changes: Any) -> dict[str, Any]:
    part = {"type": "text", "text": {"value": text, "annotations": []}}
    return message(**({"content": [part], "metadata": metadata} | changes))


def messages(*entries: Any, status: int = 200) -> Exchange:
    body = {"object": "list", "data": list(entries), "first_id": "a", "last_id": "b", "has_more": False}
    return exchange("GET", f"/threads/{THREAD}/messages", body, status=status)


ITS, OTHER = {"of": "it"}, {"of": "run"}
THREADS: dict[str, tuple[Any, Any, list[Told]]] = {
    "its own": (ITS, ITS, [("x2", "response /metadata")]),
    "the run's": (ITS, OTHER, [("x2", "response /metadata", '{"of": "run"}')]),
    "lost": (ITS, {}, [("x2", "response /metadata", "{}")]),
    "none given": (None, {}, [("x2", "response /metadata")]),
    "none given, the run's": (None, OTHER, [("x2", "response /metadata", '{"of": "run"}')]),
    "none given, none shown": (None, None, []),
    "none shown": (ITS, None, []),
}


@pytest.mark.parametrize(("given", "seen", "wanted"), THREADS.values(), ids=THREADS)
def test_the_metadata_of_a_thread(given: Any, seen: Any, wanted: list[Told]) -> None:
    assert held(made(metadata=given), read(seen)) == wanted


MESSAGES: dict[str, tuple[Any, Exchange, list[Told]]] = {
    "its own": (
        [said("a", metadata=ITS)],
        messages(shown("a", ITS)),
        [("x2", "response /data/0/metadata")],
    ),
    "the run's": (
        [said("a", metadata=ITS), said("b")],
        messages(shown("b", OTHER), shown("a", ITS)),
        [("x2", "response /data/0/metadata", '{"of": "run"}'), ("x2", "response /data/1/metadata")],
    ),
    "exchanged": (
        [said("a", metadata=ITS), said("b", metadata=OTHER)],
        messages(shown("b", ITS), shown("a", OTHER)),
        [
            ("x2", "response /data/0/metadata", '{"of": "it"}'),
            ("x2", "response /data/1/metadata", '{"of": "run"}'),
        ],
    ),
    "none given": (
        [said("a", metadata=None)],
        messages(shown("a", {})),
        [("x2", "response /data/0/metadata")],
    ),
    "none shown": ([said("a", metadata=ITS)], messages(shown("a", None)), []),
    "nothing said of them": ([said("a", metadata=ITS)], messages(shown("a", ITS) | {"metadata": None}), []),
    "of the same text": ([said("a", metadata=ITS), said("a")], messages(shown("a", OTHER)), []),
    "of another text": ([said("a", metadata=ITS)], messages(shown("b", OTHER)), []),
    "of parts": ([said([{"type": "text", "text": "a"}], metadata=ITS)], messages(shown("a", OTHER)), []),
    "that are none": (["a", 7], messages("a", 7, shown("a", OTHER)), []),
    "no list of them": ({"a": "b"}, messages(shown("a", OTHER)), []),
    "after what is no message": (
        ["a", said([]), said("a", metadata=ITS)],
        messages(7, {}, {"content": 7}, {"content": [7]}, shown("a", ITS)),
        [("x2", "response /data/4/metadata")],
    ),
    "shown in two parts": (
        [said("a", metadata=ITS)],
        messages(shown("a", OTHER, content=[{"text": {"value": "a"}}] * 2)),
        [],
    ),
    "shown without a text": (
        [said("a", metadata=ITS)],
        messages(
            *(shown("a", OTHER, content=[one]) for one in ({}, {"text": "a"}, {"text": {"value": [7]}}))
        ),
        [],
    ),
    "refused": ([said("a", metadata=ITS)], messages(shown("a", OTHER), status=404), []),
    "no list": (
        [said("a", metadata=ITS)],
        exchange("GET", f"/threads/{THREAD}/messages", {"data": {"a": 1}}),
        [],
    ),
    "not even an object": ([said("a")], exchange("GET", f"/threads/{THREAD}/messages", [1]), []),
}


@pytest.mark.parametrize(("given", "seen", "wanted"), MESSAGES.values(), ids=MESSAGES)
def test_the_metadata_of_messages(given: Any, seen: Exchange, wanted: list[Told]) -> None:
    assert held(made(given), seen) == wanted


MINE = made([said("a", metadata=ITS)], metadata=ITS)
THREAD_MODIFIED = exchange("POST", f"/threads/{THREAD}", MADE_THREAD, {"metadata": OTHER})
MESSAGE_MODIFIED = exchange("POST", f"/threads/{THREAD}/messages/msg_one", message(), {"metadata": OTHER})
NOT_HELD: dict[str, tuple[Exchange, ...]] = {
    "thread modified": (MINE, THREAD_MODIFIED, read(OTHER)),
    "message modified": (MINE, read(OTHER), MESSAGE_MODIFIED),
    "made otherwise": (exchange("POST", "/threads", MADE_THREAD, {"metadata": ITS}), read(OTHER)),
    "refused": (exchange("GET", f"/threads/{THREAD}", error(), status=404), read(OTHER)),
    "read in vain": (MINE, read(OTHER, status=500)),
    "read as no object": (MINE, exchange("GET", f"/threads/{THREAD}", ["metadata"])),
    "nothing said": (MINE, exchange("GET", f"/threads/{THREAD}", {"id": THREAD, "object": "thread"})),
    "read of a run": (MINE, get(run(metadata=OTHER))),
}


@pytest.mark.parametrize("story", NOT_HELD.values(), ids=NOT_HELD)
def test_metadata_that_are_held_against_nothing(story: tuple[Exchange, ...]) -> None:
    assert told(SEPARATE, *story) == []


def test_without_a_thread_in_the_request_its_metadata_are_none() -> None:
    bare = both({"metadata": OTHER})
    assert told(SEPARATE, bare, read({})) == [("x2", "response /metadata")]
    assert told(SEPARATE, both({"thread": 7}), read({}), messages(shown("a", ITS))) == [
        ("x2", "response /metadata")
    ]
    assert [one[1] for one in told(SEPARATE, bare, read(OTHER))] == ["response /metadata"]
    twice = told(SEPARATE, read(ITS), both({"thread": {"metadata": ITS}}), read(ITS), read(ITS))
    assert [one[0] for one in twice] == ["x1", "x3", "x4"]


def named(name: Any, **more: Any) -> Exchange:
    return create(answer=run(id=name), **more)


def test_an_id_that_an_earlier_run_has_is_shown() -> None:
    story = both(answer=run(id="run_1")), named("run_2"), named("run_1")
    assert told(UNIQUE, *story) == [
        ("x1", "run /id"),
        ("x2", "run /id"),
        ("x3", "run /id", "an id that no earlier run has", "run_1"),
    ]
    silent = named(7), refused(answer=run(id="run_1")), named("run_1", status=500), get(run(id="run_1"))
    assert told(UNIQUE, *silent[:3]) == []
    assert told(UNIQUE, *silent[:3], named("run_1")) == [("x4", "run /id")]
    assert told(UNIQUE, named("run_1", broken=CUT), named("run_1")) == [("x2", "run /id")]


def raced(name: str, begin: float, seconds: float = 1.0, **more: Any) -> Exchange:
    return create(answer=run(id=name), started_at=begin, seconds=seconds, **more)


def turned_away(begin: float, seconds: float = 1.0) -> Exchange:
    return refused(started_at=begin, seconds=seconds)


def seen(name: str, begin: float, status: str = "queued") -> Exchange:
    return exchange("GET", f"{RUNS}/{name}", run(id=name, status=status), started_at=begin, seconds=0.25)


ONE_WINS = "at most one of two creates that race on a thread accepted"
WON = ("x2", "", ONE_WINS, "statuses 200 and 200, both runs active afterwards")
RACES: dict[str, tuple[list[Exchange], list[Told]]] = {
    "both won": ([raced("run_1", 1), raced("run_2", 1.5), seen("run_1", 3), seen("run_2", 4)], [WON]),
    "both won, and seen at once": (
        [raced("run_1", 1), raced("run_2", 1.5), seen("run_1", 2.5), seen("run_2", 2.5)],
        [WON],
    ),
    "both won, and over only later": (
        [
            raced("run_1", 1),
            raced("run_2", 1.5),
            seen("run_1", 3),
            seen("run_2", 3),
            seen("run_1", 4, "completed"),
        ],
        [WON],
    ),
    "the first won": ([raced("run_1", 1), turned_away(1.5), seen("run_1", 3)], [("x2", "")]),
    "the second won": ([turned_away(1), raced("run_2", 1.5), seen("run_2", 3)], [("x2", "")]),
    "two of three won": (
        [raced("run_1", 1), turned_away(1.25), raced("run_3", 1.5), seen("run_1", 3), seen("run_3", 3)],
        [("x2", ""), ("x3", "", *WON[2:]), ("x3", "")],
    ),
    "none won": ([turned_away(1), turned_away(1.5), seen("run_1", 3)], []),
    "one after the other": ([raced("run_1", 1), raced("run_2", 2), seen("run_1", 4), seen("run_2", 4)], []),
    "one before the other": (
        [raced("run_1", 2), raced("run_2", 1), seen("run_1", 4), seen("run_2", 4)],
        [],
    ),
    "one was over": (
        [raced("run_1", 1), raced("run_2", 1.5), seen("run_1", 3, "completed"), seen("run_2", 4)],
        [],
    ),
    "the other was over": (
        [raced("run_1", 1), raced("run_2", 1.5), seen("run_1", 3), seen("run_2", 4, "failed")],
        [],
    ),
    "one not seen again": ([raced("run_1", 1), raced("run_2", 1.5), seen("run_1", 3)], []),
    "one seen before the other was answered": (
        [raced("run_1", 1), raced("run_2", 1.5), seen("run_1", 2.25), seen("run_2", 3)],
        [],
    ),
    "one seen before the other was answered, the other way": (
        [raced("run_1", 1.5), raced("run_2", 1), seen("run_1", 3), seen("run_2", 2.25)],
        [],
    ),
    "one unanswered": (
        [raced("run_1", 1), lost("deadline", started_at=1.5, seconds=1.0), seen("run_1", 3)],
        [],
    ),
    "of no run": (
        [raced("run_1", 1), create(answer={}, started_at=1.5, seconds=1.0), seen("run_1", 3)],
        [],
    ),
    "with a thread of its own": (
        [both(answer=run(id="run_1"), started_at=1, seconds=1.0), turned_away(1.5), seen("run_1", 3)],
        [],
    ),
    "at no known time": ([raced("run_1", 0), turned_away(0), seen("run_1", 0)], []),
}


@pytest.mark.parametrize(("story", "wanted"), RACES.values(), ids=RACES)
def test_of_two_that_race_one_wins(story: list[Exchange], wanted: list[Told]) -> None:
    assert told(RACE, *story) == wanted


FAILED = done(status="failed", completed_at=None)
READS = ("x2", "", "the run, with status failed and last_error")
STARTED: dict[str, tuple[list[Exchange], list[Told]]] = {
    "failed": ([create(), get(FAILED)], [("x2", "")]),
    "failed, made with a thread": ([both(), get(FAILED)], [("x2", "")]),
    "an error": ([create(), get(error(), status=500)], [(*READS, "status 500")]),
    "another error": ([create(), get(error(), status=503)], [(*READS, "status 503")]),
    "one error of two reads": (
        [create(), get(run()), get(error(), status=500)],
        [("x3", *READS[1:], "status 500")],
    ),
    "an error with the run": ([create(), get(FAILED, status=500)], [(*READS, "status 500")]),
    "throttled": ([create(), get(error(), status=503, throttled=True)], []),
    "not found": ([create(), get(error(), status=404)], []),
    "going on": ([create(), get(run(status="in_progress"))], []),
    "completed": ([create(), get(done())], []),
    "unanswered": ([create(), get(None)], []),
    "of another run": ([create(answer=run(id="run_two")), get(error(), status=500)], []),
    "never made": ([refused(), get(error(), status=500)], []),
    "never made, though a run was shown": (
        [create(status=500), get(error(), status=500)],
        [],
    ),
}


@pytest.mark.parametrize(("story", "wanted"), STARTED.values(), ids=STARTED)
def test_reading_a_run_that_failed_is_no_error(story: list[Exchange], wanted: list[Told]) -> None:
    assert told(AFTER, *story) == wanted


def listed(*names: Any, query: tuple[tuple[str, str], ...] = (), more: Any = False, **rest: Any) -> Exchange:
    entries = [run(id=name) for name in names]
    return exchange("GET", RUNS, listing(*entries, has_more=more), query=query, **rest)


def no(name: str) -> Told:
    return "response /data", "every run of the thread", f"no {name}"


LISTS: dict[str, tuple[list[Exchange], list[Told]]] = {
    "all": ([create(), listed(RUN)], [("x2", "response /data")]),
    "all, and more": ([create(), listed("run_0", RUN)], [("x2", "response /data")]),
    "all, in some order": ([create(), listed(RUN, query=(("order", "asc"),))], [("x2", "response /data")]),
    "one lost": ([create(), named("run_2"), listed("run_2")], [("x3", *no(RUN))]),
    "two lost": ([create(), named("run_2"), listed()], [("x3", *no(RUN))]),
    "one of a thread lost": ([both(), listed("run_2")], [("x2", *no(RUN))]),
    "lost in the second list": (
        [create(), listed(RUN), listed()],
        [("x2", "response /data"), ("x3", *no(RUN))],
    ),
    "answered just then": (
        [create(started_at=1.0, seconds=1.0), listed(started_at=2.0)],
        [("x2", *no(RUN))],
    ),
    "answered later": ([create(started_at=1.0, seconds=1.5), listed(started_at=2.0)], []),
    "one of two answered later": (
        [
            named("run_2", started_at=1.0, seconds=0.5),
            create(started_at=1.0, seconds=1.5),
            listed(started_at=2.0),
        ],
        [("x3", *no("run_2"))],
    ),
    "after one": ([create(), listed(query=(("after", "run_2"),))], []),
    "before one": ([create(), listed(query=(("before", "run_2"),))], []),
    "some": ([create(), listed(query=(("limit", "1"),))], []),
    "more of it": ([create(), listed(more=True)], []),
    "nothing said of more": ([create(), listed(more=None)], []),
    "no list": ([create(), exchange("GET", RUNS, {"has_more": False, "data": {"id": RUN}})], []),
    "not even an object": ([create(), exchange("GET", RUNS, [1])], []),
    "refused": ([create(), exchange("GET", RUNS, listing(), status=404)], []),
    "what is no run is passed over": (
        [create(), exchange("GET", RUNS, {"has_more": False, "data": [7, {"id": RUN}]})],
        [("x2", "response /data")],
    ),
    "made later": ([listed(), create()], []),
    "never made": ([refused(answer=run()), listed()], []),
    "made in an answer that broke off": ([create(broken=CUT), listed()], []),
    "of no id": ([create(answer=run(id=7)), listed()], []),
    "shown by a read": ([get(run()), listed()], []),
    "a list of messages": ([create(), messages()], []),
}


@pytest.mark.parametrize(("story", "wanted"), LISTS.values(), ids=LISTS)
def test_a_whole_list_holds_every_run_that_was_made_before(story: list[Exchange], wanted: list[Told]) -> None:
    assert told(COMPLETE, *story) == wanted
