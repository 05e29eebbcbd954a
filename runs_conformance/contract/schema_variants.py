"""Derive from a schema file what holds in one variant at one edition.

`documented` is the file as of the edition. `sent` also closes every object: what our own bodies may hold.
`accepted` opens every object: what an answer is judged by, where unknown keys are no fault.

Editions stand in the files as annotations, each an ISO date: `x-since`/`x-until` on a property or branch,
`x-keyword-since`/`x-keyword-until` on keywords, `x-value-since`/`x-value-until` on entries of `enum` or
`type`. What is not yet, or no longer, part of an edition is left out, except that `accepted` keeps properties
and branches of other editions and values of later ones: not required, but judged where an answer has them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, get_args

Variant = Literal["documented", "sent", "accepted"]
VARIANTS: Final[tuple[Variant, ...]] = get_args(Variant)
Json = dict[str, Any]

_ONE: Final = ("items", "propertyNames", "then", "else")
_MANY: Final = ("allOf", "anyOf", "oneOf")
_STARTS: Final = ("x-since", "x-keyword-since", "x-value-since")


def derive(node: Any, variant: Variant, edition: str) -> Any:
    """Give the schema `node` without annotations, as it holds in `variant` at `edition`."""
    if not isinstance(node, dict):
        return node
    out = _keywords(node, edition)
    _values(out, variant, edition)
    _properties(out, variant, edition)
    _subschemas(out, variant, edition)
    if variant == "accepted" and out.get("additionalProperties") is False:
        del out["additionalProperties"]
    if variant == "sent":
        out = closed(out)
    return {key: value for key, value in out.items() if not key.startswith("x-")}


def change_dates(node: Any) -> Iterator[str]:
    """Give every date at which `node` changes."""
    if isinstance(node, list):
        for entry in node:
            yield from change_dates(entry)
    if isinstance(node, dict):
        for key, value in node.items():
            if not key.startswith("x-"):
                yield from change_dates(value)
            elif isinstance(value, str):
                yield value
            else:
                yield from value.values()


def begun(node: Mapping[str, Any], edition: str) -> bool:
    return str(node.get("x-since", "")) <= edition


def ended(node: Mapping[str, Any], edition: str) -> bool:
    return "x-until" in node and str(node["x-until"]) <= edition


def _current(node: Any, edition: str) -> bool:
    return not isinstance(node, dict) or (begun(node, edition) and not ended(node, edition))


def _keywords(node: Json, edition: str) -> Json:
    early = {key for key, date in node.get("x-keyword-since", {}).items() if edition < date}
    late = {key for key, date in node.get("x-keyword-until", {}).items() if date <= edition}
    return {key: value for key, value in node.items() if key not in early | late}


def _values(out: Json, variant: Variant, edition: str) -> None:
    since, until = out.get("x-value-since", {}), out.get("x-value-until", {})
    gone = {value for value, date in until.items() if date <= edition}
    if variant != "accepted":
        gone |= {value for value, date in since.items() if edition < date}
    for keyword in ("enum", "type"):
        if isinstance(out.get(keyword), list):
            out[keyword] = [value for value in out[keyword] if value not in gone]


def _properties(out: Json, variant: Variant, edition: str) -> None:
    if "properties" not in out:
        return
    other = {name for name, sub in out["properties"].items() if not _current(sub, edition)}
    if "required" in out:
        out["required"] = [name for name in out["required"] if name not in other]
    dropped = set() if variant == "accepted" else other
    out["properties"] = {
        name: derive(sub, variant, edition) for name, sub in out["properties"].items() if name not in dropped
    }


def _subschemas(out: Json, variant: Variant, edition: str) -> None:
    for keyword in _ONE:
        if keyword in out:
            out[keyword] = derive(out[keyword], variant, edition)
    if isinstance(out.get("additionalProperties"), dict):
        out["additionalProperties"] = derive(out["additionalProperties"], variant, edition)
    for keyword in _MANY:
        if keyword in out:
            branches = [sub for sub in out[keyword] if variant == "accepted" or _current(sub, edition)]
            out[keyword] = [derive(sub, variant, edition) for sub in branches]


def closed(out: Json) -> Json:
    """Close an object schema; a branch that adds properties of its own is closed over both sets."""
    if "properties" not in out:
        return out
    own = out["properties"]
    branches = [_closed_branch(branch, own) for branch in out.get("allOf", [])]
    added = {name for branch in branches for name in branch.get("then", {}).get("properties", {})}
    whole = {**own, **dict.fromkeys(sorted(added - own.keys()), True)}
    result = {**out, "properties": whole, "additionalProperties": False}
    return {**result, "allOf": branches} if branches else result


def _closed_branch(branch: Json, own: Json) -> Json:
    then = branch.get("then")
    if not isinstance(then, dict) or "properties" not in then:
        return branch
    names = {**dict.fromkeys(own, True), **then["properties"]}
    return {**branch, "then": {**then, "properties": names, "additionalProperties": False}}
