"""Sentences for people: why a target can't be set up, and what they can do about it."""

from __future__ import annotations

import re
from typing import Final

from runs_conformance.contract.jsontext import brief
from runs_conformance.contract.model import Exchange, Failure
from runs_conformance.target.profile import Profile

_HTML: Final = re.compile(rb"\s*(<!doctype html|<html|<head|<body)", re.IGNORECASE)
_MISSING: Final = {
    "assistant": 'if the target makes none, declare absent = ["assistants.create"] and give assistant_id',
    "thread": 'if the target makes none, declare absent = ["threads"] and give thread_id',
}


def failure_of(exchange: Exchange) -> Failure | None:
    return exchange.failure or (exchange.response.failure if exchange.response else None)


def first_contact(exchange: Exchange, profile: Profile) -> tuple[str, str] | None:
    """Rung and sentence if the first answer shows that nothing at all can be tested, else None."""
    if exchange.response is None:
        return "reachable", _unreachable(exchange)
    if exchange.status in (401, 403):
        return "authorised", _refused(exchange, profile)
    if exchange.response.headers.media_type == "text/html" or _HTML.match(exchange.response.body):
        return "reachable", (
            f"{exchange.base_url} answers {_asked(exchange)} with HTTP {exchange.status} and an HTML page: "
            "is the base URL right? That of most servers ends in /v1"
        )
    return None


def explain(rung: str, exchange: Exchange) -> str:
    """Why a rung broke, with what the profile could say instead."""
    failure = failure_of(exchange)
    if failure is not None:
        return f"{_asked(exchange)}: {failure.text}"
    if exchange.ok:
        return f"{_asked(exchange)} answered HTTP {exchange.status} without an id: {_said(exchange)}"
    advice = f"; {_MISSING[rung]}" if rung in _MISSING and exchange.status in (404, 405, 501) else ""
    return f"{_asked(exchange)} answered HTTP {exchange.status}: {_said(exchange)}{advice}"


def _unreachable(exchange: Exchange) -> str:
    failure = failure_of(exchange) or Failure("unreachable", "nothing came")
    advice = "is the target running, and are scheme, host, port and path of the URL right?"
    if failure.kind == "tls":
        advice = (
            "is the certificate's authority known on this machine (SSL_CERT_FILE), or is it a http:// target?"
        )
    return f"{exchange.base_url} can't be used: {failure.text}; {advice}"


def _refused(exchange: Exchange, profile: Profile) -> str:
    said = f"the target refused {_asked(exchange)} with HTTP {exchange.status}: {_said(exchange)}"
    if profile.auth_header == "none":
        return (
            f"{said}; it wants a key: leave out --no-key and set the environment variable {profile.key_env}"
        )
    source = f"the environment variable {profile.key_env}"
    was = (
        f"the key came from {source}"
        if profile.environ.get(profile.key_env)
        else f"no key was set: set {source}"
    )
    return f"{said}; {was} and was sent by auth_header = {brief(profile.auth_header)}"


def _asked(exchange: Exchange) -> str:
    return f"{exchange.request.method} {exchange.request.path}"


def _said(exchange: Exchange) -> str:
    """The error's message, or the start of the body; safe for a terminal."""
    answer = exchange.answer
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return brief(error["message"], 200)
    if isinstance(error, str):
        return brief(error, 200)
    body = exchange.response.body if exchange.response else b""
    return brief(body[:400].decode("utf-8", "replace").strip(), 200) if body else "an empty body"
