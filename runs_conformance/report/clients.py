"""The second verdict: which clients can live with a target, from rows that say what a client needs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from runs_conformance.contract.register import Requirement
from runs_conformance.report.records import ClientVerdict, Outcome, Verdict

# A known gap is broken for the client all the same.
BREAKS: Final = (Outcome.FAILED, Outcome.WARNING, Outcome.GAP)
HOLDS: Final = (Outcome.PASSED,)


def client_verdicts(rows: Iterable[Requirement], verdicts: Sequence[Verdict]) -> tuple[ClientVerdict, ...]:
    """One verdict for each client that a row names under `clients`; none while no row names any."""
    by_id = {each.id: each for each in verdicts}
    needs: dict[str, list[str]] = {}
    for row in rows:
        for client in row.clients if row.id in by_id else ():
            needs.setdefault(client, []).append(row.id)
    return tuple(_verdict(client, tuple(ids), by_id) for client, ids in sorted(needs.items()))


def _verdict(client: str, needs: tuple[str, ...], verdicts: Mapping[str, Verdict]) -> ClientVerdict:
    broken = tuple(each for each in needs if verdicts[each].outcome in BREAKS)
    undecided = tuple(each for each in needs if verdicts[each].outcome not in (*BREAKS, *HOLDS))
    verdict = "breaks" if broken else "unknown" if undecided else "works"
    return ClientVerdict(client=client, verdict=verdict, needs=needs, broken=broken, undecided=undecided)


def sentence(found: Sequence[ClientVerdict]) -> str:
    """The clients by verdict, "" when the register says of none what it needs."""
    groups = {name: [each.client for each in found if each.verdict == name] for name in _WORDS}
    return " ".join(f"{_WORDS[name]}: {', '.join(names)}." for name, names in groups.items() if names)


_WORDS: Final = {
    "works": "Clients that can live with it", "breaks": "Clients that it breaks",
    "unknown": "Clients of which too little was seen",
}
