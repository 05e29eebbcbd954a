"""Say precisely what is wrong with an object: where, by which keyword, and what is allowed there."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry

Path = tuple[str | int, ...]

_ORDER: Final = ("type", "required", "additionalProperties")
# An object can be wrong in 100,000 places; explaining one costs some 50 microseconds, for nobody.
MOST_ERRORS: Final = 1_000
# From so many on not all may have been looked at (one place may break several keywords).
TOO_MANY: Final = MOST_ERRORS // 4


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of a schema.

    `path` leads to the value. For `required`, `additionalProperties` and `propertyNames` it leads to the
    object and `property` is the missing, unknown or bad name. `limit` is the keyword's value in the schema,
    `value` what stands at `path`, `message` what is allowed there.
    """

    path: Path
    keyword: str
    limit: object
    message: str
    value: object
    property: str | None = None


def explain(errors: Iterable[ValidationError]) -> tuple[Violation, ...]:
    """Turn validation errors into violations, ordered by path, each breach once; of the first MOST_ERRORS."""
    found: dict[tuple[Path, str, str | None], Violation] = {}
    for error in islice(errors, MOST_ERRORS):
        for violation in _violations(error):
            found.setdefault((violation.path, violation.keyword, violation.property), violation)
    mistyped = {violation.path for violation in found.values() if violation.keyword == "type"}
    kept = (v for v in found.values() if v.keyword == "type" or v.path not in mistyped)
    return tuple(sorted(kept, key=_position))


def describe(keyword: str, limit: object) -> str:
    """Say in a few words what `keyword` with `limit` allows."""
    return _WORDS[keyword](limit) if keyword in _WORDS else f"must satisfy {keyword} {limit}"


def _violations(error: ValidationError) -> Iterator[Violation]:
    path: Path = tuple(error.absolute_path)
    keyword, limit, value = str(error.validator), error.validator_value, error.instance
    if "propertyNames" in error.absolute_schema_path:
        words = f"each name {describe(keyword, limit)}"
        yield Violation(path, "propertyNames", {keyword: limit}, words, value, str(value))
    elif keyword in ("required", "additionalProperties"):
        for name in _named(error):
            yield Violation(path, keyword, limit, f"{_NAMED[keyword]} {name!r}", value, name)
    else:
        yield Violation(path, keyword, limit, describe(keyword, limit), value)


def _named(error: ValidationError) -> Iterator[str]:
    value: Any = error.instance
    if error.validator == "required":
        limit: Any = error.validator_value
        yield from (name for name in limit if name not in value)
    else:
        schema: Any = error.schema
        yield from (name for name in value if name not in schema.get("properties", {}))


def _position(violation: Violation) -> tuple[object, ...]:
    steps = [_sortable(step) for step in violation.path]
    rank = _ORDER.index(violation.keyword) if violation.keyword in _ORDER else len(_ORDER)
    return steps, rank, violation.keyword, violation.property or ""


def _sortable(step: str | int) -> tuple[bool, str]:
    return (True, step) if isinstance(step, str) else (False, f"{step:09}")


def _listed(values: Any) -> str:
    words = [str(value).lower() if value is None else str(value) for value in values]
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _types(limit: Any) -> str:
    return f"must be of type {_listed([limit] if isinstance(limit, str) else limit)}"


def _one_of(limit: Any) -> str:
    return f"must have exactly one of {_listed([name for branch in limit for name in branch['required']])}"


_NAMED: Final = {"required": "must have", "additionalProperties": "must not have"}
_WORDS: Final[Mapping[str, Callable[[Any], str]]] = {
    "type": _types,
    "enum": lambda limit: f"must be one of {_listed(['null' if v is None else v for v in limit])}",
    "const": lambda limit: f"must be {limit}",
    "minimum": lambda limit: f"must be at least {limit}",
    "maximum": lambda limit: f"must be at most {limit}",
    "minLength": lambda limit: f"must have at least {limit} characters",
    "maxLength": lambda limit: f"must have at most {limit} characters",
    "minItems": lambda limit: f"must have at least {limit} entries",
    "maxItems": lambda limit: f"must have at most {limit} entries",
    "maxProperties": lambda limit: f"must have at most {limit} pairs",
    "pattern": lambda limit: f"must match {limit}",
    "oneOf": _one_of,
}


def _pattern(validator: Validator, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """Read `$` as JSON Schema's regular expressions do: the very end, not also before a final line feed."""
    exact = f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern
    if validator.is_type(instance, "string") and not re.search(exact, instance):
        yield ValidationError("no match")


def _number(_checker: object, instance: object) -> bool:
    """Python's JSON parser lets NaN and Infinity through, which are no JSON numbers.

    An integer of 400 digits is one, and can't be asked whether it is finite.
    """
    if isinstance(instance, float):
        return math.isfinite(instance)
    return isinstance(instance, int) and not isinstance(instance, bool)


_Exact: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("number", _number),
)


def exact_validator(schema: Mapping[str, Any], registry: Registry[Any]) -> Validator:
    validator: Validator = _Exact(schema, registry=registry)
    return validator
