"""Visit every place of a schema where a keyword limits a value: what boundaries are derived from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from runs_conformance.contract.schema_store import NEWEST, documents, file_name, period
from runs_conformance.contract.schema_variants import Json, Variant

Pattern = tuple[str, ...]
When = Mapping[Pattern, object]

ANY: Final = "*"
LIMITS: Final = (
    "type", "enum", "const", "minimum", "maximum", "minLength", "maxLength", "pattern", "format", "minItems",
    "maxItems", "minProperties", "maxProperties", "propertyNames", "required",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """One keyword at one place.

    `path` leads to the limited value, "*" standing for any index or key; `limit` is the keyword's value,
    `subschema` the schema that holds it. `when` gives the values that other places need for the keyword to
    apply, such as `{("tools", "*", "type"): "function"}`. `instance` is the JSON type the keyword speaks of
    where its schema is a branch for one type (`enum` of a string-or-object union), else None.
    """

    path: Pattern
    keyword: str
    limit: object
    subschema: Mapping[str, Any]
    when: When
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class _At:
    """Where a walk stands."""

    docs: Mapping[str, Json]
    path: Pattern = ()
    when: When = field(default_factory=dict)
    instance: str | None = None

    def below(self, step: str) -> "_At":
        return replace(self, path=(*self.path, step), instance=None)


def walk(name: str, *, variant: Variant = "sent", edition: str = NEWEST) -> Iterator[Site]:
    """Give every site of schema `name`; `required` is one site per object, with the list of names."""
    docs = documents(variant, period(edition))
    yield from _visit(docs[file_name(name)], _At(docs))


def _visit(node: Any, at: _At) -> Iterator[Site]:
    if not isinstance(node, dict):
        return
    if "$ref" in node:
        yield from _visit(at.docs[node["$ref"]], at)
    yield from _own(node, at)
    for name, sub in node.get("properties", {}).items():
        yield from _visit(sub, at.below(name))
    yield from _visit(node.get("items"), at.below(ANY))
    yield from _visit(node.get("additionalProperties"), at.below(ANY))
    for branch in node.get("allOf", ()):
        yield from _visit(branch, at)
    yield from _visit(node.get("then"), _conditioned(node.get("if"), at))
    yield from _visit(node.get("else"), at)


def _own(node: Json, at: _At) -> Iterator[Site]:
    for keyword in LIMITS:
        if keyword in node:
            yield Site(at.path, keyword, node[keyword], node, at.when, at.instance)
    if node.get("additionalProperties") is False:
        yield Site(at.path, "additionalProperties", False, node, at.when, at.instance)
    if "oneOf" in node:
        yield Site(at.path, "oneOf", node["oneOf"], node, at.when, at.instance)


def _conditioned(condition: Any, at: _At) -> _At:
    if condition is None:
        return at
    tests = {(*at.path, name): sub["const"] for name, sub in condition.get("properties", {}).items()}
    return replace(at, when={**at.when, **tests}, instance=condition.get("type", at.instance))
