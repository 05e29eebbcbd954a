"""The reference target as the gateways' upstream: python upstream.py PORT KEY [KEY ...].

As `runs-conformance serve`, but it knows only the keys named here, so that a gateway that loses or invents
one is seen; and it asks pollers to come back soon, so that a gateway that polls for its client is quick.
"""

import sys
from collections.abc import Sequence

from runs_conformance.reference.options import ReferenceOptions
from runs_conformance.reference.server import serve

POLL_AFTER_MS = 10


def options(keys: Sequence[str]) -> ReferenceOptions:
    return ReferenceOptions(keys=frozenset(keys), poll_after_ms=POLL_AFTER_MS)


if __name__ == "__main__":
    serve("127.0.0.1", int(sys.argv[1]), options(sys.argv[2:]))
