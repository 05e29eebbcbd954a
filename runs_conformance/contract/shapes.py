"""Objects judged by their schema.

Each schema error becomes a failed finding of the row that its path belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from runs_conformance.contract.findings import Finding, failed, passed
from runs_conformance.contract.jsontext import brief, pointer
from runs_conformance.contract.judge import Context
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.register import Register, load
from runs_conformance.contract.schemas import Violation, is_valid, violations, walk
from runs_conformance.contract.violations import TOO_MANY


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
    errors = () if valid else violations(kind, value, variant="accepted", edition=context.edition)
    for error in errors:
        row = context.register.for_answer(kind, place(error))
        if row is None:
            raise LookupError(f"no requirement covers {kind} {pointer(place(error))}")
        broken.add(row)
        yield failed(
            row, exchange, where=f"{where} {pointer(place(error))}".strip(), expected=error.message,
            actual=_seen(error),
        )
    for path, number in _fractions(kind, value, context.edition):
        row = context.register.for_answer(kind, path)
        if row is not None:
            broken.add(row)
            yield failed(
                row, exchange, where=f"{where} {pointer(path)}".strip(),
                expected="an integer, written without a fraction", actual=brief(number),
            )
    if len(errors) >= TOO_MANY:
        return  # not all was looked at: nothing is said to hold
    for row, paths in _paths(context.register, kind).items():
        if row not in broken and any(_occurs(value, path) for path in paths):
            yield passed(row, exchange, where)


def _fractions(kind: str, value: Any, edition: str) -> Iterator[tuple[tuple[str | int, ...], float]]:
    """Integers written as 1.0.

    JSON Schema takes them, a client in a typed language breaks; no recording has one.
    """
    for pattern in _integers(kind, edition):
        for path, found in _at(value, pattern):
            if isinstance(found, float) and found.is_integer():
                yield path, found


@lru_cache(maxsize=256)
def _integers(kind: str, edition: str) -> tuple[tuple[str, ...], ...]:
    sites = (site for site in walk(kind, variant="accepted", edition=edition) if site.keyword == "type")
    return tuple(dict.fromkeys(
        site.path for site in sites if "integer" in _types(site.limit) and "number" not in _types(site.limit)
    ))


def _types(limit: object) -> tuple[str, ...]:
    return tuple(str(one) for one in limit) if isinstance(limit, list | tuple) else (str(limit),)


def _at(
    value: Any, pattern: tuple[str, ...], done: tuple[str | int, ...] = (),
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """What stands at a pattern's places, with the path of each."""
    if not pattern:
        yield done, value
        return
    head, rest = pattern[0], pattern[1:]
    if isinstance(value, dict):
        keys: list[Any] = list(value) if head == "*" else [head] if head in value else []
    else:
        keys = list(range(len(value))) if isinstance(value, list) and head == "*" else []
    for key in keys:
        yield from _at(value[key], rest, (*done, key))


def place(error: Violation) -> tuple[str | int, ...]:
    """The path that a rule is looked up by.

    The missing or extra property itself; for a bad name the object that has it.
    """
    named = error.property is not None and error.keyword != "propertyNames"
    return (*error.path, str(error.property)) if named else error.path


def _seen(error: Violation) -> str:
    if error.keyword == "required" and isinstance(error.value, dict):
        return f"no {error.property!r} in an object with the keys {brief(sorted(map(str, error.value)))}"
    return brief(error.value)


def _paths(register: Register, kind: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The places that each row speaks about, worked out once a register and kind."""
    known = register.answer_paths
    if kind not in known:
        known[kind] = {row.id: found for row in register if (found := _places(row.answer, kind))}
    return known[kind]


def _places(rules: tuple[str, ...], kind: str) -> tuple[tuple[str, ...], ...]:
    mine = [rule.split()[1] for rule in rules if rule.split()[0] in (kind, "*")]
    return tuple(tuple(part for part in path.split("/") if part) for path in mine)


def _occurs(value: Any, path: tuple[str, ...]) -> bool:
    """Something stands at `path`.

    Below the top level null does not count, for it says nothing about what it could hold.
    """
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
