"""The marker for those who have cassettes already, and the example of the docs that shows it."""

import re
from pathlib import Path

from command import flat, run
from recorded_calls import as_vcr_yaml, session, with_host

pytest_plugins = ["pytester"]
PAGE = (Path(__file__).resolve().parent.parent / "docs" / "recordings.md").read_text("utf-8")
EXAMPLE = next(iter(re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)))
URL = session()[1].url
TEST = f"""
import httpx2, pytest, vcr

@pytest.fixture
def tape():
    with vcr.use_cassette("tape.yaml", record_mode="none", match_on=["method", "path"]) as opened:
        yield opened

@pytest.mark.runs_conformance(MARK)
def test_threads(tape):
    for one in list(tape.requests)[:PLAYED]:
        httpx2.request(one.method, one.uri, content=one.body)

def test_that_is_not_marked(tape):
    httpx2.post("{URL}")
"""


def ended(tmp_path, calls, mark="", played=99, source=TEST):
    (tmp_path / "tape.yaml").write_bytes(as_vcr_yaml(calls))
    (tmp_path / "test_it.py").write_text(source.replace("MARK", mark).replace("PLAYED", str(played)), "utf-8")
    words = ("-q", "-p", "no:cacheprovider", "-W", "error", str(tmp_path / "test_it.py"))
    return run(*words, cwd=tmp_path, program=(*run_python(), "-m", "pytest"))


def run_python():
    import sys

    return (sys.executable,)


def wrong():
    calls = with_host(session(), "https://api.openai.com/v1")
    return (*calls[:2], calls[2].changed(lambda body: body | {"metadata": {"a": "2"}}), *calls[3:])


def test_a_sound_cassette_passes(tmp_path):
    done = ended(tmp_path, session())
    assert "2 passed" in done.stdout, done.stdout


def test_a_faulty_cassette_fails_the_test_that_played_it(tmp_path):
    done = ended(tmp_path, wrong())
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "response.echo.metadata at tape.yaml#3" in flat(done.stdout)


def test_only_what_was_played_is_judged(tmp_path):
    assert "2 passed" in ended(tmp_path, wrong(), played=2).stdout


def test_the_marks_arguments_choose(tmp_path):
    assert "2 passed" in ended(tmp_path, wrong(), 'select="response.usage"').stdout
    assert "matches no requirement" in flat(ended(tmp_path, session(), 'select="nothing.such"').stdout)


def test_a_marked_test_that_plays_nothing_fails(tmp_path):
    done = ended(tmp_path, session(), played=0)
    assert "the test used no recorded call of the Assistants API (0 recorded calls)" in flat(done.stdout)


def test_the_example_of_the_docs_works(tmp_path):
    """With pytest-recording where it is installed, else with the fixture that it would be."""
    (tmp_path / "conftest.py").write_text(
        "import pytest, vcr\n"
        "def pytest_configure(config): config.addinivalue_line('markers', 'vcr')\n"
        "@pytest.fixture(autouse=True)\n"
        "def cassette():\n"
        "    with vcr.use_cassette('tape.yaml', record_mode='none', match_on=['method', 'path']): yield\n"
    )
    source = (
        EXAMPLE
        + f"\n\ndef create_run():\n    import httpx2\n    httpx2.post({session()[2].url!r}, json={{}})\n"
    )
    done = ended(tmp_path, session(), source=source)
    assert "1 passed" in done.stdout, done.stdout
    assert len(EXAMPLE.strip().splitlines()) <= 6
