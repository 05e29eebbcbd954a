"""The order of a stream's events as data: automata whose every move says what is legal and which rule a wrong one breaks.

Sources: the vendor's stream examples and prose, the SDKs' readers, and the recorded streams (all of which these automata
accept). Where nothing is documented or recorded (failed, cancelled, expired and cancelling runs, error events) every
place is legal, so that no guess of ours is held against a server.

An event's name is first reduced to a symbol. An automaton maps state and symbol to the next state and to the
requirement that the event breaks there, None if it is legal. Illegal events have a next state too: one fault is told once.
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

# What an event is to the run: `finish` ends a run that worked, `abort` one that may end at any time, `work` happens inside.
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
    """`table` maps state -> symbol -> (next state, broken requirement or None); `head` are symbols that come once, in order.

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
    """Read a table: `state | legal symbol>next ... | row that other symbols break | symbol=row ...`, the first state starts.

    An illegal symbol leads to where `after` says, those after the last bar to the named state or nowhere; `state!` is never
    left by an illegal symbol. `rows` gives the full names of rows.
    """
    table: dict[str, Moves] = {}
    for line in text.strip().splitlines():
        state, legal, blame, special = (part.strip() for part in line.split("|"))
        stays, state = state.endswith("!"), state.rstrip("!")
        moves: dict[str, tuple[str, str | None]] = {
            symbol: (state if stays and place != "done" else place, rows[blame])
            for symbol, place in after.items()
        }
        for symbol, told in (pair.split("=") for pair in special.split()):
            row, _, place = told.partition(">")
            moves[symbol] = (place or state, rows[row])
        if "done" in moves:
            moves["done"] = ("done", moves["done"][1])
        table[state] = moves | {
            symbol: (place, None) for symbol, place in (pair.split(">") for pair in legal.split())
        }
    return Automaton(next(iter(table)), table, tuple(head.split()))


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
_CREATED: Final = """
created     | queued>queued abort>closed cancelling>cancelling error>errored       | head | created=once thread=start done=close
queued      | in_progress>working abort>closed cancelling>cancelling error>errored | head | created=once thread=start done=close
"""
_BODY: Final = """
working     | in_progress>working work>working step-closed>working wait>waiting finish>closed abort>closed \
cancelling>cancelling error>errored                                                | forward | queued=forward created=once \
thread=start done=close
cancelling! | cancelling>cancelling work>cancelling step-closed>cancelling finish>closed abort>closed error>errored \
                                                                                   | forward | created=once thread=start done=close
waiting!    | done>done                                                            | wait    | created=once thread=start
closed!     | done>done                                                            | close   | created=once thread=start
errored!    | done>done                                                            | error   |
done!       |                                                                      | done    |
""".replace("\\\n", "")
STREAMS: Final[Mapping[str, Automaton]] = {
    "createRun": _automaton(
        "start       | created>created error>errored                               | start | thread=start"
        + _CREATED
        + _BODY[1:],
        _AFTER,
        {**_ROWS, "start": "order.create-run-start"},
        "created queued in_progress",
    ),
    "createThreadAndRun": _automaton(
        """
start       | thread>thread error>errored                                          | start |
thread      | created>created error>errored                                        | start | thread=start"""
        + _CREATED
        + _BODY[1:],
        _AFTER,
        {**_ROWS, "start": "order.create-thread-and-run-start"},
        "thread created queued in_progress",
    ),
    "submitToolOutputs": _automaton(
        """
start       | step-closed>closing abort>closed cancelling>cancelling error>errored | start | created=once thread=start
closing     | step-closed>closing queued>queued abort>closed cancelling>cancelling error>errored | start | created=once thread=start done=close
queued      | in_progress>working abort>closed cancelling>cancelling error>errored | start | created=once thread=start done=close
"""
        + _BODY[1:],
        _AFTER,
        {**_ROWS, "start": "order.submit-start"},
        "queued in_progress",
    ),
}

# One step, by its id. `waiting` is a step of an earlier stream, which the stream of its outputs closes.
STEP: Final = _automaton(
    """
absent      | created>open                                        | bracket | delta=delta
waiting     | in_progress>waiting delta>waiting closed>closed     | bracket |
open        | in_progress>running delta>running closed>closed     | bracket |
running     | delta>running closed>closed                         | bracket | created=bracket in_progress=opening
closed!     |                                                     | bracket |
""",
    {"created": "open", "in_progress": "running", "delta": "running", "closed": "closed"},
    {
        "bracket": "order.step-bracket",
        "delta": "order.delta-after-created",
        "opening": "order.step-in-progress",
    },
)
# One message, by its id. The `early` states have had a delta too soon, which was blamed.
MESSAGE: Final = _automaton(
    """
absent      | created>created                                     | bracket | delta=delta>early
early       | created>hasty                                       | bracket | delta=delta in_progress=bracket>streaming
hasty       | in_progress>streaming                               | bracket | created=bracket
created     | in_progress>running                                 | bracket |
running     | delta>streaming incomplete>closed                   | bracket | created=bracket in_progress=bracket
streaming   | delta>streaming completed>closed incomplete>closed  | bracket | created=bracket in_progress=bracket
closed!     |                                                     | bracket |
""",
    {
        "created": "created",
        "in_progress": "running",
        "delta": "streaming",
        "completed": "closed",
        "incomplete": "closed",
    },
    {"bracket": "order.message-bracket", "delta": "order.delta-after-created"},
)


@lru_cache(maxsize=1024)
def canonical(name: str) -> str | None:
    """The documented name that `name` is or misspells (case, separators, a missing prefix, a letter); None for another name.

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
