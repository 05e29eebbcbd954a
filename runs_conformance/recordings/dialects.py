"""One entry of a recording, in any recorder's form, as a Recorded.

vcrpy (all versions; pydantic-ai's `parsed_body` too), Ruby VCR, Betamax, R vcr, go-vcr, ExVCR, PHP-VCR: a
request and a response with small differences. HAR 1.2, Microsoft's test proxy, nock, our own exchanges: each
its own form.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from runs_conformance.contract.model import to_bytes
from runs_conformance.recordings.recorded import Pairs, Recorded, UnreadableError, pairs

_CODE: Final = re.compile(r"\s*(\d{3})\b")
_PATTERN: Final = re.compile(r"[*+?()\[\]|^$]")


def KNOWN(entry: Mapping[str, Any]) -> bool:  # noqa: N802 - a question, asked of a line
    """Whether an object is an entry of itself, as in JSON lines, and not a document that holds entries."""
    return "method" in entry or (
        "request" in entry and "response" in entry and not {"log", "interactions"} & entry.keys()
    )


def recorded(entry: Any, place: str) -> Recorded:
    """The call; UnreadableError for what is none."""
    if not isinstance(entry, dict):
        raise UnreadableError("an entry that is no object")
    if "RequestUri" in entry:
        return _test_proxy(entry, place)
    if "response_body" in entry or "request_body" in entry:
        return _ours(entry, place)
    if "scope" in entry and "path" in entry:
        return _nock(entry, place)
    request, response = _part(entry, "request"), _part(entry, "response")
    if request is None:
        raise UnreadableError("an entry without a request")
    if "startedDateTime" in entry or (response is not None and "content" in response):
        return _har(entry, request, response or {}, place)
    return _vcr(entry, request, response or {}, place)


def _part(entry: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """A member, also under the symbol's name that old Ruby recorders wrote."""
    found = entry.get(name, entry.get(f":{name}"))
    return {str(key).lstrip(":"): value for key, value in found.items()} if isinstance(found, dict) else None


def _vcr(entry: dict[str, Any], request: dict[str, Any], response: dict[str, Any], place: str) -> Recorded:
    headers, answered = pairs(request.get("headers")), pairs(response.get("headers"))
    body, values = _body(request, "body", "request_body", "data")
    text, answer_values = _body(response, "body")
    return Recorded(
        place, _method(request.get("method")), _url(request), headers, body, _status(response), answered,
        text,
        recorded_at=str(entry.get("recorded_at") or ""), as_values=values or answer_values,
    )  # fmt: skip


def _method(value: Any) -> str:
    if not isinstance(value, str) or not value.strip(":"):
        raise UnreadableError("a request without a method")
    return value.strip(":").upper()


def _url(request: Mapping[str, Any]) -> str:
    url = request.get("uri") or request.get("url")
    if isinstance(url, dict):  # Betamax of old, node recorders
        url = url.get("string") or url.get("href")
    if isinstance(url, str) and url:
        return _plain_url(url)
    if request.get("host") and request.get("path"):
        scheme, port = request.get("protocol") or request.get("scheme") or "https", request.get("port")
        return f"{scheme}://{request['host']}{f':{port}' if port else ''}{request['path']}"
    raise UnreadableError("a request without an address")


def _plain_url(url: str) -> str:
    """ExVCR may hold a pattern in place of an address."""
    if not url.startswith("~r/"):
        return url
    inner = url.removeprefix("~r/").rstrip("imsux").removesuffix("/").replace("\\", "").strip("^$")
    if _PATTERN.search(inner):
        raise UnreadableError(f"a pattern in place of an address: {url[:80]}")
    return inner


def _status(response: Mapping[str, Any]) -> int:
    for value in (response.get("status"), response.get("status_code"), response.get("code")):
        inner = value
        if isinstance(inner, dict):
            inner = inner.get("code", inner.get("status_code", inner.get(":code")))
        found = _CODE.match(str(inner)) if inner is not None else None
        if found:
            return int(found[1])
    return 0


def _body(part: Mapping[str, Any], *names: str) -> tuple[bytes | None, bool]:
    """The bytes, and whether they were made of a JSON value."""
    if part.get("parsed_body") is not None:
        return to_bytes(part["parsed_body"]), True
    for name in names:
        if part.get(name) is not None:
            return _bytes(part[name])
    return None, False


def _bytes(value: Any) -> tuple[bytes | None, bool]:
    if isinstance(value, bytes):
        return value, False
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape" if _escaped(value) else "surrogatepass"), False
    if isinstance(value, dict) and {"string", "base64_string", "encoding"} & {str(key) for key in value}:
        packed = value.get("base64_string")
        if isinstance(packed, str | bytes):
            return _unpacked(packed), False
        inner = value.get("string")
        return (None, False) if inner is None else _bytes(inner)
    return (None, False) if value is None else (to_bytes(value), True)


def _escaped(text: str) -> bool:
    return any("\udc80" <= one <= "\udcff" for one in text) if not text.isascii() else False


def _unpacked(text: str | bytes) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        raise UnreadableError("a body that is said to be base64 and is not") from None


def _har(entry: dict[str, Any], request: dict[str, Any], response: dict[str, Any], place: str) -> Recorded:
    content, sent = response.get("content") or {}, request.get("postData") or {}
    started = _moment(entry.get("startedDateTime"))
    return Recorded(
        place, _method(request.get("method")), _url(request), _har_headers(request),
        _har_text(sent), _status(response), _har_headers(response), _har_text(content),
        recorded_at=str(entry.get("startedDateTime") or ""), started_at=started,
        seconds=max(0.0, float(entry.get("time") or 0)) / 1000 if started else 0.0,
        media=str(content.get("mimeType") or ""),
    )  # fmt: skip


def _har_headers(part: Mapping[str, Any]) -> Pairs:
    """Without the pseudo-headers of HTTP/2."""
    return tuple(line for line in pairs(part.get("headers")) if not line[0].startswith(":"))


def _har_text(content: Mapping[str, Any]) -> bytes | None:
    text = content.get("text")
    if not isinstance(text, str):
        return None
    return _unpacked(text) if content.get("encoding") == "base64" else _bytes(text)[0]


def _moment(text: Any) -> float:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0


def _test_proxy(entry: dict[str, Any], place: str) -> Recorded:
    sent, asked = _lines(entry.get("RequestBody"))
    came, answered = _lines(entry.get("ResponseBody"))
    return Recorded(
        place, _method(entry.get("RequestMethod")), str(entry["RequestUri"]),
        pairs(entry.get("RequestHeaders")), sent, _status({"status": entry.get("StatusCode")}),
        pairs(entry.get("ResponseHeaders")), came, as_values=asked or answered,
    )  # fmt: skip


def _lines(body: Any) -> tuple[bytes | None, bool]:
    """A text, a text cut into lines, or a JSON value."""
    if isinstance(body, list) and body and all(isinstance(one, str) for one in body):
        return _bytes("".join(body))
    return _bytes(body)


def _nock(entry: dict[str, Any], place: str) -> Recorded:
    sent, asked = _bytes(entry.get("body") or None)
    came, answered = _bytes(entry.get("response"))
    headers = pairs(entry.get("rawHeaders") or entry.get("headers"))
    return Recorded(
        place, _method(entry.get("method")), f"{entry['scope']}{entry['path']}",
        pairs(entry.get("reqheaders")), sent, _status(entry), headers, came, as_values=asked or answered,
    )  # fmt: skip


def _ours(entry: dict[str, Any], place: str) -> Recorded:
    source, _, number = str(entry.get("source") or "").rpartition("#")
    body, events = entry.get("response_body"), None
    if isinstance(body, list) and all(_is_event(one) for one in body):
        events, body = tuple((one.get("event"), _data(one["data"])) for one in body), None
    query = entry.get("query") or {}
    found = query.items() if isinstance(query, dict) else query
    text = urlencode([(str(name), str(one)) for name, value in found for one in _each(value)])
    url = f"{entry.get('scheme') or 'https'}://{entry.get('host') or 'unknown'}{entry.get('path') or ''}"
    return Recorded(
        f"{source.rsplit('/', 1)[-1]}#{number}" if source else place, _method(entry.get("method")),
        f"{url}?{text}" if text else url, pairs(entry.get("request_headers")),
        _value(entry.get("request_body")), _status(entry), pairs(entry.get("response_headers")), _value(body),
        events, session=source, recorded_at=str(entry.get("recorded_at") or ""),
        filed_at=str(entry.get("committed_at") or ""), as_values=True,
    )  # fmt: skip


def _is_event(value: Any) -> bool:
    return isinstance(value, dict) and "data" in value and isinstance(value.get("event"), str | None)


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _data(value: Any) -> str | None:
    return value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)


def _value(value: Any) -> bytes | None:
    """A body kept as a JSON value; a text is the body itself."""
    return None if value is None else _bytes(value)[0] if isinstance(value, str) else to_bytes(value)
