"""What recorders lose, scrub and re-encode is never made a finding of."""

import gzip
import json
import re
from dataclasses import replace

import pytest
from recorded_calls import broken, inspected, session, with_host

ID = re.compile(rb"(thread|run|asst|msg|step|call)_[A-Za-z0-9]{24}")
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


def each(change):
    return lambda calls: tuple(change(one) for one in calls)


def answers(change):
    """Change the JSON of the answers."""
    return each(lambda one: one if one.streamed else one.changed(change))


def raw(change):
    """Change the bytes of the answers, lengths as they were announced."""
    return each(lambda one: replace(one, body=change(one.body)))


def everywhere(pattern, new):
    """Replace in addresses and bodies alike."""

    def change(one):
        url = re.sub(pattern, new, one.url.encode()).decode()
        sent = one.request_body and re.sub(pattern, new, one.request_body)
        return replace(one, url=url, request_body=sent, body=re.sub(pattern, new, one.body))

    return each(change)


def members(body, **values):
    return {key: values.get(key, value) for key, value in body.items()}


def first(body, count):
    """Only some members are left."""
    return dict(list(body.items())[:count])


def number(match):
    return match[1] + b"_" + str(sum(match[0]) % 97).encode()


def error(status, body, kind):
    def change(calls):
        page = replace(calls[-1], status=status, body=body, headers=(("content-type", kind),))
        return (*calls, page, replace(calls[2], status=status, body=body, headers=page.headers))

    return change


def streams(change):
    return each(lambda one: replace(one, body=change(one.body)) if one.streamed else one)


def twice(calls):
    return tuple(one for call in calls for one in (call, call))


LOSSES = {
    "no headers of answers": each(lambda one: replace(one, headers=())),
    "no headers of requests": each(lambda one: replace(one, request_headers=())),
    "no content-type": each(lambda one: one.header("content-type", None)),
    "no request id": each(lambda one: one.header("x-request-id", None)),
    "an empty request id": each(lambda one: one.header("x-request-id", "")),
    "few headers": each(lambda one: replace(one, headers=(("server", "cloudflare"),))),
    "no request bodies": each(lambda one: replace(one, request_body=None)),
    "empty request bodies": each(lambda one: replace(one, request_body=b"")),
    "no answers' bodies": raw(lambda body: b""),
    "bodies cut in half": raw(lambda body: body[: len(body) // 2]),
    "requests as Python shows them": each(
        lambda one: replace(
            one, request_body=one.request_body and repr(json.loads(one.request_body)).encode()
        )
    ),
    "requests as a form": each(
        lambda one: replace(one, request_body=one.request_body and b"assistant_id=asst_1")
    ),
    "a placeholder for the body": raw(lambda body: b"[truncated]"),
    "laid out anew": raw(
        lambda body: body if body[:1] == b"e" else json.dumps(json.loads(body), indent=4).encode()
    ),
    "keys in order": answers(lambda body: dict(sorted(body.items()))),
    "a byte order mark": raw(lambda body: b"\xef\xbb\xbf" + body),
    "a stale content-encoding": each(lambda one: one.header("content-encoding", "gzip")),
    "a stale br": each(lambda one: one.header("content-encoding", "br")),
    "mangled gzip": raw(lambda body: gzip.compress(body).decode("utf-8", "replace").encode()),
    "gzip cut short": raw(lambda body: gzip.compress(body)[:-20]),
    "a stream cut in an event": streams(lambda body: body[: len(body) * 2 // 3]),
    "a stream cut between events": streams(lambda body: b"\n\n".join(body.split(b"\n\n")[:9]) + b"\n\n"),
    "a stream without its last line": streams(lambda body: body.rstrip()),
    "a stream of which nothing is left": streams(lambda body: b""),
    "one word for all ids": everywhere(ID, rb"\1_REDACTED"),
    "one mark for all ids": everywhere(ID, rb"***"),
    "short ids": everywhere(ID, number),
    "ids of addresses replaced": each(
        lambda one: replace(one, url=re.sub(ID.pattern.decode(), r"\1_ID", one.url))
    ),
    "ids of bodies replaced": raw(lambda body: re.sub(ID, rb"\1_SANITIZED", body)),
    "instructions blotted out": answers(lambda body: members(body, instructions="[REDACTED]")),
    "the model blotted out": answers(lambda body: members(body, model="<MODEL>")),
    "metadata blotted out": answers(lambda body: members(body, metadata="***")),
    "times blotted out": answers(lambda body: members(body, created_at="SANITIZED", started_at="SANITIZED")),
    "parts cut out": each(
        lambda one: one if one.streamed else replace(one, body=json.dumps(first(one.json, 5)).encode())
    ),
    "an error page": error(502, HTML, "text/html"),
    "a login page": error(403, HTML, "text/html; charset=utf-8"),
    "a breakdown in plain text": error(500, b"upstream connect error", "text/plain"),
    "an empty error": error(500, b"", "application/json"),
    "too many": error(429, b"slow down", "text/plain"),
    "each call twice": twice,
    "the stream last": lambda calls: (*calls[:9], *calls[10:], calls[9]),
    "camel case": answers(
        lambda body: {re.sub("_(.)", lambda m: m[1].upper(), key): v for key, v in body.items()}
    ),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("form", ["vcrpy.yaml", "ruby.yml"])
def test_what_the_vendors_recording_lost_is_no_finding(name, form, tmp_path):
    outcome = inspected(tmp_path, LOSSES[name](session()), form)
    assert broken(outcome) == {}
    assert outcome.recorded >= 12


@pytest.mark.parametrize("name", LOSSES)
def test_what_any_servers_recording_lost_is_no_finding(name, tmp_path):
    outcome = inspected(tmp_path, LOSSES[name](with_host(session())))
    assert broken(outcome) == {}
    assert not outcome.troubles


@pytest.mark.parametrize("name", sorted(set(LOSSES) - {"camel case"}))
def test_what_is_left_is_judged(name, tmp_path):
    outcome = inspected(tmp_path, LOSSES[name](session()))
    assert outcome.judged + sum(outcome.others.values()) >= 12
    assert outcome.judged >= 12


def test_a_loss_is_told(tmp_path):
    outcome = inspected(tmp_path, LOSSES["ids of bodies replaced"](with_host(session())))
    assert outcome.tally.reasons["ids were replaced in the recording"] > 3
