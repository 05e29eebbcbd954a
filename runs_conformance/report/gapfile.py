"""The gaps file: read strictly, and written from a run with its comments and order kept.

[[gap]]
id = "refuse.temperature.range"     # a requirement
case = "temperature 2.01"           # only this case of it; without it, all
reason = "passed on unchecked"
issue = "https://example.com/12"
until = 2027-01-31                  # the last day on which it covers
generated = true                    # only what Hypothesis makes up breaks it
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from runs_conformance.contract.findings import Finding, Outcome
from runs_conformance.contract.register import Register
from runs_conformance.report.gaps import closest
from runs_conformance.report.records import Gap, Verdict
from runs_conformance.report.records import Outcome as RowOutcome
from runs_conformance.report.text import escape, shorten

KEYS: Final = ("id", "case", "reason", "issue", "until", "generated")
# How long a new entry covers, in days, until somebody decides.
DAYS: Final = 90
REASON: Final = 160
_HEAD: Final = "Known gaps: each entry is a requirement that this target does not meet yet."


class GapsError(ValueError):
    """A gaps file that can't be used; the text says which entry and what to write instead. Exit code 2."""


def read(path: Path, register: Register, *, missing_ok: bool = False) -> tuple[Gap, ...]:
    """The entries of a file; GapsError for what is missing, not TOML, misspelt or names no requirement."""
    document = _document(path, missing_ok=missing_ok)
    for key in document:
        if key != "gap":
            raise GapsError(f"gaps file {path}: unknown key {key!r}; entries are written as [[gap]]")
    entries = document.get("gap", [])
    if not isinstance(entries, AoT | list) or not all(isinstance(each, dict) for each in entries):
        raise GapsError(f"gaps file {path}: entries are written as [[gap]]")
    gaps = tuple(_gap(each, f"gaps file {path}: entry {at}", register) for at, each in enumerate(entries, 1))
    seen: set[tuple[str, str, bool]] = set()
    for at, each in enumerate(gaps, 1):
        if (each.id, each.case, each.generated) in seen:
            raise GapsError(f"gaps file {path}: entry {at}: {each.id} {each.case} stands twice")
        seen.add((each.id, each.case, each.generated))
    return gaps


def _document(path: Path, *, missing_ok: bool) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        if missing_ok:
            return _empty()
        raise GapsError(f"gaps file {path}: there is no such file; --update-gaps makes one") from None
    except OSError as error:
        raise GapsError(f"gaps file {path}: can't be read ({error.strerror})") from None
    except (TOMLKitError, UnicodeDecodeError, RecursionError) as error:
        raise GapsError(f"gaps file {path}: not TOML: {error}") from None


def _empty() -> tomlkit.TOMLDocument:
    made = tomlkit.document()
    made.add(tomlkit.comment(_HEAD))
    return made


def _gap(entry: Any, place: str, register: Register) -> Gap:
    values = {str(key): value for key, value in entry.items()}
    for key in values:
        if key not in KEYS:
            raise GapsError(f"{place}: unknown key {key!r}; {closest(key, KEYS)}")
    for key in ("id", "reason"):
        if key not in values:
            raise GapsError(f"{place}: {key} is missing")
    texts = {key: _text(values.get(key, ""), f"{place}: {key}") for key in ("id", "case", "reason", "issue")}
    if texts["id"] not in register:
        name = texts["id"]
        raise GapsError(f"{place}: no requirement has the id {name!r}; {register.closest(name)}")
    generated = values.get("generated", False)
    if not isinstance(generated, bool):
        raise GapsError(f"{place}: generated is true or false")
    return Gap(**texts, until=_date(values.get("until", ""), place), generated=generated)


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise GapsError(f"{place} is a string")
    return str(value)


def _date(value: Any, place: str) -> str:
    if value == "":
        return ""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    try:
        return dt.date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise GapsError(f"{place}: until is a date such as 2027-01-31") from None


def updated(
    path: Path, gaps: Sequence[Gap], verdicts: Iterable[Verdict], findings: Sequence[Finding], date: str,
) -> tuple[str, int, int]:
    """The file's new text, and how many entries were added and taken out.

    `gaps` are the file's own, judged. Stale ones and unknown cases go; what fails and is not covered gets an
    entry at the end. Expired ones stay: whether they may run on is for people to say.
    """
    document = _document(path, missing_ok=True)
    entries = document.setdefault("gap", tomlkit.aot())
    gone = [at for at, each in enumerate(gaps) if each.state in ("stale", "unknown")]
    for at in reversed(gone):
        del entries[at]
    expired = {each.id for each in gaps if each.state == "expired"}
    broken = [each for each in verdicts if _broken(each) and each.id not in expired]
    for each in broken:
        entries.append(_entry(each, [one for one in findings if one.requirement == each.id], date))
    if not entries:
        document.remove("gap")
    return tomlkit.dumps(document), len(broken), len(gone)


def _broken(verdict: Verdict) -> bool:
    return verdict.outcome is RowOutcome.FAILED or (
        verdict.outcome is RowOutcome.UNTESTABLE and verdict.level != "MAY"
    )


def _entry(verdict: Verdict, findings: Sequence[Finding], date: str) -> Table:
    made = tomlkit.table()
    seen = verdict.evidence.actual if verdict.evidence else verdict.reason
    made["id"] = verdict.id
    made["reason"] = f"seen on {date}: {shorten(escape(seen), REASON) or 'not met'}"
    made["until"] = dt.date.fromisoformat(date) + dt.timedelta(days=DAYS)
    broken = [each for each in findings if each.outcome in (Outcome.FAILED, Outcome.UNTESTABLE)]
    if broken and all(each.generated for each in broken):
        made["generated"] = True
    return made
