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


SCRUBBED: Final = Scrubber()
