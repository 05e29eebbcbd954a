"""Write docs/who-speaks-it.md from what is kept of each target: python targets/page.py [--check].

Nothing is installed or started. With --check nothing is written; exit code 1 says that the page is stale.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import kept
import recipes
from recipes import Recipe

from runs_conformance.report.matrix import Cell, Matrix, matrix
from runs_conformance.report.records import Outcome
from runs_conformance.report.results import Results
from runs_conformance.report.views import sidebyside
from runs_conformance.target.reading import load as load_profile

PAGE: Final = recipes.HERE.parent / "docs" / "who-speaks-it.md"
CONTROL: Final = "langgraph"
"""A server of another contract: it must fail, and is left out of the spread."""
HEAD: Final = """\
<!-- Written by targets/page.py from targets/*; `tox -e targets -- --update` judges anew and keeps the results. -->
# Who speaks it

{count} third-party servers, each in one pinned version, judged by `runs-conformance check` with the standard suite.
Each was installed from PyPI or npm, started on this machine with made-up keys, and judged through its URL. Gateways
stood before the reference target, so what is found is theirs; mocks were given this project's own
`schemas/openapi.json`. This is no ranking of products: most of these servers never set out to offer all of this API,
and a mock that answers with examples does what it promises.

`tox -e targets` repeats it and compares each verdict with the ones below: a new version of a target, or of this
suite, that changes one ends it with exit code 1 and names the requirement. Every finding was traced to its cause; the
causes stand in `targets/NAME/gaps.toml`, a [gaps file](gaps.md), and below.

"""  # noqa: E501 - the page's lines are longer than the code's


def escaped(text: str) -> str:
    return re.sub(r"([|*<\[\]])", r"\\\1", " ".join(text.split()))


def table(head: list[str], rows: list[list[str]], numbers: int = 0) -> str:
    """A Markdown table; the last `numbers` columns are set right."""
    rule = ["---"] * (len(head) - numbers) + ["---:"] * numbers
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, rule, *rows))


def percent(cell: Cell) -> float:
    return 100 * cell.passed / cell.decided if cell.decided else 0.0


def page() -> str:
    """The whole page. Raises RecipeError or ResultsError if a target's files can't be read."""
    names = recipes.names()
    loaded = {name: recipes.load(name) for name in names}
    results = {name: kept.read(name) for name in names}
    found = matrix(list(results.items()))
    parts = [
        HEAD.format(count=len(names)), spread(found), "\n## By chapter\n\n", chapters(found),
        counts(loaded, results),
        *(target(loaded[name], results[name]) for name in names),
    ]
    return "".join(parts)


def spread(found: Matrix) -> str:
    """The sentence on the lowest and highest share, without the control."""
    shares = {name: percent(cell) for name, cell in zip(found.names, found.totals, strict=True)}
    judged = {name: share for name, share in shares.items() if name != CONTROL}
    low, high = min(judged, key=lambda name: judged[name]), max(judged, key=lambda name: judged[name])
    rows = [line for line in found.lines if _split(line.outcomes)]
    return (
        f"**The spread:** of what was decided, from {judged[low]:.0f} % (`{low}`) to "
        f"{judged[high]:.0f} % (`{high}`) "
        f"pass;\nthe negative control `{CONTROL}`, a server of another contract on the same path, passes "
        f"{shares[CONTROL]:.0f} %.\n"
        f"{len(rows)} of {len(found.lines)} requirements tell two of the targets apart.\n"
    )


def _split(outcomes: tuple[Outcome | None, ...]) -> bool:
    """Whether one passes where another does not."""
    broken = {Outcome.FAILED, Outcome.WARNING, Outcome.UNTESTABLE}
    return Outcome.PASSED in outcomes and not broken.isdisjoint(outcomes)


def chapters(found: Matrix) -> str:
    """The matrix command's table of chapters, and how to have the rest."""
    head = sidebyside.markdown(found).partition("\n### ")[0]
    words = " ".join(f"{name}=targets/{name}/last.jsonl" for name in found.names)
    note = (
        "Passed of decided. What could not be tested for a fault of the target counts as not passed; what a\n"
        "profile declares absent, or a run did not show, is not counted. Requirement by requirement:\n"
    )
    return f"{head}\n{note}\n    runs-conformance matrix {words}\n"


def counts(loaded: Mapping[str, Recipe], results: Mapping[str, Results]) -> str:
    head = [
        "Target", "Version", "Judged", "Passed", "Failed", "Warnings", "Untestable", "Not applicable",
        "Requests", "Runs",
    ]
    shown = (Outcome.PASSED, Outcome.FAILED, Outcome.WARNING, Outcome.UNTESTABLE, Outcome.NOT_APPLICABLE)
    rows = [
        [
            f"[{name}](#{name})", loaded[name].version, one.header.started_at[:10],
            *(str(one.summary.count(outcome)) for outcome in shown),
            *((str(one.footer.requests), str(one.footer.runs)) if one.footer else ("", "")),
        ]
        for name, one in results.items()
    ]
    return f"\n## By outcome\n\n{table(head, rows, 7)}"


def target(recipe: Recipe, results: Results) -> str:
    parts = [
        f"\n## {recipe.name}\n\n{recipe.what} Version {recipe.version} of `{recipe.package}`.\n\n",
        "How it was run:\n\n",
        "".join(f"    {line}\n" for line in _run(recipe)), "\n", *_absent(recipe), *_misses(recipe, results),
        *_deviations(recipe),
    ]
    return "".join(parts)


def _run(recipe: Recipe) -> Iterator[str]:
    """The commands, without the folders of one machine."""
    places = {
        "home": ".", "folder": f"targets/{recipe.name}", "port": "PORT", "document": "schemas/openapi.json",
        "upstream": "UPSTREAM",
    }
    python = recipe.manifest.name == "requirements.txt"
    yield "pip install -r requirements.txt" if python else "npm ci --ignore-scripts"
    variables = [f"{name}={recipes.fill(text, places)}" for name, text in (recipe.variables or {}).items()]
    yield " ".join([*variables, *(recipes.fill(word, places) for word in recipe.command)])
    if recipe.upstream:
        yield "python targets/upstream.py UPSTREAM_PORT KEY  # the reference target; it knows only this key"
    url = f"http://127.0.0.1:PORT{recipe.base}"
    yield f"TARGET_KEY={recipe.key} runs-conformance check {url} --profile targets/{recipe.name}/profile.toml"


def _absent(recipe: Recipe) -> Iterator[str]:
    lacks = load_profile(recipe.folder / "profile.toml", environ={}).absent
    if lacks:
        yield "Declared absent, and so not judged: "
        yield "; ".join(f"`{name}` ({escaped(reason)})" for name, reason in lacks.items()) + ".\n\n"


def _misses(recipe: Recipe, results: Results) -> Iterator[str]:
    """One line a cause, with the requirements that it breaks."""
    outcomes = {row.id: row.outcome for row in results.verdicts}
    causes: dict[str, list[str]] = {}
    for name, reason in recipes.gaps(recipe.name).items():
        causes.setdefault(reason, []).append(name)
    rows = [[escaped(reason), _broken(names, outcomes)] for reason, names in causes.items()]
    yield f"What it misses: {len(rows)} causes, {sum(map(len, causes.values()))} requirements.\n\n"
    yield table(["Cause", "Requirements"], rows)


def _broken(names: list[str], outcomes: Mapping[str, Outcome]) -> str:
    """The ids of those that failed; those that could not be tested are only counted, for they are many."""
    words = {Outcome.FAILED: "", Outcome.WARNING: " (SHOULD)"}
    told = [f"`{name}`{words[outcomes[name]]}" for name in names if outcomes[name] in words]
    stuck = len(names) - len(told)
    return ", ".join([*told, f"{stuck} untestable"] if stuck else told)


def _deviations(recipe: Recipe) -> Iterator[str]:
    rows = [
        [escaped(each.what), _ids(each.found) or f"nothing: {escaped(each.unseen)}"]
        for each in recipes.deviations(recipe.name)
    ]
    if rows:
        yield "\nKnown of it from reading and trying it by hand, and what finds it:\n\n"
        yield table(["Deviation", "Found by"], rows)


def _ids(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main(argv: list[str]) -> int:
    made = page()
    if PAGE.is_file() and PAGE.read_text("utf-8") == made:
        print(f"{PAGE.name} agrees with what is kept")
        return 0
    if "--check" in argv:
        print(f"{PAGE.name} does not agree with what is kept: python targets/page.py writes it")
        return 1
    Path(PAGE).write_text(made, "utf-8")
    print(f"{PAGE.name} written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
