"""The battery: each hostile server judged, killed in the middle, inspected and watched; each recording inspected.

One row a case: what it took, and all that was wrong. Nothing is skipped in silence: a case whose process ends
badly is a crash.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.matrix import jobs
from hostile import looking
from hostile.commands import Command, Ended
from hostile.servers import KEY, SHORT

TESTS = Path(__file__).resolve().parent.parent
PROFILE = """
[timeouts]
connect = 2
exchange = 1
stream = 1.5
idle = 0.5
poll = 1
[throttle]
seconds = 1
"""
MOST_MEGABYTES = 300
ENVIRONMENT = {"OPENAI_API_KEY": KEY, "COLUMNS": "100", "PYTEST_ADDOPTS": "-p no:logging"}
RUN = {"assistant_id": "asst_A1", "instructions": "x"}
CALLS = [
    ("POST", "/assistants", {"model": "gpt-4o"}),
    ("POST", "/threads/thread_A1/runs", RUN),
    ("POST", "/threads/thread_A1/runs", {**RUN, "stream": True}),
    ("GET", "/threads/thread_A1/runs/run_A1", None),
]
# A line of the proxy's that has nothing to tell.
FINE = re.compile(r"  2\d\d  \d+\.\d+ s  (\d+ events  )?ok$")
# What the report says of exchanges that its judge was not given: bounded, and told.
BEHIND = "passed on and not judged: the judge had fallen behind"
CLIENT_SECONDS = 3.0
CLIENT_BYTES = 20 << 20
DEADLINE = 3600.0


@dataclass
class Row:
    """One case under one command. `troubles` are "kind: sentence"; hang, crash, leak, code, memory and so on."""

    case: str
    command: str
    code: int | None = None
    seconds: float = 0.0
    worked: float = 0.0
    megabytes: float = 0.0
    troubles: list[str] = field(default_factory=list)

    @property
    def family(self) -> str:
        return self.case.partition(":")[0]


@contextmanager
def house(pattern: str) -> Iterator[tuple[dict, Path]]:
    """The servers in a process of their own, and a folder for all that is left behind."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        folder = Path(name)
        command = [sys.executable, "-m", "hostile.house", str(folder), pattern]
        path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
        process = subprocess.Popen(
            command, cwd=TESTS, env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            if process.stdout.readline() != b"ready\n":
                raise RuntimeError("the hostile servers did not start")
            yield json.loads((folder / "servers.json").read_text()), folder
        finally:
            process.kill()
            process.communicate()


def warm() -> None:
    """Load what every command needs before forking: a check of the embedded target, and a report of it."""
    from runs_conformance import inspection, watch  # noqa: F401
    from runs_conformance.cli import main
    from runs_conformance.recordings import cassette  # noqa: F401

    os.environ.update(ENVIRONMENT)
    with tempfile.TemporaryDirectory() as folder:
        words = ["check", "--select", SHORT, "--profile", "smoke", "--results", f"{folder}/r.jsonl"]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            code = main([*words, "--record", f"{folder}/tape"])
        found = looking.results(Path(folder) / "r.jsonl")
        if code != 0 or isinstance(found, str):
            raise RuntimeError(f"a check of the reference target ended with {code}: mend that first ({found})")
        if troubles := list(looking.views(found)):
            raise RuntimeError(f"the views of a sound target are held to be unsafe: {troubles}")


def measured(row: Row, ended: Ended, codes) -> Row:
    """What any command is held to."""
    row.code, row.seconds, row.worked, row.megabytes = ended.code, ended.seconds, ended.worked, ended.megabytes
    if ended.code is None:
        row.troubles.append(f"hang: not over after {ended.seconds:.0f} s")
        return row
    if ended.code not in (0, 1, 2):
        row.troubles.append(f"crash: exit code {ended.code}: {(ended.complained or ended.said)[-300:]}")
    elif ended.code not in codes:
        row.troubles.append(f"code: {ended.code}, not {' or '.join(map(str, codes))}: {ended.complained[-200:]}")
    if ended.megabytes > MOST_MEGABYTES:
        row.troubles.append(f"memory: {ended.megabytes:.0f} MB")
    row.troubles += looking.said(ended.said, "what it said")
    row.troubles += looking.said(ended.complained, "what it complained of")
    if ended.code == 2 and not ended.complained.strip() and "exit 2" not in ended.said:
        row.troubles.append("unclear: 2 without a sentence")
    return row


def judged_results(row: Row, path: Path) -> None:
    """The results file and all its views."""
    if row.code is None:
        return
    found = looking.results(path)
    if isinstance(found, str):
        row.troubles.append(found)
        return
    row.troubles += looking.verdict(row.code, found, strict_reason=row.command != "watch")
    row.troubles += looking.views(found)


def words_of(server: dict, results: Path) -> list[str]:
    rows = f"{SHORT},event.*,order.*" if server["family"] == "events" else SHORT
    short = [] if server["whole"] else ["--profile", "smoke", "--select", rows]
    return ["check", server["url"], "--profile", "p.toml", *short, "--results", str(results), "--color", "never"]


def serve_case(server: dict, folder: Path, _tell=None) -> list[Row]:
    """One server: judged and recorded, killed in the middle, its recordings inspected."""
    (folder / "p.toml").write_text(PROFILE)
    checked = Row(server["name"], "check")
    tape, results = folder / "tape", folder / "check.jsonl"
    recording = [] if server["whole"] else ["--record", str(tape)]
    measured(checked, Command([*words_of(server, results), *recording], folder).ended(), server["codes"])
    judged_results(checked, results)
    if recording:
        checked.troubles += looking.cassette(tape)
    rows = [checked, killed(server, folder, checked.seconds)]
    if server["family"] in ("markup", "paths", "keys"):
        rows.append(gaps(server, folder))
    recorded = [one for one in (str(tape) if tape.exists() else "", server["recording"]) if one]
    if recorded:
        rows.append(inspect(server["name"], recorded, folder, (0, 1, 2)))
    checked.troubles += looking.files(folder)
    return rows


def killed(server: dict, folder: Path, seconds: float) -> Row:
    """-9 at some moment of a check; what stands in the file can be read."""
    row, results = Row(server["name"], "kill -9"), folder / "killed.jsonl"
    command = Command(words_of(server, results), folder, name="killed-")
    command.until(lambda: results.exists() and results.stat().st_size > 0)
    command.until(lambda: False, random.Random(server["name"]).uniform(0, min(seconds, 3.0)))
    with contextlib.suppress(ProcessLookupError):
        command.kill()
    ended = command.ended()
    row.seconds, row.worked, row.megabytes = ended.seconds, ended.worked, ended.megabytes
    found = looking.results(results, killed=True)
    if isinstance(found, str):
        row.troubles.append(found)
    if looking.leaks(results.read_text("utf-8")):
        row.troubles.append("leak: the key in the results of a killed check")
    return row


def gaps(server: dict, folder: Path) -> Row:
    """Names of cases go into the gaps file: it stays one, of our entries only."""
    row, file = Row(server["name"], "check --update-gaps"), folder / "gaps.toml"
    words = [*words_of(server, folder / "gaps.jsonl"), "--gaps", str(file), "--update-gaps"]
    measured(row, Command(words, folder, name="gaps-").ended(), (0, 1, 2))
    if file.exists():
        text = file.read_text("utf-8")
        row.troubles += looking.said(text, "the gaps file")
        if any("*" in str(one.get("id")) for one in tomllib.loads(text).get("gap", ())):
            row.troubles.append("markup: an entry of the target's in the gaps file")
    return row


def inspect(name: str, paths: list[str], folder: Path, codes) -> Row:
    row, results = Row(name, "inspect"), folder / "inspect.jsonl"
    words = ["inspect", *paths, "--results", str(results), "--color", "never"]
    measured(row, Command(words, folder, name="inspect-").ended(), codes)
    judged_results(row, results)
    row.troubles += looking.files(folder)
    return row


def trap_case(trap: dict, folder: Path, _tell=None) -> list[Row]:
    return [inspect(trap["name"], [trap["folder"]], folder, trap["codes"])]


def watch_case(servers: list[dict], folder: Path, _tell=None) -> list[Row]:
    """One proxy before all servers of a family, a client through it, and its end."""
    upstream = servers[0]["url"].rsplit("/", 2)[0]
    rows = [Row(one["name"], "watch") for one in servers]
    whole = Row(f"{servers[0]['family']}: all of it", "watch")
    results = folder / "watch.jsonl"
    words = ["watch", "--upstream", upstream, "--results", str(results)]
    command = Command([*words, "--fail-on-findings", "server", "--color", "never"], folder)
    if not command.until(lambda: "\n" in command.said(), 60):
        command.kill()
        return [measured(whole, command.ended(), (0, 1, 2))]
    address = command.said().split("point the client at ")[1].split()[0].rstrip("/")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(partial(visit, address), servers))
    command.signal(signal.SIGINT)
    ended = command.ended()
    measured(whole, ended, (0, 1, 2))
    judged_results(whole, results)
    whole.troubles += looking.files(folder)
    for server, row in zip(servers, rows, strict=True):
        lines = [line for line in ended.said.splitlines() if f" /{server['number']}/v1/" in line]
        row.seconds, row.megabytes, row.code = ended.seconds, ended.megabytes, ended.code
        told = any("server: " in line or not FINE.search(line) for line in lines)
        if len(lines) < len(CALLS) and BEHIND not in " ".join(ended.said.split()):
            row.troubles.append(f"unclear: {len(lines)} of {len(CALLS)} exchanges were told")
        elif 0 not in server["codes"] and not told and len(lines) == len(CALLS):
            row.troubles.append(f"unclear: nothing was told of it: {lines}")
    wrong = any("server: " in line for line in ended.said.splitlines())
    if ended.code == 1 and not wrong:
        whole.troubles.append("code: 1 without a finding on the server")
    return [*rows, whole]


def visit(address: str, server: dict) -> None:
    """A simple client: whatever happens to it, it goes on with the next call."""
    host = address.removeprefix("http://")
    for method, path, body in CALLS:
        connection = http.client.HTTPConnection(host, timeout=CLIENT_SECONDS)
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            headers = {"Authorization": f"Bearer {KEY}", "OpenAI-Beta": "assistants=v2"}
            data = None if body is None else json.dumps(body)
            if data is not None:
                headers["Content-Type"] = "application/json"
            connection.request(method, f"/{server['number']}/v1{path}", data, headers)
            take(connection.getresponse())
        connection.close()


def take(answer: http.client.HTTPResponse) -> None:
    end, size = time.monotonic() + CLIENT_SECONDS, 0
    while time.monotonic() < end and size < CLIENT_BYTES and (data := answer.read1(1 << 20)):
        size += len(data)


def judge_killed(server: dict, folder: Path, _tell=None) -> list[Row]:
    """The judge beside the proxy is killed: the traffic goes on, it is said, what was written can be read."""
    row, results = Row(server["name"], "watch, its judge killed"), folder / "watch.jsonl"
    origin = server["url"].rsplit("/", 2)[0]
    words = ["watch", "--upstream", origin, "--results", str(results), "--fail-on-findings"]
    command = Command(words, folder)
    command.until(lambda: "\n" in command.said(), 60)
    address = command.said().split("point the client at ")[1].split()[0].rstrip("/")
    visit(address, server)
    command.until(lambda: "POST" in command.said(), 60)
    children = Path(f"/proc/{command.pid}/task/{command.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    visit(address, server)
    command.signal(signal.SIGINT)
    measured(row, command.ended(), (2,))
    found = looking.results(results, killed=True)
    if isinstance(found, str) or found is None:
        row.troubles.append(found or "unreadable: nothing in the results")
    return [row]


def work(pattern: str, told: dict, *, representatives: bool) -> Iterator[tuple[str, object]]:
    """The battery's jobs by name: servers, recordings, families behind the proxy."""
    servers = told["servers"]
    for server in servers:
        yield server["name"], partial(_job, serve_case, server)
    for trap in told["traps"]:
        yield trap["name"], partial(_job, trap_case, trap)
    groups: dict[str, list[dict]] = {}
    for server in servers:
        origin = server["url"].rsplit("/", 2)[0]
        groups.setdefault(origin if representatives else f"{server['family']} {origin}", []).append(server)
    for name, group in groups.items():
        yield f"watch {name}", partial(_job, watch_case, group)
    plain = [one for one in servers if not one["url"].startswith("https") and 2 not in one["codes"]]
    if plain:
        yield "watch, its judge killed", partial(_job, judge_killed, plain[0])


def _job(function, subject, folder: Path, tell) -> list[Row]:
    return function(subject, folder, tell)


def run(pattern: str, workers: int, *, representatives: bool = False, progress=lambda _name, _rows: None):
    """All rows of the battery."""
    with house(pattern) as (told, folder):
        warm()
        if threading.active_count() > 1:
            raise RuntimeError("a thread is left over: forked processes would miss it")
        rows: list[Row] = []
        for name, ended in jobs.run(work(pattern, told, representatives=representatives), workers, DEADLINE):
            broken = [f"crash: {ended.text}"] if isinstance(ended, jobs.Broken) else []
            found = [Row(name, "the battery itself", troubles=broken)] if broken else ended
            progress(name, found)
            rows += found
        log = folder / "elsewhere.log"
        if log.exists():
            rows.append(Row("redirects: another port", "all", troubles=[f"leak: followed: {log.read_bytes()[:200]!r}"]))
        return rows
