"""Hostile but legal input: JSON that parsers stumble over, and headers and paths that few clients send.

Bodies are written as text, for much of this is lost when a JSON library writes it. `{assistant}` stands for a
living assistant's id, `{thread}` for a thread's. Nothing here says what the answer must be: accepting and
refusing are both fine, failing is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from runs_conformance.stimuli.base import CREATE_RUN

ASSISTANT: Final = "{assistant}"
_DEEP: Final = (100, 2_000, 100_000)
_LONG: Final = 300_000
_MANY: Final = 20_000
_BIDI: Final = "\u202e\u2066 evil \u2069\u200f\ufeff"
_NUL: Final = "a\\u0000b"
_LONE: Final = ("\\ud800", "\\udc00", "a\\udfffb", "\\ud83d \\ude00")


@dataclass(frozen=True)
class Hostile:
    """One oddity.

    `body` as bytes, None for none; `repeatable` if both answers to it can be compared (the same each time);
    `standard` for the few that the standard check sends.
    """

    name: str
    body: bytes | None
    headers: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    path: str = ""
    method: str = "POST"
    query: tuple[tuple[str, str], ...] = field(default=())
    repeatable: bool = True
    standard: bool = False


def hostile(operation: str) -> tuple[Hostile, ...]:
    """Every oddity for one of the two create operations, in a fixed order."""
    return (*_texts(operation), *_numbers(operation), *_structures(operation), *_bytes(operation), *_headers(operation))


def paths() -> tuple[Hostile, ...]:
    """Thread ids that no server gives out, in the path of createRun."""
    body = f'{{"assistant_id":"{ASSISTANT}"}}'.encode()
    ids = {
        "an id of 5,000 characters": "t" * 5_000,
        "an id that climbs": "..%2F..%2Fassistants",
        "an id with a NUL": "thread_%00",
        "an id that is no UTF-8": "thread_%ff%fe",
        "an id with a quote": "thread_%27%20OR%201%3D1--",
        "an id with a newline": "thread_%0d%0aX-Injected:%201",
        "an id of a number's form": "-1",
        "an id of bidi text": "thread_%E2%80%AE",
        "an id with braces": "%7B%7B7*7%7D%7D",
    }
    return tuple(
        Hostile(f"path: {name}", body, path=f"/threads/{each}/runs", standard=name == "an id with a NUL")
        for name, each in ids.items()
    )


def _plain(operation: str, extra: str = "", text: str = "Hello") -> bytes:
    """A body that is valid but for what is put into it; `extra` are members, `text` the message, JSON-escaped."""
    message = f'[{{"role":"user","content":"{text}"}}]'
    place = f'"additional_messages":{message}' if operation == CREATE_RUN else f'"thread":{{"messages":{message}}}'
    parts = [f'"assistant_id":"{ASSISTANT}"', place, *([extra] if extra else [])]
    return ("{" + ",".join(parts) + "}").encode("utf-8", "surrogatepass")


def _texts(operation: str) -> Iterator[Hostile]:
    long = "x" * _LONG
    yield Hostile("text: NUL in a message", _plain(operation, text=_NUL))
    yield Hostile("text: NUL in metadata", _plain(operation, f'"metadata":{{"k":"{_NUL}","{_NUL}":"v"}}'))
    for each in _LONE:
        yield Hostile(f"text: the lone surrogate {each} in a message", _plain(operation, text=each))
    yield Hostile(
        "text: a lone surrogate in metadata", _plain(operation, '"metadata":{"k":"\\ud800","\\udc00":"v"}'),
    )
    yield Hostile("text: a lone surrogate as the model", _plain(operation, '"model":"\\ud800"'))
    yield Hostile("text: a lone surrogate as an unknown key", _plain(operation, '"\\ud800":1'), standard=True)
    yield Hostile("text: bidi controls everywhere", _plain(operation, f'"instructions":"{_BIDI}","metadata":{{"{_BIDI}":"{_BIDI}"}}', _BIDI))
    yield Hostile("text: 300,000 letters in instructions", _plain(operation, f'"instructions":"{long}"'))
    yield Hostile("text: 300,000 letters as the model", _plain(operation, f'"model":"{long}"'))
    yield Hostile("text: 300,000 letters as an unknown key", _plain(operation, f'"{long}":1'))
    yield Hostile("text: a thousand combining marks", _plain(operation, text="e" + "\u0301" * 1000))
    yield Hostile("text: control characters", _plain(operation, text="\\u0001\\u001b[31m\\u007f\\u0085\\u2028"))
    yield Hostile("text: noncharacters", _plain(operation, text="\ufffe\uffff\U0010ffff"))
    yield Hostile("text: a template", _plain(operation, '"instructions":"{{7*7}} ${7*7} <%= 7*7 %> %s%n"'))
    yield Hostile("text: quotes of SQL", _plain(operation, '"metadata":{"k":"\'; DROP TABLE runs; --"}'))
    yield Hostile("text: __proto__ as a key", _plain(operation, '"metadata":{"__proto__":"x","constructor":"y"}'))
    yield Hostile("text: a name of Python's", _plain(operation, '"metadata":{"__class__":"x","self":"y","":"z"}'))


def _numbers(operation: str) -> Iterator[Hostile]:
    values = {
        "1e400": "1e400", "-1e400": "-1e400", "1e-400": "1e-400", "-0.0": "-0.0", "-0": "-0",
        "20 digits": "9" * 20, "400 digits": "9" * 400, "5,000 digits": "9" * 5_000,
        "2**63": str(2**63), "2**53+1": str(2**53 + 1), "300 decimals": "1." + "1" * 300, "1E0": "1E0",
    }  # fmt: skip
    for name, written in values.items():
        standard = name in ("1e400", "5,000 digits")
        yield Hostile(f"number: {name} as temperature", _plain(operation, f'"temperature":{written}'), standard=standard)
        yield Hostile(f"number: {name} as max_prompt_tokens", _plain(operation, f'"max_prompt_tokens":{written}'))
    for name in ("NaN", "Infinity", "-Infinity", "+1", "01", ".5", "1.", "0x10"):
        yield Hostile(f"number: {name}, which is no JSON", _plain(operation, f'"temperature":{name}'), standard=name == "NaN")
    yield Hostile("number: 1e400 as a parameter's default", _plain(operation, _tool('{"default":1e400}')))


def _tool(parameters: str) -> str:
    return f'"tools":[{{"type":"function","function":{{"name":"f","parameters":{parameters}}}}}]'


def _structures(operation: str) -> Iterator[Hostile]:
    for depth in _DEEP:
        deep = "[" * depth + "]" * depth
        yield Hostile(f"structure: {depth:,} arrays in an unknown field", _plain(operation, f'"deep":{deep}'), standard=depth == 2_000)
    for depth in _DEEP[:2]:
        objects = '{"a":' * depth + "1" + "}" * depth
        yield Hostile(f"structure: parameters {depth:,} objects deep", _plain(operation, _tool(objects)))
        yield Hostile(f"structure: metadata {depth:,} objects deep", _plain(operation, f'"metadata":{objects}'))
    yield Hostile("structure: open arrays to the end", b"[" * 100_000)
    yield Hostile("structure: open objects to the end", b'{"a":' * 50_000)
    yield Hostile("structure: a key twice", _plain(operation, '"temperature":0.5,"temperature":1.5'))
    yield Hostile("structure: assistant_id twice", _plain(operation, '"assistant_id":null'))
    yield Hostile("structure: stream twice", _plain(operation, '"stream":true,"stream":false'))
    yield Hostile("structure: 20,000 unknown keys", _plain(operation, ",".join(f'"k{index}":1' for index in range(_MANY))))
    yield Hostile("structure: 20,000 entries of metadata", _plain(operation, '"metadata":{' + ",".join(f'"k{index}":"v"' for index in range(_MANY)) + "}"))
    yield Hostile("structure: 2,000 tools", _plain(operation, '"tools":[' + ",".join(['{"type":"code_interpreter"}'] * 2_000) + "]"))
    yield Hostile("structure: a schema that refers to itself", _plain(operation, _tool('{"type":"object","properties":{"a":{"$ref":"#"}}}')))
    yield Hostile("structure: a schema with a pattern that explodes", _plain(operation, _tool('{"type":"object","properties":{"a":{"type":"string","pattern":"^(a+)+$"}}}')))
    for name, value in _wrong_everywhere().items():
        yield Hostile(f"structure: every field {name}", _everything(operation, value))


def _wrong_everywhere() -> dict[str, Any]:
    return {"an empty array": [], "an array of arrays": [[[]]], "an empty object": {}, "false": False, "-1": -1, "an empty text": ""}


def _everything(operation: str, value: Any) -> bytes:
    """Every documented field with the same value, the assistant's id alone as it should be."""
    from runs_conformance.contract.schemas import schema  # noqa: PLC0415 - read once, when it is needed
    from runs_conformance.stimuli.base import SCHEMAS  # noqa: PLC0415

    known = schema(SCHEMAS[operation], "documented")["properties"]
    return json.dumps({**dict.fromkeys(known, value), "assistant_id": ASSISTANT}).encode()


def _bytes(operation: str) -> Iterator[Hostile]:
    plain = _plain(operation)
    yield Hostile("bytes: a byte order mark", b"\xef\xbb\xbf" + plain)
    yield Hostile("bytes: UTF-16", plain.decode().encode("utf-16"), standard=True)
    yield Hostile("bytes: no UTF-8", plain.replace(b"Hello", b"\xff\xfe\x80"), standard=True)
    yield Hostile("bytes: a surrogate encoded as three bytes", plain.replace(b"Hello", b"\xed\xa0\x80"))
    yield Hostile("bytes: an overlong encoding", plain.replace(b"Hello", b"\xc0\xaf"))
    yield Hostile("bytes: NUL after the end", plain + b"\0")
    yield Hostile("bytes: two values", plain + plain)
    yield Hostile("bytes: 300,000 blanks", b" " * _LONG + plain)
    yield Hostile("bytes: only blanks", b" \r\n\t ")
    for name in ("null", "true", "0", '""', "[]", "[null]"):
        yield Hostile(f"bytes: {name} as the whole body", name.encode())
    yield Hostile("bytes: cut in the middle of a character", _plain(operation, text="é")[:-6])
    yield Hostile("bytes: comments", plain[:-1] + b"/* no JSON */}")


def _headers(operation: str) -> Iterator[Hostile]:
    plain = _plain(operation)
    odd: dict[str, tuple[tuple[str, str], ...]] = {
        "no media type that there is": (("Content-Type", "application/x-none"),),
        "a media type of no form": (("Content-Type", "json;;;=;"),),
        "an unknown charset": (("Content-Type", "application/json; charset=klingon"),),
        "multipart without a boundary": (("Content-Type", "multipart/form-data"),),
        "a form": (("Content-Type", "application/x-www-form-urlencoded"),),
        "a content encoding that the body has not": (("Content-Encoding", "gzip"),),
        "an unknown content encoding": (("Content-Encoding", "zstd-x"),),
        "Accept of nothing": (("Accept", "image/png;q=0"),),
        "Accept of no form": (("Accept", ";;,/*"),),
        "Accept-Encoding of nothing": (("Accept-Encoding", "identity;q=0, *;q=0"),),
        "a long header": (("X-Long", "x" * 6_000),),
        "a hundred headers": tuple((f"X-Many-{index}", "x") for index in range(90)),
        "an expectation": (("Expect", "unheard-of"),),
        "If-Match": (("If-Match", '"nothing"'),),
        "a range": (("Range", "bytes=5-2"),),
        "a forwarded host": (("X-Forwarded-Host", "evil.invalid"), ("X-Forwarded-For", "::1, not-an-ip")),
        "another method": (("X-HTTP-Method-Override", "DELETE"),),
        "an idempotency key of bidi bytes": (("Idempotency-Key", "k" * 300),),
        "an Origin": (("Origin", "null"),),
        "two Authorization schemes": (("Proxy-Authorization", "Basic !!!not-base64!!!"),),
        "OpenAI-Beta in two parts": (("OpenAI-Beta", "assistants=v2, realtime=v1"),),
    }
    for name, lines in odd.items():
        yield Hostile(f"header: {name}", plain, lines, repeatable=False)
    yield Hostile("header: no Content-Type", plain, dropped=("Content-Type",), repeatable=False)
    yield Hostile("header: no Accept", plain, dropped=("Accept",), repeatable=False)
    yield Hostile("query: keys of no form", plain, query=(("", ""), ("include[]", ""), ("a[b][c]", "%00"), ("x" * 2_000, "")), repeatable=False)
