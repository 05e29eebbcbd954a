"""Break a valid object at one site of its schema, in every way the site's keyword knows."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runs_conformance.contract.schemas import Site

SAMPLES: Mapping[str, Any] = {
    "null": None,
    "boolean": True,
    "integer": 7,
    "number": 0.5,
    "string": "word",
    "array": [],
    "object": {},
}
FAR = "no such value"
Concrete = tuple[str | int, ...]


@dataclass(frozen=True)
class Mutation:
    value: Any
    path: Concrete
    keyword: str
    property: str | None = None


def label(site: Site) -> str:
    conditions = ",".join(f"{'.'.join(path)}={value}" for path, value in site.when.items())
    return f"/{'/'.join(site.path)} {site.keyword}" + (f" [{conditions}]" if conditions else "")


def mutations(site: Site, value: Any) -> Iterator[Mutation]:
    """Give the broken copies; none when `value` does not reach the site."""
    for path in places(site, value):
        for broken, name in _broken(site, get(value, path)):
            yield Mutation(put(value, path, broken), path, site.keyword, name)


def places(site: Site, value: Any) -> list[Concrete]:
    """Give the concrete paths at which the site holds in `value`."""
    return [path for path in _concrete(site.path, value) if _applies(site, path, value)]


def get(value: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        value = value[step]
    return value


def put(value: Any, path: Concrete, new: Any) -> Any:
    if not path:
        return new
    whole = copy.deepcopy(value)
    get(whole, path[:-1])[path[-1]] = new
    return whole


def _concrete(pattern: tuple[str, ...], value: Any) -> Iterator[Concrete]:
    if not pattern:
        yield ()
        return
    for step in _steps(pattern[0], value):
        for rest in _concrete(pattern[1:], value[step]):
            yield (step, *rest)


def _steps(step: str, value: Any) -> Iterable[Any]:
    if isinstance(value, list):
        return range(len(value)) if step == "*" else ()
    if not isinstance(value, dict):
        return ()
    return list(value) if step == "*" else [step] * (step in value)


def _applies(site: Site, path: Concrete, value: Any) -> bool:
    for pattern, wanted in site.when.items():
        place = [path[i] if step == "*" else step for i, step in enumerate(pattern)]
        parent = get(value, place[:-1])
        if not isinstance(parent, dict) or parent.get(place[-1]) != wanted:
            return False
    return True


def _broken(site: Site, value: Any) -> Iterator[tuple[Any, str | None]]:
    limit: Any = site.limit
    match site.keyword:
        case "type":
            yield from ((sample, None) for sample in _of_other_types(limit))
        case "required" if isinstance(value, dict):
            names = [name for name in limit if name in value]
            yield from (({k: v for k, v in value.items() if k != name}, name) for name in names)
        case "additionalProperties" if isinstance(value, dict):
            yield {**value, "surplus": 1}, "surplus"
        case "propertyNames":
            name = "n" * (limit["maxLength"] + 1)
            yield {name: "x"}, name
        case "oneOf" if isinstance(value, dict):
            yield {}, None
            yield {branch["required"][0]: [] for branch in limit}, None
        case _:
            yield from ((sample, None) for sample in _beyond(site.keyword, limit))


def _of_other_types(limit: Any) -> Iterator[Any]:
    allowed = {limit} if isinstance(limit, str) else set(limit)
    allowed |= {"integer"} if "number" in allowed else set()
    yield from (sample for kind, sample in SAMPLES.items() if kind not in allowed)


def _beyond(keyword: str, limit: Any) -> list[Any]:
    return [_BEYOND[keyword](limit)] if keyword in _BEYOND else []


_BEYOND: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("enum", "const", "pattern"), lambda _: FAR),
    "minimum": lambda limit: limit - 1,
    "maximum": lambda limit: limit + 1,
    "minLength": lambda _: "",
    "maxLength": lambda limit: "x" * (limit + 1),
    "minItems": lambda _: [],
    "maxItems": lambda limit: ["x"] * (limit + 1),
    "maxProperties": lambda limit: {f"k{i}": "v" for i in range(limit + 1)},
}
