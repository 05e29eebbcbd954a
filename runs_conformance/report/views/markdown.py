"""Markdown for a job summary or an issue: whatever a target sent, it stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from runs_conformance.report import clients, editions, load
from runs_conformance.report.records import Outcome, Verdict
from runs_conformance.report.results import Results
from runs_conformance.report.text import escape, shorten
from runs_conformance.report.views.words import (
    OUTCOMES,
    UNSEEN,
    VERDICTS,
    alternatives,
    cases,
    footer_of,
    seen,
)

# GitHub takes a summary of 1 MiB at most; what does not fit is counted.
LONGEST: Final = 900_000
CELL: Final = 400
CURL: Final = 4_000
_SPECIAL: Final = re.compile(r"[\\`*_\[\]|~$#]|^[-+]|^\d+(?=[.)])")
# As references: backslashes don't keep these from becoming markup, mentions and links.
_REFERENCES: Final = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;", "://": "&#58;//", "www.": "www&#46;",
}
_SIGNS: Final = {"conforms": "✅", "does-not-conform": "❌", "could-not-run": "⚠️"}


def markdown(results: Results) -> str:
    """Counts first, then each failed requirement; at most LONGEST characters."""
    made: list[str] = []
    room = LONGEST
    blocks = list(_blocks(results))
    for number, block in enumerate(blocks):
        room -= len(block.encode()) + 1
        if room < 0:
            made.append(f"{len(blocks) - number} more parts don't fit here; results.jsonl has all of them.\n")
            break
        made.append(block)
    return "\n".join(made)


def _blocks(results: Results) -> Iterator[str]:
    summary, end, head = results.summary, footer_of(results), results.header
    yield f"## {_SIGNS[end.verdict]} {VERDICTS[end.verdict]}: {code(head.target)}\n"
    yield f"{plain(end.reason)}\n"
    cost = f"{end.requests:,} requests, {end.runs:,} runs, {end.seconds:.1f} s"
    yield f"{plain(head.tool)}, edition {head.edition}, profile {code(head.profile)}; {cost}.\n"
    yield f"{plain(editions.sentence(editions.editions(results.verdicts, head.edition)))}\n"
    for line in clients.lines(results.clients):
        yield f"{plain(line)}\n"
    yield from _cases(results)
    yield from _load(results)
    yield _chapters(results)
    yield from _section("Failed", map(_failure, summary.of(Outcome.FAILED)))
    yield from _section("Could not be tested", (
        f"- {plain(each.name)}: {plain(each.reason)} (blocks {len(each.requirements)}: "
        f"{_ids(each.requirements)})\n"
        for each in summary.causes
    ))
    yield from _section("Gaps file: to be mended", (
        f"- {code(each.id)} {plain(each.case)}: {plain(each.problem)}\n"
        for each in results.gaps if each.problem
    ))
    yield from _folded("Warnings and notes", map(_line, summary.of(Outcome.WARNING)))
    yield from _folded("Known gaps", map(_line, summary.of(Outcome.GAP)))
    yield from _folded("Not applicable", map(_line, summary.of(Outcome.NOT_APPLICABLE)))
    yield from _folded("Selected but not exercised", map(_line, summary.of(Outcome.NOT_TESTED)))


def _load(results: Results) -> Iterator[str]:
    if results.load is None:
        return
    yield "### Under load\n"
    for sentence in load.summary(results.load):
        yield f"{plain(sentence)}\n"
    rows = [load.HEADS, tuple("---" if not at else "---:" for at in range(len(load.HEADS)))]
    rows += [tuple(map(plain, load.cells(each))) for each in results.latencies]
    yield "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _chapters(results: Results) -> str:
    counted = results.summary.chapters
    shown = [
        one for one in Outcome
        if one in (Outcome.PASSED, Outcome.FAILED, Outcome.UNTESTABLE) or results.summary.count(one)
    ]
    rows = [
        ["chapter", *(OUTCOMES[one] for one in shown)],
        ["---", *("---:" for _ in shown)],
        *([plain(name), *(str(counts[one]) for one in shown)] for name, counts in counted.items()),
        ["**all**", *(f"**{results.summary.count(one)}**" for one in shown)],
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _section(title: str, blocks: Iterable[str]) -> Iterator[str]:
    found = list(blocks)
    if found:
        yield f"### {title}: {len(found)}\n"
        yield from found


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"<details><summary>{title}: {len(found)}</summary>\n\n{''.join(found)}\n</details>\n"


def _failure(verdict: Verdict) -> str:
    evidence = verdict.evidence
    title = f"#### {code(verdict.id)} {verdict.level} {plain(verdict.rq)}\n"
    lines = [title, f"{plain(verdict.statement)}\n"]
    fields = [("source", verdict.source), ("cases", cases(verdict))]
    if evidence:
        fields = [
            ("expected", alternatives(evidence.expected)), ("seen", evidence.actual),
            ("where", evidence.where), ("case", evidence.case), *fields,
        ]
    lines += [f"- {name}: {plain(value)}" for name, value in fields if value]
    if evidence and evidence.curl:
        lines.append(f"\n{fenced(shorten(evidence.curl, CURL))}")
    return "\n".join(lines) + "\n"


def _line(verdict: Verdict) -> str:
    told = f" ({plain(seen(verdict))})" if seen(verdict) else ""
    return f"- {code(verdict.id)} {verdict.level}: {plain(verdict.statement)}{told}\n"


def _ids(names: tuple[str, ...], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(code, names[:most])) + more


def plain(text: str) -> str:
    """Text that stays text, on one line: no markup, mention, link or picture of a target's."""
    shown = shorten(escape(text), CELL)
    for mark, reference in _REFERENCES.items():
        shown = shown.replace(mark, reference)
    return _SPECIAL.sub(_escaped, shown)


def _escaped(match: re.Match[str]) -> str:
    # `&#64;` and the like are ours by now.
    reference = match[0] == "#" and match.string[match.start() - 1 : match.start()] == "&"
    return match[0] if reference else match[0] + "\\" if match[0].isdecimal() else "\\" + match[0]


def code(text: str) -> str:
    """Text in backticks, more of them than stand in it; fit for a table's cell."""
    shown = shorten(escape(text), CELL).replace("|", "\\|")
    if not shown:
        return ""
    ticks = "`" * (_longest_run(shown) + 1)
    pad = " " if "`" in (shown[0], shown[-1]) else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fenced(text: str, language: str = "sh") -> str:
    shown = "\n".join(map(escape, text.split("\n")))
    fence = "`" * max(3, _longest_run(shown) + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


__all__ = ["UNSEEN", "code", "fenced", "markdown", "plain"]


def _cases(results: Results) -> Iterator[str]:
    """What clients made of the target, case by case, and what was amiss."""
    names, table = clients.matrix(results.cases)
    if not table:
        return
    yield "### What clients made of it\n"
    yield "| case | " + " | ".join(map(plain, names)) + " |"
    yield "| --- |" + " --- |" * len(names)
    for name, cells in table:
        signs = (clients.SIGNS.get(cell, "") for cell in cells)
        yield f"| {plain(name)} | " + " | ".join(signs) + " |"
    yield ""
    for each in results.cases:
        if each["outcome"] != "served" and each.get("why"):
            yield f"- {plain(each['client'])}, {plain(each['case'])}: {plain(each['why'])}"
    yield ""
