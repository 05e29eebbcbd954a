"""The badge, in the format of shields.io endpoints."""

from __future__ import annotations

import json
from typing import Final

from runs_conformance.report.records import Outcome
from runs_conformance.report.results import Results
from runs_conformance.report.views.words import footer_of

_COLOURS: Final = {"conforms": "brightgreen", "does-not-conform": "red", "could-not-run": "lightgrey"}


def badge(results: Results) -> str:
    """JSON as https://shields.io/badges/endpoint-badge wants it: how many of the tested rows passed."""
    summary, verdict = results.summary, footer_of(results).verdict
    gaps = summary.count(Outcome.GAP)
    warned = summary.count(Outcome.WARNING)
    stuck = summary.count(Outcome.UNTESTABLE)
    told = f"{summary.count(Outcome.PASSED)}/{summary.tested + stuck} passed"
    known = f", {gaps} known gap{'' if gaps == 1 else 's'}" if gaps else ""
    message = "could not run" if verdict == "could-not-run" else told + known
    colour = "yellow" if verdict == "conforms" and (gaps or warned) else _COLOURS[verdict]
    made = {"schemaVersion": 1, "label": "runs conformance", "message": message, "color": colour}
    if verdict != "conforms":
        made["isError"] = True
    return json.dumps(made) + "\n"
