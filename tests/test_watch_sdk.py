"""The vendor's SDK through the proxy: all that it reports is what it reports without one."""

import json
import subprocess
from pathlib import Path

import pytest
from watched_traffic import judged, proxied

from runs_conformance.reference import ReferenceOptions, running

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parent / "build" / "openai_sdk" / "bin" / "python"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PYTHON.exists(), reason="the SDK is not installed; `python targets/openai_sdk/install.py` does it"
    ),
]


def report(base_url):
    command = [str(PYTHON), str(HERE / "openai_sdk.py"), base_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def both():
    """What it reports without and with the proxy, and what the judge found."""
    with running(ReferenceOptions(scenarios=True)) as base_url:
        plain = report(base_url)
        with proxied(base_url.removesuffix("/v1")) as (address, seen):
            through = report(f"{address}/v1")
        return plain, through, judged(seen, base_url)


def test_its_results_are_those_without_a_proxy(both):
    plain, through, _ = both
    assert through == plain
    assert plain["polled parallel-tool-calls"][1] == ["get_weather", "get_time"]
    assert len(plain["streamed many-deltas"]) > 2000


def test_nothing_is_found_against_it(both):
    assert both[2]["client"] == set()
    assert {row for row, _ in both[2]["server"]} <= {"order.done-last", "lifecycle.token-limit-incomplete"}
