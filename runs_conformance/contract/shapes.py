"""Objects judged by their schema: each schema error becomes a failed finding of the row that its path belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from runs_conformance.contract.findings import Finding, failed, passed
from runs_conformance.contract.jsontext import brief, pointer
from runs_conformance.contract.judge import Context
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.register import Register, load
from runs_conformance.contract.schemas import Violation, is_valid, violations


def answer_rows(*kinds: str) -> tuple[str, ...]:
    """The rows that speak about the shape of these answer objects; all kinds when none is named."""
    rows = load()
    return tuple(
        row.id for row in rows if any(not kinds or rule.split()[0] in (*kinds, "*") for rule in row.answer)
    )


def judge_shape(kind: str, value: Any, exchange: Exchange, where: str, context: Context) -> Iterator[Finding]:
    """Findings about `value` as a `kind` (a schema's name); `where` is put before each pointer."""
    broken: set[str] = set()
    valid = is_valid(kind, value, variant="accepted", edition=context.edition)
    for error in () if valid else violations(kind, value, variant="accepted", edition=context.edition):
        row = context.register.for_answer(kind, place(error))
        if row is None:
            raise LookupError(f"no requirement covers {kind} {pointer(place(error))}")
        broken.add(row)
        yield failed(row, exchange, where=f"{where} {pointer(place(error))}".strip(), expected=error.message, actual=_seen(error))
    for row, paths in _paths(context.register, kind).items():
        if row not in broken and any(_occurs(value, path) for path in paths):
            yield passed(row, exchange, where)


def place(error: Violation) -> tuple[str | int, ...]:
    """The path that a rule is looked up by: the missing property itself for `required`."""
    return (*error.path, error.property) if error.property is not None else error.path


def _seen(error: Violation) -> str:
    if error.keyword == "required":
        return f"no {error.property!r} in an object with the keys {brief(sorted(map(str, error.value)))}"
    return brief(error.value)


@lru_cache(maxsize=64)
def _paths_of(rows: tuple[tuple[str, tuple[str, ...]], ...], kind: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for row, rules in rows:
        mine = [rule.split()[1] for rule in rules if rule.split()[0] in (kind, "*")]
        if mine:
            found[row] = tuple(tuple(part for part in path.split("/") if part) for path in mine)
    return found


def _paths(register: Register, kind: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    return _paths_of(_answer_table(register), kind)


def _answer_table(register: Register) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((row.id, row.answer) for row in register if row.answer)


def _occurs(value: Any, path: tuple[str, ...]) -> bool:
    """Something stands at `path`: below the top level null does not count, for it says nothing about what it could hold."""
    if not path:
        return True
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        inside = list(value.values()) if head == "*" else [value[head]] if head in value else []
    elif isinstance(value, list) and head == "*":
        inside = value
    else:
        inside = []
    return any(_occurs(one, rest) if rest else True for one in inside)
