"""The requirement register: one row a requirement, read from suites/register/*.toml.

Permanent ids (a snapshot test guards them), a level, the editions for which a row holds, its source and
evidence. A bound that stands in a schema is not repeated: `request` and `answer` say which breaches of which
schema belong to a row.
"""

from __future__ import annotations

import difflib
import fnmatch
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from runs_conformance.paths import SUITES

NEWEST: Final = "2026-08-21"
OLDEST: Final = "2024-04-17"
LEVELS: Final = ("MUST", "SHOULD", "MAY")
CHAPTERS: Final = (
    "acceptance", "refusal", "response", "headers", "errors", "isolation", "events", "order", "lifecycle",
    "recorded", "beyond", "client",
)


class RegisterError(ValueError):
    """A register file that can't be used; the text says which row and what is wrong."""


class UnknownRequirementError(ValueError):
    """An id or pattern that names no row; the text has the closest one."""


@dataclass(frozen=True)
class Requirement:
    """One row. `observable` is exchange, trace, stream, live, client (traffic of clients only) or no.

    `excluded` says why when it is no.
    """

    id: str
    level: str
    subject: str
    statement: str
    source: str
    evidence: str
    rq: str = ""
    chapter: str = ""
    cases: int = 1
    since: str = ""
    until: str = ""
    capability: str = ""
    observable: str = "exchange"
    excluded: str = ""
    resource: str = ""
    note: str = ""
    answer: tuple[str, ...] = ()
    request: tuple[str, ...] = ()

    @property
    def about_clients(self) -> bool:
        """A breach is the client's: no answer can keep or break it."""
        return self.observable == "client" or self.id == "headers.beta-sent"

    def applies(self, edition: str) -> bool:
        return (not self.since or self.since <= edition) and (not self.until or edition < self.until)


@dataclass(frozen=True)
class Rule:
    """A breach pattern of a row.

    `schema` name or `*`, `path` with `*` (any key or index) and `+` (any extra property).

    An answer's rule covers its path and all below it. A request's rule names keywords and covers exactly its
    path; `keyword=value` is that keyword broken by that one value (`null` or a string).
    """

    requirement: str
    schema: str
    path: tuple[str, ...]
    keywords: frozenset[str]

    def covers(self, schema: str, path: Sequence[str]) -> bool:
        return self.schema in ("*", schema) and len(self.path) <= len(path) and self._along(path)

    def forbids(self, schema: str, path: Sequence[str], keyword: str, value: str | None) -> bool:
        named = keyword in self.keywords or (value is not None and f"{keyword}={value}" in self.keywords)
        return named and self.schema in ("*", schema) and len(self.path) == len(path) and self._along(path)

    def _along(self, path: Sequence[str]) -> bool:
        return all(mine in ("*", "+", theirs) for mine, theirs in zip(self.path, path, strict=False))

    def weight(self, keyword: str, value: str | None) -> tuple[bool, int, int, bool]:
        """How special: a named schema, a longer path, fewer wildcards, a named value."""
        wild = sum(part in ("*", "+") for part in self.path)
        return (self.schema != "*", len(self.path), -wild, f"{keyword}={value}" in self.keywords)


@dataclass(frozen=True)
class Register:
    rows: Mapping[str, Requirement]
    _chosen: dict[
        tuple[str, str, tuple[str, ...], str | None], str | None,
    ] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def answer_paths(self) -> dict[str, dict[str, tuple[tuple[str, ...], ...]]]:
        """For `shapes`: by kind of object and row the places that the row speaks about."""
        return {}

    def __getitem__(self, name: str) -> Requirement:
        if name not in self.rows:
            raise UnknownRequirementError(f"no requirement has the id {name!r}; {self.closest(name)}")
        return self.rows[name]

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self.rows.values())

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, name: object) -> bool:
        return name in self.rows

    def closest(self, name: str) -> str:
        near = difflib.get_close_matches(name, self.rows, n=1, cutoff=0.3)
        return f"the closest is {near[0]!r}" if near else "see `runs-conformance list`"

    def select(self, patterns: Iterable[str]) -> frozenset[str]:
        """Ids that match any of the patterns.

        An id, a glob (`refuse.*`), a chapter's prefix, or an RQ number.
        """
        chosen: set[str] = set()
        for pattern in patterns:
            found = [row.id for row in self if _selects(pattern, row)]
            if not found:
                raise UnknownRequirementError(
                    f"--select {pattern!r} matches no requirement; {self.closest(pattern)}"
                )
            chosen.update(found)
        return frozenset(chosen)

    def for_answer(self, kind: str, path: Sequence[str | int]) -> str | None:
        """The row that a schema error at `path` of an answer object breaks: the longest pattern wins."""
        parts = tuple(map(str, path))
        key = ("answer", kind, parts, None)
        if key not in self._chosen:
            self._chosen[key] = _best([rule for rule in self._answers if rule.covers(kind, parts)], "", None)
        return self._chosen[key]

    def for_request(
        self, schema: str, path: Sequence[str | int], keyword: str, value: object = "",
    ) -> str | None:
        """The row that a body with this violation exercises; `value` is what stood there."""
        parts = tuple(map(str, path))
        said = "null" if value is None else value if isinstance(value, str) else None
        key = (f"request {keyword}", schema, parts, said)
        if key not in self._chosen:
            fitting = [rule for rule in self.request_rules if rule.forbids(schema, parts, keyword, said)]
            self._chosen[key] = _best(fitting, keyword, said)
        return self._chosen[key]

    @cached_property
    def _answers(self) -> tuple[Rule, ...]:
        return tuple(_rule(row.id, text) for row in self for text in row.answer)

    @cached_property
    def request_rules(self) -> tuple[Rule, ...]:
        return tuple(_rule(row.id, text) for row in self for text in row.request)


def _selects(pattern: str, row: Requirement) -> bool:
    return (
        pattern in (row.id, row.rq, row.chapter)
        or fnmatch.fnmatchcase(row.id, pattern)
        or row.id.startswith(pattern + ".")
    )


def _best(rules: list[Rule], keyword: str, value: str | None) -> str | None:
    return max(rules, key=lambda rule: rule.weight(keyword, value)).requirement if rules else None


def _rule(requirement: str, text: str) -> Rule:
    schema, path, *keywords = text.split()
    names = frozenset(name for part in keywords for name in part.split(",") if name)
    return Rule(requirement, schema, tuple(part for part in path.split("/") if part), names)


def parse(text: str, chapter: str) -> list[Requirement]:
    try:
        rows = tomllib.loads(text).get("requirement", [])
    except tomllib.TOMLDecodeError as error:
        raise RegisterError(f"{chapter}.toml: {error}") from error
    return [_row(row, chapter) for row in rows]


def _row(row: dict[str, Any], chapter: str) -> Requirement:
    name = row.get("id", "?")
    unknown = row.keys() - Requirement.__dataclass_fields__.keys()
    if unknown:
        raise RegisterError(f"{chapter}.toml: {name}: unknown field {min(unknown)!r}")
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    try:
        made = Requirement(**fields, chapter=chapter)
    except TypeError as error:
        raise RegisterError(f"{chapter}.toml: {name}: {error}") from error
    if made.level not in LEVELS:
        raise RegisterError(f"{chapter}.toml: {name}: level {made.level!r} is none of {', '.join(LEVELS)}")
    if (made.observable == "no") != bool(made.excluded):
        raise RegisterError(f"{chapter}.toml: {name}: `excluded` stands exactly where observable is 'no'")
    return made


@lru_cache(maxsize=4)
def load(folder: Path = SUITES / "register") -> Register:
    """The register of a folder; RegisterError for a row that is malformed or an id that stands twice."""
    rows: dict[str, Requirement] = {}
    for chapter in CHAPTERS:
        file = folder / f"{chapter}.toml"
        for row in parse(file.read_text("utf-8"), chapter) if file.exists() else []:
            if row.id in rows:
                raise RegisterError(f"{chapter}.toml: the id {row.id} stands twice")
            rows[row.id] = row
    if not rows:
        raise RegisterError(f"no requirement rows under {folder}")
    return Register(rows)
