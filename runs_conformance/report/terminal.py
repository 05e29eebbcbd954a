"""The report that a person reads in half a minute: printable text, whatever the target sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runs_conformance.report.clients import lines as client_lines
from runs_conformance.report.editions import editions
from runs_conformance.report.editions import sentence as editions_sentence
from runs_conformance.report.ending import exit_code, verdict_sentence
from runs_conformance.report.progress import Progress
from runs_conformance.report.records import Cost, Header, Outcome, Verdict
from runs_conformance.report.text import escape, paint, shorten, table, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runs_conformance.report.summary import RootCause, Summary

NARROWEST: Final = 60
WIDEST: Final = 110
LONGEST: Final = 600
LONGEST_CURL: Final = 2_000
NAMED: Final = 8
_COLUMNS: Final = (
    ("passed", (Outcome.PASSED,)),
    ("failed", (Outcome.FAILED,)),
    ("warned", (Outcome.WARNING,)),
    ("untestable", (Outcome.UNTESTABLE,)),
    ("gaps", (Outcome.GAP,)),
    ("n/a", (Outcome.NOT_APPLICABLE,)),
    ("not run", (Outcome.NOT_TESTED,)),
)
_ALWAYS: Final = ("passed", "failed", "untestable")
_STYLES: Final = {0: "good", 1: "bad", 2: "bad"}


def render(
    summary: Summary,
    header: Header,
    cost: Cost,
    width: int = 80,
    colour: bool = False,
    *,
    code: int | None = None,
    reason: str = "",
    results: str = "",
    sentences: tuple[str, ...] = (),
) -> str:
    """The whole report, ending in a newline.

    `code` and `reason` are the caller's when the run could not go on (2); by default they follow from the
    summary. `results` names the results file, if one was written; `sentences` stand for the usual verdict.
    """
    page = _Page(summary, header, cost, max(NARROWEST, min(width, WIDEST)), colour, results)
    ended = exit_code(summary) if code is None else code
    return "\n".join([*page.lines(cut_off=bool(reason)), *page.ending(ended, reason, sentences), ""])


@dataclass(frozen=True)
class _Page:
    summary: Summary
    header: Header
    cost: Cost
    width: int
    colour: bool
    results: str

    def lines(self, *, cut_off: bool) -> Iterator[str]:
        yield from self._head()
        yield from self._chapters()
        for verdict in self.summary.of(Outcome.FAILED):
            yield from self._failure(verdict)
        yield from self._warnings("Warnings (SHOULD)", "SHOULD")
        yield from self._warnings("Notes (MAY)", "MAY")
        yield from self._untestable()
        yield from self._gaps_to_mend()
        yield from self._grouped("Known gaps", Outcome.GAP)
        yield from self._grouped("Not applicable", Outcome.NOT_APPLICABLE)
        if not cut_off:
            yield from self._grouped("Selected but not exercised", Outcome.NOT_TESTED)
        yield from self._unseen()
        if not cut_off:
            yield ""
            yield from self._wrap(editions_sentence(editions(self.summary.verdicts, self.header.edition)))
            for line in client_lines(self.summary.clients):
                yield from self._wrap(line)

    def ending(self, code: int, reason: str, sentences: tuple[str, ...]) -> Iterator[str]:
        requests, runs = _many(self.cost.requests, "request"), _many(self.cost.runs, "run")
        cost = f"{requests}, {runs}, {self.cost.seconds:.1f} s"
        yield ""
        yield from self._wrap(f"It took {cost}." + (f" Results: {self.results}" if self.results else ""))
        for sentence in sentences or (verdict_sentence(self.summary, code, reason),):
            for line in self._wrap(sentence):
                yield paint(line, _STYLES[code], self.colour)

    def _head(self) -> Iterator[str]:
        head = self.header
        yield from self._wrap(f"{head.tool}: {head.target}", style="bold")
        rows = len(self.summary.verdicts)
        chosen = rows - self.summary.count(
            Outcome.NOT_SELECTED, Outcome.NOT_OBSERVABLE, Outcome.NOT_IN_EDITION
        )
        seed = "" if head.seed is None else f", seed {head.seed}"
        strict = ", strict" if head.strict else ""
        yield from self._wrap(
            f"edition {head.edition}, profile {head.profile}{seed}{strict}, "
            f"{chosen} of {_many(rows, 'requirement')} selected"
        )

    def _chapters(self) -> Iterator[str]:
        counted = [
            (name, [sum(counts[str(one)] for one in outcomes) for _, outcomes in _COLUMNS])
            for name, counts in self.summary.chapters.items()
        ]
        shown = [(name, numbers) for name, numbers in counted if any(numbers)]
        if not shown:
            return
        total = [sum(column) for column in zip(*(numbers for _, numbers in shown), strict=True)]
        kept = [place for place, (name, _) in enumerate(_COLUMNS) if total[place] or name in _ALWAYS]
        head = ("chapter", *(_COLUMNS[place][0] for place in kept))
        body = [
            (name, *(_cell(numbers[place]) for place in kept)) for name, numbers in [*shown, ("total", total)]
        ]
        first, *rest = table([head, *body], self.width)
        yield from ("", paint(first, "dim", self.colour), *rest)

    def _failure(self, verdict: Verdict) -> Iterator[str]:
        yield ""
        title = f"{paint('FAILED', 'bad', self.colour)} {paint(verdict.id, 'bold', self.colour)}"
        yield "  ".join([title, verdict.level, *([verdict.rq] if verdict.rq else [])])
        yield from self._wrap(verdict.statement, "  ")
        evidence = verdict.evidence
        if evidence is None:
            return
        labels = ["expected", *["or"] * len(evidence.expected)]
        for label, text in zip(labels, evidence.expected, strict=False):
            yield from self._field(label, text)
        yield from self._field("seen", evidence.actual)
        yield from self._field("where", evidence.where)
        yield from self._field("cases", _cases(verdict))
        yield from self._curl(evidence.curl, evidence.exchange)

    def _curl(self, curl: str, exchange: str) -> Iterator[str]:
        if len(curl) > LONGEST_CURL:
            place = self.results or "the results file (--results FILE)"
            yield from self._field(
                "curl", f"{len(curl):,} characters: it stands in {place}, exchange {exchange}"
            )
        elif curl:
            first, *rest = map(escape, curl.split("\n"))
            yield f"  {paint('curl'.ljust(9), 'dim', self.colour)}{first}"
            yield from rest

    def _warnings(self, title: str, level: str) -> Iterator[str]:
        found = [each for each in self.summary.of(Outcome.WARNING) if each.level == level]
        yield from self._title(title, len(found), "warn")
        for verdict in found:
            rq = f" {verdict.rq}" if verdict.rq else ""
            evidence = verdict.evidence
            seen = f" Seen: {_clean(evidence.actual)}" if evidence and evidence.actual else ""
            where = f" ({_clean(evidence.where)})" if evidence and evidence.where else ""
            yield from self._wrap(
                f"{verdict.id}{rq}: {_clean(verdict.statement)}{seen}{where} [{_share(verdict)}]", "  "
            )

    def _untestable(self) -> Iterator[str]:
        yield from self._title("Could not be tested", self.summary.count(Outcome.UNTESTABLE), "bad")
        broken = {each.id for each in self.summary.of(Outcome.FAILED)}
        for cause in self.summary.causes:
            yield from self._cause(cause, cause.name in broken)

    def _cause(self, cause: RootCause, failed: bool) -> Iterator[str]:
        name = _clean(cause.name) + (" (failed, see above)" if failed else "")
        parts = [part for part in (name, _clean(cause.reason)) if part]
        yield from self._wrap(f"{': '.join(parts) or 'no reason given'}", "  ")
        yield from self._wrap(
            f"blocks {_many(len(cause.requirements), 'requirement')}: {_names(cause.requirements)}", "    "
        )

    def _gaps_to_mend(self) -> Iterator[str]:
        yield from self._title("Gaps file: to be mended", len(self.summary.to_mend), "bad")
        for gap in self.summary.to_mend:
            name = f"{gap.id} {_clean(gap.case)}".strip()
            yield from self._wrap(f"{gap.state} {name}: {_clean(gap.problem)}", "  ")

    def _grouped(self, title: str, outcome: Outcome) -> Iterator[str]:
        found = self.summary.of(outcome)
        yield from self._title(title, len(found), "bold")
        groups: dict[str, list[str]] = {}
        for verdict in found:
            groups.setdefault(_clean(verdict.reason) or "nothing in this run led there", []).append(
                verdict.id
            )
        for reason, names in sorted(groups.items(), key=lambda item: -len(item[1])):
            yield from self._wrap(f"{len(names)} {reason}: {_names(tuple(names))}", "  ")

    def _unseen(self) -> Iterator[str]:
        counts = [
            (self.summary.count(Outcome.NOT_SELECTED), "not selected"),
            (self.summary.count(Outcome.NOT_OBSERVABLE), "not observable on the wire"),
            (self.summary.count(Outcome.NOT_IN_EDITION), "not in this edition"),
        ]
        told = [f"{count} {name}" for count, name in counts if count]
        if told:
            yield ""
            yield from self._wrap(f"Not looked at: {', '.join(told)}.")

    def _title(self, title: str, count: int, style: str) -> Iterator[str]:
        if count:
            yield ""
            yield paint(f"{title}: {count}", style, self.colour)

    def _field(self, label: str, text: str) -> Iterator[str]:
        if text:
            first, *rest = wrap(_clean(text), self.width, " " * 11)
            yield f"  {paint(label.ljust(9), 'dim', self.colour)}{first[11:]}"
            yield from rest

    def _wrap(self, text: str, indent: str = "", style: str = "") -> Iterator[str]:
        for line in wrap(escape(text), self.width, indent, indent + "  " if indent else ""):
            yield paint(line, style, self.colour) if style else line


def _clean(text: str) -> str:
    return shorten(escape(text), LONGEST)


def _cell(count: int) -> str:
    return str(count) if count else "-"


def _many(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def _share(verdict: Verdict) -> str:
    return f"{verdict.failed} of {_many(verdict.failed + verdict.passed, 'case')}"


def _cases(verdict: Verdict) -> str:
    shown = f"shown: {verdict.evidence.case}" if verdict.evidence and verdict.evidence.case else ""
    more = verdict.failed - 1 - len(verdict.others)
    others = [*verdict.others, *([f"{more} more"] if more > 0 and verdict.others else [])]
    also = f"also: {', '.join(others)}" if others else ""
    return f"{_share(verdict)} failed" + "".join(f"; {part}" for part in (shown, also) if part)


def _names(names: tuple[str, ...]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


__all__ = ["Progress", "render"]
