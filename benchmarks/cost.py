"""What judging costs, as ratios in one table: to bare requests, jsonschema, the vendor's SDK, bare reading.

    python -m benchmarks.cost [--rounds N]

Each pair is measured in turn, so that what else the machine does meets both; times are the best of the
rounds. The row with the SDK needs `openai` (tox -e bench has it); without it the row says so.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.recordings import by_jsonschema, inspected, shown
from benchmarks.watching import EVENTS, HEADERS, STREAMED, command
from runs_conformance.contract import schemas
from runs_conformance.contract.findings import Finding, Outcome
from runs_conformance.contract.judge import Judge
from runs_conformance.contract.model import Exchange
from runs_conformance.contract.register import NEWEST, load
from runs_conformance.paths import CASSETTES
from runs_conformance.recordings.cassette import load as load_cassette
from runs_conformance.report.summary import summarise
from runs_conformance.target.client import Client
from runs_conformance.target.profile import Profile

IDS = re.compile(rb"\b(?:thread|run|msg|step|asst|call)_[A-Za-z0-9]+")
# The suite as it is, and the same with judges that find nothing at once: the requests stay, judging goes.
PLAIN = "from runs_conformance.cli import main; import sys; sys.exit(main(sys.argv[1:]))"
UNJUDGED = f"from runs_conformance.contract.judge import Judge; Judge.everything = lambda *_: []; {PLAIN}"


@dataclass(frozen=True)
class Row:
    """`ours` and `theirs` in seconds, or what `unit` says; the ratio is ours to theirs."""

    name: str
    ours: float
    theirs: float
    unit: str = "s"
    note: str = ""

    @property
    def line(self) -> str:
        ratio = f"{self.ours / self.theirs:.2f}" if self.theirs else "-"
        cells = (self.name, figure(self.ours), figure(self.theirs), self.unit, ratio, self.note)
        return f"| {' | '.join(cells)} |"


def figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def used() -> float:
    """Processor seconds of the processes that were started and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def checked(script: str, base_url: str, *words: str) -> tuple[float, float, str]:
    """Wall and processor seconds of a full check in a process of its own, and what it printed."""
    before, began = used(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, "check", base_url, *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    return seconds, used() - before, done.stdout


def requests_of(text: str) -> str:
    found = re.search(r"took ([\d,]+) requests, ([\d,]+) runs", " ".join(text.split()))
    return f"{found[1]} requests, {found[2]} runs" if found else "?"


def bare(base_url: str, exchanges: list[Exchange]) -> tuple[float, float]:
    """Wall and processor seconds of the same requests by the plain client, one after the other.

    Ids of the recording become those of the answers that came now, place by place.
    """
    known: dict[bytes, bytes] = {}
    began, cpu = time.perf_counter(), time.process_time()
    with httpx2.Client(trust_env=False, timeout=60) as http:
        for one in exchanges:
            request = one.request
            path = IDS.sub(lambda found: known.get(found[0], found[0]), request.path.encode())
            body = request.body and IDS.sub(lambda found: known.get(found[0], found[0]), request.body)
            lines = {
                name: value
                for name, value in request.headers.lines
                if name.lower() not in ("host", "content-length", "connection", "transfer-encoding")
            }
            answer = http.request(
                request.method, base_url + path.decode(), params=list(request.query) or None, headers=lines,
                content=body,
            )  # fmt: skip
            before = IDS.findall(one.response.body) if one.response else []
            known.update(zip(before, IDS.findall(answer.content), strict=False))
    return time.perf_counter() - began, time.process_time() - cpu


def check_rows(rounds: int) -> Iterator[Row]:
    """A full check, the same without judges, and its requests sent bare; a fresh target each time."""
    with tempfile.TemporaryDirectory() as folder:
        with command("serve") as place:
            checked(PLAIN, place.url, "--record", f"{folder}/taped")
        exchanges = [one.exchange for one in load_cassette(Path(folder) / "taped")]
        full, unjudged, sent = [], [], []
        for _ in range(rounds):
            with command("serve") as place:
                full.append(checked(PLAIN, place.url))
            with command("serve") as place:
                unjudged.append(checked(UNJUDGED, place.url))
            with command("serve") as place:
                sent.append(bare(place.url, exchanges))
    note = f"with judges {requests_of(full[0][2])}, without {requests_of(unjudged[0][2])}"
    for at, unit in ((0, "s wall"), (1, "s processor")):
        yield Row("full check / the same without judges", low(full, at), low(unjudged, at), unit, note)
    for at, unit in ((0, "s wall"), (1, "s processor")):
        note = f"{len(exchanges)} requests, one after the other"
        yield Row("full check / its requests sent bare", low(full, at), low(sent, at), unit, note)


def low(measured: list[Any], at: int) -> float:
    return min(float(one[at]) for one in measured)


def best(work: Callable[[], Any], rounds: int) -> float:
    """Processor seconds of the fastest turn."""
    found = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def fresh(exchanges: list[Exchange]) -> list[Exchange]:
    """Copies that know nothing that was worked out before."""
    return [
        replace(
            one, request=replace(one.request), response=one.response and replace(
                one.response, events=one.response.events and tuple(map(replace, one.response.events)),
            ),
        )
        for one in exchanges
    ]  # fmt: skip


def object_rows(rounds: int) -> Iterator[Row]:
    """Judged objects a second against plain jsonschema and the vendor's SDK, over the embedded cassette."""
    folder = CASSETTES / "embedded"
    taped = [one.exchange for one in load_cassette(folder)]
    objects = shown([folder / "cassette.yaml"])
    judge = Judge()
    judge.everything(fresh(taped))
    copies = [fresh(taped) for _ in range(rounds)]
    ours = len(objects) / best(lambda: judge.everything(copies.pop()), rounds)
    theirs = len(objects) / best(lambda: by_jsonschema(objects), rounds)
    note = f"{len(objects)} objects of {len(taped)} exchanges; ours looks at requests, streams and order too"
    yield Row("judged objects / jsonschema alone", ours, theirs, "objects/s", note)
    try:
        parse = sdk_parser()
    except ImportError:
        yield Row(
            "judged objects / the openai SDK's parsing", ours, 0.0, "objects/s", "openai is not installed"
        )
        return
    texts = [(kind, json.dumps(value)) for kind, value in objects]
    parsed = len(objects) / best(lambda: [parse(kind, text) for kind, text in texts], rounds)
    yield Row("judged objects / the openai SDK's parsing", ours, parsed, "objects/s", note)


def sdk_parser() -> Callable[[str, str], Any]:
    """JSON text to the SDK's object, the way its client makes one of an answer. ImportError without it."""
    from openai._models import construct_type  # noqa: PLC0415 - only where it is; it has no public name
    from openai.types.beta import Assistant, Thread  # noqa: PLC0415
    from openai.types.beta.threads import Message, Run  # noqa: PLC0415
    from openai.types.beta.threads.runs import RunStep  # noqa: PLC0415

    kinds = {"run": Run, "run_step": RunStep, "message": Message, "thread": Thread, "assistant": Assistant}
    return lambda kind, text: construct_type(type_=kinds[kind], value=json.loads(text))


def stream_rows(rounds: int) -> Iterator[Row]:
    """A stream of 10,000 deltas: read bare, read by our client, read and judged."""
    judge, reading, plain, judging = Judge(), [], [], []
    judge.wanted  # noqa: B018 - checks and schemas are loaded
    with command("serve") as place, Client(Profile(), place.url) as client:
        for _ in range(rounds):
            plain.append(read_bare(place.url))
            began = time.perf_counter()
            exchange = client.send("POST", "/threads/runs", body=STREAMED)
            reading.append(time.perf_counter() - began)
            began = time.perf_counter()
            judge.everything([exchange])
            judging.append(time.perf_counter() - began)
        events = len(exchange.response.events or ()) if exchange.response else 0
    note = f"{events:,} events; judging alone {figure(min(judging))} s"
    yield Row(
        "10,000 deltas read and judged / bare reading",
        min(reading) + min(judging),
        min(plain),
        "s wall",
        note,
    )
    yield Row(
        "10,000 deltas read / bare reading", min(reading), min(plain), "s wall", "events with times and bytes"
    )


def read_bare(base_url: str) -> float:
    with httpx2.Client(trust_env=False, timeout=120, headers=HEADERS) as http:
        began = time.perf_counter()
        with http.stream("POST", f"{base_url}/threads/runs", json=STREAMED) as answer:
            size = sum(map(len, answer.iter_raw()))
        assert size > EVENTS * 100, answer.status_code
        return time.perf_counter() - began


def start_rows(rounds: int) -> Iterator[Row]:
    """The command against an interpreter that does nothing."""
    nothing = min(started("-c", "pass") for _ in range(rounds))
    for words in (["--version"], ["--help"], ["check", "--help"]):
        ours = min(started("-m", "runs_conformance", *words) for _ in range(rounds))
        yield Row(f"runs-conformance {' '.join(words)} / python -c pass", ours, nothing, "s wall")


def started(*words: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], capture_output=True, check=True)
    return time.perf_counter() - began


def growth_rows(rounds: int) -> Iterator[tuple[str, float, str]]:
    """The exponent of a power fitted to times at four sizes (1 is linear), and the times."""
    register = load()
    taped = [one.exchange for one in load_cassette(CASSETTES / "embedded")]
    stream = longest(taped)
    cases: dict[str, tuple[tuple[int, ...], Callable[[int], Callable[[], Any]]]] = {
        "events of a stream, judged": (
            (2000, 4000, 8000, 16_000),
            lambda n: judging([lengthened(stream, n)], rounds),
        ),
        "exchanges (cases), judged": ((400, 800, 1600, 3200), lambda n: judging(cycled(taped, n), rounds)),
        "findings (results), summed up": (
            (20_000, 40_000, 80_000, 160_000),
            lambda n: summing(register, n),
        ),
        "cassettes, inspected": (
            (1, 2, 4, 8),
            lambda n: lambda: inspected([CASSETTES / "embedded/cassette.yaml"] * n),
        ),
    }
    for name, (sizes, work) in cases.items():
        times = [best(work(size), rounds) for size in sizes]
        fit = statistics.linear_regression(
            [math.log(size) for size in sizes], [math.log(one) for one in times]
        )
        told = ", ".join(f"{size:,}: {figure(one)}" for size, one in zip(sizes, times, strict=True))
        yield name, fit.slope, told


def judging(exchanges: list[Exchange], rounds: int) -> Callable[[], Any]:
    judge, copies = Judge(), [fresh(exchanges) for _ in range(rounds)]
    return lambda: judge.everything(copies.pop())


def cycled(exchanges: list[Exchange], count: int) -> list[Exchange]:
    """As many exchanges as asked for; each turn has threads of its own."""
    made = []
    for number in range(count):
        one, turn = exchanges[number % len(exchanges)], number // len(exchanges)
        path = IDS.sub(lambda found: found[0] + b"%d" % turn, one.request.path.encode())  # noqa: B023 - used at once
        body = one.response and IDS.sub(lambda found: found[0] + b"%d" % turn, one.response.body)  # noqa: B023
        response = one.response and replace(one.response, body=body or b"")
        made.append(
            replace(
                one,
                id=f"{one.id}-{turn}",
                request=replace(one.request, path=path.decode()),
                response=response,
            )
        )
    return made


def longest(exchanges: list[Exchange]) -> Exchange:
    return max(exchanges, key=lambda one: len(one.response.events or ()) if one.response else 0)


def lengthened(exchange: Exchange, count: int) -> Exchange:
    """The stream with its first text delta as often as it takes."""
    assert exchange.response is not None
    events = list(exchange.response.events or ())
    at = next(place for place, one in enumerate(events) if one.name == "thread.message.delta")
    more = [replace(events[at]) for _ in range(max(0, count - len(events)))]
    made = tuple(replace(one, index=place) for place, one in enumerate([*events[:at], *more, *events[at:]]))
    return replace(exchange, response=replace(exchange.response, events=made))


def summing(register: Any, count: int) -> Callable[[], Any]:
    rows = [row.id for row in register]
    found = [Finding(rows[n % len(rows)], Outcome.PASSED, case=f"case {n}") for n in range(count)]
    return lambda: summarise(register, NEWEST, None, found)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    schemas.events()
    print("| what | ours | theirs | unit | ratio | |\n| --- | ---: | ---: | --- | ---: | --- |", flush=True)
    for rows in (check_rows, object_rows, stream_rows, start_rows):
        for row in rows(rounds):
            print(row.line, flush=True)
    print("\n| growth with | exponent | processor seconds by size |\n| --- | ---: | --- |", flush=True)
    for name, exponent, told in growth_rows(rounds):
        print(f"| {name} | {exponent:.2f} | {told} |", flush=True)


if __name__ == "__main__":
    main()
