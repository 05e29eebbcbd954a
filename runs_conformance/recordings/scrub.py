"""Secrets out of everything that is kept of a recording: keys, cookies, organisations, projects.

The redactor of the reports does it; ids of organisations and projects are added, wherever they stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from runs_conformance.report.redact import Redactor

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
