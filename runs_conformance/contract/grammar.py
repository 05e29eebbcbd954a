"""The order of a stream's events as data: automata that know what is legal and which rule all else breaks.

Sources: the vendor's stream examples and prose, the SDKs' readers, and the recorded streams (all of which
these automata accept). Where nothing is documented or recorded (failed, cancelled, expired and cancelling
runs, error events) every place is legal, so that no guess of ours is held against a server.

An event's name is first reduced to a symbol. An automaton maps state and symbol to the next state and to
the requirement that the event breaks there, None if it is legal. Illegal events lead on too, so that one
fault is told once.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

_RUN: Final = (
    "created",
    "queued",
    "in_progress",
    "requires_action",
    "completed",
    "incomplete",
    "failed",
    "cancelling",
    "cancelled",
    "expired",
)
_STEP: Final = ("created", "in_progress", "delta", "completed", "failed", "cancelled", "expired")
_MESSAGE: Final = ("created", "in_progress", "delta", "completed", "incomplete")
RUN_EVENTS: Final = tuple(f"thread.run.{word}" for word in _RUN)
STEP_EVENTS: Final = tuple(f"thread.run.step.{word}" for word in _STEP)
MESSAGE_EVENTS: Final = tuple(f"thread.message.{word}" for word in _MESSAGE)
NAMES: Final = ("thread.created", *RUN_EVENTS, *STEP_EVENTS, *MESSAGE_EVENTS, "error", "done")
STEP_CLOSINGS: Final = STEP_EVENTS[3:]
MESSAGE_CLOSINGS: Final = MESSAGE_EVENTS[3:]

# What an event is to the run: `finish` ends one that worked, `abort` comes at any time, `work` is inside it.
SYMBOLS: Final[Mapping[str, str]] = {
    **dict.fromkeys((*STEP_EVENTS, *MESSAGE_EVENTS), "work"),
    **dict.fromkeys(STEP_CLOSINGS, "step-closed"),
    "thread.created": "thread",
    "thread.run.created": "created",
    "thread.run.queued": "queued",
    "thread.run.in_progress": "in_progress",
    "thread.run.requires_action": "wait",
    "thread.run.cancelling": "cancelling",
    **dict.fromkeys(("thread.run.completed", "thread.run.incomplete"), "finish"),
    **dict.fromkeys(("thread.run.failed", "thread.run.cancelled", "thread.run.expired"), "abort"),
    "error": "error",
    "done": "done",
}
STEP_WORDS: Final[Mapping[str, str]] = {
    **{name: name.rsplit(".", 1)[-1] for name in STEP_EVENTS},
    **dict.fromkeys(STEP_CLOSINGS, "closed"),
}
MESSAGE_WORDS: Final[Mapping[str, str]] = {name: name.rsplit(".", 1)[-1] for name in MESSAGE_EVENTS}

Moves = Mapping[str, tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Automaton:
    """`table` maps state -> symbol -> (next state, broken row or None); `head` is what comes once, in order.

    A symbol of the head that comes after its absence was blamed is forgiven: it is the same fault.
    """

    start: str
    table: Mapping[str, Moves]
    head: tuple[str, ...] = ()

    def move(self, state: str, symbol: str) -> tuple[str, str | None]:
        return self.table[state].get(symbol, (state, None))

    def legal(self, state: str) -> tuple[str, ...]:
        return tuple(symbol for symbol, (_, broken) in self.table[state].items() if broken is None)


def _automaton(text: str, after: Mapping[str, str], rows: Mapping[str, str], head: str = "") -> Automaton:
    """Read a table: `state | legal symbol>next ... | row of illegal symbols | exceptions: symbol=row ...`.

    The first state starts. An illegal symbol leads to where `after` says, an exception nowhere or to the
    state in `symbol=row>state`; `state!` is left by no illegal symbol. `rows` has the full names of rows.
    """
    table: dict[str, Moves] = {}
    for line in filter(None, text.splitlines()):
        state, legal, blame, special = (part.strip() for part in line.split("|"))
        stays, state = state.endswith("!"), state.rstrip("!")
        moves: dict[str, tuple[str, str | None]] = {
            symbol: (state if stays and place != "done" else place, rows[blame])
            for symbol, place in after.items()
        }
        for symbol, told in (pair.split("=") for pair in special.split()):
            row, _, place = told.partition(">")
            moves[symbol] = (place or ("done" if symbol == "done" else state), rows[row])
        table[state] = moves | {one: (place, None) for one, place in _pairs(legal)}
    return Automaton(next(iter(table)), table, tuple(head.split()))


def _pairs(legal: str) -> Iterable[tuple[str, str]]:
    """`a>b c>d` as pairs; `*` stands for the ends that no source forbids anywhere."""
    for pair in legal.replace("*", "abort>closed cancelling>cancelling error>errored").split():
        symbol, _, place = pair.partition(">")
        yield symbol, place


_AFTER: Final = {
    "thread": "start",
    "created": "created",
    "queued": "queued",
    "in_progress": "working",
    "work": "working",
    "step-closed": "working",
    "wait": "waiting",
    "cancelling": "cancelling",
    "finish": "closed",
    "abort": "closed",
    "error": "errored",
    "done": "done",
}
_ROWS: Final = {
    "once": "order.run-created-once",
    "head": "order.run-head",
    "close": "order.run-close-last",
    "wait": "order.requires-action-last",
    "forward": "order.status-forward",
    "error": "order.error-last",
    "done": "order.done-last",
}
_CREATE_RUN: Final = """
start       | created>created error>errored            | start   | thread=start
"""
_CREATE_BOTH: Final = """
start       | thread>thread error>errored              | start   |
thread      | created>created error>errored            | start   | thread=start
"""
_CREATED: Final = """
created     | queued>queued *                          | head    | created=once thread=start done=close
queued      | in_progress>working *                    | head    | created=once thread=start done=close
"""
_SUBMIT: Final = """
start       | step-closed>closing *                    | start   | created=once thread=start
closing     | step-closed>closing queued>queued *      | start   | created=once thread=start done=close
queued      | in_progress>working *                    | start   | created=once thread=start done=close
"""
_INSIDE: Final = "work>{0} step-closed>{0} finish>closed"
_ON: Final = "in_progress>working wait>waiting"
_KEPT: Final = "created=once thread=start done=close"
_BODY: Final = f"""
working     | {_INSIDE.format("working")} {_ON} * | forward | {_KEPT} queued=forward
cancelling! | {_INSIDE.format("cancelling")} *         | forward | {_KEPT}
waiting!    | done>done                                | wait    | created=once thread=start
closed!     | done>done                                | close   | created=once thread=start
errored!    | done>done                                | error   |
done!       |                                          | done    |
"""
STREAMS: Final[Mapping[str, Automaton]] = {
    "createRun": _automaton(
        _CREATE_RUN + _CREATED + _BODY,
        _AFTER,
        {**_ROWS, "start": "order.create-run-start"},
        "created queued in_progress",
    ),
    "createThreadAndRun": _automaton(
        _CREATE_BOTH + _CREATED + _BODY,
        _AFTER,
        {**_ROWS, "start": "order.create-thread-and-run-start"},
        "thread created queued in_progress",
    ),
    "submitToolOutputs": _automaton(
        _SUBMIT + _BODY, _AFTER, {**_ROWS, "start": "order.submit-start"}, "queued in_progress"
    ),
}

# One step, by its id. `waiting` is a step of an earlier stream, which the stream of its outputs closes.
STEP: Final = _automaton(
    """
absent      | created>open                             | span    | delta=delta
waiting     | in_progress>waiting delta>waiting closed>closed | span    |
open        | in_progress>running delta>running closed>closed | span    |
running     | delta>running closed>closed              | span    | created=span in_progress=opening
closed!     |                                          | span    |
""",
    {"created": "open", "in_progress": "running", "delta": "running", "closed": "closed"},
    {
        "span": "order.step-bracket",
        "delta": "order.delta-after-created",
        "opening": "order.step-in-progress",
    },
)
# One message, by its id. The `early` states have had a delta too soon, which was blamed.
MESSAGE: Final = _automaton(
    """
absent      | created>created                          | span    | delta=delta>early
early       | created>hasty                            | span    | delta=delta
hasty       | in_progress>streaming                    | span    | created=span
created     | in_progress>running incomplete>closed    | span    |
running     | delta>streaming incomplete>closed        | span    | created=span in_progress=span
streaming   | delta>streaming completed>closed incomplete>closed | span    | created=span in_progress=span
closed!     |                                          | span    |
""",
    {
        "created": "created",
        "in_progress": "running",
        "delta": "streaming",
        "completed": "closed",
        "incomplete": "closed",
    },
    {"span": "order.message-bracket", "delta": "order.delta-after-created"},
)


@lru_cache(maxsize=1024)
def canonical(name: str) -> str | None:
    """The documented name that `name` is or misspells (case, separators, no prefix, a letter), or None.

    An event that the vendor may add has another name; `message.delta` or `thread.run.complete` is a mistake.
    """
    if name in NAMES:
        return name
    plain = _squashed(name)
    for prefix in ("", "thread", "threadrun"):
        if prefix + plain in _SQUASHED:
            return _SQUASHED[prefix + plain]
    near = get_close_matches(plain, _SQUASHED, n=1, cutoff=0.95)
    return _SQUASHED[near[0]] if near else None


def _squashed(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


_SQUASHED: Final = {_squashed(name): name for name in NAMES}


def names_of(
    symbols: Iterable[str], within: Iterable[str] = NAMES, table: Mapping[str, str] = SYMBOLS
) -> tuple[str, ...]:
    """The event names that stand for symbols, for people."""
    wanted = set(symbols)
    return tuple(name for name in within if table.get(name) in wanted)
