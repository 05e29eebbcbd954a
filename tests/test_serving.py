"""Targets started for the user: ASGI and WSGI apps on a real socket, and what can be wrong with them."""

from __future__ import annotations

import contextlib
import re
import sys
import threading
import time

import httpx2
import pytest

from runs_conformance.target.serving import ServingError, app, open_target
from runs_conformance.target.settings import ProfileError

APPS = """
import sys

async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("no lifespan here")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})

class Asgi:
    async def __call__(self, scope, receive, send):
        await asgi(scope, receive, send)

class Old:
    def __call__(self, environ, start_response):
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]

class Box:
    inner = Asgi()

instance, wsgi, number, list_of = Asgi(), Old(), 3, lambda a: a

def factory():
    return Asgi()

def bad_factory():
    raise KeyError("SETTING")

async def failing(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})
"""


@pytest.fixture
def apps(tmp_path, monkeypatch):
    """A module of apps in the current directory, which is where the user's own module is looked for."""
    name = f"apps_{abs(hash(str(tmp_path)))}"
    (tmp_path / f"{name}.py").write_text(APPS)
    (tmp_path / f"{name}_broken.py").write_text("import not_installed_anywhere")
    (tmp_path / f"{name}_exits.py").write_text("import sys; sys.exit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["somewhere", *sys.path])
    return name


@pytest.mark.parametrize("attribute", ["asgi", "instance", "wsgi", "factory", "Box.inner"])
def test_an_app_is_served(apps, attribute):
    with app(f"{apps}:{attribute}") as url:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        assert httpx2.get(f"{url}/threads").text == "/threads"


def test_a_path_prefix():
    assert (
        open_target("http://127.0.0.1:1/v1/", contextlib.nullcontext).__enter__() == "http://127.0.0.1:1/v1"
    )


def test_a_path_prefix_of_an_app(apps):
    with open_target(f"app:{apps}:asgi/v1/", contextlib.nullcontext) as url:
        assert url.endswith("/v1")


def test_starting_and_stopping_is_quick_and_leaves_no_thread(apps):
    before, started = threading.active_count(), time.monotonic()
    with app(f"{apps}:asgi") as url:
        httpx2.get(url)
    assert time.monotonic() - started < 2
    assert threading.active_count() <= before


def test_answers_are_not_held_back(apps):
    with app(f"{apps}:asgi") as url, httpx2.Client() as client:
        client.get(url)
        started = time.monotonic()
        for _ in range(10):
            client.get(url)
    assert time.monotonic() - started < 0.3


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("{}", "expected app:module:attribute"),
        ("{}:", "expected app:module:attribute"),
        ("{}_no:asgi", "there is no module"),
        ("{}.sub:asgi", "there is no module"),
        ("{}:nothing", "has no attribute nothing"),
        ("{}:number", "of type int: neither an ASGI app"),
        ("{}:list_of", "neither an ASGI app"),
        ("{}:bad_factory", "calling it failed: KeyError"),
        ("{}:failing", "start-up (lifespan) failed"),
        ("{}_broken:asgi", "No module named 'not_installed_anywhere'"),
        ("{}_exits:asgi", "failed: SystemExit: 3"),
    ],
)
def test_a_bad_app_gets_a_sentence(apps, target, sentence):
    with pytest.raises(ServingError, match=re.escape(sentence)):
        open_target("app:" + target.format(apps), contextlib.nullcontext).__enter__()


def test_embedded_is_what_the_caller_starts():
    with open_target("embedded", lambda: contextlib.nullcontext("http://127.0.0.1:5/v1")) as url:
        assert url == "http://127.0.0.1:5/v1"


def test_a_bad_url_is_a_profile_error():
    with pytest.raises(ProfileError, match="did you mean http://localhost:1/v1"):
        open_target("localhost:1/v1", contextlib.nullcontext)
