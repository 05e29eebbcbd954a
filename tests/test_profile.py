"""Reading a profile: what is understood, and that each mistake gets a sentence that helps."""

from __future__ import annotations

import re

import pytest

from runs_conformance.contract.capabilities import CAPABILITIES, MEANING
from runs_conformance.target.profile import PLACEHOLDER_KEY, Profile, Secret, is_loopback
from runs_conformance.target.reading import load
from runs_conformance.target.settings import ProfileError

FULL = """
base_url = "https://gateway.example/openai/v1/"
key_env = "GATEWAY_KEY"
auth_header = "api-key"
model = "gpt-4o-mini"
other_model = "gpt-4.1"
assistant_id = "asst_1"
edition = 2024-06-06
max_runs = 30
cleanup = false

[headers]
x-provider = "openai"
x-token = "${PROVIDER_TOKEN}"
[query]
api-version = "2024-05-01-preview"
[resources]
file_id = "file_1"
[aliases]
gpt-4o = ["gpt-4o-2024-05-13"]
[absent]
streams = "not built yet"
[timeouts]
exchange = 5
[limits]
max_bytes = 1000
"""


def profile_of(tmp_path, text, environ=None, **overrides) -> Profile:
    path = tmp_path / "profile.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(path, overrides, environ or {})


def test_a_full_profile(tmp_path):
    profile = profile_of(tmp_path, FULL, {"PROVIDER_TOKEN": "t-1", "GATEWAY_KEY": "k-1\n"})
    assert (profile.base_url, profile.edition) == ("https://gateway.example/openai/v1", "2024-06-06")
    assert profile.headers == (Secret("x-provider", "openai"), Secret("x-token", "t-1", hidden=True))
    assert (profile.timeouts.exchange, profile.timeouts.stream, profile.limits.max_bytes) == (
        5.0,
        120.0,
        1000,
    )
    assert (profile.lacks("streams"), profile.lacks("steps")) == ("not built yet", None)
    assert profile.key("https://gateway.example") == "k-1"
    assert (profile.resource("file"), profile.resource("other_model")) == ("file_1", "gpt-4.1")


def test_overrides_win_and_tables_merge(tmp_path):
    overrides = {"model": "m", "headers": {"x-provider": "azure"}, "absent": ["steps"], "max_runs": None}
    profile = profile_of(tmp_path, FULL, {"PROVIDER_TOKEN": "t-1"}, **overrides)
    assert (profile.model, profile.max_runs, set(profile.absent)) == ("m", 30, {"streams", "steps"})
    assert [entry.value for entry in profile.headers] == ["azure", "t-1"]


def test_without_a_file_there_are_defaults():
    assert load(environ={}) == Profile()


def test_no_secret_is_shown(tmp_path):
    profile = profile_of(tmp_path, FULL, {"PROVIDER_TOKEN": "hush-1", "GATEWAY_KEY": "hush-2"})
    assert "hush" not in repr(profile)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:1", True),
        ("http://localhost.", True),
        ("http://a.localhost", True),
        ("http://0.0.0.0:1", True),
        ("http://localhost.example", False),
        ("http://10.0.0.1", False),
        ("http://127.0.0.1.example", False),
    ],
)
def test_which_hosts_are_this_machine(url, loopback):
    assert is_loopback(url) is loopback


def test_a_missing_key_is_harmless_here_and_an_error_elsewhere():
    profile = load(environ={})
    assert profile.key("http://127.0.0.1:8000/v1") == PLACEHOLDER_KEY
    with pytest.raises(ProfileError, match=r"OPENAI_API_KEY.*--no-key"):
        profile.key("https://api.example/v1")
    assert load(overrides={"no_key": True}, environ={}).key("https://api.example/v1") is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('modle = "x"', 'unknown setting "modle": did you mean "model"?'),
        ("[timeouts]\nconect = 1", 'unknown setting "timeouts.conect": did you mean "connect"?'),
        ("model = 3", "model: expected a string, found a number"),
        ('model = " "', "model: is empty; leave it out instead"),
        ("headers = 3", "headers: expected a table, found a number"),
        ('[headers]\n"x y" = "1"', 'headers: "x y" is no header name'),
        ('[headers]\nx = "é"', "headers.x: holds characters that a header can't carry"),
        ('[headers]\nx = "${NOPE}"', "headers.x: the environment variable NOPE is not set"),
        ('absent = ["stream"]', 'absent: unknown capability "stream": did you mean "streams"?'),
        ('absent = ["zzz"]', "known are: assistants.create"),
        ("[absent]\nstreams = true", "absent.streams: expected a string, found true or false"),
        ('edition = "v2"', 'edition: "v2" is not a date such as 2026-08-21'),
        ('edition = "2023-01-01"', "edition: 2023-01-01 is outside 2024-04-17 .. 2026-08-21"),
        ("max_runs = 0", "max_runs: expected at least 1, found 0"),
        ("max_runs = true", "max_runs: expected a whole number, found true or false"),
        ("[timeouts]\npoll = -1", "timeouts.poll: expected more than 0 seconds, found -1"),
        ("[timeouts]\npoll = inf", "timeouts.poll: expected more than 0 seconds, found inf"),
        ("[limits]\nmax_bytes = 1.5", "limits.max_bytes: expected a whole number, found a number"),
        ("aliases = {a = [1]}", "aliases.a[0]: expected a string, found a number"),
        ('[resources]\nfile = "f"', 'unknown setting "resources.file": did you mean "file_id"?'),
        ('auth_header = "basic"', "auth_header: expected one of bearer, api-key, none"),
        ("cleanup = 1", "cleanup: expected true or false, found a number"),
        ("= 3", "not TOML: "),
        (b"\xff", "not UTF-8 at byte 0"),
    ],
)
def test_a_mistake_gets_a_sentence(tmp_path, text, sentence):
    with pytest.raises(ProfileError, match=re.escape(sentence)) as caught:
        profile_of(tmp_path, text)
    assert "profile.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("127.0.0.1:8000/v1", "did you mean http://127.0.0.1:8000/v1?"),
        ("ftp://host/v1", "is not a URL such as"),
        ("http:///v1", "is not a URL such as"),
        ("http://host:99999", "base_url: Port out of range"),
        ("http://host:0", "port 0 is no port"),
        ("http://[::1/v1", "base_url: Invalid IPv6 URL"),
        ("http://user:pass@host/v1", "user name or password"),
        ("http://host/v1?api-version=1", "has a query or fragment"),
        ("http://host/v1#top", "has a query or fragment"),
        ("http://ho st/v1", "has a space"),
    ],
)
def test_a_bad_url_gets_a_sentence(url, sentence):
    with pytest.raises(ProfileError, match=re.escape(sentence)) as caught:
        load(overrides={"base_url": url}, environ={})
    assert "user:pass" not in str(caught.value)


def test_a_profile_that_is_not_there(tmp_path):
    with pytest.raises(ProfileError, match="there is no such file"):
        load(tmp_path / "none.toml")
    with pytest.raises(ProfileError, match="can't be read"):
        load(tmp_path)


def test_a_key_that_no_header_can_carry_is_refused_without_showing_it():
    with pytest.raises(ProfileError, match="environment variable K: holds characters") as caught:
        load(overrides={"key_env": "K"}, environ={"K": "sk-geheim-ü"}).key("http://127.0.0.1")
    assert "geheim" not in str(caught.value)


def test_each_capability_has_its_meaning():
    assert set(MEANING) == CAPABILITIES
    assert all(MEANING.values())
