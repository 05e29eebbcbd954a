"""The battery of hostile targets, one or more of each family; `tox -e hostile` runs all of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# A case of each family, and what has been a hole: silence for streams, events without end, keys in disguise.
CHOSEN = [
    "silence: closes after the request", "silence: never answers for a stream", "drips: chunks of a byte",
    "endless: 1 GB of JSON", "framing: every byte there is", "breaks: stream reset after half the body",
    "tls: a certificate of nobody", "encodings: a gzip bomb for runs", "json: 16 MB of empty lists",
    "objects: dates beyond all calendars", "events: an index of a billion", "markup: a cleared screen, in",
    "paths: an id that is a line and a header", "keys: in escapes of JSON", "redirects: to another port",
    "proxies: nginx, 502", "recordings: a line of 12 MB of lists", "recordings: the key in the answer",
    "recordings: names with escapes",
]  # fmt: skip


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """All in one process that forks the commands; the proxy stands once before all servers."""
    file = tmp_path_factory.mktemp("battery") / "rows.jsonl"
    words = ["--only", "|".join(CHOSEN), "--representatives", "--rows", str(file)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    command = (sys.executable, "-m", "benchmarks.hostile", *words)
    done = subprocess.run(
        command, cwd=ROOT, env=kept, capture_output=True, text=True, timeout=900, check=False
    )
    assert file.exists(), done.stderr
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the battery forks and measures as Linux can")
@pytest.mark.parametrize("name", CHOSEN)
def test_every_command_ends_well(name, rows):
    mine = [row for row in rows if row["case"].startswith(name)]
    assert {"check", "inspect"} & {row["command"] for row in mine}
    assert [trouble for row in mine for trouble in row["troubles"]] == []


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the battery forks and measures as Linux can")
def test_the_proxy_and_a_judge_that_is_killed(rows):
    watched = [row for row in rows if row["command"].startswith("watch")]
    assert any(row["command"] == "watch, its judge killed" for row in watched)
    assert [trouble for row in watched for trouble in row["troubles"]] == []
