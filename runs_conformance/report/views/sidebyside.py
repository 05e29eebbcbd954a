"""A matrix as text, Markdown, JSON and a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from runs_conformance.report.matrix import Cell, Line, Matrix
from runs_conformance.report.records import Outcome, to_record
from runs_conformance.report.text import columns, escape, shorten, table, wrap
from runs_conformance.report.views.markdown import code, plain
from runs_conformance.report.views.page import environment
from runs_conformance.report.views.words import OUTCOMES, VERDICTS, footer_of

SHORT: Final = {
    Outcome.PASSED: "ok", Outcome.FAILED: "FAIL", Outcome.WARNING: "warn", Outcome.UNTESTABLE: "stuck",
    Outcome.GAP: "gap", Outcome.NOT_APPLICABLE: "n/a", Outcome.NOT_TESTED: "-", Outcome.NOT_SELECTED: ".",
    Outcome.NOT_OBSERVABLE: ".", Outcome.NOT_IN_EDITION: ".", None: "",
}
NAME: Final = 28
_LEGEND: Final = (
    "ok passed, warn a SHOULD or MAY broken, stuck could not be tested, - not exercised, . not looked at"
)


def text(found: Matrix, width: int = 80, every: bool = False) -> str:
    """Chapters first, then the requirements in which the targets differ (or all of them)."""
    return "\n".join([*_text(found, width, every), ""])


def _text(found: Matrix, width: int, every: bool) -> Iterator[str]:
    shown = lines_of(found, every)
    names, legend = _heads(found, shown, width)
    yield from legend
    yield from table([
        ("passed of decided", *names),
        *((chapter, *map(share, cells)) for chapter, cells in found.chapters),
        ("total", *map(share, found.totals)),
        ("exit code", *(str(footer_of(each).exit_code) for each in found.results)),
    ], width)
    yield ""
    yield f"{len(shown)} of {len(found.lines)} requirements" + ("" if every else " in which they differ")
    if shown:
        yield from table([
            ("requirement", *names), *((each.id, *(SHORT[one] for one in each.outcomes)) for each in shown),
        ], width)
    yield ""
    yield from wrap(_LEGEND, width)


def _heads(found: Matrix, shown: list[Line], width: int) -> tuple[list[str], list[str]]:
    """The columns' heads: names if there is room for them, else numbers and the lines that explain them."""
    names = [shorten(escape(name), NAME) for name in found.names]
    first = max(map(len, ("passed of decided", *(each.id for each in shown))))
    if first + sum(columns(name) + 2 for name in names) <= width:
        return names, []
    numbers = [str(at) for at, _ in enumerate(names, 1)]
    return numbers, [*(f"{at} = {name}" for at, name in zip(numbers, names, strict=True)), ""]


def share(cell: Cell) -> str:
    return f"{cell.passed}/{cell.decided}" if cell.decided else "-"


def lines_of(found: Matrix, every: bool) -> list[Line]:
    return [each for each in found.lines if every or not each.agreed]


def markdown(found: Matrix, every: bool = False) -> str:
    names = [code(shorten(name, NAME)) for name in found.names]
    rule = ["---", *("---:" for _ in names)]
    rows = [
        ["passed of decided", *names], rule,
        *([chapter, *map(share, cells)] for chapter, cells in found.chapters),
        ["**total**", *(f"**{share(each)}**" for each in found.totals)],
        ["verdict", *(footer_of(each).verdict for each in found.results)],
    ]
    shown = lines_of(found, every)
    more = [
        ["requirement", *names], ["---", *("---" for _ in names)],
        *([code(each.id), *(OUTCOMES[one] if one else "" for one in each.outcomes)] for each in shown),
    ]
    title = "All requirements" if every else "Requirements in which they differ"
    return f"{_rows(rows)}\n### {plain(title)}: {len(shown)}\n\n{_rows(more)}"


def _rows(rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def as_json(found: Matrix, every: bool = True) -> str:
    """`targets`, `chapters` ([passed, decided] a target) and `requirements` (an outcome a target)."""
    made = {
        "targets": [
            {"name": name, "header": to_record("header", each.header), "verdict": footer_of(each).verdict}
            for name, each in zip(found.names, found.results, strict=True)
        ],
        "chapters": {
            chapter: [[cell.passed, cell.decided] for cell in cells] for chapter, cells in found.chapters
        },
        "requirements": {each.id: each.outcomes for each in lines_of(found, every)},
    }
    return json.dumps(made, indent=1) + "\n"


def html(found: Matrix, every: bool = True) -> str:
    page = environment().get_template("matrix.html").render(
        found=found, ends=[footer_of(each) for each in found.results], share=share, words=OUTCOMES,
        verdicts=VERDICTS, short=SHORT, lines=lines_of(found, every),
        differing=sum(not each.agreed for each in found.lines),
    )
    return page.encode("ascii", "xmlcharrefreplace").decode()
