"""The catalogue of faults: ways in which a server can be wrong, each small, named and told in a sentence.

`CATALOGUE` holds them by name: those written by hand, by kind, and those derived from the request schemas. A fault
is given to a reference target by `ReferenceOptions(faults=(CATALOGUE[name],))`, or by `serve --fault NAME`.
"""

from __future__ import annotations

from runs_conformance.reference.faults.catalogue import CATALOGUE, HAND_MADE, UnknownFaultError, named

__all__ = ["CATALOGUE", "HAND_MADE", "UnknownFaultError", "named"]
