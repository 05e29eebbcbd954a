"""What a results file is shown as: one function a view, from `Results` to text. All tell the same counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from runs_conformance.report.results import Results
from runs_conformance.report.views.annotations import workflow_commands
from runs_conformance.report.views.badge import badge
from runs_conformance.report.views.junit import junit
from runs_conformance.report.views.markdown import markdown
from runs_conformance.report.views.page import html
from runs_conformance.report.views.plain import as_json, text

VIEWS: Final[dict[str, Callable[[Results], str]]] = {
    "text": text,
    "html": html,
    "junit": junit,
    "markdown": markdown,
    "json": as_json,
    "badge": badge,
    "annotations": workflow_commands,
}
