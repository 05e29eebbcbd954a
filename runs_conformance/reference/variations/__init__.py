"""What a correct server may do otherwise: each variation alone, or any compatible ones together.

Importing this package registers them all; the order of the imports is the order in which they are applied.
"""

from __future__ import annotations

from runs_conformance.reference.variations import (  # noqa: I001 - wrappers registered first go around the others
    wire,
    throttling,
    manners,
    absences,
    editions,
    answers,
    settings,
    texts,
    refusing,
    lifecycle,
    model,
    streams,
    framing,
)
from runs_conformance.reference.variations.variation import (
    UnknownVariationError,
    Variation,
    chosen,
    compatible,
    every,
    named,
    options_for,
    profile_for,
)

MODULES = (
    wire, throttling, manners, absences, editions, answers, settings, texts, refusing, lifecycle, model, streams, framing,
)

__all__ = [
    "MODULES",
    "UnknownVariationError",
    "Variation",
    "chosen",
    "compatible",
    "every",
    "named",
    "options_for",
    "profile_for",
]
