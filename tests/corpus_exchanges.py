"""The recordings as exchanges and traces, so that the checks can judge what the real service did."""

from functools import cache

import corpus

from runs_conformance.contract.model import Exchange
from runs_conformance.recordings import dates
from runs_conformance.recordings.files import read
from runs_conformance.recordings.recorded import Recorded
from runs_conformance.recordings.traffic import Call, call_of


@cache
def recordings() -> dict[str, tuple[str, tuple[Exchange, ...]]]:
    """Each recorded file with its edition and its exchanges of v2 in order."""
    files: dict[str, list[tuple[int, Call]]] = {}
    for entry in read(corpus.EXCHANGES) if corpus.EXCHANGES.is_file() else ():
        call = call_of(entry) if isinstance(entry, Recorded) else entry
        if isinstance(call, Call):
            number = int(call.exchange.id.rsplit("#", 1)[1])
            files.setdefault(call.session, []).append((number, call))
    found = {}
    for name, calls in files.items():
        ordered = [call for _, call in sorted(calls, key=lambda numbered: numbered[0])]
        found[name] = (dates.edition(ordered[0].day), tuple(call.exchange for call in ordered))
    return found
