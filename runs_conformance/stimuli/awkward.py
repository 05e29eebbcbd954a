"""Legal values that careless servers change: each piece is one that a template or a store takes for its own.

All of it is plain JSON text to the contract, to be given back word for word. Left out on purpose: integers
beyond 2^53 - 1, which RFC 8259 calls not interoperable, keys that are empty or `__proto__`, and parameters
that a validator of schemas may refuse.
"""

from __future__ import annotations

from typing import Any, Final

# Placeholders of templates and shells, escapes taken a second time, URL codes, typographer's quotes,
# entities, comments, and characters that look like blanks, line ends or nothing.
WORDS: Final = (
    "{{name}} {name} {0} {} {% raw %} ${HOME} $name $1 %s %d %% %20 a+b \\n \\u0041 \\\\ "
    "\u201cquoted\u201d \u2018it\u2019s\u2019 \u2013 \u2026 &lt;i&gt; <!-- c --> /* c */ # c -- c; "
    "a\u00a0b\u2028c\u2029d\u0085e \u2764\ufe0f \U0001f468\u200d\U0001f469\u200d\U0001f467 \u200bz\ufeff "
    "\ufb01 \u00bd \uff21 two  blanks"
)
# What looks like another type is a text all the same; dots, brackets and dollars are part of a key.
METADATA: Final[dict[str, str]] = {
    "a.b[0].c": '{"json":[1, null ]}', "$set": "null", "constructor": "undefined", "007": "0042",
    "with blank": "1.50", "camelCase": "true", "snake-and_dash": "2026-01-31T00:00:00.000Z", "/slash": "1e3",
    "quote\"'": "[]", "equals=&": "a=b&c=d%20e+f", "words": WORDS, "line\nend": "NaN",
}
_ROUTE: Final[dict[str, Any]] = {
    "type": "object", "description": "Where to,\nand by what.", "properties": {
        "by": {"$ref": "#/$defs/means"}, "stops": {
            "type": "array", "minItems": 0, "default": [], "items": {
                "type": "object", "properties": {
                    "at": {"type": "object", "properties": {
                        "place": {"type": ["string", "null"], "format": "uri", "default": None},
                    }},
                },
            },
        },
    },
    "required": [], "additionalProperties": True,
}
PARAMETERS: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Trip", "type": "object",
    "properties": {
        "zeta": {"type": "string", "enum": ["b", "a", ""], "default": "", "description": "Last letter."},
        "alpha": {"type": "number", "minimum": 0.5, "maximum": 9007199254740991, "multipleOf": 0.25},
        "größe": {"type": "integer", "default": 0, "exclusiveMinimum": -1, "examples": [0, 12]},
        "plain": {"type": "string", "pattern": "^\\d+\\s{1,2}$", "maxLength": 64, "x-note": {}},
        "maybe": {"anyOf": [{"type": "boolean", "default": False}, {"type": "null"}], "description": ""},
        "fixed": {"const": None}, "route": _ROUTE,
    },
    "required": ["zeta", "alpha"], "additionalProperties": False,
    "$defs": {"means": {"type": "string", "enum": ["foot", "train"]}},
}
"""What generators of schemas write: references, unions of types, defaults of every kind."""
DESCRIPTION: Final = 'Plans a trip: "there" and back.\n\n- one\tline\n' + "A long description. " * 24
# Longer than a field of 65,535 bytes and a line of 64 KiB, shorter than a request of 100 KiB: usual limits of
# stores, readers and servers.
LONG: Final = 66_000
NAME: Final = "9-lives_Of-a_Cat"


def padded(blanks: int = LONG) -> str:
    """Instructions of a length: blanks, for they are few tokens to a model."""
    return f"Answer as JSON.{' ' * blanks}In few words."
