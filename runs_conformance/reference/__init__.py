"""The reference target: an in-memory server that speaks the contract as the real service was recorded to.

`create_app` gives the ASGI app, `serve` blocks, `running` is a context manager yielding a base URL.
"""

from __future__ import annotations

from runs_conformance.reference.app import create_app
from runs_conformance.reference.options import Chunking, ReferenceOptions
from runs_conformance.reference.server import running, serve

__all__ = ["Chunking", "ReferenceOptions", "create_app", "running", "serve"]
