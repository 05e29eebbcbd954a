"""Faults derived from the request schemas: nothing here names a field.

For each keyword at each place of both create bodies: a bound that is one too wide or one too narrow, a keyword that is not
looked at, a value of a wrong type that is taken for the right one, a null that is refused where it is allowed, an enum
value that is not known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from operator import eq
from typing import TYPE_CHECKING, Any, Final

from runs_conformance.contract.schemas import Site, Violation, walk
from runs_conformance.reference import refusals
from runs_conformance.reference.faults.points import accepting, create_bodies
from runs_conformance.reference.faults.record import Fault
from runs_conformance.reference.validation import param

if TYPE_CHECKING:
    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.faults.record import Change

SCHEMAS: Final = ("create_run_request", "create_thread_and_run_request")
SHORT: Final = {"create_run_request": "run", "create_thread_and_run_request": "both"}
UPPER: Final = frozenset({"maximum", "maxLength", "maxItems", "maxProperties", "propertyNames"})
LOWER: Final = frozenset({"minimum", "minLength", "minItems", "minProperties"})
ANY: Final = "*"
MAY: Final = frozenset({"minimal", "xhigh", "max"})
"""Values that a server may refuse: not to know them is no fault."""
Path = tuple[str | int, ...]


def derived() -> Iterator[Fault]:
    """All of them, each once: a place that several branches of a schema speak of is told apart by its condition."""
    seen: set[str] = set()
    for schema in SCHEMAS:
        for site in walk(schema, variant="documented"):
            for fault in _of(schema, site):
                if fault.name not in seen:
                    seen.add(fault.name)
                    yield fault


def _of(schema: str, site: Site) -> Iterator[Fault]:
    if site.keyword == "format" or site.path == ("tool_choice", "type"):
        return  # an annotation; a choice of an unknown type names no tool of the run, and is refused for that
    if site.keyword in UPPER | LOWER:
        yield _fault(schema, site, "wide", "is one too wide", _lax(schema, site, 1))
        yield _fault(schema, site, "narrow", "is one too narrow", _narrow(schema, site))
    yield _fault(schema, site, "ignored", "is not looked at", accepting(_about(schema, site)))
    if site.keyword == "type":
        yield from _types(schema, site)
    if site.keyword == "enum" and isinstance(site.limit, list):
        for value in site.limit:
            if value is not None and value not in MAY and (value != "none" or site.path != ("reasoning_effort",)):
                wrong = _refusing(schema, site, partial(eq, value))
                yield _fault(schema, site, f"without-{value}", f"does not know {value}", wrong)


def _types(schema: str, site: Site) -> Iterator[Fault]:
    kinds = site.limit if isinstance(site.limit, list) else [site.limit]
    if "null" in kinds and not _contested(site):
        yield _fault(schema, site, "null-refused", "does not take null", _refusing(schema, site, lambda given: given is None))
    kind = next(one for one in kinds if one != "null")
    if kind in COERCED and site.path and not _hopeless(str(kind), site):
        coerce = create_bodies(lambda body: _coerced(body, site, COERCED[str(kind)], nullable="null" in kinds))
        yield _fault(schema, site, "coerced", "is reached by coercion", _of_schema(schema, coerce))


def _contested(site: Site) -> bool:
    """A nested null that the vendor's own documents disagree on (D11): the suite does not send it."""
    own = ("description", "function", "schema")
    return len(site.path) > 1 and (site.path[-1] in own or (site.path[-1] == "metadata" and site.path[-2] != "*") or "vector_stores" in site.path)


def _hopeless(kind: str, site: Site) -> bool:
    """What a coercion gives is refused all the same: no word of the list, no id or name of anything, an object without members."""
    limits, union = site.subschema, isinstance(site.limit, list) and len({*site.limit} - {"null"}) > 1
    if union or any(part.endswith(("_id", "_ids")) for part in site.path[-2:]) or site.path[:1] == ("tool_choice",) or site.path[-1] == "url":
        return True
    return bool({"enum", "const"} & limits.keys()) or (kind == "object" and bool(limits.get("required")))


def _fault(schema: str, site: Site, how: str, what: str, change: Change) -> Fault:
    place = "/".join(site.path) or "body"
    where = "".join(f" where {'/'.join(path)} is {value}" for path, value in site.when.items())
    condition = "".join(f"@{value}" for value in site.when.values()) + (f"@{site.instance}" if site.instance else "")
    name = f"bounds.{SHORT[schema]}:{place}{condition}:{site.keyword}-{how}"
    sentence = f"In {schema} the {site.keyword} of {place}{where} {what}."
    return Fault(name.replace(" ", "-"), "bounds", sentence, (), change, rare=bool(site.when), schema=schema, site=site)


def _about(schema: str, site: Site) -> Callable[[str, Violation], bool]:
    def matches(asked: str, found: Violation) -> bool:
        return asked == schema and found.keyword == site.keyword and _along(site.path, found.path) and _same(site, found)

    return matches


def _same(site: Site, found: Violation) -> bool:
    return site.keyword in {"required", "additionalProperties"} or found.limit == site.limit


def _along(pattern: tuple[str, ...], path: tuple[str | int, ...]) -> bool:
    return len(pattern) == len(path) and all(
        mine in (ANY, str(theirs)) for mine, theirs in zip(pattern, path, strict=True)
    )


def _lax(schema: str, site: Site, slack: int) -> Change:
    """One step outside the bound is taken; a number with a fraction may go as far."""
    about = _about(schema, site)

    def near(asked: str, found: Violation) -> bool:
        if not about(asked, found):
            return False
        size = _measure(site.keyword, found)
        bound = _bound(site)
        return size <= bound + slack if site.keyword in UPPER else size >= bound - slack

    return accepting(near)


def _bound(site: Site) -> float:
    limit: Any = site.limit
    return float(limit["maxLength"] if isinstance(limit, Mapping) else limit)


def _measure(keyword: str, found: Violation) -> float:
    if keyword == "propertyNames":
        return len(found.property or "")
    return _size(keyword, found.value)


def _size(keyword: str, value: Any) -> float:
    if keyword in {"minimum", "maximum"}:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")
    return float(len(value)) if isinstance(value, str | list | dict) else float("nan")


def _narrow(schema: str, site: Site) -> Change:
    """The bound itself is refused."""
    bound = _bound(site)

    def wrong(given: Any) -> bool:
        if site.keyword == "propertyNames":
            return isinstance(given, dict) and any(len(name) == bound for name in given)
        fits = isinstance(given, str) if site.keyword.endswith("Length") else True
        return fits and _size(site.keyword, given) == bound

    return _refusing(schema, site, wrong)


def _refusing(schema: str, site: Site, wrong: Callable[[Any], bool]) -> Change:
    """A value at the site's place that is `wrong` is refused by that operation, though the contract takes it."""

    def change(faithful: Behaviour) -> Behaviour:
        def check_body(asked: str, body: Any, edition: str | None = None) -> None:
            faithful.check_body(asked, body, edition)
            if asked != schema:
                return
            for path, value in places(body, site.path):
                if _holds(body, site, path) and wrong(value):
                    raise refusals.wrong_value(param(path), "this value is not accepted.")

        return replace(faithful, check_body=check_body)

    return change


def places(document: Any, pattern: tuple[str, ...], done: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every place that a pattern leads to, with what stands there."""
    if not pattern:
        yield done, document
        return
    head, rest = pattern[0], pattern[1:]
    if isinstance(document, dict):
        for key in document if head == ANY else (head,) if head in document else ():
            yield from places(document[key], rest, (*done, key))
    elif isinstance(document, list) and head == ANY:
        for index, one in enumerate(document):
            yield from places(one, rest, (*done, index))


def _holds(body: Any, site: Site, path: Path) -> bool:
    return all(_at(body, where, path) == value for where, value in site.when.items())


def _at(body: Any, pattern: tuple[str, ...], path: Path) -> Any:
    """What stands at a pattern whose wildcards are filled from a place nearby."""
    found = body
    for index, part in enumerate(pattern):
        key = path[index] if part == ANY and index < len(path) else part
        try:
            found = found[key]
        except (KeyError, IndexError, TypeError):
            return None
    return found


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else json.dumps(value)


def _number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else int(value) if isinstance(value, bool) else value
    except ValueError:
        return value


def _integer(value: Any) -> Any:
    try:
        return int(float(value)) if isinstance(value, str | float | bool) else value
    except (ValueError, OverflowError):
        return value


def _boolean(value: Any) -> Any:
    return value.lower() in {"true", "yes", "1"} if isinstance(value, str) else bool(value)


def _array(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _object(value: Any) -> Any:
    """An empty array is an empty object to some languages; text may hold one."""
    if isinstance(value, list):
        return value or {}
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return {}


COERCED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": _text,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "array": _array,
    "object": _object,
}


def _coerced(body: Any, site: Site, coerce: Callable[[Any], Any], *, nullable: bool) -> Any:
    for path, value in list(places(body, site.path)):
        if _holds(body, site, path) and not (value is None and nullable):
            body = _put(body, path, coerce(value))
    return body


def _put(document: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    head, rest = path[0], path[1:]
    made = list(document) if isinstance(document, list) else dict(document)
    made[head] = _put(made[head], rest, value)  # type: ignore[index]
    return made


def _of_schema(schema: str, change: Change) -> Change:
    """The change of bodies, in the one operation that the schema is for."""
    ends = "/threads/runs"

    def chosen(faithful: Behaviour) -> Behaviour:
        faulty = change(faithful)

        def read_body(call: Any, *, needed: bool) -> Any:
            both = call.path.endswith(ends)
            right = both is (schema == "create_thread_and_run_request")
            return (faulty if right else faithful).read_body(call, needed=needed)

        return replace(faithful, read_body=read_body)

    return chosen
