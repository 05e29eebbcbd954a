"""Dialects: what each client offers, how it goes on the wire, and what it needs from answers.

A dialect is a TOML file in `dialects/`, checked against `schemas/client_dialect.json`; the needs that its
uses name stand in `dialects/needs.toml`. Whatever is wrong with one is a DialectError with a sentence.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator

from runs_conformance.contract.jsontext import pointer
from runs_conformance.contract.register import load as load_register
from runs_conformance.contract.schemas import schema
from runs_conformance.paths import SCHEMAS

FOLDER: Final = Path(__file__).parent / "dialects"
OPERATIONS: Final = ("createRun", "createThreadAndRun")
REQUESTS: Final = {
    "createRun": "create_run_request", "createThreadAndRun": "create_thread_and_run_request",
}
INCLUDE: Final = "?include"
NULL: Final = "<null>"
ABSENT: Final = "<absent>"
_NAMED: Final = ("parameter", "deviation", "use")


class DialectError(ValueError):
    """A dialect that can't be used, or a name that none has; the text says which and what to do."""


@dataclass(frozen=True)
class Wire:
    """What every request has: headers in place of ours, headers of ours that it omits, query, body fields."""

    json: str = "compact"
    headers: tuple[tuple[str, str], ...] = ()
    omits: tuple[str, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    always: tuple[tuple[str, Any], ...] = ()
    retries: int = 0
    source: str = ""


@dataclass(frozen=True)
class Parameter:
    """What users can give: `field` is its place in the body (dots), `values` the only ones (empty: any).

    `null` is "unset" (null goes out when nothing is given), "given" (the user may give null) or "".
    """

    name: str
    field: str
    on: tuple[str, ...] = OPERATIONS
    values: tuple[Any, ...] = ()
    null: str = ""
    source: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(self.field.split("."))


@dataclass(frozen=True)
class Deviation:
    """Something outside of the contract that the client sends; `row` is the requirement to refuse it."""

    name: str
    when: str
    source: str
    on: tuple[str, ...] = OPERATIONS
    body: Any = None
    unavoidable: bool = False
    row: str = ""


@dataclass(frozen=True)
class Use:
    """A way to call the client; `needs` are pairs of a need's name and where the client shows it."""

    name: str
    operations: tuple[str, ...]
    needs: tuple[tuple[str, str], ...]
    streamed: bool = False


@dataclass(frozen=True)
class Need:
    """Something that a client needs from answers, and how it is seen: on rows, or by an observation."""

    name: str
    broken: str
    rows: tuple[str, ...] = ()
    actual: str = ""
    where: str = ""
    observed: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Dialect:
    """One client. `name` is its file's name, `title` and `version` are for people."""

    name: str
    title: str
    version: str
    language: str
    known_by: str
    sources: tuple[str, ...]
    wire: Wire
    parameters: tuple[Parameter, ...]
    deviations: tuple[Deviation, ...]
    uses: tuple[Use, ...]

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(name for name in OPERATIONS if any(name in use.operations for use in self.uses))

    def offered(self, operation: str) -> tuple[Parameter, ...]:
        return tuple(one for one in self.parameters if operation in one.on)


def names(folder: Path = FOLDER) -> tuple[str, ...]:
    """The dialects that there are, by name."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml") if path.stem != "needs"))


def load(name: str, folder: Path = FOLDER) -> Dialect:
    """One dialect. DialectError for a name that none has (with the closest) or a file that can't be used."""
    if name not in names(folder):
        close = difflib.get_close_matches(name, names(folder), n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(names(folder))}"
        raise DialectError(f"no client is called {name!r}; {hint}")
    raw = _raw(name, folder)
    dialect = _made(name, raw)
    for problem in _problems(dialect, needs(folder)):
        raise DialectError(f"dialect {name}: {problem}")
    return dialect


@lru_cache(maxsize=2)
def every(folder: Path = FOLDER) -> tuple[Dialect, ...]:
    """All dialects, by name."""
    return tuple(load(name, folder) for name in names(folder))


@lru_cache(maxsize=2)
def needs(folder: Path = FOLDER) -> Mapping[str, Need]:
    """The needs that dialects can name. DialectError for a row that the register lacks."""
    raw = read_file(folder / "needs.toml", "client_needs")
    made = {name: Need(name=name, **_tuples(one)) for name, one in raw.items()}
    for need in made.values():
        for row in need.rows:
            if row not in load_register():
                raise DialectError(f"needs.toml: {need.name} names the row {row!r}, which the register lacks")
    return made


def _raw(name: str, folder: Path, above: tuple[str, ...] = ()) -> dict[str, Any]:
    own = read_file(folder / f"{name}.toml", "client_dialect")
    if "like" not in own:
        return own
    if own["like"] in (*above, name):
        raise DialectError(f"dialect {name}: `like` leads back to itself")
    if own["like"] not in names(folder):
        raise DialectError(f"dialect {name}: `like` names {own['like']!r}, and there is no such dialect")
    parent = _raw(own["like"], folder, (*above, name))
    return _merged(name, parent, own)


def _merged(name: str, parent: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    gone = set(own.get("without", ()))
    known = {one["name"] for kind in _NAMED for one in parent.get(kind, ())}
    if gone - known:
        lost = min(gone - known)
        raise DialectError(f"dialect {name}: `without` names {lost!r}, which {own['like']} lacks")
    made = {**parent, **{key: held for key, held in own.items() if key not in ("like", "without")}}
    for kind in _NAMED:
        mine = {one["name"]: one for one in own.get(kind, ())}
        left = (one for one in parent.get(kind, ()) if one["name"] in mine or one["name"] not in gone)
        made[kind] = [*(mine.pop(one["name"], one) for one in left), *mine.values()]
    return made


def read_file(path: Path, form: str) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DialectError(f"{path.name} can't be read: {error}") from None
    check = Draft202012Validator(json.loads((SCHEMAS / f"{form}.json").read_text("utf-8")))
    for wrong in sorted(check.iter_errors(raw), key=lambda one: [str(part) for part in one.absolute_path]):
        place = pointer(tuple(wrong.absolute_path)) or "the file"
        raise DialectError(f"{path.name}: {place}: {wrong.message}")
    return _plain(raw)  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    """TOML has no null: the text <null> stands for it."""
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_plain(held) for held in value]
    return None if value == NULL else value


def _made(name: str, raw: Mapping[str, Any]) -> Dialect:
    wire = raw["wire"]
    return Dialect(
        name=name, title=raw["title"], version=raw["version"], language=raw["language"],
        known_by=raw["known_by"], sources=tuple(raw["sources"]),
        wire=Wire(
            json=wire.get("json", "compact"), headers=tuple(wire.get("headers", {}).items()),
            omits=tuple(wire.get("omits", ())), query=tuple((one, two) for one, two in wire.get("query", ())),
            always=tuple(wire.get("always", {}).items()), retries=wire.get("retries", 0),
            source=wire["source"],
        ),
        parameters=tuple(Parameter(**_tuples(one)) for one in raw["parameter"]),
        deviations=tuple(Deviation(**_tuples(one)) for one in raw.get("deviation", ())),
        uses=tuple(
            Use(
                name=one["name"], operations=tuple(one["operations"]), needs=tuple(one["needs"].items()),
                streamed=one.get("streamed", False),
            )
            for one in raw["use"]
        ),
    )


def _tuples(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(held) if isinstance(held, list) else held for key, held in raw.items()}


def _problems(dialect: Dialect, known: Mapping[str, Need]) -> Iterator[str]:
    for parameter in dialect.parameters:
        for operation in parameter.on:
            if parameter.field != INCLUDE and parameter.path[0] not in _fields(operation):
                yield f"parameter {parameter.name}: {operation} has no field {parameter.path[0]!r}"
    for use in dialect.uses:
        for need, _ in use.needs:
            if need not in known:
                yield f"use {use.name}: no need is called {need!r}{_closest(need, known)}"
    for deviation in dialect.deviations:
        if deviation.row and deviation.row not in load_register():
            yield f"deviation {deviation.name}: the register has no row {deviation.row!r}"
        if not deviation.row and not deviation.body:
            yield f"deviation {deviation.name}: it needs a body or the row that it breaks"


def _fields(operation: str) -> Iterable[str]:
    found: Mapping[str, Any] = schema(REQUESTS[operation], "documented")["properties"]
    return found


def _closest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
