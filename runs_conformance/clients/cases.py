"""One thing that a client did with a target: a value that it sent, or a scenario that it went through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

MOST_TOLD: Final = 12
# served: it works for the client's users; refused: it does not; kept: refused as the contract demands, which
# leaves the users without it all the same; wrong: the client made something else of it than was on the wire;
# known: so, and there is a source for it; skipped: not tried.
OUTCOMES: Final = ("served", "refused", "kept", "wrong", "known", "skipped")


@dataclass(frozen=True, slots=True)
class ClientCase:
    """`case` is what was sent or gone through, `why` a sentence, `exchange` the id of what was seen."""

    client: str
    case: str
    outcome: str
    why: str = ""
    exchange: str = ""

    @property
    def record(self) -> dict[str, Any]:
        """A line of the results file; empty fields are left out."""
        return {"kind": "client_case", **{name: held for name, held in asdict(self).items() if held}}

    def hidden(self, hide: Callable[[str], str]) -> ClientCase:
        """The same without secrets."""
        return replace(self, why=hide(self.why))

    @classmethod
    def of(cls, record: dict[str, Any]) -> ClientCase:
        return cls(**{name: held for name, held in record.items() if name != "kind"})


def told(cases: Sequence[ClientCase]) -> Iterator[str]:
    """What became of a client's cases, in sentences; what did not work is named, at most MOST_TOLD a kind."""
    if not cases:
        return
    served = sum(one.outcome == "served" for one in cases)
    yield f"As {cases[0].client}: {served} of {len(cases)} cases are served."
    for outcome, words in (
        ("refused", "Refused, and its users need it"), ("kept", "Refused, as the contract demands or allows"),
    ):
        some = [one for one in cases if one.outcome == outcome]
        for one in some[:MOST_TOLD]:
            yield f"{words}: {one.case}" + (f" ({one.why})." if one.why else ".")
        if len(some) > MOST_TOLD:
            yield f"{words}: {len(some) - MOST_TOLD} more."
