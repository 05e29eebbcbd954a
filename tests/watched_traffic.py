"""A proxy in a thread, a plain client, and what the judge makes of what passed."""

from contextlib import contextmanager

import httpx2

from runs_conformance.clients.judging import Watcher, side_of
from runs_conformance.clients.proxy import Proxy
from runs_conformance.clients.serving import beside
from runs_conformance.contract.register import NEWEST, load
from runs_conformance.contract.timeline import FINAL

KEY = "sk-watched-key-0123456789"
HEADERS = {"Authorization": f"Bearer {KEY}", "OpenAI-Beta": "assistants=v2"}
REGISTER = load()


@contextmanager
def proxied(upstream):
    """Gives the proxy's address (scheme, host, port) and the list that fills with captures."""
    seen = []
    with beside(Proxy(upstream, seen.append)) as address:
        yield address, seen


def client(base_url="", **more):
    return httpx2.Client(base_url=base_url, headers=HEADERS, timeout=20, trust_env=False, **more)


def call(method, url, **more):
    with client() as http:
        return http.request(method, url, **more)


def judged(captures, base_url, **more):
    """Failures by side: {"client": {...}, "server": {...}} of requirement and where."""
    found = {"client": set(), "server": set()}

    def note(finding, _exchange):
        found[side_of(finding.requirement, REGISTER)].add((finding.requirement, finding.where))

    watcher = Watcher(base_url, NEWEST, REGISTER, found=note, **more)
    troubles = [one for one in (watcher.see(capture).trouble for capture in captures) if one]
    assert not troubles
    assert not watcher.close()
    return found


def follow(http, run):
    """Poll a run to its end, answering calls and trying busy answers again; the statuses seen."""
    path, seen = f"/threads/{run['thread_id']}/runs/{run['id']}", [run["status"]]
    for _ in range(400):
        if seen[-1] in FINAL:
            return seen
        if seen[-1] == "requires_action":
            submit(http, run)
        answer = http.get(path)
        run = answer.json() if answer.status_code == 200 else run
        seen += [run["status"]] if run["status"] != seen[-1] else []
    raise AssertionError(f"the run never ended: {seen}")


def submit(http, run, **more):
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": call["id"], "output": "fine"} for call in calls]
    return http.post(path, json={"tool_outputs": outputs, **more})
