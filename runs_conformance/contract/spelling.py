"""The ways in which a text can be written so that whoever decodes it has it back: a key must be found in all.

A target that echoes the key may escape letters of it, as JSON, URLs and HTML allow, or pack it in base64.
"""

from __future__ import annotations

import base64
import re
from typing import Final

# Without one of these there are no escapes in a text, and no need for the slow search.
SIGNS: Final = ("\\u", "\\/", "%", "&#")


def disguised(text: str) -> str:
    """A pattern for ASCII `text`, each character plain or in an escape of JSON, URLs or HTML."""
    return "".join(map(_any_spelling, text))


def _any_spelling(character: str) -> str:
    code = ord(character)
    plain = re.escape(character) if character != "/" else r"\\?/"
    return rf"(?:{plain}|(?i:\\u{code:04x}|%{code:02x}|&#0*{code};|&#x0*{code:x};))"


def in_base64(text: str) -> tuple[str, ...]:
    """What base64 makes of `text` wherever in a longer text it stands: the letters that only it decides."""
    found = []
    for before in range(3):
        packed = base64.b64encode(b"\0" * before + text.encode()).decode().rstrip("=")
        whole = (before + len(text.encode())) * 8 // 6
        found.append(packed[-(-before * 8 // 6) : whole])
    return tuple(found)


def wide(text: str) -> tuple[str, ...]:
    """ASCII `text` in UTF-16 and UTF-32, as it looks where each byte is taken for a character."""
    return "\0".join(text), "\0\0\0".join(text)
