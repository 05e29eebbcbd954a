"""A target's folder, read: what to install, how to start it, which findings are known.

    target.toml            how to start it (keys: see `Recipe`)
    requirements.txt       or package.json with package-lock.json: pinned, what to install
    profile.toml           what is given to `runs-conformance check`
    gaps.toml              a gaps file (docs/gaps.md): each requirement that it breaks, and whose doing it is
    deviations.toml        what was known of it from elsewhere, and what finds it (keys: see `Deviation`)
    last.jsonl             the last results that somebody looked at, without evidence

In commands, variables and rendered files, `{name}` stands for: home (the folder in the cache, where it is
installed and runs), folder (its folder here), port, upstream (the reference target, no path) and document;
in the profile also for thread (see `Recipe`).
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runs_conformance.contract.register import load as load_register
from runs_conformance.report import gapfile

HERE = Path(__file__).resolve().parent


class RecipeError(Exception):
    """A file of the target's folder is not as it must be."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """`target.toml`: path `ready` answers once it is up, `base` is the API's path, `deadline` seconds.

    `what` says what it is, in a sentence. `thread`: make a thread once it is up; its id is this member of the
    answer. `varies`: requirements that a run exercises or not, by the pace of the machine; that is no change.
    """

    name: str
    package: str
    command: tuple[str, ...]
    ready: str
    what: str
    base: str = "/v1"
    key: str = "sk-fake-target"
    upstream: bool = False
    upstream_key: str = ""
    document: bool = False
    render: tuple[str, ...] = ()
    thread: str = ""
    varies: tuple[str, ...] = ()
    deadline: float = 60.0
    variables: Mapping[str, str] | None = None

    @property
    def folder(self) -> Path:
        return HERE / self.name

    @property
    def manifest(self) -> Path:
        python = self.folder / "requirements.txt"
        return python if python.is_file() else self.folder / "package.json"

    @property
    def version(self) -> str:
        return pinned_version(self.manifest.read_text("utf-8"), self.package)


def names() -> list[str]:
    return sorted(file.parent.name for file in HERE.glob("*/target.toml"))


def load(name: str) -> Recipe:
    """Raises RecipeError if the file has an unknown, missing or wrongly typed key."""
    table = _read(HERE / name / "target.toml")
    lists = {key: tuple(table[key]) for key in ("command", "render", "varies") if key in table}
    try:
        return Recipe(name=name, **(table | lists))
    except TypeError as wrong:
        raise RecipeError(f"targets/{name}/target.toml: {wrong}") from wrong


def pinned_version(manifest: str, package: str) -> str:
    """The exact version that a requirements.txt or a package.json asks for."""
    if manifest.lstrip().startswith("{"):
        found = json.loads(manifest)["dependencies"].get(package, "")
    else:
        line = re.search(rf"^{re.escape(package)}==(\S+)", manifest, re.MULTILINE)
        found = line[1] if line else ""
    if not re.fullmatch(r"\d[\w.]*", found):
        raise RecipeError(f"{package} is not pinned to one version")
    return str(found)


def fill(text: str, places: Mapping[str, object]) -> str:
    """Replace `{name}` for the names in `places`, and leave every other brace alone."""
    for name, value in places.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


@dataclass(frozen=True, slots=True)
class Deviation:
    """A known way in which a target differs: `found` are requirements that must be broken by it.

    Where there is none, `unseen` says why the suite can't or need not find it.
    """

    what: str
    found: tuple[str, ...] = ()
    unseen: str = ""


def gaps(name: str) -> dict[str, str]:
    """Known findings: requirement id to reason. Raises RecipeError on a doubled id or an empty reason."""
    try:
        entries = gapfile.read(HERE / name / "gaps.toml", load_register())
    except gapfile.GapsError as wrong:
        raise RecipeError(str(wrong)) from wrong
    for entry in entries:
        if not entry.reason.strip():
            raise RecipeError(f"targets/{name}/gaps.toml: {entry.id} gives no reason")
    return {entry.id: entry.reason for entry in entries}


def deviations(name: str) -> tuple[Deviation, ...]:
    """Raises RecipeError if an entry has neither `found` nor `unseen`, or both."""
    rows = _read(HERE / name / "deviations.toml").get("deviation", [])
    try:
        known = tuple(Deviation(**(row | {"found": tuple(row.get("found", ()))})) for row in rows)
    except TypeError as wrong:
        raise RecipeError(f"targets/{name}/deviations.toml: {wrong}") from wrong
    for each in known:
        if bool(each.found) == bool(each.unseen):
            raise RecipeError(f"targets/{name}/deviations.toml: {each.what!r} needs either found or unseen")
    return known


def expected_clients(name: str) -> dict[str, str] | None:
    """Uses of clients that can't live with the target, and why; None where nothing is said of clients."""
    file = HERE / name / "clients.toml"
    if not file.is_file():
        return None
    table = _read(file)["clients"]
    return {use: reason for reason, uses in table.items() for use in uses}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as wrong:
        raise RecipeError(f"{path}: {wrong}") from wrong
