"""A key is found however an answer spells it: plain, escaped, packed; lengths stay."""

import base64
import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs_conformance.contract.spelling import in_base64
from runs_conformance.report.redact import HIDDEN
from runs_conformance.report.redact import Redactor as Written
from runs_conformance.target.redact import Redactor

KEY = "Zq7/key-Wx51=="
SPELLINGS = {
    "plain": KEY,
    "JSON, all": "".join(f"\\u{ord(one):04x}" for one in KEY),
    "JSON, capitals": "".join(f"\\u{ord(one):04X}" for one in KEY),
    "JSON, some": KEY.replace("k", "\\u006b").replace("/", "\\/"),
    "URL": "".join(f"%{ord(one):02X}" for one in KEY),
    "HTML": "".join(f"&#{ord(one)};" for one in KEY),
    "HTML, hexadecimal": "".join(f"&#x{ord(one):x};" for one in KEY),
    "base64": base64.b64encode(f"Bearer {KEY}".encode()).decode(),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_key_goes_in_every_spelling(name):
    text = f'{{"a": "<{SPELLINGS[name]}>"}}'
    hidden = Redactor([KEY]).data(text.encode()).decode()
    assert len(hidden) == len(text)
    assert "***" in hidden
    assert KEY not in html.unescape(json.loads(hidden)["a"])
    assert "***" in Redactor([KEY]).text(text)
    assert HIDDEN in Written((KEY,)).text(text)


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_key_goes_in_wide_characters(charset):
    data = f"<{KEY}>".encode(charset)
    assert b"*" * len(KEY) in Redactor([KEY]).data(data)
    assert HIDDEN in Written((KEY,)).text(data.decode("latin-1"))


@given(st.binary(max_size=9), st.text("abcXYZ019-_", min_size=8, max_size=40), st.binary(max_size=9))
def test_base64_is_found_wherever_it_begins(before, key, after):
    packed = base64.b64encode(before + key.encode() + after).decode()
    assert any(part in packed for part in in_base64(key))


@given(st.text(), st.sampled_from([KEY, "sk-other-key-0123"]))
def test_other_texts_stay(text, key):
    if key not in text:
        assert Redactor(["Zq8/another-one"]).text(text) == text
