"""A failed exchange as a line for a POSIX shell, the key left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from runs_conformance.report.redact import PLAIN, Redactor, carries_secret
from runs_conformance.report.text import escape

if TYPE_CHECKING:
    from runs_conformance.contract.model import Exchange, Request

KEY: Final = "OPENAI_API_KEY"
LONGEST: Final = 100_000
# Stands for a secret until the shell word is built: a noncharacter, which no plain body holds.
_GAP: Final = "\ufdd0"
_GAP_ENCODED: Final = quote(_GAP)
_SAFE_WORD: Final = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_SPECIAL: Final = re.compile(r"[\\\"$`!]")
_OWN: Final = frozenset(
    (
        "host",
        "content-length",
        "connection",
        "accept-encoding",
        "user-agent",
        "transfer-encoding",
        "keep-alive",
    )
)


def curl(exchange: Exchange, hide: Redactor = PLAIN, *, key: str = KEY, longest: int = LONGEST) -> str:
    """The command that repeats the request of `exchange`.

    Credentials become "$OPENAI_API_KEY" (or the variable named `key`), so the line can be shown to anybody. A
    body that can't stand in quotes (not UTF-8, control characters) is piped through printf; one longer than
    `longest` bytes is to be put into a file, and a comment line above says so.
    """
    gap = Redactor(hide.secrets, hide.public, marker=_GAP)
    request = exchange.request
    words = ["curl", "-sS", "-i", *(["-N"] if _streams(exchange) else []), *_method(request.method)]
    words += _url(exchange, gap, key)
    words += [word for name, value in _headers(request) for word in ("-H", _header(name, value, gap, key))]
    return _with_body(" ".join(words), request, gap, key, longest)


def _streams(exchange: Exchange) -> bool:
    return exchange.streamed or exchange.request.object.get("stream") is True


def _method(method: str) -> list[str]:
    return ["--head"] if method.upper() == "HEAD" else ["-X", _word(escape(method))]


def _url(exchange: Exchange, gap: Redactor, key: str) -> list[str]:
    request = exchange.request
    path = _quoted(gap.text(request.path), "/%:@!$&'()*+,;=~")
    pairs = [(name, _GAP if carries_secret(name) else gap.text(value)) for name, value in request.query]
    query = "?" + urlencode(pairs).replace(_GAP_ENCODED, _GAP) if pairs else ""
    base = gap.url(exchange.base_url).rstrip("/")
    target = _word(_quoted(base, "/%:@!$&'()*+,;=~[]?") + path + query, key)
    dots = ["--path-as-is"] if "/." in request.path else []
    return [*dots, target if base else '"$OPENAI_BASE_URL"' + target]


def _quoted(text: str, safe: str) -> str:
    return quote(text, safe=safe).replace(_GAP_ENCODED, _GAP)


def _headers(request: Request) -> list[tuple[str, str]]:
    lines = [
        (name, value)
        for name, value in request.headers.lines
        if name.lower() not in _OWN and not (name.lower() == "accept" and value == "*/*")
    ]
    # curl would call a body a form when nothing says what it is.
    untyped = request.body is not None and "content-type" not in request.headers
    return [*lines, ("Content-Type", "")] if untyped else lines


def _header(name: str, value: str, gap: Redactor, key: str) -> str:
    if name.lower() == "content-type" and not value:
        return "Content-Type:"
    shown = gap.value(name, value)
    text = _escaped(gap.text(name) + (f": {shown}" if shown else ";"))
    variable = _variable(name, key)
    if _GAP in text and not _SPECIAL.search(text):
        return '"' + text.replace(_GAP, f"${variable}") + '"'
    return _word(text, variable)


def _variable(name: str, key: str) -> str:
    """The key's own variable for the usual places of a key, else one named after the header."""
    usual = name.lower() in ("authorization", "api-key", "x-api-key", "proxy-authorization")
    known = usual or not carries_secret(name)
    return key if known else re.sub(r"\W", "_", name).upper()


def _escaped(text: str) -> str:
    return _GAP.join(escape(part) for part in text.split(_GAP))


def _with_body(command: str, request: Request, gap: Redactor, key: str, longest: int) -> str:
    body = request.body
    if body is None:
        return command
    if len(body) > longest:
        start = escape(gap.head(body, 60).replace(_GAP, "..."))
        return f"# body.json: the {len(body):,} bytes that begin {start}\n{command} --data-binary @body.json"
    text = _speakable(body)
    if text is None:
        return f"printf {_octal(gap, body)} | {command} --data-binary @-"
    return f"{command} --data-raw {_word(gap.text(text), key)}"


def _speakable(body: bytes) -> str | None:
    """The body as text if every character of it can be shown and copied as it is."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return text if escape(text.replace("\n", "")) == text.replace("\n", "") else None


def _octal(gap: Redactor, body: bytes) -> str:
    """A printf format for any bytes; a secret in it is [secret], for a format holds no variable."""
    clean = Redactor(gap.secrets, gap.public).raw_head(body, len(body))
    return "'" + "".join(map(_octet, clean)) + "'"


def _octet(byte: int) -> str:
    if byte == 0x25:
        return "%%"
    plain = 0x20 <= byte < 0x7F and byte not in b"\\'-"
    return chr(byte) if plain else f"\\{byte:03o}"


def _word(text: str, key: str = KEY) -> str:
    """One word of a POSIX shell; a gap in it becomes the key's variable."""
    parts = [part if not part or _SAFE_WORD.fullmatch(part) else _single(part) for part in text.split(_GAP)]
    return f'"${key}"'.join(parts) or "''"


def _single(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
