"""What `watch` costs: small exchanges and a stream of 10,000 events, through it and without it.

    python benchmarks/watching.py [--exchanges N] [--rounds N]

Server, proxy and judge are processes of their own, as in use. Two servers: the reference target, and one that
sends bytes made beforehand, which shows the proxy's own share best. Times are the best of the rounds; only
their ratios mean something on another machine. Where others use the machine too, the ratio of processor time
(server and proxy to the server alone, without the judge beside; on Linux) is the steadier figure.
"""

import argparse
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2

HEADERS = {"Authorization": "Bearer sk-of-the-benchmark", "OpenAI-Beta": "assistants=v2"}
EVENTS = 10_000
STREAMED = {"assistant_id": "asst_scenario_very_many_deltas", "stream": True, "thread": {"messages": []}}
STREAMED["instructions"] = "Speak."


DELTA = {"content": [{"index": 0, "type": "text", "text": {"value": "word "}}]}
BLOCK = f"""event: thread.message.delta
data: {json.dumps({"id": "msg_1", "object": "thread.message.delta", "delta": DELTA})}

""".encode()


class Ready(BaseHTTPRequestHandler):
    """Answers a thread, or a stream of the same delta; each event is a chunk and a write."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    thread = json.dumps(
        {"id": "thread_1", "object": "thread", "created_at": 1, "metadata": {}, "tool_resources": {}}
    ).encode()
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(self.thread)))
        self.end_headers()
        self.wfile.write(self.thread)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for _ in range(EVENTS):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(BLOCK), BLOCK))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Nothing: the figures are the output."""


@dataclass(frozen=True)
class Place:
    """A base URL, and the process that serves it."""

    url: str
    pid: int

    def processor(self) -> float:
        """Seconds of processor time that the process has used; nan where /proc does not tell."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(") ")[2].split()
        except OSError:
            return math.nan
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def command(*words: str) -> Iterator[Place]:
    """A command of ours that tells its address in its first line; ended by SIGINT."""
    process = subprocess.Popen(
        [sys.executable, "-m", "runs_conformance", *words], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    address = re.findall(r"http://\S+", process.stdout.readline())[-1]
    threading.Thread(target=process.stdout.read, daemon=True).start()
    try:
        yield Place(address, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


@contextmanager
def ready() -> Iterator[Place]:
    """The server of bytes made beforehand, in a process of its own."""
    process = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Place(process.stdout.readline().strip(), process.pid)
    finally:
        process.kill()
        process.wait()


def serve() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Ready)
    print(f"http://127.0.0.1:{server.server_port}/v1", flush=True)
    server.serve_forever()


def exchanges(base_url: str, count: int) -> float:
    """Seconds for one small exchange on a kept connection."""
    with httpx2.Client(base_url=base_url, headers=HEADERS, trust_env=False) as http:
        name = http.get("/threads/thread_1").json().get("id") or http.post("/threads", json={}).json()["id"]
        started = time.perf_counter()
        for _ in range(count):
            http.get(f"/threads/{name}").raise_for_status()
        return (time.perf_counter() - started) / count


def stream(base_url: str) -> float:
    """Seconds for the whole stream."""
    with httpx2.Client(base_url=base_url, headers=HEADERS, trust_env=False, timeout=120) as http:
        started = time.perf_counter()
        with http.stream("POST", "/threads/runs", json=STREAMED) as answer:
            size = sum(map(len, answer.iter_raw()))
        assert size > EVENTS * 100, answer.status_code
        return time.perf_counter() - started


def compare(what: str, measure: Callable[[str], float], plain: Place, through: Place, rounds: int) -> None:
    """Both in turn, so that what else the machine does meets both."""
    pairs, alone, both = [], 0.0, 0.0
    for _ in range(rounds):
        marks = [(plain.processor(), through.processor())]
        pair = []
        for place in (plain, through):
            pair.append(measure(place.url))
            marks.append((plain.processor(), through.processor()))
        pairs.append(pair)
        alone += marks[1][0] - marks[0][0]
        both += sum(marks[2]) - sum(marks[1])
    without, with_it = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    more = (with_it - without) * 1000
    figures = f"{without * 1000:9.2f} ms {with_it * 1000:9.2f} ms  ratio {with_it / without:.2f}"
    share = f"processor {both / alone:.2f}" if alone else ""
    print(f"{what:<44} {figures}  ({more:+.2f} ms)  {share}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exchanges", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve()
        return
    servers = {"reference target": command("serve"), "bytes made beforehand": ready()}
    for name, server in servers.items():
        with server as plain, command("watch", "--quiet", "--upstream", plain.url) as through:
            small = lambda url: exchanges(url, arguments.exchanges)  # noqa: E731 - two lines read as a table
            compare(f"{name}: one small exchange", small, plain, through, arguments.rounds)
            compare(f"{name}: {EVENTS:,} events", stream, plain, through, arguments.rounds)


if __name__ == "__main__":
    main()
