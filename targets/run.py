"""Judge third-party servers: install pinned versions, start each, run the check, compare with what is known.

    python targets/run.py [NAME ...]
    python targets/run.py --update [NAME ...]     and keep the results as the last ones, and write the page

Each server gets an environment and a folder of its own under build/targets (logs, results.jsonl); all listen
on 127.0.0.1 only and end with this script. Exit code 0: every target was judged, its findings are exactly
those of its gaps.toml, no verdict differs from the last results, and the page agrees with them (a target that
this machine can't run is skipped, and the table says so); 1: some differ; 2: one could not be judged, or one
asked for by name was skipped, or all were.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

import environments
import kept
import page
import processes
import recipes
import verdicts
from processes import LaunchError, Program
from recipes import Recipe, RecipeError
from verdicts import Line

from runs_conformance.report.results import ResultsError, read_results
from runs_conformance.report.views import differences

ROOT = recipes.HERE.parent
KEY_VARIABLE = "TARGET_KEY"  # the name that the profiles give as key_env
SECOND_KEY_VARIABLE = "TARGET_SECOND_KEY"  # and as second_key_env
SECOND_KEY = "sk-fake-second"
CHECK_DEADLINE = 900.0  # seconds


class SkipError(Exception):
    """This target can't be judged here, and why."""


@dataclass(frozen=True, slots=True)
class Settings:
    cache: Path
    document: Path
    hold: bool
    arguments: tuple[str, ...]
    update: bool = False


def reference(recipe: Recipe, home: Path, port: int) -> AbstractContextManager[float]:
    """The upstream for gateways: our reference target, which knows the keys that should reach it."""
    script = str(recipes.HERE / "upstream.py")
    keys = (recipe.upstream_key or recipe.key, SECOND_KEY)
    return processes.running(
        Program(
            name="reference target",
            command=(sys.executable, script, str(port), *keys),
            variables={**os.environ, "PYTHONPATH": str(ROOT)},
            folder=home,
            log=home / "upstream.log",
            ready=f"http://127.0.0.1:{port}/v1/models",
            deadline=30,
        )
    )


@contextlib.contextmanager
def started(recipe: Recipe, home: Path, document: Path) -> Iterator[tuple[str, float]]:
    """Run the target, and its upstream if it needs one: base URL and seconds until it was ready."""
    ports = (processes.free_port(), processes.free_port())
    places = {
        "home": home, "folder": recipe.folder, "document": document, "port": ports[0],
        "upstream": f"http://127.0.0.1:{ports[1]}",
    }  # fmt: skip
    for name in recipe.render:
        _render(recipe, home, name, places)
    with contextlib.ExitStack() as stack:
        if recipe.upstream:
            stack.enter_context(reference(recipe, home, ports[1]))
        seconds = stack.enter_context(processes.running(program(recipe, home, places)))
        url = f"http://127.0.0.1:{ports[0]}{recipe.base}"
        made = {"thread": new_thread(url, recipe.thread)} if recipe.thread else {}
        _render(recipe, home, "profile.toml", places | made)
        yield url, seconds


def _render(recipe: Recipe, home: Path, name: str, places: Mapping[str, object]) -> None:
    (home / name).write_text(recipes.fill((recipe.folder / name).read_text("utf-8"), places), "utf-8")


def new_thread(url: str, member: str) -> str:
    """The id of a thread made on a target whose answer has it under another name than the contract's."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/threads", b"{}", headers)  # noqa: S310 - our own http URL
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return str(json.load(answer)[member])


def program(recipe: Recipe, home: Path, places: Mapping[str, object]) -> Program:
    variables = {name: recipes.fill(text, places) for name, text in (recipe.variables or {}).items()}
    return Program(
        name=recipe.name,
        command=[recipes.fill(word, places) for word in recipe.command],
        variables=processes.environment(variables, home),
        folder=home,
        log=home / "target.log",
        ready=recipes.fill("http://127.0.0.1:{port}", places) + recipe.ready,
        deadline=recipe.deadline,
    )


def check(recipe: Recipe, url: str, home: Path, arguments: Sequence[str]) -> verdicts.Verdict:
    """Run the check as a user would, and read what it wrote."""
    results = home / "results.jsonl"
    results.unlink(missing_ok=True)
    options = ("--profile", str(home / "profile.toml"), "--results", str(results), *arguments)
    command = (sys.executable, "-m", "runs_conformance", "check", url, *options)
    log = home / "check.log"
    keys = {KEY_VARIABLE: recipe.key, SECOND_KEY_VARIABLE: SECOND_KEY}
    code = processes.finish(command, {**os.environ, **keys}, ROOT, log, CHECK_DEADLINE)
    if not results.is_file():
        raise LaunchError(f"{recipe.name}: the check ended with {code} and wrote no results; see {log}")
    return verdicts.read(results)


def judge(name: str, settings: Settings) -> Line:
    """Install, start, check and compare one target."""
    recipe = recipes.load(name)
    known = recipes.gaps(name)
    home = prepared(recipe, settings)
    with started(recipe, home, settings.document) as (url, seconds):
        say(f"{name} {recipe.version}: ready after {seconds:.1f} s at {url}, logs in {home}")
        if settings.hold:
            say(f"key {recipe.key}, profile {home / 'profile.toml'}; Ctrl-C ends it")
            signal.pause()
        verdict = check(recipe, url, home, settings.arguments)
    found = verdicts.differences(verdict.broken, known)
    clients = recipes.expected_clients(name)
    if clients is not None:
        found += verdicts.differences(verdict.clients, clients)
    return Line(name, recipe.version, verdict, seconds, found, changes=watched(recipe, home, settings))


def watched(recipe: Recipe, home: Path, settings: Settings) -> int:
    """Keep the results, or tell what differs from the last ones and count it."""
    results, target = home / "results.jsonl", f"{recipe.name} {recipe.version}"
    if settings.update:
        kept.file(recipe.name).write_text(kept.reduced(read_results(results), target), "utf-8")
        return 0
    changed = kept.differs(recipe.name, results, target)
    if changed is None:
        say(f"{recipe.name}: no last results are kept; --update keeps these")
        return 0
    if changed.changes:
        say(f"\n{recipe.name}: verdicts that differ from the last results\n{differences.text(changed)}")
    return len(kept.counted(changed, recipe.varies))


def prepared(recipe: Recipe, settings: Settings) -> Path:
    """The target's folder in the cache, with everything installed. Raises SkipError."""
    if recipe.document and not settings.document.is_file():
        raise SkipError(f"skipped: it mocks an OpenAPI document, and there is none at {settings.document}")
    if absent := environments.missing_tool(recipe):
        raise SkipError(f"skipped: {absent}")
    home = settings.cache / recipe.name
    home.mkdir(parents=True, exist_ok=True)
    say(f"{recipe.name} {recipe.version}: installing into {home} if needed")
    environments.install(recipe, home)
    return home


def attempt(name: str, settings: Settings) -> Line:
    """Judge one target, whatever goes wrong with it: the others are still judged."""
    version = "?"
    try:
        version = recipes.load(name).version
        return judge(name, settings)
    except (SkipError, RecipeError, LaunchError, ResultsError, ValueError, OSError, KeyError) as problem:
        return Line(name, version, problem=str(problem))


def exit_code(lines: Sequence[Line], named: bool) -> int:
    """See the module's text; `named`: the targets were asked for by name, so skipping one is not fine."""
    judged = [line for line in lines if line.verdict is not None]
    unexcused = [line for line in lines if line.verdict is None and not line.problem.startswith("skipped")]
    if not judged or unexcused or (named and len(judged) < len(lines)):
        return 2
    return 0 if all(line.good for line in judged) else 1


def say(text: str) -> None:
    print(text, flush=True)


def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(number)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help=f"of {', '.join(recipes.names())} (default: all)")
    add("--cache", type=Path, default=ROOT / "build/targets", help="where to install and run them")
    add("--document", type=Path, default=ROOT / "schemas/openapi.json", help="what mocks of a document mock")
    add("--hold", action="store_true", help="start it and wait, for looking at it by hand")
    add("--update", action="store_true", help="keep the results as the last ones, and write the page")
    add("--check-argument", action="append", default=[], metavar="ARG", help="passed on to the check")
    options = parser.parse_args(argv)
    if unknown := set(options.names) - set(recipes.names()):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    if options.update and options.check_argument:
        parser.error("--update keeps the results of the plain check: leave --check-argument out")
    return options


def main(argv: Sequence[str], judge_one: Callable[[str, Settings], Line] = attempt) -> int:
    options = parse(argv)
    settings = Settings(
        options.cache.resolve(), options.document.resolve(), options.hold, tuple(options.check_argument),
        options.update,
    )
    try:
        lines = [judge_one(name, settings) for name in options.names or recipes.names()]
    except KeyboardInterrupt:
        say("interrupted: everything that was started has been ended")
        return 130
    report(lines)
    code = exit_code(lines, named=bool(options.names))
    return code or (0 if options.check_argument else page.main([] if options.update else ["--check"]))


def report(lines: Sequence[Line]) -> None:
    for line in lines:
        if line.differences:
            say(f"\n{line.name}: findings (+) or known findings (-) that the other list lacks")
            say("\n".join(f"  {difference}" for difference in line.differences))
    say(f"\n{verdicts.table(lines)}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    sys.exit(main(sys.argv[1:]))
