"""One check of a reference target, in this process.

To be called in a process of its own (`jobs`): it changes the suite's functions, and leaves the changes in
place.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.matrix import meant_first
from benchmarks.matrix.jobs import Tell, Work
from benchmarks.matrix.watching import Spent, Watch, fits
from runs_conformance.contract.register import Register
from runs_conformance.reference.faults.record import Fault
from runs_conformance.reference.options import ReferenceOptions

PROFILE: Final = """
other_model = "gpt-4o-mini"
cleanup = false
[resources]
file_id = "file-conformance0000000000"
vector_store_id = "vs_conformance0000000000"
image_url = "https://example.com/conformance.png"
clock = "/_reference/clock"
second_key_env = "SECOND_KEY"
[timeouts]
exchange = 8
stream = 8
idle = 4
poll = 3
"""
"""Everything the reference has, and less patience than a stranger's target gets."""
ENVIRONMENT: Final = {"SECOND_KEY": "sk-another-project", "OPENAI_API_KEY": "sk-first-project"}
# pytest's own captures cost a tenth of a check and change nothing of what is sent or judged.
ADDOPTS: Final = "-p no:logging -p no:unraisableexception -p benchmarks.matrix.meant_first"
LOADED: Final = ("check", "plugin", "report.curl", "stories", "machine", "reference", "cli", "session")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one check said.

    `failed`, `warned`, `untestable` are ids; `first` what was spent when the first meant finding was there,
    None if there was none; `units` the stimuli whose answers showed what was meant; `error` an end that
    should not be.
    """

    failed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    untestable: tuple[str, ...] = ()
    code: int = -1
    first: Spent | None = None
    all: Spent | None = None
    units: tuple[str, ...] = ()
    costs: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    error: str = ""


def meant(fault: Fault, register: Register) -> tuple[str, ...]:
    """The requirements meant for a fault; a derived one's are those whose schema keyword it breaks."""
    if fault.site is None:
        return fault.breaks
    how = fault.name.rpartition("-")[2] if not fault.name.endswith("null-refused") else "null-refused"
    if how not in {"ignored", "wide", "coerced"}:
        return ("accept.*",)
    paths: list[tuple[str, ...]] = [fault.site.path]
    if fault.site.keyword == "required" and isinstance(fault.site.limit, Sequence):
        paths = [(*fault.site.path, str(name)) for name in fault.site.limit]
    elif fault.site.keyword == "additionalProperties":
        paths = [(*fault.site.path, "+")]
    values = ("", None, "none", "retrieval")
    rows = {
        register.for_request(fault.schema, path, fault.site.keyword, value)
        for path in paths
        for value in values
    }
    return tuple(sorted(row for row in rows if row is not None))


CHECK: Final = ("check", "--color", "never")


def judge(
    options: ReferenceOptions, folder: Path, profile: str, watch: Watch, words: Sequence[str] = CHECK
) -> Seen:
    """Start a target, check it (or do what `words` say with it), and tell what was said."""
    from runs_conformance.cli import main as command  # noqa: PLC0415
    from runs_conformance.reference import running  # noqa: PLC0415

    file, results = folder / "profile.toml", folder / "results.jsonl"
    file.write_text(profile, encoding="utf-8")
    os.environ.update(ENVIRONMENT, PYTEST_ADDOPTS=ADDOPTS)
    watch.install()
    with running(options) as url:
        with io.StringIO() as out, contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = command([*words, url, "--profile", str(file), "--results", str(results)])
            text = out.getvalue()
        rows, requests, runs = _read(results)
        error = "" if code in {0, 1} or rows["untestable"] else text[-600:]
        costs = {name: (sent, watch.runs[name]) for name, sent in watch.spent.items()}
        return Seen(
            **rows, code=code, first=watch.first, all=watch.now(requests, runs),
            units=tuple(sorted(watch.found - {""})), costs=costs, error=error,
        )  # fmt: skip


def _read(results: Path) -> tuple[dict[str, tuple[str, ...]], int, int]:
    lines = [json.loads(line) for line in results.read_text("utf-8").splitlines()] if results.exists() else []
    rows = [line for line in lines if line["kind"] == "requirement"]
    footer: dict[str, Any] = next((line for line in lines if line["kind"] == "footer"), {})
    names = {"failed": "failed", "warned": "warning", "untestable": "untestable"}
    ids = {name: tuple(row["id"] for row in rows if row["outcome"] == word) for name, word in names.items()}
    return ids, footer.get("requests", 0), footer.get("runs", 0)


def full(fault: Fault, wanted: Sequence[str]) -> Work:
    """A whole check of a target with the fault."""

    def work(folder: Path, _: Tell) -> Seen:
        return judge(ReferenceOptions(faults=(fault,)), folder, PROFILE, Watch(wanted))

    return work


def until_caught(fault: Fault, wanted: Sequence[str], *, in_order: bool = False) -> Work:
    """A check that ends with the first meant finding, the tests about what is meant first, or `in_order`."""

    def work(folder: Path, tell: Tell) -> Seen:
        meant_first.PATTERNS[:] = [] if in_order else wanted
        watch = Watch(wanted, lambda seen: tell(_caught(seen, wanted)))
        return judge(ReferenceOptions(faults=(fault,)), folder, PROFILE, watch)

    return work


def _caught(watch: Watch, wanted: Sequence[str]) -> Seen:
    """Only what is meant is told: of the rest not all was seen."""
    rows = tuple(sorted(row for row in watch.rows if fits(row, wanted)))
    return Seen(rows, first=watch.first, units=tuple(sorted(watch.found - {""})))


def sound(effort: str) -> Work:
    """A whole check of a target without a fault, by `--profile smoke` or another."""

    def work(folder: Path, _: Tell) -> Seen:
        return judge(ReferenceOptions(), folder, PROFILE, Watch(()), (*CHECK, "--profile", effort))

    return work


def warm(folder: Path) -> None:
    """Load and compute once what every check needs, before forking: a check of a sound target."""
    for name in LOADED:
        importlib.import_module(f"runs_conformance.{name}")
    seen = _plain(folder)
    if seen != 0:
        raise SystemExit(
            f"a check of the reference target without any fault ended with {seen}: mend that first"
        )
    gc.collect()
    gc.freeze()


def _plain(folder: Path) -> int:
    """The check's exit code; this process stays as it is."""
    from runs_conformance.cli import main as command  # noqa: PLC0415
    from runs_conformance.reference import running  # noqa: PLC0415

    file = folder / "profile.toml"
    file.write_text(PROFILE, encoding="utf-8")
    os.environ.update(ENVIRONMENT, PYTEST_ADDOPTS=ADDOPTS)
    with (
        running(ReferenceOptions()) as url,
        io.StringIO() as out,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
    ):
        return int(command(["check", url, "--profile", str(file)]))
