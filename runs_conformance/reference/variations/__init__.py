"""What a correct server may do otherwise: each variation alone, or any compatible ones together.

Importing this package registers them all.
"""

from __future__ import annotations

from runs_conformance.reference.variations import (
    absences,
    answers,
    editions,
    framing,
    leniency,
    lifecycle,
    manners,
    model,
    refusing,
    settings,
    streams,
    texts,
    throttling,
    wire,
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
    wire,
    throttling,
    manners,
    absences,
    leniency,
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
