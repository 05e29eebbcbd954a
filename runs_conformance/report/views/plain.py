"""The terminal report of a results file, and one JSON document of it."""

from __future__ import annotations

import json
from typing import Any

from runs_conformance.report import load
from runs_conformance.report.editions import editions
from runs_conformance.report.editions import sentence as editions_sentence
from runs_conformance.report.records import Cost, to_record
from runs_conformance.report.results import Results
from runs_conformance.report.terminal import render
from runs_conformance.report.text import escape
from runs_conformance.report.views.words import footer_of


def text(results: Results, *, width: int = 80, colour: bool = False, name: str = "") -> str:
    """What `check` printed."""
    end = footer_of(results)
    cost = Cost(requests=end.requests, runs=end.runs, seconds=end.seconds)
    notes = "".join(f"{lines_of(note.text)}\n\n" for note in results.notes)
    reason = end.reason.partition("): ")[2] if end.exit_code == 2 else ""
    loaded = f"{load.told(results.load, results.latencies)}\n" if results.load else ""
    return loaded + notes + render(
        results.summary, results.header, cost, width, colour, code=end.exit_code, reason=reason, results=name,
    )


def lines_of(text: str) -> str:
    return "\n".join(map(escape, text.split("\n")))


def as_json(results: Results) -> str:
    """One document.

    `header`, `footer`, `chapters`, `editions`, `requirements`, `gaps`, `clients`, `cases`, `notes`, `load`,
    `latencies`, and the `exchanges` that the evidence of a requirement points at, by id. Its parts are
    lines of schemas/result_line.json.
    """
    found = editions(results.verdicts, results.header.edition)
    wanted = [each.evidence.exchange for each in results.verdicts if each.evidence]
    made: dict[str, Any] = {
        "header": to_record("header", results.header),
        "footer": to_record("footer", footer_of(results)),
        "chapters": results.summary.chapters,
        "editions": {
            "met": found.met, "next": found.next, "between": found.between, "unseen": found.unseen,
            "absent": found.absent,
            "not_exercised": found.idle, "sentence": editions_sentence(found),
        },
        "requirements": [to_record("requirement", each, sparse=True) for each in results.verdicts],
        "gaps": [to_record("gap", each, sparse=True) for each in results.gaps],
        "clients": [to_record("client", each, sparse=True) for each in results.clients],
        "cases": [{key: each[key] for key in each if key != "kind"} for each in results.cases],
        "notes": [to_record("note", each, sparse=True) for each in results.notes],
        "load": to_record("load", results.load) if results.load else None,
        "latencies": [to_record("latency", each) for each in results.latencies],
        "exchanges": {name: results.exchanges[name] for name in wanted if name in results.exchanges},
    }
    return json.dumps(made, indent=1) + "\n"
