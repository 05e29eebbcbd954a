"""Cases from schemathesis' examples and coverage phases, without those that would show nothing new.

Coverage makes some hundreds of cases for one body. What a case can show is decided by what the schema says of
it: the places and keywords that it breaks, or, for a valid one, the place and the kind of value. A case that
has nothing new of this is not sent.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jsonschema_rs
from schemathesis import Case as Generated
from schemathesis.core import NotSet
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.drivers import CoverageGenerator, ExamplesGenerator
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.meta import CONTENT_TYPE_PROBES, CoveragePhaseData
from schemathesis.generation.overrides import Override

from runs_conformance.contract.schemas import schema
from runs_conformance.fuzzing.documents import Operation
from runs_conformance.fuzzing.shots import CONTRACT, name_of
from runs_conformance.openapi.table import PARTIAL, REQUESTS


def examples(operation: Operation) -> list[Generated[Any]]:
    """The document's own examples."""
    found = ExamplesGenerator(
        operation=operation, override=Override(), feedback=FeedbackSources(), fill_missing=True
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(found)


def coverage(operation: Operation) -> Iterator[Generated[Any]]:
    """Schemathesis' coverage phase of an operation, deterministic."""
    generation = operation.schema.config.generation_for(operation=operation, phase="coverage")
    yield from CoverageGenerator(
        operation=operation, generation_modes=generation.modes, generation_config=generation,
        auth_storage=None, override=Override(), feedback=FeedbackSources(),
    )  # fmt: skip


@dataclass
class Thinning:
    """Remembers what has been shown, over all operations: those that share a schema share that."""

    edition: str
    seen: set[tuple[Any, ...]] = field(default_factory=set)

    def new(self, case: Generated[Any]) -> bool:
        """Whether a case shows something that none before it did."""
        features = set(self._features(case))
        fresh = features - self.seen
        self.seen |= features
        return bool(fresh)

    def body(self, operation: str, body: Any) -> None:
        """Our own case has shown this."""
        self.seen |= set(self._of_body(operation, body))

    def _features(self, case: Generated[Any]) -> Iterator[tuple[Any, ...]]:
        name, meta = name_of(case.operation), case.meta
        data = meta.phase.data if meta is not None else None
        if meta is None or not isinstance(data, CoveragePhaseData):
            return
        if data.parameter_location is None:
            # wrong methods and media types: the framework's doing, alike on every path
            kind = data.scenario in CONTENT_TYPE_PROBES
            yield ("" if name in CONTRACT else name, kind, data.scenario, case.method if not kind else "")
        elif name not in CONTRACT:
            yield (name, data.parameter_location, data.parameter, data.scenario, data.location)
        elif data.parameter_location is ParameterLocation.BODY and not isinstance(case.body, NotSet):
            broken = list(self._of_body(name, case.body))
            yield from broken or [(REQUESTS.get(name, name), data.scenario, data.location or data.parameter)]
        elif data.parameter_location is ParameterLocation.QUERY:
            # a page's parameters are read by the same code wherever there are pages
            yield (data.parameter_location, data.parameter, data.scenario)

    def _of_body(self, operation: str, body: Any) -> Iterator[tuple[Any, ...]]:
        """The places and keywords that a body breaks, list indices as `*`."""
        if operation not in REQUESTS:
            return
        name = REQUESTS[operation]
        for path, keyword, missing in _broken(name, self.edition, body):
            if not (operation in PARTIAL and keyword == "required" and not path):
                yield (name, path, keyword, missing)


@cache
def _validator(name: str, edition: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(name, "documented", edition))


def _broken(name: str, edition: str, body: Any) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Path with `*` for an index, keyword, and what is missing.

    Told by the fast validator, for there are thousands of bodies and nobody reads this.
    """
    try:
        for error in _validator(name, edition).iter_errors(body):
            path = tuple("*" if isinstance(part, int) else str(part) for part in error.instance_path)
            keyword = str(error.schema_path[-1])
            yield path, keyword, error.message if keyword == "required" else ""
    except (UnicodeEncodeError, ValueError, OverflowError):
        yield (), "unreadable", ""  # lone surrogates and the like: one of them is enough here
