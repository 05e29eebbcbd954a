"""What of a server's inside must not stand in an error answer, and where in the answer it was seen.

Each pattern wants the form that only a machine writes: a line of a traceback with its file and number, a Java
frame, the prefix of a database driver. A word like "traceback" or "SQL" alone is none. What the request said
itself may be repeated: it is cut out before looking.
"""

from __future__ import annotations

import re
from typing import Any, Final

from runs_conformance.contract.jsontext import MISSING
from runs_conformance.contract.model import Exchange

_LONGEST: Final = 200_000
_SHORTEST_ECHO: Final = 8
PATTERNS: Final[dict[str, re.Pattern[str]]] = {
    "a Python traceback": re.compile(
        r"Traceback \(most recent call last\)|File \"[^\"\n]{1,300}\.py\", line \d+"
    ),
    "a Java stack trace": re.compile(r"\bat (?:[\w$]+\.){2,}[\w$<>]+\([\w$]+\.(?:java|kt|scala):\d+\)"),
    "a JavaScript stack trace": re.compile(
        r"\bat [^\n(]{0,120}\(?(?:file://)?/[^\s:()]+\.[cm]?[jt]s:\d+:\d+\)?"
    ),
    "a .NET stack trace": re.compile(
        r"\bat [\w.<>`]+\([^)\n]{0,200}\) in (?:[A-Z]:)?[^\n:]{1,200}\.cs:line \d+"
    ),
    "a Go panic": re.compile(r"goroutine \d+ \[\w[^\]\n]{0,60}\]:|runtime error: [a-z ]+(?:\n|$|\[)"),
    "a Ruby or PHP trace": re.compile(
        r"/[^\s:]{1,200}\.rb:\d+:in [`']|\bin /[^\s]{1,200}\.php(?: on line |:)\d+"
    ),
    "a Rust panic": re.compile(r"thread '[^'\n]{1,80}' panicked at "),
    "a database error": re.compile(
        r"SQLSTATE\[\w{5}\]|\bORA-\d{5}\b|psycopg2?\.errors\.|sqlalchemy\.exc\.|sqlite3\.\w*Error|"
        r"PG::\w+Error|com\.mysql\.|MongoServerError|\bSQL: (?:SELECT|INSERT|UPDATE) "
    ),
    "a path of a source file": re.compile(
        r"(?:/(?:usr|home|app|srv|opt|var|root|workspace)/|[A-Z]:\\)[^\s\"'<>:]{1,200}"
        r"\.(?:py|js|ts|rb|go|php|java|cs|rs)\b"
    ),
    "an exception's class": re.compile(
        r"\b(?:java|javax|org|com|kotlin)\.[\w.]{1,120}(?:Exception|Error)\b|"
        r"\b(?:KeyError|AttributeError|TypeError|UnboundLocalError|NameError|IndexError|RecursionError"
        r"|UnicodeEncodeError|UnicodeDecodeError): |\bNullPointerException\b|"
        r"'NoneType' object (?:has no attribute|is not)|Cannot read propert(?:y|ies) of (?:undefined|null)"
    ),
}


def inside(exchange: Exchange) -> tuple[str, str] | None:
    """What kind of inside an error answer shows, and the text of it; None for nothing, or for no error."""
    response = exchange.response
    if response is None or response.status < 400:
        return None
    text = _without_echo(response.body[:_LONGEST].decode("utf-8", "replace"), exchange)
    if response.json is not MISSING:
        text = _without_echo("\n".join(_strings(response.json)), exchange)
    for kind, pattern in PATTERNS.items():
        found = pattern.search(text)
        if found:
            return kind, found[0][:160]
    return None


def _without_echo(text: str, exchange: Exchange) -> str:
    """The text without what the request said: quoting its sender shows nothing of a server."""
    request = exchange.request
    said = [*_strings(request.json), request.path, *(value for _, value in request.query)]
    said += [value for _, value in request.headers.lines]
    if request.body is not None:
        said.append(request.body.decode("utf-8", "replace"))
    for each in sorted({one for one in said if len(one) >= _SHORTEST_ECHO}, key=len, reverse=True):
        text = text.replace(each, " ").replace(repr(each)[1:-1], " ")
    return text


def _strings(value: Any) -> list[str]:
    """Every string of a JSON value, keys included; flat, for it may be nested deep."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
    return found
