"""What no output may hold: a key, a traceback, a control, markup; each trouble as "kind: where"."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import yaml

from hostile.servers import KEY
from runs_conformance.report.records import Outcome
from runs_conformance.report.results import (
    EmptyResultsError,
    MissingFooterError,
    Results,
    ResultsError,
    read_results,
)
from runs_conformance.report.views import VIEWS

CRASHES = (
    "Traceback (most recent call last)", "an error of our own", "an error of the suite itself", "a check broke",
    "INTERNALERROR",
)  # fmt: skip
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


def readings(text: str) -> Iterator[str]:
    """The text as it stands, and as whoever decodes it once more would read it."""
    yield text
    yield _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text.replace("\\\\u", "\\u"))
    yield html.unescape(text)
    yield unquote(text, errors="replace")
    for found in _BASE64.findall(text):
        try:
            yield base64.b64decode(found[: len(found) // 4 * 4]).decode("latin-1").replace("\0", "")
        except (binascii.Error, ValueError):
            continue


def leaks(text: str) -> bool:
    return any(KEY in one for one in readings(text))


def said(text: str, where: str) -> Iterator[str]:
    """What is wrong with something that a person reads on a terminal."""
    for crash in CRASHES:
        if crash in text:
            yield f"crash: {crash!r} in {where}"
    if leaks(text):
        yield f"leak: the key in {where}"
    found = CONTROLS.search(text)
    if found:
        yield f"markup: {found[0]!r} in {where}"


def files(folder: Path) -> Iterator[str]:
    """What is wrong with what was left: results, cassettes, gaps."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and leaks(path.read_bytes().decode("latin-1")):
            yield f"leak: the key in {path.relative_to(folder)}"
        if path.name.startswith("owned"):
            yield f"markup: {path.relative_to(folder)} was made"


def cassette(folder: Path) -> Iterator[str]:
    """A recording of ours holds nothing but data."""
    if folder.exists():
        names = {path.name for path in folder.iterdir()}
        strange = names - {"cassette.yaml", "arrivals.jsonl", "drawn.json", "recording.toml"}
        if strange:
            yield f"markup: {sorted(strange)} in a recording"
        try:
            yaml.load((folder / "cassette.yaml").read_bytes(), yaml.CSafeLoader)
            [json.loads(line) for line in (folder / "arrivals.jsonl").read_text("utf-8").splitlines()]
            tomllib.loads((folder / "recording.toml").read_text("utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as error:
            yield f"unreadable: a recording ({type(error).__name__}: {str(error)[:100]})"


def results(path: Path, *, killed: bool = False) -> Results | str | None:
    """The results, or the trouble with them; None for none yet after a kill."""
    try:
        return read_results(path)
    except (MissingFooterError, EmptyResultsError) as error:
        if killed:
            return error.results
        return f"unreadable: {path.name} ({error})"
    except ResultsError as error:
        return f"unreadable: {path.name} ({error})"


def verdict(code: int, found: Results, *, strict_reason: bool = True) -> Iterator[str]:
    """An exit code has its ground in the results: a finding, or why nothing could be said."""
    footer = found.footer
    assert footer is not None
    bad = [one for one in found.verdicts if one.outcome in (Outcome.FAILED, Outcome.UNTESTABLE)]
    if footer.exit_code != code:
        yield f"code: {code}, in the results {footer.exit_code}"
    if code == 1 and not bad:
        yield "code: 1 without a finding"
    if code == 2 and strict_reason and not footer.reason:
        yield "code: 2 without a reason"
    for one in bad:
        text = one.evidence.actual if one.outcome == Outcome.FAILED and one.evidence else one.reason
        if not text.strip():
            yield f"unclear: {one.id} is {one.outcome} and nothing says why"
        if len(text) > 5000:
            yield f"unclear: {one.id} says {len(text)} characters"


def views(found: Results) -> Iterator[str]:
    """Every view of the results, each safe by the rules of its format."""
    for name, made in VIEWS.items():
        text = made(found)
        bare = text.replace("\r", "\\r") if name == "junit" else text
        yield from said(bare, f"the view {name}")
        yield from _SAFE.get(name, lambda _: ())(text)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        if tag in ("img", "iframe", "object", "embed", "link", "base", "meta") and "667" in str(attrs):
            self.wrong.append(f"<{tag}>")
        if tag == "img" or any(name.startswith("on") for name, _ in attrs):
            self.wrong.append(f"<{tag} {attrs}>"[:80])
        if any(name in ("href", "src") and not str(value).startswith("#") for name, value in attrs):
            self.wrong.append(f"<{tag} {attrs}>"[:80])


def _html(text: str) -> Iterator[str]:
    page = _Page()
    page.feed(text)
    wrong = page.wrong + [one for one in re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL) if "alert(" in one]
    yield from (f"markup: {one} in the page" for one in wrong[:3])


def _junit(text: str) -> Iterator[str]:
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        yield f"unreadable: JUnit ({error})"
        return
    tags = {one.tag for one in root.iter()}
    known = {"testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out", "properties", "property"}
    if tags - known:
        yield f"markup: {tags - known} in JUnit"


_QUOTED = re.compile(r"^(`{3,})sh\n.*?^\1$|(`+)(?!`).*?(?<!`)\2(?!`)", re.DOTALL | re.MULTILINE)


def _markdown(text: str) -> Iterator[str]:
    outside = _QUOTED.sub("", text)
    for wrong in ("<script", "<img", "http://evil", "@team", "<svg"):
        if wrong in outside:
            yield f"markup: {wrong} in Markdown"
    if re.search(r"(?<!\\)\]\(", outside):
        yield "markup: a link in Markdown"


def _annotations(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not re.fullmatch(r"::(error|warning|notice) title=[^:,\n]*::[^\n]*", line):
            yield f"markup: {line[:60]!r} in annotations"


def _json(text: str) -> Iterator[str]:
    try:
        json.loads(text, parse_constant=lambda name: (_ for _ in ()).throw(ValueError(name)))
    except ValueError as error:
        yield f"unreadable: JSON ({error})"


_SAFE = {"html": _html, "junit": _junit, "markdown": _markdown, "annotations": _annotations, "json": _json, "badge": _json}
