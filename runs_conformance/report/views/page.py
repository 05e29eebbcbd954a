"""The HTML report: one file, no outside resources, nothing that a target sent reaches it as markup."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from runs_conformance.contract.register import LEVELS
from runs_conformance.report import clients, editions, load
from runs_conformance.report.records import Outcome, Record, Verdict
from runs_conformance.report.results import Results
from runs_conformance.report.text import escape
from runs_conformance.report.views import evidence
from runs_conformance.report.views.pictures import Grid, grids
from runs_conformance.report.views.plots import plots
from runs_conformance.report.views.words import OUTCOMES, URGENT, VERDICTS, alternatives, cases, footer_of

# A page that a phone still opens: characters of exchanges; the rest is named and stands in results.jsonl.
LONGEST: Final = 3_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement on the page. `left_out` is the id of an exchange for which there was no room."""

    verdict: Verdict
    cases: str
    expected: str
    exchange: evidence.Shown | None
    left_out: str
    others: tuple[evidence.Other, ...]
    held: tuple[str, ...]


def html(results: Results) -> str:
    """The page in ASCII, the rest as references: so it is right in whatever encoding it is written."""
    end = footer_of(results)
    summary = results.summary
    found = [(outcome, summary.count(outcome)) for outcome in OUTCOMES if summary.count(outcome)]
    page = environment().get_template("report.html").render(
        head=results.header,
        end=end,
        title=VERDICTS[end.verdict],
        reason=end.reason.partition("): ")[2] or end.reason,
        summary=summary,
        outcomes=found,
        words=OUTCOMES,
        levels=[(level, sum(summary.levels[level].values())) for level in LEVELS],
        urgent=sum(summary.count(one) for one in URGENT),
        editions=editions.sentence(editions.editions(results.verdicts, results.header.edition)),
        clients=results.clients,
        client_names=clients.matrix(results.cases)[0],
        client_cases=clients.matrix(results.cases)[1],
        client_signs=clients.SIGNS,
        client_troubles=[each for each in results.cases if each["outcome"] != "served"],
        client_words=clients.sentence(results.clients),
        load=load.summary(results.load) if results.load else (),
        latency_heads=load.HEADS,
        latencies=[load.cells(each) for each in results.latencies],
        plots=plots(results.latencies),
        grids=_grids(results),
        rows=list(_rows(results)),
        notes=results.notes,
        chapters=list(summary.chapters),
        shown_outcomes=[one for one in Outcome if summary.count(one)],
    )
    return page.encode("ascii", "xmlcharrefreplace").decode()


def _grids(results: Results) -> tuple[Grid, ...]:
    return grids(results.verdicts, list(results.summary.chapters))


def _rows(results: Results) -> Iterator[Row]:
    """Each verdict with its evidence; exchanges as long as there is room, the failed rows' first."""
    found = _by_requirement(results.findings)
    room = LONGEST
    shown: dict[str, evidence.Shown | None] = {}
    order = [one for outcome in URGENT for one in results.summary.of(outcome)]
    for verdict in order:
        told = verdict.evidence
        record = results.exchanges.get(told.exchange) if told else None
        made = evidence.exchange(record, told.event) if told and record else None
        room -= _size(made)
        shown[verdict.id] = made if room >= 0 else None
    for verdict in results.verdicts:
        yield _row(verdict, shown.get(verdict.id), found.get(verdict.id, []))


def _row(verdict: Verdict, shown: evidence.Shown | None, findings: Sequence[Record]) -> Row:
    told = verdict.evidence
    return Row(
        verdict=verdict,
        cases=cases(verdict) if verdict.passed or verdict.failed else "",
        expected=alternatives(told.expected) if told else "",
        exchange=shown,
        left_out=told.exchange if told and told.exchange and shown is None else "",
        others=evidence.others(verdict, [one for one in findings if one["outcome"] == "failed"]),
        held=_held(findings),
    )


def _held(findings: Sequence[Record]) -> tuple[str, ...]:
    """Some of the cases in which the row held, by name."""
    named = (one.get("case", "") for one in findings if one["outcome"] == "passed")
    return tuple(dict.fromkeys(name for name in named if name))[: evidence.OTHERS]


def _by_requirement(findings: Sequence[Record]) -> Mapping[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for each in findings:
        groups.setdefault(each["requirement"], []).append(each)
    return groups


def _size(shown: evidence.Shown | None) -> int:
    """About how many characters an exchange takes on the page."""
    if shown is None:
        return 0
    parts = [shown.request.body, shown.answer.body if shown.answer else ""]
    return sum(map(len, parts)) + sum(len(each.data) + 500 for each in shown.events) + 2_000


def clean(value: Any) -> Any:
    """Every string that a template writes: controls and bidi marks spelled out, lines and tabs kept."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "\n".join("\t".join(map(escape, line.split("\t"))) for line in value.split("\n"))


@lru_cache(maxsize=1)
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("runs_conformance.report"), autoescape=True, finalize=clean,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )
    made.globals["part"] = _part
    made.globals["digest"] = _digest
    made.filters["slug"] = lambda text: "".join(letter if letter.isalnum() else "-" for letter in str(text))
    return made


def _part(name: str) -> Markup:
    """A file of the templates' folder as it is: our own style and script."""
    loader = environment().loader
    assert loader is not None
    return Markup(loader.get_source(environment(), name)[0])  # noqa: S704 - our own file


def _digest(text: str) -> str:
    """What the page's policy allows to run: this script and no other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
