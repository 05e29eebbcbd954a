"""A target's folder, read: what to install, how to start it, which findings are known.

    target.toml            how to start it (keys: see `Recipe`)
    requirements.txt       or package.json with package-lock.json: pinned, what to install
    profile.toml           what is given to `runs-conformance check`
    expected.toml          [[failed]] id, reason: each known finding, and whose doing it is

In commands, variables and rendered files, `{name}` stands for: home (the folder in the cache, where it is
installed and runs), folder (its folder here), port, upstream (the reference target, no path) and document.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


class RecipeError(Exception):
    """A file of the target's folder is not as it must be."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """`target.toml`: path `ready` answers once it is up, `base` is the API's path, `deadline` seconds."""

    name: str
    package: str
    command: tuple[str, ...]
    ready: str
    base: str = "/v1"
    key: str = "sk-fake-target"
    upstream: bool = False
    upstream_key: str = ""
    document: bool = False
    render: tuple[str, ...] = ()
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
    lists = {key: tuple(table[key]) for key in ("command", "render") if key in table}
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


def expected(name: str) -> dict[str, str]:
    """Known findings: requirement id to reason. Raises RecipeError on a doubled id or an empty reason."""
    known: dict[str, str] = {}
    for row in _read(HERE / name / "expected.toml").get("failed", []):
        if row["id"] in known or not row.get("reason", "").strip():
            raise RecipeError(f"targets/{name}/expected.toml: {row['id']} stands twice or gives no reason")
        known[row["id"]] = row["reason"]
    return known


def expected_clients(name: str) -> dict[str, str] | None:
    """Uses of clients that can't live with the target, and why; None where nothing is said of clients."""
    table = _read(HERE / name / "expected.toml").get("clients")
    if table is None:
        return None
    return {use: reason for reason, uses in table.items() for use in uses}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as wrong:
        raise RecipeError(f"{path}: {wrong}") from wrong
