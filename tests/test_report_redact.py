from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import SECRET, exchange, failed, register, row

from runs_conformance.contract.model import Headers, Request, Response
from runs_conformance.report.redact import HIDDEN, MARGIN, Redactor, carries_secret
from runs_conformance.report.saved import BODY, Recorder

HIDE = Redactor((SECRET, 'od"d/k\\ey é'))
ROWS = register(row("refuse.a"))


@pytest.mark.parametrize(
    "name", ["Authorization", "api-key", "X-Api-Key", "Set-Cookie", "OpenAI-Organization", "sig", "key"]
)
def test_names_that_carry_secrets(name: str) -> None:
    assert carries_secret(name)


@pytest.mark.parametrize(
    "name", ["content-type", "x-ratelimit-remaining-tokens", "x-request-id", "openai-beta", "after"]
)
def test_names_that_do_not(name: str) -> None:
    assert not carries_secret(name)


@pytest.mark.parametrize("spelling", ['od"d/k\\ey é', json.dumps('od"d/k\\ey é'), "od%22d%2Fk%5Cey%20%C3%A9"])
def test_every_spelling_of_a_secret_goes(spelling: str) -> None:
    assert HIDE.text(f"<{spelling}>").replace('"', "") == f"<{HIDDEN}>"


@pytest.mark.parametrize(
    "text", ["sk-proj-abcdefghijklmnop", "Bearer abc123def456", "eyJhbGciOiJI.eyJzdWIiOiIx.abcdefghij"]
)
def test_what_looks_like_a_key_goes(text: str) -> None:
    assert HIDDEN in Redactor().text(f"seen {text}, sorry")


def test_prose_about_keys_stays() -> None:
    text = "use Bearer authentication (Bearer YOUR_KEY), task-list, sk-short"
    assert Redactor().text(text) == text


def test_addresses() -> None:
    assert (
        HIDE.url("https://u:p@h:1/v1?api-version=2&api-key=zz")
        == f"https://h:1/v1?api-version=2&api-key={HIDDEN}"
    )
    assert HIDE.url("app:module:attribute") == "app:module:attribute"
    assert HIDE.text("at https://user:pw@h/x") == "at https://h/x"


def test_a_scheme_stays_its_credentials_go() -> None:
    assert HIDE.value("authorization", "Basic Zm9v") == f"Basic {HIDDEN}"
    assert HIDE.value("authorization", "Bearer") == "Bearer"
    assert HIDE.value("api-key", "zz") == HIDDEN


@given(st.integers(0, BODY + 2 * MARGIN), st.integers(1, 3))
def test_no_part_of_a_secret_survives_a_cut(before: int, times: int) -> None:
    data = (b"x" * before + SECRET.encode() * times).ljust(BODY + MARGIN + 100, b"y")
    for kept in (HIDE.head(data, BODY), HIDE.raw_head(b"\xff" + data, BODY).decode("latin-1")):
        assert SECRET[:4] not in kept
        assert len(kept) <= BODY


def test_no_part_survives_where_hiding_made_the_text_shorter() -> None:
    assert SECRET[:4] not in HIDE.head(SECRET.encode() * 2000, BODY)
    assert SECRET[:4] not in HIDE.raw_head(SECRET.encode() * 2000 + b"\xff", BODY).decode("latin-1")


def test_an_exchange_is_saved_without_secrets() -> None:
    headers = Headers((("authorization", f"Bearer {SECRET}"), ("x-odd", SECRET)))
    request = Request("POST", f"/threads/{SECRET}", (("key", "zz"), ("q", SECRET)), headers, SECRET.encode())
    answer = Response(401, Headers((("set-cookie", "s=zz"),)), b"\xff" + SECRET.encode())
    sent = exchange(request=request, response=answer, base_url=f"http://{SECRET}:zz@h")
    lines = json.dumps(
        list(Recorder(ROWS, hide=HIDE).records(failed("refuse.a", actual=f"echoed {SECRET}"), sent))
    )
    assert SECRET not in lines
    assert "zz" not in lines
