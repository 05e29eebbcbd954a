"""The schemas of what is asked and answered: validity, violations, and the places that limit a value.

`variant` and `edition` are explained in `schema_variants`; an edition is an ISO date. Names are those of the
files in `schemas/`, with or without `.json`; an unknown one raises KeyError.
"""

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, cast

import jsonschema_rs
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from runs_conformance.contract.schema_store import (
    BASE,
    NEWEST,
    documents,
    event_file,
    file_name,
    period,
    referenced,
)
from runs_conformance.contract.schema_variants import VARIANTS, Json, Variant
from runs_conformance.contract.schema_walk import Site, walk
from runs_conformance.contract.violations import Violation, exact_validator, explain

__all__ = ["NEWEST", "VARIANTS", "Event", "Site", "Variant", "Violation"]
__all__ += ["events", "is_valid", "schema", "violations", "walk"]

# lone surrogates, infinite numbers, deep nesting: JSON texts hold them, the fast validator cannot read them
_UNREADABLE: Final = (UnicodeEncodeError, ValueError, OverflowError, RecursionError)
# So many answers are remembered, of objects of at most so many characters: a bounded price in memory.
_KEPT: Final = 4096
_KEPT_LENGTH: Final = 8192


@dataclass(frozen=True, slots=True)
class Event:
    """What a stream event carries.

    `schemas` are alternatives (the error object stands bare or wrapped), `status` the states its object may
    be in (empty: it has none), `literal` the data of an event that carries no JSON.
    """

    name: str
    schemas: tuple[str, ...]
    status: tuple[str, ...]
    literal: str | None


def schema(name: str, variant: Variant = "accepted", edition: str = NEWEST) -> Json:
    """Give a schema that stands by itself: the files it refers to are embedded under `$defs`."""
    docs = documents(variant, period(edition))
    own, *others = referenced(file_name(name), docs)
    return {**docs[own], "$defs": {other: docs[other] for other in others}}


def is_valid(name: str, instance: object, *, variant: Variant = "accepted", edition: str = NEWEST) -> bool:
    """Say fast whether `violations` would be empty."""
    start = period(edition)
    try:
        return _fast(file_name(name), variant, start).is_valid(instance)
    except _UNREADABLE:
        return not violations(name, instance, variant=variant, edition=edition)


def violations(
    name: str, instance: object, *, variant: Variant = "accepted", edition: str = NEWEST
) -> tuple[Violation, ...]:
    """Give every breach of schema `name` in `instance`, ordered by path."""
    try:
        text = json.dumps(instance)
    except _UNREADABLE:
        text = ""
    if text and len(text) <= _KEPT_LENGTH:
        return _explained(file_name(name), text, variant, period(edition))
    return _violations(file_name(name), instance, variant, period(edition))


@lru_cache(maxsize=_KEPT)
def _explained(name: str, text: str, variant: Variant, start: str) -> tuple[Violation, ...]:
    """Explaining costs a thousand times what deciding does, and several checks ask about one body."""
    return _violations(name, json.loads(text), variant, start)


def _violations(name: str, instance: object, variant: Variant, start: str) -> tuple[Violation, ...]:
    return explain(_precise(name, variant, start).iter_errors(cast("Any", instance)))


@cache
def events(edition: str = NEWEST) -> dict[str, Event]:
    """Give the stream events of an edition by name."""
    entries = event_file().items()
    return {name: _event(name, entry, edition) for name, entry in entries if entry["since"] <= edition}


def _event(name: str, entry: Json, edition: str) -> Event:
    until = entry.get("x-value-until", {})
    status = tuple(value for value in entry.get("status", ()) if edition < until.get(value, "9999"))
    found = tuple(entry[key].removesuffix(".json") for key in ("schema", "wrapped") if key in entry)
    return Event(name, found, status, entry.get("literal"))


@cache
def _fast(name: str, variant: Variant, start: str) -> jsonschema_rs.Draft202012Validator:
    docs = documents(variant, start)
    registry = jsonschema_rs.Registry([(BASE + file, doc) for file, doc in docs.items()])
    return jsonschema_rs.Draft202012Validator({"$ref": BASE + name}, registry=registry)


@cache
def _registry(variant: Variant, start: str) -> Registry[Any]:
    # a schema that names its dialect makes jsonschema change to its own validator, away from ours
    docs = documents(variant, start).items()
    plain = [(BASE + file, {key: doc[key] for key in doc if key != "$schema"}) for file, doc in docs]
    resources = [(uri, DRAFT202012.create_resource(doc)) for uri, doc in plain]
    return Registry[Any]().with_resources(resources).crawl()


@cache
def _precise(name: str, variant: Variant, start: str) -> Validator:
    return exact_validator({"$ref": BASE + name}, registry=_registry(variant, start))
