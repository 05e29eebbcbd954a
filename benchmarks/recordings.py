"""What judging recordings costs, as ratios to plain YAML loading and to jsonschema alone; and a replay.

    python benchmarks/recordings.py [FILE OR FOLDER ...]

Without arguments it takes cassettes/*/cassette.yaml. Each figure is the best of three, in processor seconds.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from vcr.matchers import body as vcr_body
from vcr.matchers import method, path, query, requests_match
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer

from runs_conformance.contract import schemas
from runs_conformance.contract.judge import load_checks
from runs_conformance.contract.traces import objects
from runs_conformance.paths import CASSETTES
from runs_conformance.recordings.cassette import Tape, load
from runs_conformance.recordings.files import SUFFIXES, read
from runs_conformance.recordings.inspecting import Inspector, recordings
from runs_conformance.recordings.recorded import Recorded
from runs_conformance.recordings.traffic import Call, call_of

KINDS = {
    "thread.run": "run", "thread.run.step": "run_step", "thread.message": "message", "thread": "thread",
    "assistant": "assistant",
}  # fmt: skip


def best(work: Callable[[], Any], times: int = 3) -> float:
    """Processor seconds of the fastest of several turns."""
    found = []
    for _ in range(times):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def inspected(files: list[Path]) -> Inspector:
    inspector = Inspector()
    for file in files:
        inspector.file(file)
    return inspector


def shown(files: list[Path]) -> list[tuple[str, Any]]:
    """Every object of the contract that the answers show, with its schema's name."""
    calls = [call_of(one) for file in files for one in read(file) if isinstance(one, Recorded)]
    found = [one for call in calls if isinstance(call, Call) for one in objects(call.exchange)]
    return [(KINDS[one.value["object"]], one.value) for one in found if one.value.get("object") in KINDS]


def by_jsonschema(found: list[tuple[str, Any]]) -> int:
    """How many objects plain jsonschema refuses."""
    validators = {kind: Draft202012Validator(schemas.schema(kind)) for kind in KINDS.values()}
    return sum(next(validators[kind].iter_errors(value), None) is not None for kind, value in found)


def judging(files: list[Path]) -> None:
    load_checks()
    inspected(files)  # schemas are compiled once a process
    outcome = inspected(files).outcome
    found = shown(files)
    size = sum(file.stat().st_size for file in files)
    print(
        f"{len(files)} files, {size / 1e6:.1f} MB, {outcome.judged} of {outcome.recorded} calls judged, "
        f"{len(found)} objects, {outcome.tally.decided} findings, {outcome.tally.failed.total()} failed"
    )
    whole = best(lambda: inspected(files))
    row("inspect, all of it", whole, whole, len(found))
    if all(file.suffix in (".yaml", ".yml") for file in files):
        texts = [file.read_bytes() for file in files]
        row(
            "yaml.load, CSafeLoader",
            best(lambda: [yaml.load(text, yaml.CSafeLoader) for text in texts]),
            whole,
            len(found),
        )
        row(
            "yaml.load, SafeLoader",
            best(lambda: [yaml.safe_load(text) for text in texts], 1),
            whole,
            len(found),
        )
    else:
        lines = [line for file in files for line in file.read_bytes().splitlines()]
        row("json.loads of each line", best(lambda: [json.loads(line) for line in lines]), whole, len(found))
    row("jsonschema alone", best(lambda: by_jsonschema(found), 1), whole, len(found))


def row(name: str, seconds: float, whole: float, count: int) -> None:
    ratio = f"inspect takes {whole / seconds:6.2f} times that" if seconds != whole else ""
    print(f"  {name:<26} {seconds:8.3f} s  {count / seconds:>9,.0f} objects/s  {ratio}")


def replaying(folder: Path, copies: int = 2) -> None:
    """One look into the index against vcrpy's own matching, at the size of the cassette."""
    taped = list(load(folder))
    requests, _ = FilesystemPersister.load_cassette(folder / "cassette.yaml", yamlserializer)
    tape = Tape.of(taped)
    ours = best(lambda: [tape.has(one.key) for one in taped], copies) / len(taped)
    last = requests[-1]
    matchers = (method, path, query, vcr_body)
    theirs = best(lambda: [requests_match(last, one, matchers) for one in requests], 1)
    print(
        f"{folder.name}: {len(taped)} calls; to find one: index {ours * 1e3:.3f} ms, "
        f"vcrpy by method, path, query and body {theirs * 1e3:.1f} ms, {theirs / ours:,.0f} times that"
    )


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path)
    given = parser.parse_args(argv).paths
    files = list(recordings(given, SUFFIXES)) or sorted(CASSETTES.glob("*/cassette.yaml"))
    judging(files)
    for folder in sorted(file.parent for file in CASSETTES.glob("*/recording.toml")):
        replaying(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
