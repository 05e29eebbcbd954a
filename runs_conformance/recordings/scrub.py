"""Secrets out of everything that is kept of a recording: keys, cookies, organisations, projects.

The redactor of the reports does it; ids of organisations and projects are added, wherever they stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from runs_conformance.contract.model import Request
from runs_conformance.recordings.marks import marked
from runs_conformance.report.redact import Redactor, carries_secret

_HOUSE: Final = re.compile(r"\b(?:org|proj)[-_][A-Za-z0-9]{10,}\b|\buser-[A-Za-z0-9]{16,}\b")


@dataclass(frozen=True)
class Scrubber(Redactor):
    """A Redactor that also hides the ids of an organisation, a project or a user."""

    def text(self, text: str) -> str:
        return _HOUSE.sub(self.marker, super().text(text))

    def data(self, data: bytes) -> bytes:
        """Bytes of the same length: each secret is overwritten by asterisks."""
        plain = data.decode("latin-1")
        for pattern in self.patterns:
            plain = pattern.sub(self._starred, plain)
        return plain.encode("latin-1")

    def _starred(self, match: re.Match[str]) -> str:
        shown = any(match[0] in made_up for made_up in self.public)
        return match[0] if shown else "*" * len(match[0])

    @property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        return (*super().patterns, _HOUSE)


SCRUBBED: Final = Scrubber()
# Keys that were seen lately, and how long one is at least.
MOST_KEYS: Final = 64
SHORTEST_KEY: Final = 8


@dataclass
class Keys:
    """The credentials that recorded requests carried: whatever echoes one of them is hidden from then on."""

    scrubber: Scrubber = SCRUBBED
    _seen: dict[str, None] = field(default_factory=dict)

    def learn(self, request: Request) -> None:
        lines = (*request.headers.lines, *request.query)
        found = (value.strip().rpartition(" ")[2] for name, value in lines if carries_secret(name))
        new = [one for one in found if len(one) >= SHORTEST_KEY and one not in self._seen and not marked(one)]
        if new:
            self._seen.update(dict.fromkeys(new))
            while len(self._seen) > MOST_KEYS:
                del self._seen[next(iter(self._seen))]
            self.scrubber = Scrubber(tuple(self._seen))
