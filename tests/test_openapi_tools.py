"""The OpenAPI document in the tools that users feed it to: Prism (mock and proxy), Redocly, schemathesis.

Prism and Redocly are installed into build/ once (node and the network; skipped without node).
"""

import hashlib
import json
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import schemathesis

from runs_conformance.openapi import examples
from runs_conformance.paths import SCHEMAS
from runs_conformance.reference import ReferenceOptions, running

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "targets"))
import processes  # noqa: E402 - a script of the targets' folder

DOCUMENT = SCHEMAS / "openapi.json"
HEADERS = {"Authorization": "Bearer sk-nobody", "OpenAI-Beta": "assistants=v2"}
RUN = f"/threads/{examples.THREAD_ID}/runs"
PLAIN = {"assistant_id": examples.ASSISTANT_ID}


def installed(folder):
    """The node_modules of a pinned package.json, installed when its lock is new."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs node and npm, not installed here")
    lock = (ROOT / folder / "package-lock.json").read_bytes()
    home = ROOT / "build" / "openapi-tools" / Path(folder).name / hashlib.sha256(lock).hexdigest()[:12]
    if not (home / "done").exists():
        home.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(ROOT / folder / name, home / name)
        words = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        subprocess.run(words, cwd=home, check=True, capture_output=True, timeout=600)
        (home / "done").touch()
    return home / "node_modules"


@contextmanager
def prism(tmp_path, *words):
    port = processes.free_port()
    script = installed("targets/prism") / "@stoplight/prism-cli/dist/index.js"
    mode, document, *rest = words
    program = processes.Program(
        name="Prism",
        command=["node", str(script), mode, "-h", "127.0.0.1", "-p", str(port), document, *rest],
        variables=processes.environment({}, tmp_path), folder=tmp_path, log=tmp_path / "prism.log",
        ready=f"http://127.0.0.1:{port}/models", deadline=60,
    )
    with processes.running(program), httpx2.Client(
        base_url=f"http://127.0.0.1:{port}", headers=HEADERS, trust_env=False, timeout=30,
    ) as client:
        yield client


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    with prism(tmp_path_factory.mktemp("prism"), "mock", str(DOCUMENT)) as client:
        yield client


@pytest.mark.slow
@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 2.1}, {"tools": [{"type": "function"}]}, {"metadata": {"k": 1}}, {"unknown": 1},
        {"max_prompt_tokens": 255}, {"tools": [{"type": "code_interpreter"}] * 21}, {"assistant_id": None},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_prism_refuses_what_the_schemas_refuse(mock, fields):
    answer = mock.post(RUN, json={**PLAIN, **fields})
    assert (answer.status_code, answer.json()) == (400, examples.error("400"))


@pytest.mark.slow
def test_prism_mocks_the_operations(mock):
    assert mock.post(RUN, json=PLAIN).json() == examples.RUN
    assert mock.get(f"{RUN}/{examples.RUN_ID}").json()["status"] == "completed"
    assert mock.get(RUN, headers={"Authorization": ""}).status_code == 401
    streamed = mock.post(RUN, json={**PLAIN, "stream": True}, headers={"Accept": "text/event-stream"})
    assert streamed.text == examples.stream("createRun")


@pytest.mark.slow
def test_prism_as_a_proxy_finds_nothing_wrong_with_the_reference_target(tmp_path):
    with (
        running(ReferenceOptions()) as url,
        prism(tmp_path, "proxy", str(DOCUMENT), url, "--errors") as proxy,
    ):
        assistant = proxy.post("/assistants", json={"model": "gpt-4o"}).json()["id"]
        body = {"assistant_id": assistant, "thread": {"messages": [{"role": "user", "content": "Hello"}]}}
        made = proxy.post("/threads/runs", json=body)
        assert (made.status_code, made.json()["object"]) == (200, "thread.run")
        streamed = proxy.post("/threads/runs", json={**body, "stream": True})
        assert streamed.status_code == 200
        assert streamed.text.endswith("data: [DONE]\n\n")
        assert proxy.get("/threads/thread_unknown").status_code == 404
        assert proxy.post("/threads/runs", json={**body, "temperature": 3}).status_code in (400, 422)


@pytest.mark.slow
def test_redocly_renders_it_and_calls_it_valid(tmp_path):
    script = str(installed("tests/redocly") / ".bin/redocly")
    page = tmp_path / "page.html"
    options = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 120}
    subprocess.run([script, "build-docs", str(DOCUMENT), "-o", str(page)], check=True, **options)
    text = page.read_text("utf-8")
    assert all(word in text for word in ("submitToolOutputs", "truncation_strategy", "Read a step"))
    subprocess.run([script, "lint", str(DOCUMENT)], check=True, **options)


def test_schemathesis_loads_every_operation_and_every_link():
    schema = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text("utf-8")))
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) == schema.statistic.operations.total == 23
    links = DOCUMENT.read_text("utf-8").count('"operationId"') - 23
    assert schema.statistic.transitions.total == links
